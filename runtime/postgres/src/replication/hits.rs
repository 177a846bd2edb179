//! From a decoded row change to the edges along which it leads to documents.

use std::collections::{BTreeSet, HashMap};

use flusso_runtime::documents::Key;
use flusso_runtime::source::EdgeHit;
use flusso_schemas::lock::{Edge, Lock};
use flusso_schemas::name::{Ident, TableName};

use super::bytes::Malformed;
use super::pgoutput::{Relation, Row, Value};

/// The edges of a plan by the table whose changes they follow.
#[derive(Debug)]
pub(super) struct Routes(HashMap<TableName, Vec<Route>>);

#[derive(Debug)]
struct Route {
    index: usize,
    edge: usize,
    navigation: Vec<Ident>,
    compared: Vec<Ident>,
}

/// The edges of one table, bound to the columns of its present description.
#[derive(Debug)]
pub(super) struct BoundTable {
    table: TableName,
    columns: Vec<Ident>,
    identity_full: bool,
    edges: Vec<BoundEdge>,
}

#[derive(Debug)]
struct BoundEdge {
    index: usize,
    edge: usize,
    /// Where the navigation columns stand in a row; else the first that no row carries.
    navigation: Result<Vec<usize>, Ident>,
    /// The first navigation column that an old row does not carry.
    not_in_old_rows: Option<Ident>,
    /// Where every column that matters stands; none where a row does not carry one of them (a
    /// generated column), so that no change of it can be told.
    compared: Option<Vec<usize>>,
}

/// What one row change means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RowChange {
    /// Where it leads.
    pub(super) hits: Vec<EdgeHit>,
    /// Indexes that cannot know, and why.
    pub(super) unusable: Option<(BTreeSet<usize>, String)>,
}

/// A row that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    /// It does not fit its description.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A navigation value is not UTF-8.
    #[error("column `{column}` of `{table}` holds text that is not UTF-8")]
    NotUtf8 { table: TableName, column: Ident },
}

impl Routes {
    /// The routes of every index of a plan.
    pub(super) fn new(plan: &Lock) -> Self {
        let mut by_table: HashMap<TableName, Vec<Route>> = HashMap::new();
        for (index, index_plan) in plan.indexes.iter().enumerate() {
            for (edge, edge_plan) in index_plan.edges.iter().enumerate() {
                by_table.entry(edge_plan.table.clone()).or_default().push(Route::new(index, edge, edge_plan));
            }
        }
        Self(by_table)
    }

    /// Binds the edges of a relation's table to its columns.
    pub(super) fn bind(&self, relation: Relation) -> BoundTable {
        let routes = self.0.get(&relation.table).map(Vec::as_slice).unwrap_or_default();
        BoundTable {
            edges: routes.iter().map(|route| route.bind(&relation)).collect(),
            identity_full: relation.identity_full,
            columns: relation.columns.into_iter().map(|column| column.name).collect(),
            table: relation.table,
        }
    }
}

impl Route {
    fn new(index: usize, edge: usize, plan: &Edge) -> Self {
        let compared: BTreeSet<&Ident> = plan.columns.keys().chain(&plan.navigation).collect();
        Self {
            index,
            edge,
            navigation: plan.navigation.clone(),
            compared: compared.into_iter().cloned().collect(),
        }
    }

    fn bind(&self, relation: &Relation) -> BoundEdge {
        let position = |name: &Ident| relation.columns.iter().position(|column| column.name == *name);
        let in_old_rows = |name: &Ident| position(name).is_some_and(|at| relation.columns[at].identity);
        BoundEdge {
            index: self.index,
            edge: self.edge,
            navigation: self.navigation.iter().map(|name| position(name).ok_or(name.clone())).collect(),
            not_in_old_rows: self.navigation.iter().find(|name| !in_old_rows(name)).cloned(),
            compared: self.compared.iter().map(position).collect(),
        }
    }
}

impl BoundTable {
    /// The table.
    pub(super) fn table(&self) -> &TableName {
        &self.table
    }

    /// The indexes that follow it.
    pub(super) fn indexes(&self) -> BTreeSet<usize> {
        self.edges.iter().map(|edge| edge.index).collect()
    }

