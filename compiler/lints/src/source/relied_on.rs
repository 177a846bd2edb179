//! The spelling of what an edge relies on in a column: `numeric(12,2) not null`.

/// What follows the type where nulls are excluded.
const NOT_NULL: &str = " not null";
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

/// A column's facts as an edge spells them.
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

    /// Reads the spelling.
    pub fn parse(fact: &'a str) -> Self {
        match fact.strip_suffix(NOT_NULL) {
            Some(pg_type) => Self { pg_type, not_null: true },
            None => Self { pg_type: fact, not_null: false },
        }
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

    #[test]
    fn a_type_and_its_nullability_are_relied_on() {
        let relied = ReliedOn::parse("numeric(12,2) not null");
        assert_eq!(relied, ReliedOn { pg_type: "numeric(12,2)", not_null: true });
        assert!(relied.holds("numeric(12,2)", true));
        assert!(!relied.holds("numeric(12,2)", false));
        assert!(!relied.holds("numeric(14,2)", true));
        assert!(ReliedOn::parse("text").holds("text", true));
        assert!(!ReliedOn::parse("integer").holds("bigint", false));
        assert!(!ReliedOn::parse("numeric").holds("numeric(10,2)", false));
    }

    #[test]
    fn a_length_counts_only_where_it_shrinks_below_what_was_relied_on() {
        let any = ReliedOn::parse("character varying");
        assert!(any.holds("character varying(20)", false) && any.holds("character varying", false));
        assert!(
            ReliedOn::parse("bit").holds("bit(4)", false)
                && ReliedOn::parse("bit[]").holds("bit(4)[]", false)
        );
        assert!(!any.counts_modifier());
        let twenty = ReliedOn::parse("character varying(20)");
        assert!(twenty.holds("character varying(40)", false) && twenty.holds("character varying", false));
        assert!(!twenty.holds("character varying(10)", false) && !twenty.holds("text", false));
        assert!(ReliedOn::parse("character varying[]").holds("character varying(3)[]", false));
        assert!(ReliedOn::parse("character").holds("character(3)", false));
        assert!(!ReliedOn::parse("bit(3)").holds("bit(5)", false));
    }
}
