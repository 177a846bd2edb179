//! Statements that run only where the catalog says that they are needed.

use flusso_schemas::name::{TableName, quote_literal};

use super::super::quote::{identifier, quoted};

/// The tag of a block's dollar quotes; a name that holds it gets a longer one.
const TAG: &str = "flusso";

/// A condition and the statements that run where it holds and none before it did.
pub(super) type Case = (String, Vec<String>);

/// The first case that holds.
pub(super) fn cases(cases: &[Case]) -> String {
    let mut text = String::new();
    for (place, (condition, statements)) in cases.iter().enumerate() {
        text += &format!("  {} {condition} then\n", if place == 0 { "if" } else { "elsif" });
        statements.iter().for_each(|statement| text += &format!("    {statement};\n"));
    }
    block(&format!("{text}  end if;\n"))
}

/// Statements that run where a condition holds.
pub(super) fn only_if(condition: String, statements: Vec<String>) -> String {
    cases(&[(condition, statements)])
}

fn block(body: &str) -> String {
    let mut tag = format!("${TAG}$");
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("do {tag} begin\n{body}end {tag}")
}

/// A table as a value that Postgres finds it by.
pub(super) fn regclass(table: &TableName) -> String {
    format!("{}::regclass", quote_literal(&quoted(table)))
}

/// SQL that is true if the role does not exist.
pub(super) fn no_role(role: &str) -> String {
    format!("not exists (select from pg_roles where rolname = {})", quote_literal(role))
}

/// SQL that is true if the publication does not exist.
pub(super) fn no_publication(name: &str) -> String {
    format!("not exists (select from pg_publication where pubname = {})", quote_literal(name))
}

/// Whether the publication leaves an operation out.
pub(super) fn leaves_operations_out(name: &str) -> String {
    format!(
        "exists (select from pg_publication where pubname = {}\n    \
         and not (pubinsert and pubupdate and pubdelete and pubtruncate))",
        quote_literal(name)
    )
}

/// Whether the table is in the publication neither by itself nor with its schema or every table.
pub(super) fn is_unpublished(publication: &str, table: &TableName) -> String {
    format!(
        "not exists (select from pg_publication_tables where pubname = {}\n    \
         and schemaname = {} and tablename = {})",
        quote_literal(publication),
        quote_literal(table.schema.as_str()),
        quote_literal(table.name.as_str())
    )
}

/// Whether the publication sends only some rows or columns of the table.
pub(super) fn is_narrowed(publication: &str, table: &TableName) -> String {
    format!(
        "exists (select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid\n    \
         where p.pubname = {} and r.prrelid = {}\n    and (r.prattrs is not null or r.prqual is not null))",
        quote_literal(publication),
        regclass(table)
    )
}

/// Whether the table's replica identity is none of these letters of `relreplident`.
pub(super) fn identity_is_none_of(table: &TableName, letters: &[&str]) -> String {
    let letters: Vec<String> = letters.iter().map(|letter| quote_literal(letter)).collect();
    format!(
        "(select relreplident not in ({}) from pg_class where oid = {})",
        letters.join(", "),
        regclass(table)
    )
}

/// Whether the table's replica identity is neither the whole row nor this index of its schema.
pub(super) fn identity_is_not_index(table: &TableName, index: &str) -> String {
    let index = format!("{}.{}", identifier(table.schema.as_str()), identifier(index));
    format!(
        "{}\n    and not (select indisreplident from pg_index where indexrelid = {}::regclass)",
        identity_is_none_of(table, &["f"]),
        quote_literal(&index)
    )
}

/// SQL that is true of a table `c` whose updates and deletes fail once they are published.
const IS_UNUSABLE: &str = "c.relreplident <> 'f' and not exists (select from pg_index i\n    \
    where i.indrelid = c.oid and i.indisvalid and i.indimmediate\n    \
    and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident))";

/// Whether one of the tables has no usable replica identity.
pub(super) fn one_is_unusable(tables: &[&TableName]) -> String {
    let tables: Vec<String> = tables.iter().map(|table| regclass(table)).collect();
    format!("exists (select from pg_class c where c.oid in ({})\n    and {IS_UNUSABLE})", tables.join(", "))
}

/// Whether a table of the publication, also one that somebody else added, has no usable replica identity.
pub(super) fn publishes_unusable(publication: &str) -> String {
    format!(
        "exists (select from pg_publication_tables t join pg_namespace n on n.nspname = t.schemaname\n    \
         join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename\n    \
         where t.pubname = {} and {IS_UNUSABLE})",
        quote_literal(publication)
    )
}

/// The case in which publishing would make the application's updates and deletes fail: it ends the script.
pub(super) fn refuses(condition: &str, unusable: &str, publication: &str) -> Case {
    let message = format!(
        "publication `{publication}` is not altered: a table without a usable replica identity would refuse \
         every update and delete"
    );
    let raise = format!("raise exception using message = {}", quote_literal(&message));
    (format!("{condition}\n    and {unusable}"), vec![raise])
}

/// Whether row security is on for one of the tables.
pub(super) fn has_row_security(tables: &[&TableName]) -> String {
    let tables: Vec<String> = tables.iter().map(|table| regclass(table)).collect();
    format!("exists (select from pg_class where relrowsecurity and oid in ({}))", tables.join(", "))
}

/// Lets a role connect to the database that the script runs in.
pub(super) fn grant_connect_here(role: &str) -> String {
    let role = quote_literal(role);
    block(&format!("  execute format('grant connect on database %I to %I', current_database(), {role});\n"))
}
