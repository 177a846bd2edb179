//! FROM and WHERE of a node: its group, the parents it hangs on, its path and its to-ones.

use crate::condition::Condition;
use crate::model::Pair;
use crate::pg_type::PgType;

use super::alias::Aliases;
use super::fragments::{column, indented, mark, where_clause};
use super::query_tree::{QueryNode, QueryTree, ROOT, RowId};
use super::reach::{Reach, reach};

/// FROM and WHERE in the making.
#[derive(Default)]
pub(crate) struct FromClause {
    pub(crate) lines: Vec<String>,
    pub(crate) conditions: Vec<String>,
}

/// What parts a child's rows into groups.
pub(crate) struct Group {
    /// The opaque text that is printed.
    pub(crate) text: String,
    /// What keeps each group in one piece when it is ordered or grouped by.
    pub(crate) keys: Vec<String>,
}

/// How a group is spelled: in a child and, over the same columns, in its parent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupForm {
    /// The text of the one column.
    Plain,
    /// The text of a row: several columns, or one that may be null beside a row that is there.
    Row,
}

impl GroupForm {
    /// The form of a node's group.
    pub(crate) fn of(tree: &QueryTree<'_>, node: &QueryNode<'_>) -> Self {
        let first = &tree.rows[node.chain[0]];
        let parent = first.parent.expect("the root has no group");
        let nullable = first.pairs.iter().any(|pair| tree.is_nullable(parent, &pair.parent));
        if first.pairs.len() == 1 && !nullable && node.when.is_none() { Self::Plain } else { Self::Row }
    }

    /// The group over these columns of these types.
    pub(crate) fn text(self, columns: &[String], types: &[PgType]) -> String {
        let texts: Vec<String> =
            columns.iter().zip(types).map(|(column, pg_type)| pg_type.output(column)).collect();
        match self {
            Self::Plain => texts.concat(),
            Self::Row => format!("row({})::text", texts.join(", ")),
        }
    }
}

/// The types of a row's columns.
pub(crate) fn types<'a>(
    tree: &QueryTree<'_>,
    row: RowId,
    names: impl IntoIterator<Item = &'a String>,
) -> Vec<PgType> {
    names.into_iter().map(|name| tree.pg_type(row, name)).collect()
}

/// The types of the columns that a row is joined by.
fn child_types(tree: &QueryTree<'_>, row: RowId) -> Vec<PgType> {
    types(tree, row, tree.rows[row].pairs.iter().map(|pair| &pair.child))
}

/// Columns of a row by its alias.
pub(crate) fn columns<'a>(alias: &str, names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    names.into_iter().map(|name| column(alias, name)).collect()
}

/// An item of FROM: `schema.table alias`.
pub(crate) fn table(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId) -> String {
    let alias = aliases.of(tree, row);
    format!("{} {alias}", tree.rows[row].table.name)
}

/// The root with its rows.
pub(crate) fn root_from(tree: &QueryTree<'_>, aliases: &mut Aliases) -> FromClause {
    let lines = vec![format!("from {}", table(tree, aliases, ROOT))];
    let key = columns(&aliases.of(tree, ROOT), &tree.index.key);
    FromClause { lines, conditions: vec![mark("rows", &key)] }
}

/// A node's first row with the group it belongs to.
pub(crate) fn start(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    first: RowId,
    form: GroupForm,
) -> (FromClause, Group) {
    let (from, own) = first_row(tree, aliases, first, Some(form));
    let is_printed = matches!(reach(tree, first), Reach::Row { is_same_text: false, .. });
    let group = if is_printed {
        printed_group()
    } else {
        Group { text: form.text(&own, &child_types(tree, first)), keys: own }
    };
    (from, group)
}

