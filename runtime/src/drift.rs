//! Rule *no-row-event*: what changed in the catalog that no event of a row tells.

use std::collections::BTreeSet;

use flusso_schemas::state::CatalogRecord;

/// Names of facts that end so are a table's file node.
const FILE: &str = " file";
/// Names of facts that end so are the version of a column's catalog row.
const VERSION: &str = " version";
/// Names of facts that end so are a table's partitions or inheritance children.
const CHILDREN: &str = " children";
/// Names of facts that end so are what apply itself alters.
const MANAGED: [&str; 2] = [" identity", " publication"];

/// Which differences count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Every one.
    All,
    /// All but what apply itself alters: replica identities and membership of the publication.
    ButManaged,
}

/// What is no longer as it was recorded, in words, sorted; empty where documents are still right.
///
/// A fact that is new is no difference (a label that was added), but for children of a table. A rewrite of a table is its file node
/// *and* the version of one of its columns: either alone is VACUUM FULL, TRUNCATE or a setting.
pub fn differences(recorded: &CatalogRecord, now: &CatalogRecord, compare: Compare) -> Vec<String> {
    let changed: BTreeSet<&str> = recorded
        .0
        .iter()
        .filter(|(name, fact)| now.0.get(*name) != Some(*fact))
        .map(|(name, _)| name.as_str())
        .collect();
    let counts = |name: &&str| {
        let is_managed = MANAGED.iter().any(|suffix| name.ends_with(suffix));
        let is_tracked = name.ends_with(FILE) || name.ends_with(VERSION);
        !(is_tracked || is_managed && compare == Compare::ButManaged)
    };
    let plain = changed.iter().copied().filter(counts).map(|name| describe(name, recorded, now));
    let rewritten = changed.iter().filter_map(|name| name.strip_suffix(FILE)).filter(|table| {
        let column = format!("{table}.");
        changed.iter().any(|name| name.starts_with(&column) && name.ends_with(VERSION))
    });
    let rewritten = rewritten.map(|table| format!("table `{table}` was rewritten without an event"));
    let is_new = |name: &&String| !recorded.0.contains_key(*name);
    let children = now.0.keys().filter(is_new).filter_map(|name| name.strip_suffix(CHILDREN));
    let children =
        children.map(|table| format!("table `{table}` has children now, whose rows are not followed"));
    let mut all: Vec<String> = plain.chain(rewritten).chain(children).collect();
    all.sort();
    all
}

fn describe(name: &str, recorded: &CatalogRecord, now: &CatalogRecord) -> String {
    let was = recorded.0.get(name).map_or("", String::as_str);
    match now.0.get(name) {
        Some(is) => format!("`{name}` was {was} and is {is}"),
        None => format!("`{name}` was {was} and is gone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(facts: &[(&str, &str)]) -> CatalogRecord {
        CatalogRecord(facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect())
    }

    #[test]
    fn a_rewrite_is_file_node_and_column_version_together() {
        let before = record(&[("s.t file", "1"), ("s.t.a version", "7"), ("s.t.a", "2 integer")]);
        let vacuumed = record(&[("s.t file", "2"), ("s.t.a version", "7"), ("s.t.a", "2 integer")]);
        let touched = record(&[("s.t file", "1"), ("s.t.a version", "8"), ("s.t.a", "2 integer")]);
        let rewritten = record(&[("s.t file", "2"), ("s.t.a version", "8"), ("s.t.a", "2 integer")]);
        assert_eq!(differences(&before, &vacuumed, Compare::All), [""; 0]);
        assert_eq!(differences(&before, &touched, Compare::All), [""; 0]);
        assert_eq!(
            differences(&before, &rewritten, Compare::All),
            ["table `s.t` was rewritten without an event"]
        );
    }

    #[test]
    fn a_changed_or_missing_fact_counts_and_an_added_one_does_not() {
        let before = record(&[("s.t.a", "2 integer"), ("s.t identity", "d")]);
        let retyped = record(&[("s.t.a", "2 bigint"), ("s.t identity", "f"), ("s.e.new", "9")]);
        assert_eq!(
            differences(&before, &retyped, Compare::ButManaged),
            ["`s.t.a` was 2 integer and is 2 bigint"]
        );
        assert_eq!(differences(&before, &retyped, Compare::All).len(), 2);
        assert_eq!(differences(&before, &record(&[("s.t identity", "d")]), Compare::All).len(), 1);
    }
}