    /// A row appeared.
    pub(super) fn inserted(&self, new: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(new)?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match &edge.navigation {
                Ok(navigation) => self.lead(&mut change, edge, navigation, new, None)?,
                Err(column) => change.miss(edge, self.not_carried("a row", column)),
            }
        }
        Ok(change)
    }

    /// A row went.
    pub(super) fn deleted(&self, old: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(old)?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match edge.old_navigation() {
                Ok(navigation) => self.lead(&mut change, edge, navigation, old, None)?,
                Err(column) => change.miss(edge, self.not_carried("the old row", column)),
            }
        }
        Ok(change)
    }

    /// A row changed. Without an old row nothing of its identity changed.
    pub(super) fn updated(&self, old: Option<&Row<'_>>, new: &Row<'_>) -> Result<RowChange, RowError> {
        self.check(new)?;
        old.map_or(Ok(()), |old| self.check(old))?;
        let mut change = RowChange::default();
        for edge in &self.edges {
            match edge.old_navigation() {
                Err(column) => change.miss(edge, self.not_carried("the old row", column)),
                Ok(_) if self.identity_full && edge.is_untouched(old, new) => {}
                Ok(navigation) => {
                    if let Some(old) = old {
                        self.lead(&mut change, edge, navigation, old, None)?;
                    }
                    self.lead(&mut change, edge, navigation, new, old)?;
                }
            }
        }
        Ok(change)
    }

    /// Adds the hit of one row along one edge, if it leads anywhere. `fallback` is the row that an
    /// unchanged out-of-line value is taken from.
    fn lead(
        &self,
        change: &mut RowChange,
        edge: &BoundEdge,
        navigation: &[usize],
        row: &Row<'_>,
        fallback: Option<&Row<'_>>,
    ) -> Result<(), RowError> {
        let mut parts = Vec::with_capacity(navigation.len());
        for at in navigation {
            let value = match (row.0[*at], fallback) {
                (Value::Unchanged, Some(fallback)) => fallback.0[*at],
                (value, _) => value,
            };
            match value {
                Value::Null => return Ok(()),
                Value::Text(bytes) => parts.push(self.utf8(*at, bytes)?),
                Value::Unchanged => {
                    change.miss(edge, self.not_carried("an update", &self.columns[*at]));
                    return Ok(());
                }
            }
        }
        change.hit(EdgeHit { index: edge.index, edge: edge.edge, key: Key(parts) });
        Ok(())
    }

    fn utf8(&self, at: usize, bytes: &[u8]) -> Result<String, RowError> {
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| RowError::NotUtf8 { table: self.table.clone(), column: self.columns[at].clone() })
    }

    fn check(&self, row: &Row<'_>) -> Result<(), Malformed> {
        if row.0.len() == self.columns.len() {
            Ok(())
        } else {
            Err(Malformed("a row that does not fit its table's description"))
        }
    }

    fn not_carried(&self, row: &str, column: &Ident) -> String {
        format!("{row} of `{}` does not carry `{column}`", self.table)
    }
}

impl BoundEdge {
    /// Where the navigation stands in an old row; else the first column of it that is not there.
    fn old_navigation(&self) -> Result<&[usize], &Ident> {
        match (&self.navigation, &self.not_in_old_rows) {
            (Ok(navigation), None) => Ok(navigation),
            (Err(column), _) | (_, Some(column)) => Err(column),
        }
    }

    /// Whether every column that matters is known to be as it was; both rows are whole.
    fn is_untouched(&self, old: Option<&Row<'_>>, new: &Row<'_>) -> bool {
        let (Some(old), Some(compared)) = (old, &self.compared) else { return false };
        compared.iter().all(|at| new.0[*at] == Value::Unchanged || new.0[*at] == old.0[*at])
    }
}

impl RowChange {
    fn hit(&mut self, hit: EdgeHit) {
        // A row whose navigation did not change leads to one place, not two.
        if self.hits.last() != Some(&hit) {
            self.hits.push(hit);
        }
    }

    fn miss(&mut self, edge: &BoundEdge, reason: String) {
        self.unusable.get_or_insert_with(|| (BTreeSet::new(), reason)).0.insert(edge.index);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, Plan, UNCHANGED};
    use super::super::pgoutput::{Message, decode};
    use super::*;

