//! `via` as it is written: which table its columns are of, and what they refer to.

use std::sync::Arc;

use super::Checker;
use super::link::{Candidate, Direction, Link};
use crate::diagnostic::Diagnostic;
use crate::model::{Pair, Table};
use crate::syntax::keys::{At, listed};

impl Checker<'_> {
    /// `via: a` or `via: [a, b]`: columns of the referring table.
    pub(super) fn by_columns(&mut self, link: &Link<'_>, written: &[At<String>]) -> Option<Vec<Pair>> {
        let direction = self.side(link, written)?;
        let (referring, referred) = match direction {
            Direction::Refers => (link.before, link.after),
            _ => (link.after, link.before),
        };
        let names: Vec<&String> = written.iter().map(|column| &column.value).collect();
        let is_same = |candidate: &Candidate| {
            candidate.direction == direction
                && candidate.referring.len() == names.len()
                && names.iter().all(|name| candidate.referring.contains(name))
        };
        if let Some(candidate) = self.candidates(link).into_iter().find(is_same) {
            return Some(candidate.pairs);
        }
        self.is_told_apart(link, direction, written)?;
        let key: Vec<String> =
            referred.primary_key().unwrap_or_default().into_iter().map(str::to_owned).collect();
        if key.len() != names.len() {
            let message = format!(
                "`via` names {} of `{}`, and the primary key of `{}` has {}",
                count(names.len()),
                self.short(&referring.name),
                self.short(&referred.name),
                count(key.len()),
            );
            self.push(
                Diagnostic::deny("no-foreign-key", written[0].place.clone(), message)
                    .help("write the pairs: `via: { referring: referred }`"),
            );
            return None;
        }
        let pair = |(name, key): (&&String, &String)| match direction {
            Direction::Refers => Pair { child: key.clone(), parent: (*name).clone() },
            _ => Pair { child: (*name).clone(), parent: key.clone() },
        };
        Some(names.iter().zip(&key).map(pair).collect())
    }

    /// `via: x_id` beside a column `x_type` refers to several tables, so a condition must say to which.
    fn is_told_apart(&mut self, link: &Link<'_>, direction: Direction, written: &[At<String>]) -> Option<()> {
        let [column] = written else { return Some(()) };
        let Some(front) = column.value.strip_suffix("_id") else { return Some(()) };
        let type_column = format!("{front}_type");
        let (holder, tested, key, other) = match direction {
            Direction::Refers => (link.before, &link.tested[0], "when", link.after),
            _ => (link.after, &link.tested[1], "where", link.before),
        };
        if holder.column(&type_column).is_none() || tested.contains(&type_column.as_str()) {
            return Some(());
        }
        let message = format!(
            "`{type_column}` of `{}` says to which table `{}` refers, so rows of other tables would be taken for rows of `{}`",
            self.short(&holder.name),
            column.value,
            self.short(&other.name),
        );
        self.push(
            Diagnostic::deny("polymorphic-without-condition", column.place.clone(), message)
                .help(format!("add `{key}: {{ {type_column}: … }}` with the value that stands for it")),
        );
        None
    }

    /// Which table the written columns are of.
    fn side(&mut self, link: &Link<'_>, written: &[At<String>]) -> Option<Direction> {
        let holds = |table: &Table| written.iter().all(|column| table.column(&column.value).is_some());
        let direction = match link.direction {
            Direction::Either => match (holds(link.before), holds(link.after)) {
                (true, false) => Direction::Refers,
                (true, true) => {
                    let message = format!(
                        "{} is a column of both tables, so it is open which refers",
                        columns_of(written)
                    );
                    self.push(
                        Diagnostic::deny("ambiguous-foreign-key", written[0].place.clone(), message)
                            .help("write the pairs: `via: { referring: referred }`"),
                    );
                    return None;
                }
                _ => Direction::Referred,
            },
            fixed => fixed,
        };
        let holder = Arc::clone(if direction == Direction::Refers { link.before } else { link.after });
        let mut all_found = true;
        for column in written {
            all_found &= self.column(&holder, column, ", so the related rows cannot be found").is_some();
        }
        all_found.then_some(direction)
    }

    /// `via: { referring: referred }`
    pub(super) fn written_pairs(
        &mut self,
        link: &Link<'_>,
        written: &[(At<String>, At<String>)],
    ) -> Option<Vec<Pair>> {
        let direction = match link.direction {
            Direction::Either => {
                let is_of = |table: &Table, column: &At<String>| table.column(&column.value).is_some();
                let refers =
                    written.iter().all(|(from, to)| is_of(link.before, from) && is_of(link.after, to));
                if refers { Direction::Refers } else { Direction::Referred }
            }
            fixed => fixed,
        };
        let (referring, referred) = match direction {
            Direction::Refers => (Arc::clone(link.before), Arc::clone(link.after)),
            _ => (Arc::clone(link.after), Arc::clone(link.before)),
        };
        let mut pairs = Vec::new();
        for (from, to) in written {
            let so = ", so the related rows cannot be found";
            let (first, second) =
                (self.column(&referring, from, so).is_some(), self.column(&referred, to, so).is_some());
            if first && second {
                let (from, to) = (from.value.clone(), to.value.clone());
                pairs.push(match direction {
                    Direction::Refers => Pair { child: to, parent: from },
                    _ => Pair { child: from, parent: to },
                });
            }
        }
        (pairs.len() == written.len() && !pairs.is_empty()).then_some(pairs)
    }
}

fn columns_of(names: &[At<String>]) -> String {
    let names: Vec<&String> = names.iter().map(|name| &name.value).collect();
    listed(&names, "and")
}

fn count(columns: usize) -> String {
    match columns {
        0 => "no column".to_owned(),
        1 => "one column".to_owned(),
        several => format!("{several} columns"),
    }
}
