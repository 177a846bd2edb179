//! `byte`, `short`, `integer` and `long`: whole numbers of one, two, four and eight bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{NUMBER_OPTIONS, mapping_of, never, number, whole_digits};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::pg_type::{BaseType, NumericShape, PgType};

/// One size of whole numbers.
#[derive(Debug)]
pub(super) struct Whole {
    name: &'static str,
    aliases: &'static [&'static str],
    docs: &'static str,
    bytes: u32,
    /// Digits that every number of so many has room for.
    digits: u32,
    /// The Postgres types that `auto` takes for it.
    auto: &'static [BaseType],
    counts_as: Option<&'static str>,
}

pub(super) static BYTE: Whole = Whole {
    name: "byte",
    aliases: &["tinyint", "int1"],
    docs: "Whole numbers from -128 to 127.\n\nOver `numeric(2,0)`; a wider column would lose documents.\n\nExample: `{ kind: byte, sql: \"stars::numeric(2,0)\" }`",
    bytes: 1,
    digits: 2,
    auto: &[],
    counts_as: None,
};

pub(super) static SHORT: Whole = Whole {
    name: "short",
    aliases: &["smallint", "int2", "smallserial"],
    docs: "Whole numbers from -32768 to 32767.\n\nOver `smallint` and `numeric(4,0)`.\n\nExample: `loyalty: short`",
    bytes: 2,
    digits: 4,
    auto: &[BaseType::Smallint],
    counts_as: Some("smallint"),
};

pub(super) static INTEGER: Whole = Whole {
    name: "integer",
    aliases: &["int", "int4", "serial"],
    docs: "Whole numbers from -2147483648 to 2147483647.\n\nOver `integer`, `smallint` and `numeric(9,0)`.\n\nExample: `quantity: integer`",
    bytes: 4,
    digits: 9,
    auto: &[BaseType::Integer],
    counts_as: Some("integer"),
};

pub(super) static LONG: Whole = Whole {
    name: "long",
    aliases: &["bigint", "int8", "bigserial"],
    docs: "Whole numbers of up to 64 bits with a sign.\n\nReaders that hold numbers as doubles, as JavaScript does, round beyond 2^53.\n\nExample: `id: long`",
    bytes: 8,
    digits: 18,
    auto: &[BaseType::BigInt, BaseType::Oid],
    counts_as: Some("bigint"),
};

impl Kind for Whole {
    fn name(&self) -> &'static str {
        self.name
    }

    fn docs(&self) -> &'static str {
        self.docs
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn options(&self) -> &'static [&'static str] {
        NUMBER_OPTIONS
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        self.auto.contains(base)
    }

    fn counts_as(&self) -> Option<&'static str> {
        self.counts_as
    }

    fn accepts(&self, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Smallint if self.bytes < 2 => self.out_of_range("`short`"),
            BaseType::Integer if self.bytes < 4 => self.out_of_range("`integer`"),
            BaseType::BigInt | BaseType::Oid if self.bytes < 8 => self.out_of_range("`long`"),
            BaseType::Smallint | BaseType::Integer | BaseType::BigInt | BaseType::Oid => Acceptance::Exact,
            BaseType::Numeric(shape) => self.accepts_numeric(*shape),
            BaseType::Real | BaseType::Double => {
                never("digits after the decimal point would be dropped silently", "`double`")
            }
            BaseType::Boolean => never("expected a number, found a boolean", "`boolean`"),
            _ => never("expected a number", "`keyword`"),
        }
    }

    fn mapping(&self, _field: &MappingContext<'_>) -> FieldMapping {
        mapping_of(self.name)
    }

    fn render(&self, expression: &str, pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Rendered {
        number(expression, pg_type)
    }
}

impl Whole {
    fn accepts_numeric(&self, shape: Option<NumericShape>) -> Acceptance {
        match shape {
            Some(shape) if shape.scale <= 0 && whole_digits(shape) <= self.digits => Acceptance::Exact,
            Some(shape) if shape.scale <= 0 => self.out_of_range("a wider integer, `decimal` or `keyword`"),
            _ => never("digits after the decimal point would be dropped silently", "`decimal`"),
        }
    }

    fn out_of_range(&self, instead: &str) -> Acceptance {
        never(format!("OpenSearch rejects values out of range for `{}`", self.name), instead)
    }
}