    const ALL_IN_IDENTITY: &[(&str, bool)] = &[("id", true), ("order_id", true), ("note", true)];
    const KEY_IN_IDENTITY: &[(&str, bool)] = &[("id", true), ("order_id", false), ("note", false)];

    /// An index whose root is `shop.orders` and which reads `note` of `shop.items` by `order_id`.
    fn plan() -> Plan {
        Plan::default().edge(0, "shop.orders", &["id"], &["id"]).edge(
            0,
            "shop.items",
            &["order_id"],
            &["note", "order_id"],
        )
    }

    fn bound(plan: &Plan, identity: u8, columns: &[(&str, bool)]) -> BoundTable {
        let bytes = fixture::relation(7, "shop", "items", identity, columns);
        let Ok(Message::Relation { relation, .. }) = decode(&bytes) else { panic!("a relation") };
        Routes::new(&plan.lock()).bind(relation)
    }

    fn change(table: &BoundTable, bytes: &[u8]) -> RowChange {
        let change = match decode(bytes).expect("a message") {
            Message::Insert { new, .. } => table.inserted(&new),
            Message::Update { old, new, .. } => table.updated(old.as_ref(), &new),
            Message::Delete { old, .. } => table.deleted(&old),
            other => panic!("{other:?}"),
        };
        change.expect("a row that fits")
    }

    fn keys(change: &RowChange) -> Vec<&str> {
        assert_eq!(change.unusable, None);
        change.hits.iter().map(|hit| hit.key.0[0].as_str()).collect()
    }

    #[test]
    fn an_inserted_row_leads_along_each_edge_of_its_table_only() {
        let plan = plan().edge(2, "shop.items", &["order_id", "id"], &["id"]);
        let table = bound(&plan, b'd', KEY_IN_IDENTITY);
        let change = change(&table, &fixture::insert(7, &[Some("1"), Some("10"), Some("x")]));
        let hit = |index, edge, key: &[&str]| EdgeHit {
            index,
            edge,
            key: Key(key.iter().map(|part| (*part).to_owned()).collect()),
        };
        assert_eq!(change.hits, [hit(0, 1, &["10"]), hit(2, 0, &["10", "1"])]);
        assert_eq!(table.indexes(), BTreeSet::from([0, 2]));
    }

    #[test]
    fn a_null_leads_nowhere() {
        let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
        assert_eq!(change(&table, &fixture::insert(7, &[Some("1"), None, Some("x")])), RowChange::default());
        let moved = fixture::update(
            7,
            Some((b'O', &[Some("1"), None, Some("x")])),
            &[Some("1"), Some("10"), Some("x")],
        );
        assert_eq!(keys(&change(&table, &moved)), ["10"]);
    }

    #[test]
    fn a_row_that_moved_leads_to_where_it_was_and_to_where_it_is() {
        let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
        let moved = fixture::update(
            7,
            Some((b'O', &[Some("1"), Some("10"), Some("x")])),
            &[Some("1"), Some("11"), Some("x")],
        );
        assert_eq!(keys(&change(&table, &moved)), ["10", "11"]);
    }

    #[test]
    fn under_a_full_identity_a_change_that_touches_no_column_of_the_edge_is_dropped() {
        let table = bound(&plan(), b'f', ALL_IN_IDENTITY);
        let old: &[Option<&str>] = &[Some("1"), Some("10"), Some("x")];
        let other_id = fixture::update(7, Some((b'O', old)), &[Some("2"), Some("10"), Some("x")]);
        assert_eq!(change(&table, &other_id), RowChange::default());
        let unchanged = fixture::update(7, Some((b'O', old)), &[Some("2"), Some("10"), Some(UNCHANGED)]);
        assert_eq!(change(&table, &unchanged), RowChange::default());
        let other_note = fixture::update(7, Some((b'O', old)), &[Some("1"), Some("10"), Some("y")]);
        assert_eq!(keys(&change(&table, &other_note)), ["10"]);
        let null_note = fixture::update(7, Some((b'O', old)), &[Some("1"), Some("10"), None]);
        assert_eq!(keys(&change(&table, &null_note)), ["10"]);
    }

