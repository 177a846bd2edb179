//! `via` as it is written: the table that has its columns, and the columns that they reference.

use std::sync::Arc;

use super::Checker;
use super::link::{Candidate, Direction, Link};
use crate::diagnostic::Diagnostic;
use crate::model::{Pair, Table};
use crate::syntax::keys::At;
use flusso_lints::polymorphic_without_condition::{self, Polymorphic};
use flusso_lints::{ambiguous_foreign_key, no_foreign_key};

impl Checker<'_> {
    /// `via: a` or `via: [a, b]`: columns of the referencing table.
    pub(super) fn by_columns(&mut self, link: &Link<'_>, written: &[At<String>]) -> Option<Vec<Pair>> {
        let direction = self.side(link, written)?;
        let (referencing, referred) = match direction {
            Direction::Referencing => (link.before, link.after),
            _ => (link.after, link.before),
        };
        let names: Vec<&String> = written.iter().map(|column| &column.value).collect();
        let is_same = |candidate: &Candidate| {
            candidate.direction == direction
                && candidate.referencing.len() == names.len()
                && names.iter().all(|name| candidate.referencing.contains(name))
        };
        if let Some(candidate) = self.candidates(link).into_iter().find(is_same) {
            return Some(candidate.pairs);
        }
        self.is_told_apart(link, direction, written.iter());
        let key: Vec<String> =
            referred.primary_key().unwrap_or_default().into_iter().map(str::to_owned).collect();
        if !referred.may_have_keys() {
            return None;
        }
        if key.len() != names.len() {
            let (from, to) = (self.short(&referencing.name), self.short(&referred.name));
            let join = pairs_to_write(&texts(written), referred);
            let place = written[0].place.clone();
            self.push(no_foreign_key::other_count((&from, names.len()), (&to, key.len()), &join, place));
            return None;
        }
        let pair = |(name, key): (&&String, &String)| match direction {
            Direction::Referencing => Pair { child: key.clone(), parent: (*name).clone() },
            _ => Pair { child: (*name).clone(), parent: key.clone() },
        };
        Some(names.iter().zip(&key).map(pair).collect())
    }

    /// `via: x_id` beside a column `x_type` references several tables, so a condition must choose one.
    fn is_told_apart<'w>(
        &mut self,
        link: &Link<'_>,
        direction: Direction,
        referencing: impl Iterator<Item = &'w At<String>>,
    ) {
        let (holder, tested, key, other) = match direction {
            Direction::Referencing => (link.before, &link.tested[0], "when", link.after),
            _ => (link.after, &link.tested[1], "where", link.before),
        };
        let referencing: Vec<&At<String>> = referencing.collect();
        for column in &referencing {
            let Some(front) = column.value.strip_suffix("_id") else { continue };
            let type_column = format!("{front}_type");
            let is_joined = referencing.iter().any(|other| other.value == type_column);
            if is_joined || holder.column(&type_column).is_none() || tested.contains(&type_column.as_str()) {
                continue;
            }
            let found = Polymorphic {
                table: &self.short(&holder.name),
                column: &column.value,
                type_column: &type_column,
                other: &self.short(&other.name),
                key,
            };
            self.push(polymorphic_without_condition::finding(found, column.place.clone()));
            return;
        }
    }

    /// Which table the written columns are of.
    fn side(&mut self, link: &Link<'_>, written: &[At<String>]) -> Option<Direction> {
        let holds = |table: &Table| written.iter().all(|column| table.column(&column.value).is_some());
        let direction = match link.direction {
            Direction::Either => match (holds(link.before), holds(link.after)) {
                (true, false) => Direction::Referencing,
                (true, true) => {
                    let names = texts(written);
                    let join = pairs_to_write(&names, link.after);
                    let place = written[0].place.clone();
                    self.push(ambiguous_foreign_key::columns_of_both(&names, &join, place));
                    return None;
                }
                _ => Direction::Referenced,
            },
            fixed => fixed,
        };
        let holder = Arc::clone(if direction == Direction::Referencing { link.before } else { link.after });
        let mut all_found = true;
        for column in written {
            all_found &= self.column(&holder, column, ", so the related rows cannot be found").is_some();
        }
        all_found.then_some(direction)
    }

    /// Pairs as in `via: { referencing_column: referenced_column }`.
    pub(super) fn written_pairs(
        &mut self,
        link: &Link<'_>,
        written: &[(At<String>, At<String>)],
    ) -> Option<Vec<Pair>> {
        let direction = self.direction_of_pairs(link, written)?;
        let (referencing, referred) = match direction {
            Direction::Referencing => (Arc::clone(link.before), Arc::clone(link.after)),
            _ => (Arc::clone(link.after), Arc::clone(link.before)),
        };
        let mut all_found = !written.is_empty();
        for (from, to) in written {
            let so = ", so the related rows cannot be found";
            all_found &= self.column(&referencing, from, so).is_some();
            all_found &= self.column(&referred, to, so).is_some();
        }
        if !all_found {
            return None;
        }
        let pairs = pairs_in(direction, written);
        match self.foreign_key_of(link, direction, &pairs) {
            Some(candidate) => Some(candidate.pairs),
            None => {
                self.is_told_apart(link, direction, written.iter().map(|(from, _)| from));
                Some(pairs)
            }
        }
    }

    /// Which side references the other. A hop may fit in both directions: then a foreign key decides.
    fn direction_of_pairs(
        &mut self,
        link: &Link<'_>,
        written: &[(At<String>, At<String>)],
    ) -> Option<Direction> {
        if link.direction != Direction::Either {
            return Some(link.direction);
        }
        let reads = |from: &Table, to: &Table| {
            let is_of = |table: &Table, column: &At<String>| table.column(&column.value).is_some();
            written.iter().all(|(first, second)| is_of(from, first) && is_of(to, second))
        };
        if !reads(link.before, link.after) {
            return Some(Direction::Referenced);
        }
        if !reads(link.after, link.before) {
            return Some(Direction::Referencing);
        }
        let ways = [Direction::Referencing, Direction::Referenced];
        let is_key = |way: &Direction| self.foreign_key_of(link, *way, &pairs_in(*way, written)).is_some();
        match ways.into_iter().filter(is_key).collect::<Vec<_>>().as_slice() {
            [one] => Some(*one),
            _ if same_either_way(written) => Some(Direction::Referencing),
            _ => {
                let diagnostic = self.open_direction(link, written);
                self.push(diagnostic);
                None
            }
        }
    }

    fn open_direction(&self, link: &Link<'_>, written: &[(At<String>, At<String>)]) -> Diagnostic {
        let (before, after) = (self.short(&link.before.name), self.short(&link.after.name));
        let way = |from: &str, to: &str| {
            let equal = |(first, second): &(At<String>, At<String>)| {
                format!("`{from}.{}` = `{to}.{}`", first.value, second.value)
            };
            written.iter().map(equal).collect::<Vec<_>>().join(" and ")
        };
        // Between two rows of one table the nearer one is called so.
        let (first, second) = if before == after {
            (format!("{before} (nearer)"), format!("{after} (farther)"))
        } else {
            (before, after)
        };
        let place = written[0].0.place.clone();
        ambiguous_foreign_key::either_way(&way(&first, &second), &way(&second, &first), place)
    }

    /// The foreign key that is just these pairs.
    fn foreign_key_of(&self, link: &Link<'_>, direction: Direction, pairs: &[Pair]) -> Option<Candidate> {
        let is_same = |candidate: &Candidate| {
            candidate.direction == direction
                && candidate.pairs.len() == pairs.len()
                && pairs.iter().all(|pair| candidate.pairs.contains(pair))
        };
        self.candidates(link).into_iter().find(is_same)
    }
}

