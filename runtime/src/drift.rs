//! Rule *no-row-event*: catalog changes that no row change reports.

use std::collections::BTreeSet;
use std::fmt;

use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::state::{CatalogRecord, ColumnRecord, PublicationRecord, StaleCause, TableRecord};

/// Which differences are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Every difference, apply's own alterations too.
    All,
    /// All but what apply itself alters: replica identities and the publication.
    ButManaged,
}

/// One thing in the catalog that is not as it was recorded. [`fmt::Display`] says it for an operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The table it is about, if it is about one.
    pub table: Option<TableName>,
    /// What changed, as the state records it.
    pub cause: StaleCause,
    /// The column, where it is about one.
    pub column: Option<Ident>,
    /// The enum and its label, the function, or the columns of a list, as an operator knows them.
    pub detail: Option<String>,
}

impl Difference {
    fn of(cause: StaleCause) -> Self {
        Self { table: None, cause, column: None, detail: None }
    }

    fn of_table(cause: StaleCause, table: &TableName) -> Self {
        Self { table: Some(table.clone()), ..Self::of(cause) }
    }

    fn of_column(cause: StaleCause, table: &TableName, column: &Ident) -> Self {
        Self { column: Some(column.clone()), ..Self::of_table(cause, table) }
    }

    /// Whether it only may have changed documents, so that comparing them settles it.
    pub fn needs_comparison(&self) -> bool {
        self.cause == StaleCause::TableMaybeRewritten
    }

    fn detailed(self, detail: String) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use StaleCause as Cause;
        let table = self.table.as_ref().map(ToString::to_string).unwrap_or_default();
        let column = self.column.as_ref().map_or_else(String::new, |column| format!("{table}.{column}"));
        let detail = self.detail.as_deref().unwrap_or_default();
        match self.cause {
            Cause::TableMissing => write!(f, "table `{table}` does not exist"),
            Cause::TableReplaced => write!(f, "`{table}` was replaced by another table"),
            Cause::TableRewritten => write!(f, "an ALTER rewrote the rows of `{table}`"),
            Cause::TableMaybeRewritten => write!(f, "the rows of `{table}` may have been rewritten"),
            Cause::TableUnpublished => write!(f, "`{table}` left the publication"),
            Cause::ChildrenChanged => write!(f, "the partitions or children of `{table}` changed"),
            Cause::ColumnMissing => write!(f, "column `{column}` does not exist"),
            Cause::ColumnReplaced => write!(f, "`{column}` was replaced by another column"),
            Cause::ColumnRetyped => write!(f, "column `{column}` has another type"),
            Cause::ColumnNullable => write!(f, "column `{column}` is no longer NOT NULL"),
            Cause::ColumnRegenerated => write!(f, "generated column `{column}` has another expression"),
            Cause::UniquenessLost => write!(f, "{detail} of `{table}` is no longer unique"),
            Cause::LabelMissing => write!(f, "{detail} does not exist"),
            Cause::FunctionChanged => write!(f, "function `{detail}` was created, replaced or altered"),
            Cause::IdentityNarrowed => {
                write!(f, "the replica identity of `{table}` no longer holds {detail}")
            }
            Cause::RowIncomplete => write!(f, "a change of `{table}` arrived without {detail}"),
            Cause::PublicationMissing => write!(f, "the publication does not exist"),
            Cause::PublicationReplaced => write!(f, "the publication was dropped and created again"),
            Cause::PublicationAltered => write!(f, "the publication was altered"),
        }
    }
}

/// Differences from the record, sorted; empty if documents are still right.
///
/// Additions (a label, a column) are not differences, except children of a table and a function with the name
/// of one that is called: Postgres may choose it instead.
pub fn differences(recorded: &CatalogRecord, now: &CatalogRecord, compare: Compare) -> Vec<Difference> {
    let mut found = Vec::new();
    if compare == Compare::All {
        found.extend(of_publication(recorded.publication.as_ref(), now.publication.as_ref()));
    }
    for (name, was) in &recorded.tables {
        match now.tables.get(name) {
            None => found.push(Difference::of_table(StaleCause::TableMissing, name)),
            Some(is) if is.oid != was.oid => {
                found.push(Difference::of_table(StaleCause::TableReplaced, name));
            }
            Some(is) => of_table(name, was, is, compare, &mut found),
        }
    }
    for (name, labels) in &recorded.labels {
        let now = now.labels.get(name);
        let kept = |label: &String, oid: &u32| now.is_some_and(|labels| labels.get(label) == Some(oid));
        for (label, _) in labels.iter().filter(|(label, oid)| !kept(label, oid)) {
            let detail = format!("label `{label}` of enum `{name}`");
            found.push(Difference::of(StaleCause::LabelMissing).detailed(detail));
        }
    }
    let changed = recorded.functions.iter().filter(|(name, xmin)| now.functions.get(*name) != Some(xmin));
    for signature in changed.map(|(signature, _)| signature).chain(overloads(recorded, now)) {
        found.push(Difference::of(StaleCause::FunctionChanged).detailed(signature.clone()));
    }
    found.sort();
    found
}

