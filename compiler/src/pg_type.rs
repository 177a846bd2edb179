//! Types of Postgres values, as far as kinds, joins and orders depend on them.

mod output;
mod type_name;

use std::collections::BTreeMap;
use std::fmt;

use flusso_schemas::facts::ColumnFacts;

use type_name::{base_name, base_type, split_modifiers};

/// A type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgType {
    /// The declared spelling: a domain by its own name, with its typmod (`numeric(12,2)`).
    pub declared: String,
    /// The type below any domains and, of an array, of its elements.
    pub base: BaseType,
    /// How `base` is spelled without a length; of an array its elements' (`character varying`).
    pub base_name: String,
    /// Whether it is an array of `base`.
    pub array: bool,
    /// Of an array its elements' own type where that is a domain, of a range the type of its bounds.
    pub element_name: Option<String>,
    /// Oid of its collation, where it has one. Two types of one run are compared by it.
    pub collation: Option<i64>,
    /// Whether equal texts have equal bytes.
    pub collation_deterministic: bool,
    /// Whether the catalog has an equality for it; `None` if it was not asked.
    pub equality: Option<bool>,
    /// Whether the catalog has an order for it; `None` if it was not asked.
    pub order: Option<bool>,
}

/// What Postgres calls the type below domains and arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Postgres' own")]
pub enum BaseType {
    Bit,
    Boolean,
    Bytea,
    /// `character(n)`, padded with spaces to its length.
    Char,
    Cidr,
    Citext,
    /// A row type, with columns of its own.
    Composite,
    Date,
    Double,
    /// An enum type by its qualified name, with its labels in order.
    Enum {
        name: String,
        labels: Vec<String>,
    },
    Hstore,
    Inet,
    Integer,
    /// `"char"` in quotes: one byte.
    InternalChar,
    Interval,
    Json,
    Jsonb,
    Ltree,
    Macaddr,
    Money,
    Name,
    /// `numeric`, with precision and scale where they are declared.
    Numeric(Option<NumericShape>),
    Oid,
    PgLsn,
    /// A range or multirange by its name.
    Range(String),
    Real,
    Smallint,
    BigInt,
    Text,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Uuid,
    Varbit,
    /// `character varying`, with its length in characters where it is declared.
    Varchar(Option<u32>),
    Xml,
    /// Any other, by its name.
    Other(String),
}

/// Digits of a `numeric(precision, scale)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericShape {
    /// Digits before and after the point together.
    pub precision: u32,
    /// Digits after the point; negative where digits before it are rounded away.
    pub scale: i32,
}

/// Types within which two equal values have the same text, so that the text identifies the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityClass {
    /// `smallint`, `integer` and `bigint`: their decimal digits.
    Integer,
    /// `uuid`, in lower-case hexadecimal with hyphens.
    Uuid,
    /// `date`, in ISO form under our session's `DateStyle`.
    Date,
    /// `boolean`, as `true` or `false`.
    Boolean,
    /// `timestamp without time zone`
    Timestamp,
    /// `timestamp with time zone`
    TimestampTz,
    /// `text` and `character varying` under one deterministic collation.
    Text(Option<i64>),
}

/// Labels of enum types by the type's name as `format_type` spells it.
pub type Enums = BTreeMap<String, Vec<String>>;

impl PgType {
    /// The type of a column; `enums` are its table's ([`flusso_schemas::facts::RelationFacts`]).
    pub fn of_column(column: &ColumnFacts, enums: Option<&Enums>) -> Self {
        let none = Enums::new();
        let mut found = Self::of_text(&column.base, enums.unwrap_or(&none));
        if let (BaseType::Other(_), false) = (&found.base, found.array) {
            found.base = unnamed_base(column, found.base.clone());
        }
        found.declared = column.pg_type.clone();
        found.element_name = column.element.clone().filter(|name| match found.base {
            BaseType::Range(_) => !found.array,
            _ => found.array && Self::of_text(name, enums.unwrap_or(&none)).base_name != found.base_name,
        });
        found.collation = column.collation;
        found.collation_deterministic = column.collation_deterministic;
        // `int2vector`, `oidvector`: lists for the catalog, and neither lists nor values for functions.
        let is_vector = column.category == "A" && !found.array;
        (found.equality, found.order) = (column.equality, if is_vector { Some(false) } else { column.order });
        found
    }

    /// A type as `format_type` spells it, which is what a prepared statement says of a result.
    pub fn of_text(format_type: &str, enums: &Enums) -> Self {
        let (element, array) = match format_type.strip_suffix("[]") {
            Some(element) => (element, true),
            None => (format_type, false),
        };
        let (name, modifiers) = split_modifiers(element);
        let base = match enums.get(&name) {
            Some(labels) => BaseType::Enum { name: name.clone(), labels: labels.clone() },
            None => base_type(&name, &modifiers),
        };
        let base_name = base_name(&base, element, name);
        let declared = format_type.to_owned();
        Self {
            declared,
            base,
            base_name,
            array,
            element_name: None,
            collation: None,
            collation_deterministic: true,
            equality: None,
            order: None,
        }
    }

