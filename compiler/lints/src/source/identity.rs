//! Replica identities: what an old row carries now, and what a plan wants it to carry.

use std::collections::BTreeSet;

use flusso_schemas::facts::RelationFacts;
use flusso_schemas::lock::{Identity, TablePlan};

use super::quote::{identifier, quoted};

/// The columns that an old row carries; none where the table has no usable identity, so that every
/// UPDATE and DELETE of the application fails once the table is published.
pub fn carried(relation: &RelationFacts) -> Option<BTreeSet<&str>> {
    let all = || relation.columns.iter().map(|column| column.name.as_str()).collect();
    match relation.identity.as_str() {
        "f" => Some(all()),
        "d" => index_columns(relation, |index| index.primary && index.immediate),
        "i" => index_columns(relation, |index| index.identity),
        _ => None,
    }
}

fn index_columns(
    relation: &RelationFacts,
    is_it: impl Fn(&flusso_schemas::facts::IndexFacts) -> bool,
) -> Option<BTreeSet<&str>> {
    let index = relation.indexes.iter().find(|index| index.valid && is_it(index))?;
    let keys = index.columns.iter().take(index.nkeys);
    Some(keys.filter_map(Option::as_deref).collect())
}

/// Columns that the plan needs in an old row and that are not in it.
pub fn lacking<'a>(table: &'a TablePlan, relation: &RelationFacts) -> Vec<&'a str> {
    let carried = carried(relation).unwrap_or_default();
    table
        .identity_holds
        .iter()
        .map(|column| column.as_str())
        .filter(|column| !carried.contains(column))
        .collect()
}

/// Whether an old row carries what the plan needs, and the table can be published.
pub fn suffices(table: &TablePlan, relation: &RelationFacts) -> bool {
    carried(relation).is_some() && lacking(table, relation).is_empty()
}

/// Why the identity that the plan wants cannot be set, in words; none where it can.
pub fn obstacle(table: &TablePlan, relation: &RelationFacts) -> Option<String> {
    let mut wanted = relation.clone();
    match &table.identity {
        Identity::Full => return None,
        Identity::Default => wanted.identity = "d".to_owned(),
        Identity::Index(name) => {
            let found = relation.indexes.iter().find(|index| index.name == name.as_str());
            match found {
                None => return Some(format!("it has no index `{name}`")),
                Some(index) if !(index.unique && index.immediate && index.valid) => {
                    return Some(format!("its index `{name}` must be unique, valid and not deferrable"));
                }
                Some(index) if index.partial || index.expressions => {
                    return Some(format!("its index `{name}` is partial or over an expression"));
                }
                Some(_) => wanted.identity = "i".to_owned(),
            }
            wanted.indexes.iter_mut().for_each(|index| index.identity = index.name == name.as_str());
        }
    }
    if carried(&wanted).is_none() {
        return Some("it has no primary key, or a deferrable one".to_owned());
    }
    let lacking = lacking(table, &wanted);
    (!lacking.is_empty()).then(|| format!("that identity does not include `{}`", lacking.join("`, `")))
}

/// How messages name the plan's identity.
pub fn called(identity: &Identity) -> String {
    match identity {
        Identity::Default => "DEFAULT".to_owned(),
        Identity::Full => "FULL".to_owned(),
        Identity::Index(name) => format!("USING INDEX {name}"),
    }
}

/// The statement that sets the plan's identity.
pub fn statement(table: &TablePlan) -> String {
    let identity = match &table.identity {
        Identity::Default => "default".to_owned(),
        Identity::Full => "full".to_owned(),
        Identity::Index(name) => format!("using index {}", identifier(name.as_str())),
    };
    format!("alter table {} replica identity {identity}", quoted(&table.name))
}

#[cfg(test)]
mod tests {
    use flusso_schemas::facts::{ColumnFacts, IndexFacts};
    use flusso_schemas::name::{Ident, TableName};

    use super::*;

    fn relation(identity: &str, immediate: bool) -> RelationFacts {
        let index = |name: &str, primary, columns: &[&str]| IndexFacts {
            name: name.to_owned(),
            primary,
            unique: true,
            immediate,
            valid: true,
            nkeys: columns.len(),
            columns: columns.iter().map(|name| Some((*name).to_owned())).collect(),
            ..IndexFacts::default()
        };
        let column = |name: &str| ColumnFacts { name: name.to_owned(), ..ColumnFacts::default() };
        RelationFacts {
            identity: identity.to_owned(),
            columns: ["id", "fk", "v"].map(column).to_vec(),
            indexes: vec![index("pk", true, &["id"]), index("u", false, &["fk", "id"])],
            ..RelationFacts::default()
        }
    }

    fn table(identity: Identity, holds: &[&str]) -> TablePlan {
        let names = |names: &[&str]| names.iter().map(|name| Ident::new(*name)).collect();
        TablePlan {
            name: TableName::new("s", "T"),
            key: names(&["id"]),
            identity,
            identity_holds: names(holds),
        }
    }

    #[test]
    fn an_old_row_carries_what_its_identity_says() {
        assert_eq!(carried(&relation("d", true)), Some(BTreeSet::from(["id"])));
        assert_eq!(carried(&relation("f", true)), Some(BTreeSet::from(["fk", "id", "v"])));
        assert_eq!(carried(&relation("n", true)), None);
        // Of an identity whose index was dropped only the letter is left.
        assert_eq!(carried(&relation("i", true)), None);
        // A deferrable primary key is none.
        assert_eq!(carried(&relation("d", false)), None);
    }

    #[test]
    fn a_stronger_identity_than_the_plan_wants_suffices() {
        let wants_fk = table(Identity::Index(Ident::new("u")), &["fk"]);
        assert!(!suffices(&wants_fk, &relation("d", true)));
        assert_eq!(lacking(&wants_fk, &relation("d", true)), ["fk"]);
        assert!(suffices(&wants_fk, &relation("f", true)));
        assert!(suffices(&table(Identity::Default, &["id"]), &relation("f", true)));
    }

    #[test]
    fn an_identity_that_cannot_be_set_is_told_why() {
        let obstacle = |identity, holds: &[&str]| obstacle(&table(identity, holds), &relation("d", true));
        assert_eq!(obstacle(Identity::Full, &["v"]), None);
        assert_eq!(obstacle(Identity::Index(Ident::new("u")), &["fk"]), None);
        assert_eq!(
            obstacle(Identity::Default, &["fk"]).as_deref(),
            Some("that identity does not include `fk`")
        );
        assert_eq!(obstacle(Identity::Index(Ident::new("x")), &[]).as_deref(), Some("it has no index `x`"));
    }

    #[test]
    fn its_statement_quotes_every_name() {
        let statement = statement(&table(Identity::Index(Ident::new("a\"b")), &[]));
        assert_eq!(statement, "alter table \"s\".\"T\" replica identity using index \"a\"\"b\"");
    }
}