/// Functions that are new and have the name of a recorded one.
fn overloads<'a>(recorded: &'a CatalogRecord, now: &'a CatalogRecord) -> impl Iterator<Item = &'a String> {
    let called: BTreeSet<&str> = recorded.functions.keys().map(|signature| bare_name(signature)).collect();
    let is_new = |signature: &&String| !recorded.functions.contains_key(*signature);
    now.functions.keys().filter(is_new).filter(move |signature| called.contains(bare_name(signature)))
}

/// The name in `schema.name(arguments)`.
fn bare_name(signature: &str) -> &str {
    let name = signature.split_once('(').map_or(signature, |(name, _)| name);
    name.split_once('.').map_or(name, |(_, name)| name)
}

/// Names in an index's queries that no longer resolve to what was recorded. Every reading transaction asks this
/// of the catalog that it reads by: DDL that is undone before the whole record is compared leaves no other
/// trace than documents of something else.
pub fn moved_names(recorded: &CatalogRecord, now: &CatalogRecord) -> Vec<Difference> {
    let mut found = differences(recorded, now, Compare::ButManaged);
    found.retain(|difference| difference.cause.is_of_name());
    found
}

/// The error for a read that used names in [`moved_names`].
pub fn moved_reading(differences: &[Difference]) -> String {
    let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
    format!("the catalog changed during a read, which was discarded: {}", differences.join("; "))
}

/// The record of the catalog as it is `now`, for an index whose recorded differences are none. The layout
/// of each table stays: rows of before `now` may still be on their way.
pub fn renewed(recorded: &CatalogRecord, mut now: CatalogRecord) -> CatalogRecord {
    for (name, table) in &mut now.tables {
        if let Some(was) = recorded.tables.get(name).filter(|was| was.oid == table.oid) {
            table.layout.clone_from(&was.layout);
        }
    }
    now
}

/// The recorded catalog with what apply itself alters (identities, the publication) as it is `now`.
pub fn with_managed(recorded: &CatalogRecord, now: &CatalogRecord) -> CatalogRecord {
    let mut record = recorded.clone();
    record.publication.clone_from(&now.publication);
    for (name, table) in &mut record.tables {
        if let Some(now) = now.tables.get(name) {
            table.identity.clone_from(&now.identity);
            table.published = now.published;
        }
    }
    record
}

