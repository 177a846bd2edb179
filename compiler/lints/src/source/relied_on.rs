//! What an edge relies on in a column, and which changes of the column leave it right.

use flusso_schemas::lock::ColumnFact;

/// Types whose length the lock leaves out where nothing depends on it. Of `character` the padding, which is
/// all that the length changes in a value that fits, never reaches a document.
const LENGTH_FREE: [&str; 8] = [
    "bit",
    "bit[]",
    "bit varying",
    "bit varying[]",
    "character",
    "character varying",
    "character varying[]",
    "character[]",
];

/// A column's fact in the lock, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReliedOn<'a> {
    /// The type as `format_type` spells it.
    pub pg_type: &'a str,
    /// Whether nulls are excluded.
    pub not_null: bool,
}

impl<'a> ReliedOn<'a> {
    /// Nothing but that the column is there, as the same one.
    pub const NOTHING: ReliedOn<'static> = ReliedOn { pg_type: "", not_null: false };

    /// What the lock says.
    pub fn of(fact: &'a ColumnFact) -> Self {
        Self { pg_type: &fact.pg_type, not_null: fact.not_null }
    }

    /// Whether the type's modifier counts: of a length only the values that fit reach a document.
    pub fn counts_modifier(self) -> bool {
        self != Self::NOTHING && !LENGTH_FREE.contains(&split_length(self.pg_type).0.as_str())
    }

    /// Whether a column of this type and nullability is as relied on. One that excludes nulls where that
    /// was not relied on is; a length that is not spelled may be any, and one that is spelled may grow.
    pub fn holds(self, pg_type: &str, not_null: bool) -> bool {
        (not_null || !self.not_null) && self.holds_type(pg_type)
    }

    fn holds_type(self, live: &str) -> bool {
        if self.pg_type == live {
            return true;
        }
        let (relied, live) = (split_length(self.pg_type), split_length(live));
        let may_vary = LENGTH_FREE.iter().any(|free| *free == relied.0) && relied.0 == live.0;
        may_vary
            && match (relied.1, live.1) {
                (None, _) => true,
                // Every value of a fixed length changes with it.
                _ if relied.0.trim_end_matches("[]") == "bit" => false,
                (Some(_), None) => true,
                (Some(before), Some(now)) => now >= before,
            }
    }
}

/// `character varying(20)[]` as `character varying[]` and 20.
fn split_length(pg_type: &str) -> (String, Option<u32>) {
    let parts = pg_type.split_once('(').and_then(|(name, rest)| Some((name, rest.split_once(')')?)));
    match parts {
        Some((name, (length, suffix))) => (format!("{name}{suffix}"), length.parse().ok()),
        None => (pg_type.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pg_type: &str) -> ReliedOn<'_> {
        ReliedOn { pg_type, not_null: false }
    }

    #[test]
    fn a_type_and_its_nullability_are_relied_on() {
        let relied = ReliedOn { pg_type: "numeric(12,2)", not_null: true };
        assert!(relied.holds("numeric(12,2)", true));
        assert!(!relied.holds("numeric(12,2)", false));
        assert!(!relied.holds("numeric(14,2)", true));
        assert!(of("text").holds("text", true));
        assert!(!of("integer").holds("bigint", false));
        assert!(!of("numeric").holds("numeric(10,2)", false));
    }

    #[test]
    fn a_length_counts_only_where_it_shrinks_below_what_was_relied_on() {
        let any = of("character varying");
        assert!(any.holds("character varying(20)", false) && any.holds("character varying", false));
        assert!(of("bit").holds("bit(4)", false) && of("bit[]").holds("bit(4)[]", false));
        assert!(!any.counts_modifier());
        let twenty = of("character varying(20)");
        assert!(twenty.holds("character varying(40)", false) && twenty.holds("character varying", false));
        assert!(!twenty.holds("character varying(10)", false) && !twenty.holds("text", false));
        assert!(of("character varying[]").holds("character varying(3)[]", false));
        assert!(of("character").holds("character(3)", false));
        assert!(!of("bit(3)").holds("bit(5)", false));
    }
}
