//! An object's members as segments.

use serde_json::Value;

use crate::model::{Scalar, ValueSource};

use super::alias::Aliases;
use super::fragments::{column, literal};
use super::from::{GroupForm, columns, types};
use super::query_tree::{Member, MemberValue, NodeId, Presence, QueryNode, QueryTree, RowId};
use super::segment::Segments;
use super::{segment::ValueSql, value};

/// Prints the members as one object: `{…}`.
pub(super) fn print(
    tree: &QueryTree<'_>,
    aliases: &mut Aliases,
    segments: &mut Segments,
    members: &[Member<'_>],
) {
    for (place, member) in members.iter().enumerate() {
        let mark = if place == 0 { "{" } else { "," };
        match &member.part {
            // Aggregates print their own keys.
            MemberValue::Aggregates(node) => {
                segments.literal(mark);
                slot(tree, aliases, segments, *node);
            }
            part => {
                segments.field(&format!("{mark}{}:", Value::from(member.key)));
                print_part(tree, aliases, segments, part);
            }
        }
    }
    segments.literal(if members.is_empty() { "{}" } else { "}" });
}

fn print_part(tree: &QueryTree<'_>, aliases: &mut Aliases, segments: &mut Segments, part: &MemberValue<'_>) {
    match part {
        MemberValue::Scalar { row, scalar, when, may_be_absent } => {
            let alias = aliases.of(tree, *row);
            let printed = value::of_row(scalar, &alias, *may_be_absent, *when);
            segments.value(match &scalar.value {
                ValueSource::Sql(_) if *may_be_absent => {
                    where_present(&absent(tree, aliases, *row), scalar, &printed)
                }
                _ => printed,
            });
        }
        MemberValue::Constant { token, when: None, .. } => segments.literal(token),
        MemberValue::Constant { row, token, when: Some(when) } => {
            let holds = when.sql(&aliases.of(tree, *row));
            let sql = format!("case when {holds} then {} else 'null' end", literal(token));
            segments.value(ValueSql { sql, is_text: true });
        }
        MemberValue::Object { presence, members } => {
            let opened = match presence {
                Presence::Always => None,
                Presence::Row(row) => Some((absent(tree, aliases, *row), false)),
                Presence::When(row, when) => {
                    Some((format!("({}) is not true", when.sql(&aliases.of(tree, *row))), true))
                }
            };
            let is_case = opened.is_some();
            opened.into_iter().for_each(|(absent, conditional)| segments.open_case(absent, conditional));
            print(tree, aliases, segments, members);
            if is_case {
                segments.close_case();
            }
        }
        MemberValue::Slot(node) | MemberValue::Aggregates(node) => slot(tree, aliases, segments, *node),
    }
}

/// An expression may have a value over a row that is not there: `state is null`.
fn where_present(absent: &str, scalar: &Scalar, printed: &ValueSql) -> ValueSql {
    let without = literal(&value::absent_token(scalar));
    let sql = format!("case when {absent} then {without} else {} end", value::as_text(printed));
    ValueSql { sql, is_text: true }
}

/// A joined row that is there has a value in the column it was joined by.
fn absent(tree: &QueryTree<'_>, aliases: &mut Aliases, row: RowId) -> String {
    let joined_by = &tree.rows[row].pairs[0].child;
    format!("{} is null", column(&aliases.of(tree, row), joined_by))
}

fn slot(tree: &QueryTree<'_>, aliases: &mut Aliases, segments: &mut Segments, node: NodeId) {
    let node = &tree.nodes[node];
    let form = GroupForm::of(tree, node);
    let key = slot_key(tree, aliases, node, form);
    segments.slot(node.path, &key, form == GroupForm::Row);
}

/// The group of a child node in its parent's row. Where its condition does not hold it is the empty text,
/// which no row's text is: the child is looked for and not found.
fn slot_key(tree: &QueryTree<'_>, aliases: &mut Aliases, node: &QueryNode<'_>, form: GroupForm) -> String {
    let first = &tree.rows[node.chain[0]];
    let parent_row = first.parent.expect("only the root has no parent, and it fills no slot");
    let parent = aliases.of(tree, parent_row);
    let names = || first.pairs.iter().map(|pair| &pair.parent);
    let key = form.text(&columns(&parent, names()), &types(tree, parent_row, names()));
    match node.when {
        None => key,
        Some(when) => format!("case when {} then {key} else '' end", when.sql(&parent)),
    }
}
