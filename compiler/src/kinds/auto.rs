//! `auto`: the kind that follows from a column's type, or from a constant. Each kind lists the types for which it is chosen;
//! here is what to do about the types that leave several kinds open.

use crate::pg_type::{BaseType, PgType};
use crate::syntax::tree::{Content, Node, YamlScalar};

/// How it is spelled.
pub const NAME: &str = "auto";

/// A type that leaves several kinds open, or none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot choose a kind for `{pg_type}`: {choices}")]
pub struct NoInference {
    /// The type as Postgres prints it.
    pub pg_type: String,
    /// The help: kinds or expressions to write instead.
    pub choices: &'static str,
}

impl NoInference {
    pub(super) fn of(pg_type: &PgType) -> Self {
        let choices = match &pg_type.base {
            BaseType::Numeric(None) => {
                "write `{ kind: decimal, scale: 2 }`, or `double` where rounding does not matter"
            }
            BaseType::Money => "write `{ kind: decimal, scale: 2 }`, or `keyword` for its text",
            BaseType::Bytea => "write `binary`, or an expression with `encode`",
            BaseType::Composite => "write `json`, or an expression over its parts",
            _ => "write the kind, or an expression that gives a text or a number",
        };
        Self { pg_type: pg_type.declared.clone(), choices }
    }
}

/// Name of the kind that a constant has by its value, if its value decides one.
pub(super) fn of_constant(node: &Node) -> Option<&'static str> {
    match &node.content {
        Content::Map(_) => None,
        Content::List(items) => {
            let mut names = items.iter().map(of_constant);
            let first = names.next()??;
            names.all(|name| name == Some(first)).then_some(first)
        }
        Content::Scalar { .. } => match node.scalar()? {
            YamlScalar::Null => None,
            YamlScalar::Boolean(_) => Some("boolean"),
            YamlScalar::Integer(_) => Some("long"),
            YamlScalar::Float(_) => Some("double"),
            YamlScalar::Text(_) => Some("keyword"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{ALL, Acceptance, Kinds};
    use crate::pg_type::Enums;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_inferred_takes_its_type_exactly() {
        for text in [
            "boolean",
            "smallint",
            "integer",
            "bigint",
            "oid",
            "real",
            "double precision",
            "numeric(12,2)",
            "text",
            "character varying(10)",
            "uuid",
            "date",
            "timestamp with time zone",
            "time without time zone",
            "interval",
            "jsonb",
            "inet",
            "cidr",
            "macaddr",
            "character(3)[]",
        ] {
            let pg_type = PgType::of_text(text, &Enums::new());
            let kind = Kinds::standard().infer(&pg_type).expect(text);
            let parameters = kind.complete(&pg_type, &BTreeMap::new());
            assert_eq!(kind.accepts(&pg_type, &parameters), Acceptance::Exact, "{text}");
            let natural = ALL.iter().filter(|kind| kind.is_auto_for(&pg_type.base));
            assert_eq!(natural.count(), 1, "`auto` over `{text}` depends on the order of kinds");
        }
    }

    #[test]
    fn a_type_that_leaves_it_open_names_the_choices() {
        for text in ["numeric", "money", "bytea", "tsvector", "time with time zone"] {
            assert!(Kinds::standard().infer(&PgType::of_text(text, &Enums::new())).is_err(), "{text}");
        }
    }
}
