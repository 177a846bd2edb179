//! `wrong-direction`: a relation goes from one table to another, and the foreign key goes the other way.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "wrong-direction",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A relation goes from one table to another, and the foreign key goes the other way.",
    why: "\
`belongs_to` follows a foreign key of the row itself, and `has_many` one of the other table. The wrong verb would \
promise one row where there are many, or a list where there is never more than one. Write the verb that the foreign \
key fits.",
    example: None,
};

/// A foreign key that leads the other way than a path asks.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The table where the path is.
    pub before: &'a str,
    /// The table that is joined.
    pub after: &'a str,
    /// Whether `before` references `after`; the other way round otherwise.
    pub is_to_one: bool,
    /// The columns that reference.
    pub columns: &'a [String],
}

impl Against<'_> {
    /// The verb of the path is right for the other direction only.
    pub fn verb(&self, place: Place, verb_place: Place) -> Diagnostic {
        let verb = if self.is_to_one { "belongs_to" } else { "has_many" };
        self.at(place).help(format!("write `{verb}: {}`", self.after)).unsafe_fix(verb_place, verb)
    }

    /// No other verb would help.
    pub fn start(&self, place: Place) -> Diagnostic {
        self.at(place).help(format!("start the path at `{}`", self.after))
    }

    /// A hop within a path.
    pub fn hop(&self, place: Place) -> Diagnostic {
        self.at(place).help("list the hops in the order in which the tables reference each other")
    }

    fn at(&self, place: Place) -> Diagnostic {
        let Self { before, after, .. } = self;
        let (from, message) = match self.is_to_one {
            true => (
                before,
                format!(
                    "wrong direction: `{before}` references `{after}`, so a row of `{before}` has at most one row \
                     of `{after}`"
                ),
            ),
            false => (
                after,
                format!(
                    "wrong direction: `{after}` references `{before}`, so a row of `{before}` can have many rows of \
                     `{after}`"
                ),
            ),
        };
        LINT.at(place, message).note(format!("the foreign key is `{from}.{}`", self.columns.join(", ")))
    }
}

/// `has_many` over hops that each lead to one row.
pub fn no_list(target: &str, place: Place) -> Diagnostic {
    LINT.at(
        place.clone(),
        format!("every hop to `{target}` is to-one, so `has_many` would index at most one row"),
    )
    .help(format!("write `belongs_to: {target}`"))
    .unsafe_fix(place, "belongs_to")
}
