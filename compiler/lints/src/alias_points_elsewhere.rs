//! `alias-points-elsewhere`: an alias of the project points to an index that is not the live generation.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "alias-points-elsewhere",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Drift,
    summary: "An alias of the project points to an index that is not the live generation.",
    why: "\
Queries read what the alias points to: another project's index, or an earlier index that is no longer updated. Moving \
the alias would break the applications that use that index, or lead them to the rows of another database, so apply stops. \
Point the alias back, set another `index_prefix`, or say with `flusso apply --accept-new-source` that the project \
moved to another database. Where only the database differs, `check` and `compile` warn instead: the lock that `flusso \
apply --accept-new-source` needs could not be written otherwise.",
    example: None,
};

/// A generation is live, and the alias points to something else; `targets` says what, in words.
pub fn not_live(alias: &str, targets: &str, live: &str) -> Finding {
    LINT.live(format!("alias `{alias}` points to {targets}, and `{live}` is live")).with_help(format!(
        "point alias `{alias}` back to `{live}` alone, or remove it and run `flusso apply`, which puts it back"
    ))
}

/// No generation is live, and the alias points to something that is not the project's.
pub fn not_ours(alias: &str, targets: &str) -> Finding {
    LINT.live(format!("alias `{alias}` points to {targets}: apply would take it away")).with_help(format!(
        "set another `index_prefix`, or remove alias `{alias}` yourself if nobody needs it"
    ))
}

/// An alias over an earlier index of the same name, which was built from another database.
#[derive(Clone, Copy, Debug)]
pub struct OtherDatabase<'a> {
    /// Name of the alias that another project's index answers to.
    pub alias: &'a str,
    /// One of what it points to.
    pub target: &'a str,
    /// The database that was built from.
    pub recorded: &'a str,
    /// Whether that is on another Postgres cluster.
    pub is_other_cluster: bool,
    /// The database of the connection.
    pub current: &'a str,
    /// How the connection is called.
    pub connection: &'a str,
}

impl OtherDatabase<'_> {
    /// What stops an apply.
    pub fn stops(&self) -> Finding {
        self.finding(&format!("apply would lead it to the rows of database `{}`", self.current))
    }

    /// The same before an apply. Only a warning, since the lock is right and `apply --accept-new-source` needs one.
    pub fn will_stop(&self) -> Finding {
        let so = format!("apply will stop rather than lead it to the rows of database `{}`", self.current);
        Finding { level: Level::Warn, ..self.finding(&so) }
    }

    fn finding(&self, so: &str) -> Finding {
        let Self { alias, target, recorded, current, connection, .. } = self;
        let of_cluster = if self.is_other_cluster { " of another Postgres cluster" } else { "" };
        LINT.live(format!(
            "alias `{alias}` points to `{target}`, which was built from database `{recorded}`{of_cluster}: {so}"
        ))
        .with_help(format!(
            "check that {connection} names database `{recorded}`{of_cluster}; only if the project moved to database \
             `{current}`, run `flusso apply --accept-new-source`"
        ))
    }
}
