//! Which field of a document makes its query fail: a node prints all of its fields in one statement, and
//! the server does not say which of them it was about.

use flusso_lints::source::quote::quoted;
use flusso_runtime::documents::Key;
use flusso_schemas::lock::{FieldPlan, FieldSource, IndexPlan, Node, ROOT_PATH};
use flusso_schemas::name::{TableName, quote_identifier};
use tokio_postgres::types::ToSql;

use crate::session::{Session, sqlstate};

const WHAT: &str = "looking for the field that fails";
/// Most fields that a message names.
const NAMED_MAX: usize = 3;

/// The fields of the node whose statement failed that can be what it was about.
#[derive(Debug)]
pub(super) struct Suspects<'a> {
    index: &'a IndexPlan,
    /// The node's path; the root's where it is not known.
    node: &'a str,
    fields: Vec<(&'a str, &'a FieldPlan)>,
}

impl<'a> Suspects<'a> {
    /// The suspects of the statement at a position.
    pub(super) fn of(index: &'a IndexPlan, statement: Option<usize>) -> Self {
        let node = statement.and_then(|number| index.nodes.get(number));
        let node = node.map_or(ROOT_PATH, |node: &Node| node.path.as_str());
        let is_suspect =
            |(path, field): &(&String, &FieldPlan)| has_expression(field) && is_within(node, path);
        let fields = index.fields.iter().filter(is_suspect).map(|(path, field)| (path.as_str(), field));
        Self { index, node, fields: fields.collect() }
    }

    /// The fields of a node's own rows that readers are promised a value of.
    pub(super) fn promised(index: &'a IndexPlan, node: &'a str) -> Self {
        let is_of_another = |path: &str| {
            let others = index.nodes.iter().map(|other| other.path.as_str());
            others.filter(|other| *other != node && *other != ROOT_PATH).any(|other| is_within(other, path))
        };
        let is_promised = |(path, field): &(&String, &FieldPlan)| {
            field.required && is_within(node, path) && (node != ROOT_PATH || !is_of_another(path))
        };
        let fields = index.fields.iter().filter(is_promised).map(|(path, field)| (path.as_str(), field));
        Self { index, node, fields: fields.collect() }
    }

    /// The field in words that fails alone with this SQLSTATE.
    pub(super) async fn proven(&self, session: &Session, key: &Key, code: &str) -> Option<String> {
        let root = root_table(self.index).filter(|_| self.node == ROOT_PATH)?;
        for (path, field) in &self.fields {
            if let FieldSource::Sql(expression) = &field.source
                && fails(session, self.index, root, expression, key, code).await
            {
                return Some(format!("`{path}`"));
            }
        }
        None
    }

    /// Every suspect where they are few; else the node's own field.
    pub(super) fn named(&self) -> Option<String> {
        match self.fields.as_slice() {
            [(only, _)] => Some(format!("`{only}`")),
            [first @ .., (last, _)] if !first.is_empty() && first.len() < NAMED_MAX => {
                let first: Vec<String> = first.iter().map(|(path, _)| format!("`{path}`")).collect();
                Some(format!("{} or `{last}`", first.join(", ")))
            }
            _ => (self.node != ROOT_PATH).then(|| format!("`{}`", self.node)),
        }
    }
}

/// Whether the condition that says which rows are documents fails for one of them with a SQLSTATE.
pub(super) async fn condition_fails(session: &Session, index: &IndexPlan, key: &Key, code: &str) -> bool {
    match (root_table(index), &index.condition) {
        (Some(root), Some(condition)) => fails(session, index, root, condition, key, code).await,
        _ => false,
    }
}

/// The table whose rows are the documents.
pub(super) fn root_table(index: &IndexPlan) -> Option<&TableName> {
    let is_root = |role: &String| role == ROOT_PATH;
    index.edges.iter().find(|edge| edge.roles.iter().any(is_root)).map(|edge| &edge.table)
}

/// Whether an expression over one row of the root's table fails with a SQLSTATE. It is printed, not a condition: what
/// the planner may compute for other rows as well would be about any of them.
async fn fails(
    session: &Session,
    index: &IndexPlan,
    root: &TableName,
    expression: &str,
    key: &Key,
    code: &str,
) -> bool {
    let conditions: Vec<String> = (index.key.iter().enumerate())
        .map(|(at, part)| {
            format!("{} = (${}::text)::{}", quote_identifier(part.column.as_str()), at + 1, part.pg_type)
        })
        .collect();
    let statement =
        format!("select ({expression})::text from {} where {}", quoted(root), conditions.join(" and "));
    let parameters: Vec<&(dyn ToSql + Sync)> = key.0.iter().map(|part| part as &(dyn ToSql + Sync)).collect();
    if session.run(WHAT, "begin read only").await.is_err() {
        return false;
    }
    let outcome = session.query(WHAT, statement.as_str(), &parameters).await;
    let ended = session.rollback().await;
    ended.is_ok() && outcome.is_err_and(|error| sqlstate(&error) == Some(code))
}

fn has_expression(field: &FieldPlan) -> bool {
    let is_related = matches!(field.source, FieldSource::Related { .. });
    matches!(field.source, FieldSource::Sql(_))
        || (is_related && (field.of.is_some() || field.value.is_some()))
}

/// Whether a field's path is the node's own or directly below it. Objects of the same row are of the same
/// node, so at the root every path counts.
fn is_within(node: &str, path: &str) -> bool {
    node == ROOT_PATH || path == node || path.strip_prefix(node).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_belongs_to_its_own_node() {
        assert!(is_within("items", "items.ratio") && is_within("items", "items"));
        assert!(!is_within("items", "items_total") && !is_within("items", "total"));
        assert!(is_within(ROOT_PATH, "total"));
    }
}