/// All differences in one sentence.
pub fn listed(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Another version of the row with equal flags may be `set (publish = 'insert')` and back. Where the
/// owner changed, that explains it.
fn of_publication(was: Option<&PublicationRecord>, is: Option<&PublicationRecord>) -> Option<Difference> {
    let (was, is) = match (was, is) {
        (None, _) => return None,
        (Some(_), None) => return Some(Difference::of(StaleCause::PublicationMissing)),
        (Some(was), Some(is)) => (was, is),
    };
    if was.oid != is.oid {
        return Some(Difference::of(StaleCause::PublicationReplaced));
    }
    let same_flags = was.sends == is.sends && was.via_root == is.via_root;
    let explained = was.xmin == is.xmin || was.owner != is.owner;
    (!(same_flags && explained)).then(|| Difference::of(StaleCause::PublicationAltered))
}

fn of_table(
    name: &TableName,
    was: &TableRecord,
    is: &TableRecord,
    compare: Compare,
    found: &mut Vec<Difference>,
) {
    if compare == Compare::All {
        if was.published.is_some() && was.published != is.published {
            found.push(Difference::of_table(StaleCause::TableUnpublished, name));
        }
        let lost: Vec<&Ident> = was.identity.columns.difference(&is.identity.columns).collect();
        if !lost.is_empty() {
            let lost = Difference::of_table(StaleCause::IdentityNarrowed, name).detailed(in_words(&lost));
            found.push(lost);
        }
    }
    if was.children != is.children {
        found.push(Difference::of_table(StaleCause::ChildrenChanged, name));
    }
    for list in was.unique.difference(&is.unique) {
        let list: Vec<&Ident> = list.iter().collect();
        found.push(Difference::of_table(StaleCause::UniquenessLost, name).detailed(in_words(&list)));
    }
    let columns = was.columns.iter().filter_map(|(column, was)| {
        of_column(was, is.columns.get(column)).map(|cause| Difference::of_column(cause, name, column))
    });
    found.extend(columns);
    found.extend(of_file(was, is).map(|cause| Difference::of_table(cause, name)));
}

fn in_words(columns: &[&Ident]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    columns.join(", ")
}

fn of_column(was: &ColumnRecord, is: Option<&ColumnRecord>) -> Option<StaleCause> {
    let Some(is) = is else { return Some(StaleCause::ColumnMissing) };
    if was.num != is.num {
        Some(StaleCause::ColumnReplaced)
    } else if was.type_oid != is.type_oid || was.modifier != is.modifier {
        Some(StaleCause::ColumnRetyped)
    } else if was.not_null && !is.not_null {
        Some(StaleCause::ColumnNullable)
    } else if was.default_xmin != is.default_xmin {
        Some(StaleCause::ColumnRegenerated)
    } else {
        None
    }
}

/// A rewrite shows as another file node *and* another version of a column that the index reads. Either
/// alone is harmless: VACUUM FULL and TRUNCATE, or a setting of the column.
///
/// Both together are a rewrite for certain unless each such column also has other settings, set by
/// another transaction than the one that changed the file: then they may be two harmless acts. So may
/// VACUUM FULL be alone, where it gave the rows a column that `ADD COLUMN … DEFAULT` had left out.
fn of_file(was: &TableRecord, is: &TableRecord) -> Option<StaleCause> {
    if was.file == is.file {
        return None;
    }
    let pairs = was.columns.iter().filter_map(|(name, was)| Some((was, is.columns.get(name)?)));
    let altered: Vec<_> = pairs.filter(|(was, is)| was.xmin != is.xmin).collect();
    let is_explained = |(was, now): &(&ColumnRecord, &ColumnRecord)| {
        let is_tuned = was.tuning != now.tuning && now.xmin != is.class_xmin;
        is_tuned || was.has_missing && !now.has_missing
    };
    if altered.is_empty() {
        None
    } else if altered.iter().all(is_explained) {
        Some(StaleCause::TableMaybeRewritten)
    } else {
        Some(StaleCause::TableRewritten)
    }
}

/// What the catalog means for a generation that is not known to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It was built under this very catalog.
    Same,
    /// It was built under a catalog that differs in what documents do not depend on: the record to write
    /// instead. Unwritten, a file node of today and a column's version of tomorrow would look like a rewrite.
    Renewed(CatalogRecord),
    /// The rows of a table may have been rewritten, which no change reports: only comparing every document
    /// settles it.
    NeedsComparison(PossibleRewrite),
}

/// Why a generation has to be compared, and its record before and after the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleRewrite {
    /// The tables that may have been rewritten; never empty.
    pub differences: Vec<Difference>,
    /// The record until then, in which the comparison is still due.
    pub meanwhile: CatalogRecord,
    /// The record once every document was compared. It was read before the comparison, so that a rewrite
    /// during it shows.
    pub compared: CatalogRecord,
}

impl Fit {
    /// Compares two records of a catalog. The error is every difference, where one of them means that
    /// documents are wrong.
    pub fn of(
        recorded: &CatalogRecord,
        now: CatalogRecord,
        compare: Compare,
    ) -> Result<Self, Vec<Difference>> {
        let differences = differences(recorded, &now, compare);
        if !differences.iter().all(Difference::needs_comparison) {
            return Err(differences);
        }
        let now = renewed(recorded, now);
        Ok(match differences.is_empty() {
            true if now == *recorded => Self::Same,
            true => Self::Renewed(now),
            false => {
                let meanwhile = with_managed(recorded, &now);
                Self::NeedsComparison(PossibleRewrite { differences, meanwhile, compared: now })
            }
        })
    }
}

#[cfg(test)]
mod tests;