/// The pairs as written, sorted: the order of a map's keys has no meaning.
fn pairs_in(direction: Direction, written: &[(At<String>, At<String>)]) -> Vec<Pair> {
    let pair = |(from, to): &(At<String>, At<String>)| {
        let (from, to) = (from.value.clone(), to.value.clone());
        match direction {
            Direction::Referencing => Pair { child: to, parent: from },
            _ => Pair { child: from, parent: to },
        }
    };
    let mut pairs: Vec<Pair> = written.iter().map(pair).collect();
    pairs.sort_by(|one, other| (&one.child, &one.parent).cmp(&(&other.child, &other.parent)));
    pairs
}

/// Whether the pairs compare the same columns in either direction: `{ a: a }`, `{ a: b, b: a }`.
fn same_either_way(written: &[(At<String>, At<String>)]) -> bool {
    let has = |from: &str, to: &str| {
        written.iter().any(|(first, second)| first.value == from && second.value == to)
    };
    written.iter().all(|(first, second)| has(&second.value, &first.value))
}

/// `{ order_id: id }`: these columns with those of the other table's primary key, as far as there are any.
pub(super) fn pairs_to_write(referencing: &[&str], referenced: &Table) -> String {
    let key = referenced.primary_key().unwrap_or_default();
    let pair = |(at, column): (usize, &&str)| format!("{column}: {}", key.get(at).unwrap_or(&"…"));
    let pairs: Vec<String> = referencing.iter().enumerate().map(pair).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn texts(names: &[At<String>]) -> Vec<&str> {
    names.iter().map(|name| name.value.as_str()).collect()
}
