//! `auto`: the kind that follows from a column's type.

use super::{Kind, find};
use crate::pg_type::{BaseType, PgType};

/// How it is spelled.
pub const NAME: &str = "auto";

/// A type that leaves several kinds open, or none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pg_type}` does not say which kind it is: {choices}")]
pub struct NoInference {
    /// The type.
    pub pg_type: String,
    /// What to write instead, in words.
    pub choices: &'static str,
}

/// The kind that a type stands for. It never depends on a length.
pub fn infer(pg_type: &PgType) -> Result<&'static dyn Kind, NoInference> {
    let name = inferred_name(&pg_type.base)
        .map_err(|choices| NoInference { pg_type: pg_type.declared.clone(), choices })?;
    Ok(find(name).expect("every inferred name is one of ALL"))
}

fn inferred_name(base: &BaseType) -> Result<&'static str, &'static str> {
    use BaseType as B;
    Ok(match base {
        B::Boolean => "boolean",
        B::Smallint => "short",
        B::Integer => "integer",
        B::BigInt | B::Oid => "long",
        B::Real => "float",
        B::Double => "double",
        B::Numeric(Some(_)) => "decimal",
        B::Numeric(None) => {
            return Err("write `{ kind: decimal, scale: 2 }`, or `double` where rounding does not matter");
        }
        B::Enum { .. } => "enum",
        base if base.is_text() => "text",
        B::Uuid => "uuid",
        B::Date => "date",
        B::Timestamp | B::TimestampTz => "timestamp",
        B::Time => "time",
        B::Interval => "interval",
        B::Json | B::Jsonb | B::Hstore => "json",
        B::Inet => "ip",
        B::Cidr => "ip_range",
        B::Macaddr | B::Bit | B::Varbit => "keyword",
        B::Money => return Err("write `{ kind: decimal, scale: 2 }`, or `keyword` for its text"),
        B::Bytea => return Err("write `binary`, or an expression with `encode`"),
        B::Composite => return Err("write `json`, or an expression over its parts"),
        _ => return Err("write the kind, or an expression that gives a text or a number"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Acceptance;
    use crate::pg_type::Enums;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_inferred_takes_its_type_exactly() {
        for text in [
            "boolean",
            "smallint",
            "integer",
            "bigint",
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
            let kind = infer(&pg_type).expect(text);
            let parameters = kind.complete(&pg_type, &BTreeMap::new());
            assert_eq!(kind.accepts(&pg_type, &parameters), Acceptance::Exact, "{text}");
        }
    }

    #[test]
    fn a_type_that_leaves_it_open_names_the_choices() {
        for text in ["numeric", "money", "bytea", "tsvector", "time with time zone"] {
            assert!(infer(&PgType::of_text(text, &Enums::new())).is_err(), "{text}");
        }
    }
}
