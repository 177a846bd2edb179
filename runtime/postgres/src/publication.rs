//! The publication as it is, and the statements that make it what a plan wants.

use std::fmt::Write as _;

use flusso_runtime::Result;
use flusso_schemas::facts::{CatalogFacts, MembershipFacts, PublicationFacts};
use flusso_schemas::lock::Lock;
use flusso_schemas::name::TableName;

use crate::facts::cell;
use crate::quote::{identifier, quoted};
use crate::session::Session;

const WHAT: &str = "reading the publication";
/// Every operation, as `publish` spells them.
const OPERATIONS: &str = "insert, update, delete, truncate";

/// The oid of a publication; none where there is none.
pub(crate) async fn oid(session: &Session, name: &str) -> Result<Option<u32>> {
    let row = session.query_opt(WHAT, "select oid from pg_publication where pubname = $1", &[&name]).await?;
    row.as_ref().map(|row| cell(row, 0)).transpose()
}

/// The plan's publication; none where there is none.
pub(crate) fn of<'a>(facts: &'a CatalogFacts, name: &str) -> Option<&'a PublicationFacts> {
    facts.server.publications.iter().flatten().find(|each| each.name == name)
}

/// How a table is in the plan's publication; none where it is not.
pub(crate) fn membership<'a>(
    facts: &'a CatalogFacts,
    publication: &str,
    table: &TableName,
) -> Option<&'a MembershipFacts> {
    facts.relations.get(table)?.published.iter().find(|each| each.publication == publication)
}

/// Whether a membership hides rows or columns.
pub(crate) fn is_narrowed(membership: &MembershipFacts) -> bool {
    membership.columns.is_some() || membership.filtered
}

/// The operations that a publication does not send.
pub(crate) fn missing_operations(publication: &PublicationFacts) -> Vec<&'static str> {
    let sent = [publication.insert, publication.update, publication.delete, publication.truncate];
    OPERATIONS.split(", ").zip(sent).filter(|(_, sent)| !sent).map(|(name, _)| name).collect()
}

/// Captured tables that the publication does not hold.
pub(crate) fn missing_tables<'a>(plan: &'a Lock, facts: &CatalogFacts) -> Vec<&'a TableName> {
    let name = &plan.source.publication;
    plan.tables
        .iter()
        .map(|table| &table.name)
        .filter(|table| membership(facts, name, table).is_none())
        .collect()
}

/// Captured tables of which it holds only some rows or columns.
pub(crate) fn narrowed_tables<'a>(plan: &'a Lock, facts: &CatalogFacts) -> Vec<&'a TableName> {
    let name = &plan.source.publication;
    let is_narrowed = |table: &&TableName| membership(facts, name, table).is_some_and(is_narrowed);
    plan.tables.iter().map(|table| &table.name).filter(is_narrowed).collect()
}

/// Makes it for these tables.
pub(crate) fn create(name: &str, tables: &[&TableName]) -> String {
    match tables {
        [] => format!("create publication {}", identifier(name)),
        tables => format!("create publication {} for table {}", identifier(name), list(tables)),
    }
}

/// Adds tables to it.
pub(crate) fn add(name: &str, tables: &[&TableName]) -> String {
    format!("alter publication {} add table {}", identifier(name), list(tables))
}

/// Makes it send every operation.
pub(crate) fn publish_all(name: &str) -> String {
    format!("alter publication {} set (publish = '{OPERATIONS}')", identifier(name))
}

/// Makes it hold these tables as a whole beside the others as they are: one statement that names every
/// table, because one that is not named leaves.
pub(crate) fn set(name: &str, whole: &[&TableName], others: &[Member]) -> String {
    let mut statement = format!("alter publication {} set table {}", identifier(name), list(whole));
    for other in others.iter().filter(|other| !whole.contains(&&other.table)) {
        write!(statement, ", {}", other.spelled).expect("a String takes every write");
    }
    statement
}

fn list(tables: &[&TableName]) -> String {
    tables.iter().map(|table| quoted(table)).collect::<Vec<_>>().join(", ")
}

/// A table that a publication names, with how it names it.
pub(crate) struct Member {
    pub(crate) table: TableName,
    spelled: String,
}

const MEMBERS: &str = "
select n.nspname::text, c.relname::text,
  (select array_agg(a.attname::text order by a.attnum) from unnest(r.prattrs::int2[]) u(num)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num),
  pg_get_expr(r.prqual, r.prrelid)
from pg_publication p
join pg_publication_rel r on r.prpubid = p.oid
join pg_class c on c.oid = r.prrelid
join pg_namespace n on n.oid = c.relnamespace
where p.pubname = $1
order by 1, 2";

/// Every table that it names by itself. Printing a row filter waits for a lock on its table.
pub(crate) async fn members(session: &Session, name: &str) -> Result<Vec<Member>> {
    let rows = session.query(WHAT, MEMBERS, &[&name]).await?;
    let member = |row| {
        let table = TableName::new(cell::<&str>(row, 0)?, cell::<&str>(row, 1)?);
        let mut spelled = quoted(&table);
        if let Some(columns) = cell::<Option<Vec<String>>>(row, 2)? {
            let columns: Vec<_> = columns.iter().map(|column| identifier(column)).collect();
            write!(spelled, " ({})", columns.join(", ")).expect("a String takes every write");
        }
        if let Some(filter) = cell::<Option<&str>>(row, 3)? {
            write!(spelled, " where ({filter})").expect("a String takes every write");
        }
        Ok(Member { table, spelled })
    };
    rows.iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_quote_every_name() {
        let (table, other) = (TableName::new("s", "a b"), TableName::new("s", "o"));
        assert_eq!(
            create("p", &[&table, &other]),
            "create publication \"p\" for table \"s\".\"a b\", \"s\".\"o\""
        );
        assert_eq!(add("p", &[&other]), "alter publication \"p\" add table \"s\".\"o\"");
        let others = [
            Member { table: other.clone(), spelled: "\"s\".\"o\" (\"x\")".to_owned() },
            Member { table: TableName::new("s", "z"), spelled: "\"s\".\"z\" where (id > 1)".to_owned() },
        ];
        assert_eq!(
            set("p", &[&table, &other], &others),
            "alter publication \"p\" set table \"s\".\"a b\", \"s\".\"o\", \"s\".\"z\" where (id > 1)"
        );
    }

    #[test]
    fn operations_that_are_not_sent_are_named() {
        let publication = PublicationFacts { insert: true, update: true, ..PublicationFacts::default() };
        assert_eq!(missing_operations(&publication), ["delete", "truncate"]);
    }
}