/// A node's first row, hanging on the root's keys or on its parents, and the columns it hangs by. Without a
/// form the parents print no group.
fn first_row(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    first: RowId,
    form: Option<GroupForm>,
) -> (FromClause, Vec<String>) {
    let pairs = tree.rows[first].pairs;
    let own_names = || pairs.iter().map(|pair| &pair.child);
    match reach(tree, first) {
        Reach::Key(places) => {
            let from = format!("from {}", table(tree, aliases, first));
            let own = columns(&aliases.of(tree, first), own_names());
            let key: Vec<String> = places.iter().map(|place| own[*place].clone()).collect();
            let mut conditions = vec![mark("rows", &key)];
            conditions.extend(not_null(tree, first, pairs, &own));
            (FromClause { lines: vec![from], conditions }, own)
        }
        Reach::Row { row, columns: parent_columns, is_same_text } => {
            let text = form.filter(|_| !is_same_text);
            let mut from = parents(tree, aliases, row, &parent_columns, text);
            let joined = table(tree, aliases, first);
            let own = columns(&aliases.of(tree, first), own_names());
            let on = equal(&own, &parent_names(pairs.len()));
            from.lines.push(format!("join {joined} on {on}"));
            (from, own)
        }
    }
}

/// A group whose text the parents print, because the child's own could differ.
fn printed_group() -> Group {
    Group { text: "parents.g".to_owned(), keys: vec!["parents.g".to_owned()] }
}

/// The parents of a lateral, and the group they make.
pub(crate) fn lateral_parents(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    first: RowId,
    form: GroupForm,
) -> (FromClause, Group) {
    let (row, parent_columns, is_same_text) = match reach(tree, first) {
        Reach::Key(_) => {
            // In the order of the pairs: the first row's parent is the root, or all between are jumped over.
            let key = root_columns(tree, first);
            (ROOT, key, true)
        }
        Reach::Row { row, columns, is_same_text } => (row, columns, is_same_text),
    };
    let text = (!is_same_text).then_some(form);
    let from = parents(tree, aliases, row, &parent_columns, text);
    let names = parent_names(parent_columns.len());
    let types = types(tree, row, &parent_columns);
    let group =
        if is_same_text { Group { text: form.text(&names, &types), keys: names } } else { printed_group() };
    (from, group)
}

/// The key's columns in the order of a row's pairs that reach them.
fn root_columns(tree: &QueryTree<'_>, first: RowId) -> Vec<String> {
    let mut row = &tree.rows[first];
    let mut names: Vec<String> = row.pairs.iter().map(|pair| pair.parent.clone()).collect();
    while let Some(parent) = row.parent.filter(|parent| *parent != ROOT) {
        row = &tree.rows[parent];
        let above =
            |name: &String| row.pairs.iter().find(|pair| pair.child == *name).map(|pair| pair.parent.clone());
        names = names.iter().filter_map(above).collect();
    }
    names
}

/// `from (select …) parents`: the values by which children are found, a superset of those that are printed.
fn parents(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    row: RowId,
    names: &[String],
    text: Option<GroupForm>,
) -> FromClause {
    let from = rows_from(tree, aliases, row);
    let own = columns(&aliases.of(tree, row), names);
    let mut selected: Vec<String> = own
        .iter()
        .zip(bare_parent_names(names.len()))
        .map(|(column, name)| format!("{column} as {name}"))
        .collect();
    let own_types = types(tree, row, names);
    selected.extend(
        text.map(|form| format!("{}{} as g", form.text(&own, &own_types), collation(tree, row, names, form))),
    );
    let distinct = if is_unique(tree, row, names) { "" } else { "distinct " };
    let mut query = vec![format!("select {distinct}{}", selected.join(", "))];
    query.extend(from.lines);
    query.extend(where_clause(&from.conditions));
    let mut lines = vec!["from (".to_owned()];
    lines.extend(indented(&query));
    lines.push(") parents".to_owned());
    FromClause { lines, conditions: Vec::new() }
}