    /// The type of an array's elements; of any other type itself.
    pub fn element(&self) -> Self {
        let own = self.element_name.as_deref().or(self.declared.strip_suffix("[]"));
        let declared = own.unwrap_or(&self.base_name).to_owned();
        if self.array {
            Self { array: false, declared, element_name: None, ..self.clone() }
        } else {
            self.clone()
        }
    }

    /// The spelling to cast a text to it, without a length that would cut it.
    pub fn cast_name(&self) -> String {
        if !self.array {
            return self.base_name.clone();
        }
        format!("{}[]", self.element_name.as_ref().unwrap_or(&self.base_name))
    }

    /// The spelling that an edge relies on: a length that nothing depends on is left out.
    pub fn relied_on(&self) -> String {
        let dropped =
            matches!(self.base, BaseType::Varchar(_) | BaseType::Char | BaseType::Bit | BaseType::Varbit);
        match self.declared.split_once('(') {
            Some((name, rest)) if dropped => {
                format!("{name}{}", rest.split_once(')').map_or("", |(_, after)| after))
            }
            _ => self.declared.clone(),
        }
    }

    /// The class in which its equality is identity of text.
    pub fn identity_class(&self) -> Option<IdentityClass> {
        if self.array {
            return None;
        }
        match self.base {
            BaseType::Smallint | BaseType::Integer | BaseType::BigInt => Some(IdentityClass::Integer),
            BaseType::Uuid => Some(IdentityClass::Uuid),
            BaseType::Date => Some(IdentityClass::Date),
            BaseType::Boolean => Some(IdentityClass::Boolean),
            BaseType::Timestamp => Some(IdentityClass::Timestamp),
            BaseType::TimestampTz => Some(IdentityClass::TimestampTz),
            BaseType::Text | BaseType::Varchar(_) if self.collation_deterministic => {
                Some(IdentityClass::Text(self.collation))
            }
            _ => None,
        }
    }

    /// Whether `=` between the two is of one btree family, so that no side is cast. The family of enums takes
    /// no domain over one, which the catalog says by its equality.
    pub fn compares_with(&self, other: &Self) -> bool {
        let family = self.btree_family();
        let have_equality = self.has_equality() && other.has_equality();
        have_equality && self.array == other.array && family.is_some() && family == other.btree_family()
    }

    /// Whether its values have an order (`lt`, `between`, `order_by`, `distinct`): what the catalog says of a
    /// column, and what is known of the name of an expression's type.
    pub fn is_ordered(&self) -> bool {
        self.order.unwrap_or_else(|| self.btree_family().is_some())
    }

    /// Whether its values can be compared for equality (`=`, `contains`).
    pub fn has_equality(&self) -> bool {
        self.equality.unwrap_or_else(|| self.is_ordered())
    }

    /// Whether Postgres has `min` and `max` of it; of some types that have an order it does not.
    pub fn has_min(&self) -> bool {
        use BaseType as B;
        let lacks_it = matches!(
            &self.base,
            B::Boolean
                | B::Uuid
                | B::Bytea
                | B::Jsonb
                | B::Bit
                | B::Varbit
                | B::Macaddr
                | B::Composite
                | B::Range(_)
                | B::Hstore
                | B::Ltree
                | B::Other(_)
                | B::InternalChar
        );
        self.array || !lacks_it
    }

    /// Whether two values that are equal may print unlike: `1.0` and `1.00`, `abc` and `ABC`, a day and 24 hours,
    /// `0` and `-0`.
    pub fn has_equal_texts(&self) -> bool {
        use BaseType as B;
        matches!(self.base, B::Numeric(None) | B::Citext | B::Interval | B::Real | B::Double)
    }

    /// Whether it is text of some kind, which `like` accepts and code points order.
    pub fn is_text(&self) -> bool {
        !self.array && self.base.is_text()
    }

    /// Whether it is text that a collation orders.
    pub fn is_collated(&self) -> bool {
        !self.array && matches!(self.base, BaseType::Text | BaseType::Varchar(_) | BaseType::Char)
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        !self.array && (self.base.is_integer() || self.base.is_fractional())
    }

    fn btree_family(&self) -> Option<&str> {
        Some(match &self.base {
            BaseType::Smallint | BaseType::Integer | BaseType::BigInt => "integer",
            BaseType::Real | BaseType::Double => "float",
            BaseType::Text | BaseType::Varchar(_) | BaseType::Name => "text",
            BaseType::Date | BaseType::Timestamp | BaseType::TimestampTz => "datetime",
            BaseType::Inet | BaseType::Cidr => "network",
            BaseType::Bit => "bit",
            BaseType::Varbit => "varbit",
            // A row type is ordered only where each of its columns is, which its name does not say.
            BaseType::Json | BaseType::Xml | BaseType::Composite => return None,
            BaseType::Other(_) => return None,
            _ => &self.base_name,
        })
    }
}

impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.declared)
    }
}

impl BaseType {
    /// Whether it is one of the kinds of text, enums by their label among them.
    pub fn is_text(&self) -> bool {
        use BaseType as B;
        matches!(
            self,
            B::Text | B::Varchar(_) | B::Char | B::InternalChar | B::Name | B::Citext | B::Xml | B::Ltree
        ) || matches!(self, B::Enum { .. })
    }

    /// Whether it is `smallint`, `integer` or `bigint`.
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Smallint | Self::Integer | Self::BigInt)
    }

    /// Whether it is `numeric`, `real` or `double precision`.
    pub fn is_fractional(&self) -> bool {
        matches!(self, Self::Numeric(_) | Self::Real | Self::Double)
    }
}

/// What `typtype` says of a type whose name says nothing.
fn unnamed_base(column: &ColumnFacts, named: BaseType) -> BaseType {
    match column.base_kind.as_str() {
        "c" => BaseType::Composite,
        "r" | "m" => BaseType::Range(column.base.clone()),
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PgType {
        let enums =
            Enums::from([("shop.order_status".to_owned(), vec!["draft".to_owned(), "paid".to_owned()])]);
        PgType::of_text(text, &enums)
    }

    #[test]
    fn format_types_spellings_are_understood() {
        let numeric = BaseType::Numeric(Some(NumericShape { precision: 12, scale: -2 }));
        assert_eq!(parsed("numeric(12,-2)").base, numeric);
        assert_eq!(parsed("numeric").base, BaseType::Numeric(None));
        assert_eq!(parsed("character varying(20)").base, BaseType::Varchar(Some(20)));
        assert_eq!(parsed("timestamp(3) with time zone").base, BaseType::TimestampTz);
        assert_eq!(parsed("time(0) without time zone").base, BaseType::Time);
        assert_eq!(parsed("public.citext").base, BaseType::Citext);
        assert_eq!(parsed("\"char\"").base, BaseType::InternalChar);
        assert!(
            matches!(parsed("shop.order_status").base, BaseType::Enum { labels, .. } if labels.len() == 2)
        );
        assert_eq!(parsed("shop.other").base, BaseType::Other("shop.other".to_owned()));
    }

    #[test]
    fn an_array_is_known_by_its_elements() {
        let array = parsed("numeric(12,2)[]");
        assert!(array.array && matches!(array.base, BaseType::Numeric(Some(_))));
        assert_eq!(array.element().declared, "numeric(12,2)");
        assert_eq!(parsed("shop.order_status[]").cast_name(), "shop.order_status[]");
    }

    #[test]
    fn a_cast_never_cuts_and_an_edge_leaves_lengths_out() {
        for (text, cast, relied_on) in [
            ("character varying(20)", "character varying", "character varying"),
            ("character(3)", "bpchar", "character"),
            ("bit(3)[]", "\"bit\"[]", "bit[]"),
            ("interval day to second(3)", "interval", "interval day to second(3)"),
            ("character varying(20)[]", "character varying[]", "character varying[]"),
            ("numeric(12,2)", "numeric", "numeric(12,2)"),
            ("timestamp(3) with time zone", "timestamp with time zone", "timestamp(3) with time zone"),
            ("bigint", "bigint", "bigint"),
        ] {
            assert_eq!(
                (parsed(text).cast_name().as_str(), parsed(text).relied_on().as_str()),
                (cast, relied_on)
            );
        }
    }

    #[test]
    fn joins_compare_within_one_family_only() {
        for (left, right, compares) in [
            ("smallint", "bigint", true),
            ("text", "character varying(3)", true),
            ("uuid", "text", false),
            ("integer", "numeric", false),
            ("shop.order_status", "shop.order_status", true),
            ("json", "json", false),
            ("integer[]", "integer", false),
        ] {
            assert_eq!(parsed(left).compares_with(&parsed(right)), compares, "{left} = {right}");
        }
    }

    #[test]
    fn only_types_whose_equality_is_identity_of_text_have_a_class() {
        for text in ["integer", "uuid", "text", "date", "boolean", "timestamp with time zone"] {
            assert!(parsed(text).identity_class().is_some(), "{text}");
        }
        for text in ["numeric(5,0)", "public.citext", "character(3)", "real", "double precision", "integer[]"]
        {
            assert_eq!(parsed(text).identity_class(), None, "{text}");
        }
        let folded = PgType { collation_deterministic: false, ..parsed("text") };
        assert_eq!(folded.identity_class(), None);
    }
}
