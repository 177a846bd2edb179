//! Types as `format_type` spells them.

use flusso_schemas::name::split_name;

use super::{BaseType, NumericShape};

/// `character varying(20)` as its name and `["20"]`; what follows the modifiers belongs to the name.
pub(super) fn split_modifiers(spelled: &str) -> (String, Vec<String>) {
    let parsed = spelled.split_once('(').filter(|_| !spelled.starts_with('"')).and_then(|(name, rest)| {
        let (modifiers, after) = rest.split_once(')')?;
        Some((format!("{name}{after}"), modifiers.split(',').map(|each| each.trim().to_owned()).collect()))
    });
    parsed.unwrap_or_else(|| (spelled.to_owned(), Vec::new()))
}

/// How a type is spelled where text is cast to it: without digits or fields that would round or cut it.
pub(super) fn base_name(base: &BaseType, element: &str, name: String) -> String {
    match base {
        // `character` and `bit` by themselves have a length of one.
        BaseType::Char => "bpchar".to_owned(),
        BaseType::Bit => "\"bit\"".to_owned(),
        BaseType::Interval => "interval".to_owned(),
        BaseType::Other(_) => element.to_owned(),
        _ => name,
    }
}

/// The type of that name.
pub(super) fn base_type(name: &str, modifiers: &[String]) -> BaseType {
    use BaseType as B;
    match name {
        "bit" => B::Bit,
        "boolean" => B::Boolean,
        "bytea" => B::Bytea,
        "character" | "bpchar" => B::Char,
        "cidr" => B::Cidr,
        "date" => B::Date,
        "double precision" => B::Double,
        "inet" => B::Inet,
        "integer" => B::Integer,
        "\"char\"" => B::InternalChar,
        "interval" => B::Interval,
        "json" => B::Json,
        "jsonb" => B::Jsonb,
        "macaddr" | "macaddr8" => B::Macaddr,
        "money" => B::Money,
        "name" => B::Name,
        "numeric" => B::Numeric(numeric_shape(modifiers)),
        "oid" => B::Oid,
        "pg_lsn" => B::PgLsn,
        "real" => B::Real,
        "smallint" => B::Smallint,
        "bigint" => B::BigInt,
        "text" => B::Text,
        "time without time zone" => B::Time,
        "time with time zone" => B::TimeTz,
        "timestamp without time zone" => B::Timestamp,
        "timestamp with time zone" => B::TimestampTz,
        "uuid" => B::Uuid,
        "bit varying" => B::Varbit,
        "character varying" => B::Varchar(modifiers.first().and_then(|length| length.parse().ok())),
        "xml" => B::Xml,
        _ if name.starts_with("interval ") => B::Interval,
        _ => extension_type(name),
    }
}

fn numeric_shape(modifiers: &[String]) -> Option<NumericShape> {
    let [precision, scale] = modifiers else { return None };
    Some(NumericShape { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
}

/// Types of extensions are known by their name in whatever schema they were put.
fn extension_type(name: &str) -> BaseType {
    let last = split_name(name).and_then(|parts| parts.last().cloned());
    match last.as_deref() {
        Some("citext") => BaseType::Citext,
        Some("hstore") => BaseType::Hstore,
        Some("ltree") => BaseType::Ltree,
        Some(
            range @ ("int4range" | "int8range" | "numrange" | "daterange" | "tsrange" | "tstzrange"
            | "int4multirange" | "int8multirange" | "nummultirange" | "datemultirange"
            | "tsmultirange" | "tstzmultirange"),
        ) => BaseType::Range(range.to_owned()),
        _ => BaseType::Other(name.to_owned()),
    }
}
