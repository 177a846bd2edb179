//! `skipped`: something could not be judged without a database.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "skipped",
    level: Level::Warn,
    adjustable: false,
    group: Group::Hygiene,
    needs: Needs::Catalog,
    exit: Exit::Incomplete,
    summary: "Something needs a live database to be judged, and there was none.",
    why: "\
Recorded facts do not hold the type of an expression or the answer to a condition: only the server can tell. What is \
not judged may be wrong, so no lock is written. Run the command where the database can be reached, for example in a \
job with a read-only role.",
    example: None,
};

/// How many expressions and conditions have no answer.
pub fn finding(unanswered: usize, place: Place) -> Diagnostic {
    let message = match unanswered {
        1 => "1 check was skipped: it needs the database".to_owned(),
        more => format!("{} were skipped: they need the database", counted(more, "check")),
    };
    LINT.at(place, message).help("run it again where the database can be reached")
}