/// Groups differ by their bytes: a text keeps its column's collation, under which two may be equal.
fn collation(tree: &QueryTree<'_>, row: RowId, names: &[String], form: GroupForm) -> &'static str {
    let folds = |name: &String| !tree.pg_type(row, name).collation_deterministic;
    if form == GroupForm::Plain && names.iter().any(folds) { " collate \"C\"" } else { "" }
}

/// Whether each value occurs once among a row's own FROM.
fn is_unique(tree: &QueryTree<'_>, row: RowId, names: &[String]) -> bool {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_read_once = row == ROOT
        || (tree.rows[row].first == row
            && !matches!(reach(tree, row), Reach::Row { is_same_text: false, .. }));
    is_read_once
        && tree.rows[row].table.is_unique_on(&names)
        && names.iter().all(|name| !tree.is_nullable(row, name))
}

/// The FROM and WHERE that read a row: its node's path and the to-ones down to it, without limit and order.
fn rows_from(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId) -> FromClause {
    let first = tree.rows[row].first;
    if first == ROOT && row == ROOT {
        return root_from(tree, aliases);
    }
    let mut path = vec![row];
    while path[0] != first {
        path.insert(0, tree.rows[path[0]].parent.expect("a node's rows end at its first"));
    }
    let mut from = match first {
        ROOT => root_from(tree, aliases),
        _ => first_row(tree, aliases, first, None).0,
    };
    if first != ROOT {
        from.conditions.extend(condition(tree, aliases, first));
    }
    for row in &path[1..] {
        join(tree, aliases, *row, &mut from);
    }
    from
}

/// Joins a row of a path to the one before.
pub(crate) fn join(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId, from: &mut FromClause) {
    let on = on(tree, aliases, row);
    from.lines.push(format!("join {} on {on}", table(tree, aliases, row)));
    from.conditions.extend(condition(tree, aliases, row));
}

/// Joins a to-one that may be absent; what is asked of it decides whether it is.
pub(crate) fn left_join(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId, from: &mut FromClause) {
    let parent = tree.rows[row].parent.expect("only the root has no parent");
    let parent = aliases.of(tree, parent);
    let mut on = vec![on(tree, aliases, row)];
    on.extend(tree.rows[row].when.map(|when| when.sql(&parent)));
    on.extend(condition(tree, aliases, row));
    from.lines.push(format!("left join {} on {}", table(tree, aliases, row), on.join(" and ")));
}

fn on(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId) -> String {
    let parent = tree.rows[row].parent.expect("only the root has no parent");
    let pairs = tree.rows[row].pairs;
    let parent = columns(&aliases.of(tree, parent), pairs.iter().map(|pair| &pair.parent));
    equal(&columns(&aliases.of(tree, row), pairs.iter().map(|pair| &pair.child)), &parent)
}

/// The condition over a row.
pub(crate) fn condition(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId) -> Option<String> {
    let alias = aliases.of(tree, row);
    tree.rows[row].condition.map(|condition: &Condition| condition.sql(&alias))
}

/// `a = b and …`
pub(crate) fn equal(left: &[String], right: &[String]) -> String {
    let pairs: Vec<String> =
        left.iter().zip(right).map(|(left, right)| format!("{left} = {right}")).collect();
    pairs.join(" and ")
}

/// `parents.j`, or `parents.j1`, …
pub(crate) fn parent_names(count: usize) -> Vec<String> {
    bare_parent_names(count).into_iter().map(|name| format!("parents.{name}")).collect()
}

fn bare_parent_names(count: usize) -> Vec<String> {
    if count == 1 { vec!["j".to_owned()] } else { (1..=count).map(|place| format!("j{place}")).collect() }
}

fn not_null(tree: &QueryTree<'_>, row: RowId, pairs: &[Pair], columns: &[String]) -> Vec<String> {
    let nullable = pairs.iter().zip(columns).filter(|(pair, _)| tree.is_nullable(row, &pair.child));
    nullable.map(|(_, column)| format!("{column} is not null")).collect()
}