    #[test]
    fn a_change_is_never_dropped_where_a_column_of_the_edge_is_not_in_the_stream() {
        let plan = plan().edge(1, "shop.items", &["order_id"], &["generated"]);
        let table = bound(&plan, b'f', ALL_IN_IDENTITY);
        let row: &[Option<&str>] = &[Some("1"), Some("10"), Some("x")];
        let change = change(&table, &fixture::update(7, Some((b'O', row)), row));
        assert_eq!(keys(&change), ["10"]);
        assert_eq!(change.hits[0].index, 1);
    }

    #[test]
    fn without_an_old_row_the_identity_did_not_change() {
        let columns = &[("id", true), ("order_id", true), ("note", false)];
        let table = bound(&plan(), b'i', columns);
        let update = fixture::update(7, None, &[Some("1"), Some("10"), Some("y")]);
        assert_eq!(keys(&change(&table, &update)), ["10"]);
        let moved = fixture::update(
            7,
            Some((b'K', &[Some("1"), Some("10"), None])),
            &[Some("1"), Some("11"), Some("y")],
        );
        assert_eq!(keys(&change(&table, &moved)), ["10", "11"]);
        assert_eq!(keys(&change(&table, &fixture::delete(7, b'K', &[Some("1"), Some("10"), None]))), ["10"]);
    }

    #[test]
    fn an_old_row_whose_identity_lacks_a_navigation_column_is_unusable_by_name() {
        let plan = plan().edge(3, "shop.items", &["id"], &["id"]);
        let table = bound(&plan, b'd', KEY_IN_IDENTITY);
        for bytes in [
            fixture::update(7, None, &[Some("1"), Some("10"), Some("y")]),
            fixture::delete(7, b'K', &[Some("1"), None, None]),
        ] {
            let change = change(&table, &bytes);
            let reason = "the old row of `shop.items` does not carry `order_id`".to_owned();
            assert_eq!(change.unusable, Some((BTreeSet::from([0]), reason)));
            assert_eq!(change.hits.len(), 1, "the other index goes on");
        }
    }

    #[test]
    fn a_navigation_column_that_no_row_carries_is_unusable_by_name() {
        let plan = Plan::default().edge(0, "shop.items", &["generated"], &["generated"]);
        let table = bound(&plan, b'f', ALL_IN_IDENTITY);
        let change = change(&table, &fixture::insert(7, &[Some("1"), Some("10"), Some("x")]));
        let reason = "a row of `shop.items` does not carry `generated`".to_owned();
        assert_eq!(change.unusable, Some((BTreeSet::from([0]), reason)));
    }

    #[test]
    fn an_unchanged_out_of_line_navigation_value_is_taken_from_the_old_row() {
        let columns = &[("id", true), ("order_id", true), ("note", false)];
        let table = bound(&plan(), b'i', columns);
        let with_old = fixture::update(
            7,
            Some((b'K', &[Some("1"), Some("10"), None])),
            &[Some("2"), Some(UNCHANGED), Some("y")],
        );
        assert_eq!(keys(&change(&table, &with_old)), ["10"]);
        let without = change(&table, &fixture::update(7, None, &[Some("2"), Some(UNCHANGED), Some("y")]));
        let reason = "an update of `shop.items` does not carry `order_id`".to_owned();
        assert_eq!(without.unusable, Some((BTreeSet::from([0]), reason)));
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_without_the_value() {
        let table = bound(&plan(), b'd', KEY_IN_IDENTITY);
        let bytes = [&b"I\0\0\0\x07N\0\x03t\0\0\0\x011t\0\0\0\x01"[..], &[0xff], b"n"].concat();
        let Ok(Message::Insert { new, .. }) = decode(&bytes) else { panic!("an insert") };
        let error = table.inserted(&new).expect_err("it is not UTF-8");
        assert_eq!(error.to_string(), "column `order_id` of `shop.items` holds text that is not UTF-8");
    }

    #[test]
    fn a_row_of_another_width_is_malformed() {
        let table = bound(&plan(), b'd', KEY_IN_IDENTITY);
        let short = fixture::insert(7, &[Some("1")]);
        let Ok(Message::Insert { new, .. }) = decode(&short) else { panic!("an insert") };
        assert!(matches!(table.inserted(&new), Err(RowError::Malformed(_))));
    }
}
