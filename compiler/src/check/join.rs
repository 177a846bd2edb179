//! Paths: from a row over hops to the rows of another table, each step joined and its condition bound.

use std::sync::Arc;

use super::Checker;
use super::link::{Direction, Link};
use crate::condition::Condition;
use crate::diagnostic::Place;
use crate::model::{Join, Pair, Table, Verb};
use crate::non_empty::NonEmpty;
use crate::syntax::condition::{Conditions, Part};
use crate::syntax::relation::{Path, Via};

/// The relation or aggregate that a path belongs to.
pub(super) struct PathOwner<'a> {
    /// The verb or function as the file writes it.
    pub(super) name: &'a str,
    /// The verb, where it is a relation.
    pub(super) verb: Option<Verb>,
    /// Place of the verb or function in the file.
    pub(super) place: &'a Place,
    /// The condition over the row that is there.
    pub(super) when: Option<&'a Conditions>,
}

/// A table of the path, with the keys that the file writes for it.
struct Step<'a> {
    table: Arc<Table>,
    via: Option<&'a Via>,
    conditions: Option<&'a Conditions>,
    place: &'a Place,
}

impl Checker<'_> {
    /// Binds a path that begins at a row of `from`. The target is returned even where the joins to it could
    /// not be bound, so that what is below can be checked.
    pub(super) fn path(
        &mut self,
        path: &Path,
        from: &Arc<Table>,
        owner: &PathOwner<'_>,
    ) -> (Option<Arc<Table>>, Option<NonEmpty<Join>>) {
        let hops: Vec<Option<Step<'_>>> = path
            .through
            .iter()
            .map(|hop| {
                let table = self.table(&hop.table)?;
                Some(Step {
                    table,
                    via: hop.via.as_ref(),
                    conditions: hop.conditions.as_ref(),
                    place: &hop.table.place,
                })
            })
            .collect();
        let Some(target) = self.table(&path.target) else { return (None, None) };
        let last = Step {
            table: Arc::clone(&target),
            via: path.via.as_ref(),
            conditions: path.conditions.as_ref(),
            place: &path.target.place,
        };
        let steps = hops.into_iter().chain([Some(last)]).collect::<Option<Vec<_>>>();
        let joins = steps.and_then(|steps| self.joins(&steps, from, owner));
        (Some(target), joins)
    }

    fn joins(
        &mut self,
        steps: &[Step<'_>],
        from: &Arc<Table>,
        owner: &PathOwner<'_>,
    ) -> Option<NonEmpty<Join>> {
        let mut before = from;
        let mut joins = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let link = Link {
                before,
                after: &step.table,
                direction: direction(owner.verb, at, steps.len()),
                via: step.via,
                place: step.place,
                verb: owner.name,
                verb_place: (steps.len() == 1).then_some(owner.place),
                tested: [tested(owner.when.filter(|_| at == 0)), tested(step.conditions)],
            };
            let pairs = self.link(&link);
            let condition = step.conditions.map(|conditions| self.conditions(conditions, &step.table));
            let condition = match condition {
                Some(Some(bound)) => Some(Some(bound)),
                Some(None) => None,
                None => Some(None),
            };
            joins.push(pairs.zip(condition).map(|(pairs, condition)| {
                let to_one = is_to_one(&step.table, &pairs, condition.as_ref());
                Join { table: Arc::clone(&step.table), pairs, condition, to_one }
            }));
            before = &step.table;
        }
        joins.into_iter().collect::<Option<Vec<_>>>().and_then(NonEmpty::new)
    }
}

/// Columns that a condition tests at its top.
fn tested(conditions: Option<&Conditions>) -> Vec<&str> {
    fn column(part: &Part) -> Option<&str> {
        match part {
            Part::Column(name, _) => Some(name.value.as_str()),
            _ => None,
        }
    }
    conditions.into_iter().flatten().filter_map(column).collect()
}

/// Which side references the other: the verb says it for a direct link; hops are tried in both directions.
fn direction(verb: Option<Verb>, at: usize, steps: usize) -> Direction {
    match (verb, steps) {
        (Some(Verb::BelongsTo), _) => Direction::Referencing,
        (Some(Verb::ManyToMany), _) if at == 0 => Direction::Referenced,
        (Some(Verb::ManyToMany), _) => Direction::Referencing,
        (_, 1) => Direction::Referenced,
        _ => Direction::Either,
    }
}

/// Whether at most one row joins: some unique index is over the joined columns and those that the condition
/// fixes to one value.
fn is_to_one(table: &Table, pairs: &[Pair], condition: Option<&Condition>) -> bool {
    let joined = pairs.iter().map(|pair| pair.child.as_str());
    let fixed = condition.map(Condition::fixed_columns).unwrap_or_default();
    table.is_unique_on(&joined.chain(fixed).collect::<Vec<_>>())
}
