//! One link of a path: which columns of two tables belong together, by foreign key or as written.

use std::sync::Arc;

use super::Checker;
use super::column::type_of;
use super::via::pairs_to_write;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::{Pair, Table};
use crate::syntax::relation::Via;
use flusso_lints::wrong_direction::Against;
use flusso_lints::{ambiguous_foreign_key, key_type_mismatch, no_foreign_key};

/// Which of the two tables references the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// The table before references the one that is joined.
    Referencing,
    /// The table that is joined references the one before.
    Referenced,
    /// Candidates in both directions: the verb accepts either.
    Either,
}

/// Two tables to be linked.
pub(super) struct Link<'a> {
    /// The table whose row is there.
    pub(super) before: &'a Arc<Table>,
    /// The table that is joined.
    pub(super) after: &'a Arc<Table>,
    /// Which of them must reference the other.
    pub(super) direction: Direction,
    /// The columns as written.
    pub(super) via: Option<&'a Via>,
    /// Where to point: the verb with its table, or the hop.
    pub(super) place: &'a Place,
    /// The verb or aggregate that asks.
    pub(super) verb: &'a str,
    /// Place of the verb, if another verb would be right.
    pub(super) verb_place: Option<&'a Place>,
    /// Columns that a condition tests: of the row that is there, and of the one that is joined.
    pub(super) tested: [Vec<&'a str>; 2],
}

/// One way to link them: pairs of columns, and which side references the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) pairs: Vec<Pair>,
    pub(super) direction: Direction,
    /// Columns of the referencing table, in the constraint's order.
    pub(super) referencing: Vec<String>,
}

impl Checker<'_> {
    /// The pairs of columns that link two tables.
    pub(super) fn link(&mut self, link: &Link<'_>) -> Option<Vec<Pair>> {
        let pairs = match link.via {
            Some(Via::Pairs(written)) => self.written_pairs(link, written)?,
            Some(Via::Columns(columns)) => self.by_columns(link, columns)?,
            None => self.by_foreign_key(link)?,
        };
        self.types_compare(link, &pairs).then_some(pairs)
    }

    /// Every foreign key between the two, in either direction; those of the same columns are one.
    pub(super) fn candidates(&self, link: &Link<'_>) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for key in &self.facts.foreign_keys {
            let columns = || key.columns.iter().zip(&key.references);
            let mut add = |pairs: Vec<Pair>, direction| {
                let candidate = Candidate { pairs, direction, referencing: key.columns.clone() };
                if !found.contains(&candidate) {
                    found.push(candidate);
                }
            };
            if key.from == link.before.name && key.to == link.after.name {
                let pair = |(from, to): (&String, &String)| Pair { child: to.clone(), parent: from.clone() };
                add(columns().map(pair).collect(), Direction::Referencing);
            }
            if key.from == link.after.name && key.to == link.before.name {
                let pair = |(from, to): (&String, &String)| Pair { child: from.clone(), parent: to.clone() };
                add(columns().map(pair).collect(), Direction::Referenced);
            }
        }
        found.sort_by(|a, b| a.referencing.cmp(&b.referencing));
        found
    }

    fn by_foreign_key(&mut self, link: &Link<'_>) -> Option<Vec<Pair>> {
        let all = self.candidates(link);
        let fits = |candidate: &&Candidate| {
            link.direction == Direction::Either || candidate.direction == link.direction
        };
        let fitting: Vec<&Candidate> = all.iter().filter(fits).collect();
        match fitting.as_slice() {
            [one] => Some(one.pairs.clone()),
            [] if !link.before.may_have_keys() || !link.after.may_have_keys() => None,
            [] => {
                let diagnostic = match all.first() {
                    Some(other) => self.wrong_direction(link, other),
                    None => self.no_foreign_key(link),
                };
                self.push(diagnostic);
                None
            }
            several => {
                let diagnostic = self.ambiguous(link, several);
                self.push(diagnostic);
                None
            }
        }
    }

    fn ambiguous(&self, link: &Link<'_>, several: &[&Candidate]) -> Diagnostic {
        let (before, after) = (self.short(&link.before.name), self.short(&link.after.name));
        let (from, to) = match several[0].direction {
            Direction::Referencing => (&before, &after),
            _ => (&after, &before),
        };
        let keys: Vec<&[String]> = several.iter().map(|each| each.referencing.as_slice()).collect();
        ambiguous_foreign_key::several(from, to, &keys, link.place.clone())
    }

    fn wrong_direction(&self, link: &Link<'_>, other: &Candidate) -> Diagnostic {
        let is_to_one = other.direction == Direction::Referencing;
        let against = Against {
            before: &self.short(&link.before.name),
            after: &self.short(&link.after.name),
            is_to_one,
            columns: &other.referencing,
        };
        let place = link.place.clone();
        let right = if is_to_one { "belongs_to" } else { "has_many" };
        match link.verb_place {
            Some(_) if link.verb == right || !matches!(link.verb, "belongs_to" | "has_one" | "has_many") => {
                against.start(place)
            }
            Some(verb_place) => against.verb(place, verb_place.clone()),
            None => against.hop(place),
        }
    }

    fn no_foreign_key(&self, link: &Link<'_>) -> Diagnostic {
        let (before, after) = (self.short(&link.before.name), self.short(&link.after.name));
        let referenced = if link.direction == Direction::Referencing { link.after } else { link.before };
        let key = referenced.primary_key().unwrap_or_default();
        let join = pairs_to_write(&vec!["…"; key.len().max(1)], referenced);
        no_foreign_key::between(&before, &after, self.likely_column(link), &join, link.place.clone())
    }

    /// A column that is named for the other table and has its key's type.
    fn likely_column(&self, link: &Link<'_>) -> Option<(String, String)> {
        let (holder, other) = match link.direction {
            Direction::Referencing => (link.before, link.after),
            _ => (link.after, link.before),
        };
        let name = other.name.name.as_str();
        let singular = name.strip_suffix('s').unwrap_or(name);
        let column = [format!("{singular}_id"), format!("{name}_id")]
            .into_iter()
            .find_map(|name| holder.column(&name))?;
        let [key] = other.primary_key()?[..] else { return None };
        let key = other.column(key)?;
        let (holder_type, key_type) = (type_of(holder, column), type_of(other, key));
        holder_type.compares_with(&key_type).then(|| {
            let (holder, other) = (self.short(&holder.name), self.short(&other.name));
            let note = format!(
                "`{holder}.{}` is `{holder_type}`, `{other}.{}` is `{key_type}`",
                column.name, key.name
            );
            (column.name.clone(), note)
        })
    }

    fn types_compare(&mut self, link: &Link<'_>, pairs: &[Pair]) -> bool {
        for pair in pairs {
            let child = link.after.column(&pair.child).map(|column| type_of(link.after, column));
            let parent = link.before.column(&pair.parent).map(|column| type_of(link.before, column));
            let (Some(child), Some(parent)) = (child, parent) else { return false };
            let is_list = child.array || parent.array;
            if child.compares_with(&parent) && !is_list {
                continue;
            }
            let (before, after) = (self.short(&link.before.name), self.short(&link.after.name));
            if is_list {
                let (table, column) =
                    if child.array { (&after, &pair.child) } else { (&before, &pair.parent) };
                self.push(key_type_mismatch::array(table, column, link.place.clone()));
                return false;
            }
            let one = (format!("{after}.{}", pair.child), child.to_string());
            let other = (format!("{before}.{}", pair.parent), parent.to_string());
            self.push(key_type_mismatch::not_comparable(
                (&one.0, &one.1),
                (&other.0, &other.1),
                link.place.clone(),
            ));
            return false;
        }
        true
    }
}
