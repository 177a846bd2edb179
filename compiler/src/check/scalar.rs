//! Scalars: where the value comes from, its type, and whether the kind takes it.

use std::collections::BTreeMap;

use flusso_schemas::name::Ident;
use serde_json::Value as Json;

use super::Checker;
use super::column::{described, type_of};
use crate::diagnostic::{Diagnostic, Place};
use crate::kinds::{AUTO, Acceptance, JsonValue, Kind, Kinds};
use crate::model::{Scalar, Table, ValueSource};
use crate::opensearch::date_format;
use crate::pg_type::{BaseType, PgType};
use crate::syntax;
use crate::syntax::keys::At;
use crate::syntax::relation::Source;
use flusso_lints::words::listed;
use flusso_lints::{
    date_format_mismatch, default_type_mismatch, enum_order_incomplete, enum_value_unknown, kind_mismatch,
    lossy_kind, missing_key, missing_scale, mutually_exclusive_keys, nullable_required,
};

/// Most kinds that a help names.
const KINDS_NAMED_MAX: usize = 3;

/// A value that a field may index, with the facts that its kind is checked against.
pub(super) struct TypedValue {
    pub(super) source: ValueSource,
    pub(super) pg_type: PgType,
    pub(super) nullable: bool,
    /// A note that explains its type; may be empty.
    pub(super) note: String,
    /// `column:…`, where it is one column.
    pub(super) about: Option<String>,
    /// Whether it is computed, so that nothing declares how many digits it has.
    pub(super) computed: bool,
    /// The types that a column's values are made of, where they are made of others.
    pub(super) made_of: Vec<String>,
}

impl TypedValue {
    /// A finding about it, which the lock can name where it is one column.
    pub(super) fn named_in(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.about.clone_from(&self.about);
        diagnostic
    }
}

impl Checker<'_> {
    /// A scalar over the row that has the field.
    pub(super) fn scalar_of_field(
        &mut self,
        field: &syntax::field::ParsedField,
        scalar: &syntax::scalar::ParsedScalar,
        table: &Table,
    ) -> Option<Scalar> {
        // Asked before the type of an expression is known, because there is one round of questions.
        let zone_holds = self.zone_is_known(scalar, table);
        let value = match &scalar.source {
            Some(source) => self.value(source, table)?,
            None => {
                let kind = scalar.kind.as_ref().map_or(AUTO, |kind| kind.value.name());
                let column = self.column_of_field(table, &field.key, &field.default_column, kind)?;
                self.value_of_column(table, column)
            }
        };
        let bound = self.scalar(scalar, value, scalar.kind.as_ref().map(|kind| kind.value))?;
        if !zone_holds {
            return None;
        }
        self.required(field.required.as_ref(), bound)
    }

    /// A value of a table's row.
    pub(super) fn value(&mut self, source: &Source, table: &Table) -> Option<TypedValue> {
        match source {
            Source::Column(name) => {
                let column = self.column(table, name, "")?;
                Some(self.value_of_column(table, column))
            }
            Source::Sql(text) => {
                let bound = self.sql_text(&text.value, &text.place, table)?;
                let pg_type = self.sql_type(&bound, &text.place, table)?;
                let note = format!("the expression gives `{pg_type}`");
                let source = ValueSource::Sql(Box::new(bound.into_value()));
                Some(TypedValue {
                    source,
                    pg_type,
                    nullable: true,
                    note,
                    about: None,
                    computed: true,
                    made_of: Vec::new(),
                })
            }
        }
    }

    fn value_of_column(&self, table: &Table, column: &flusso_schemas::facts::ColumnFacts) -> TypedValue {
        TypedValue {
            source: ValueSource::Column(column.name.clone()),
            pg_type: type_of(table, column),
            nullable: !column.not_null,
            note: described(&self.short(&table.name), column),
            about: Some(format!("column:{}.{}", table.name, Ident::new(&column.name))),
            computed: false,
            made_of: column.made_of.clone().unwrap_or_default(),
        }
    }

    /// Judges a kind (none: `auto`) over a value.
    pub(super) fn scalar(
        &mut self,
        written: &syntax::scalar::ParsedScalar,
        value: TypedValue,
        kind: Option<&'static dyn Kind>,
    ) -> Option<Scalar> {
        let kind = match kind {
            Some(kind) => kind,
            None => self.inferred(&value, &written.place)?,
        };
        self.indexed_lengths(written, &value);
        let is_row = value.pg_type.base == BaseType::Composite;
        let holds = self.accepted(kind, written, &value)
            && (!is_row || self.json_is_stable(&value.made_of, &written.place))
            && self.enum_order(written, &value.pg_type)
            && self.labels_fit(written, &value)
            && self.format_reads(kind, written, &value);
        let parameters = kind.complete(&value.pg_type, &written.parameters);
        let default = written.default.as_ref();
        let default_holds =
            default.is_none_or(|default| self.default_fits(kind, &parameters, written, default));
        (holds && default_holds).then(|| Scalar {
            kind,
            parameters,
            options: written.options.clone(),
            subfields: written.subfields.clone(),
            value: value.source,
            pg_type: value.pg_type,
            nullable: value.nullable,
            default: default.map(|default| default.value.clone()),
            required: false,
        })
    }

    fn inferred(&mut self, value: &TypedValue, place: &Place) -> Option<&'static dyn Kind> {
        match self.kinds.infer(&value.pg_type) {
            Ok(kind) => Some(kind),
            Err(none) => {
                let pg_type = none.pg_type.to_string();
                self.push(kind_mismatch::no_choice(&pg_type, none.choices, &value.note, place.clone()));
                None
            }
        }
    }

    fn accepted(
        &mut self,
        kind: &'static dyn Kind,
        written: &syntax::scalar::ParsedScalar,
        value: &TypedValue,
    ) -> bool {
        let place = written.place.clone();
        let name = kind.name();
        let pg_type = value.pg_type.to_string();
        let diagnostic = match kind.accepts(&value.pg_type, &written.parameters) {
            Acceptance::Exact => return true,
            Acceptance::Lossy(_) if is_rounding_on_purpose(written, value) => return true,
            Acceptance::Lossy(lost) => lossy_kind::of_type(name, &pg_type, &lost, place),
            Acceptance::Never { why, instead } => {
                let instead = feasible(&self.kinds, instead, &value.pg_type);
                let natural = natural_kind(&self.kinds, kind, &value.pg_type);
                kind_mismatch::not_accepted(name, &pg_type, &why, natural, &instead, place)
            }
            Acceptance::NeedsKey { key: "scale", why } => missing_scale::finding(&why, place),
            Acceptance::NeedsKey { key, why } => missing_key::of_kind(name, &pg_type, key, &why, place),
        };
        let is_deny = diagnostic.is_deny();
        self.push(value.named_in(diagnostic.note(value.note.clone())));
        !is_deny
    }

    /// `order` over a Postgres enum names each of its labels, and nothing else.
    fn enum_order(&mut self, written: &syntax::scalar::ParsedScalar, pg_type: &PgType) -> bool {
        let order = written.parameters.get("order").and_then(Json::as_array);
        let (Some(order), BaseType::Enum { name, labels }) = (order, &pg_type.base) else { return true };
        let order: Vec<&str> = order.iter().filter_map(Json::as_str).collect();
        let place = || written.parameter_places.get("order").unwrap_or(&written.place).clone();
        if let Some(unknown) = order.iter().find(|label| !labels.iter().any(|known| known == *label)) {
            self.push(enum_value_unknown::in_order(unknown, name, labels, place()));
            return false;
        }
        let missing: Vec<&String> = labels.iter().filter(|label| !order.contains(&label.as_str())).collect();
        if missing.is_empty() {
            return true;
        }
        self.push(enum_order_incomplete::finding(&missing, place()));
        true
    }

    /// OpenSearch refuses every document whose date the `format` does not match.
    fn format_reads(
        &mut self,
        kind: &'static dyn Kind,
        written: &syntax::scalar::ParsedScalar,
        value: &TypedValue,
    ) -> bool {
        let Some(format) = written.options.get("format").and_then(Json::as_str) else { return true };
        let printed = kind.printed(&value.pg_type, &written.parameters);
        if date_format::reads(format, printed) != Some(false) {
            return true;
        }
        let example = date_format::PRINTED[printed];
        self.push(date_format_mismatch::finding(format, example, &value.note, written.place.clone()));
        false
    }

    fn default_fits(
        &mut self,
        kind: &'static dyn Kind,
        parameters: &BTreeMap<String, Json>,
        written: &syntax::scalar::ParsedScalar,
        default: &At<Json>,
    ) -> bool {
        let format = written.options.get("format").and_then(Json::as_str);
        let value = JsonValue { value: &default.value, parameters, format };
        let Some(expected) = kind.refuses_json(&value) else { return true };
        self.push(default_type_mismatch::of_kind(kind.name(), &expected, default.place.clone()));
        false
    }

    /// `labels` name the integers of a column; any other has none to be named.
    fn labels_fit(&mut self, written: &syntax::scalar::ParsedScalar, value: &TypedValue) -> bool {
        if !written.parameters.contains_key("labels") || value.pg_type.base.is_integer() {
            return true;
        }
        let place = written.parameter_places.get("labels").unwrap_or(&written.place).clone();
        let pg_type = value.pg_type.to_string();
        self.push(mutually_exclusive_keys::labels_of(&pg_type, &value.note, place));
        false
    }

    /// Keeps the promise of a value only where it can be kept.
    pub(super) fn required(&mut self, place: Option<&Place>, mut scalar: Scalar) -> Option<Scalar> {
        let Some(place) = place else { return Some(scalar) };
        if scalar.nullable && scalar.default.is_none() {
            self.push(nullable_required::value(place.clone()));
            return None;
        }
        scalar.required = true;
        Some(scalar)
    }
}

/// The kind's own advice, unless it names a kind that does not accept the type either.
fn feasible(kinds: &Kinds, advice: String, pg_type: &PgType) -> String {
    let takes = |name: &str| match name {
        AUTO => kinds.infer(pg_type).is_ok(),
        name => kinds.find(name).is_none_or(|kind| {
            let parameters = kind.complete(pg_type, &BTreeMap::new());
            !matches!(kind.accepts(pg_type, &parameters), Acceptance::Never { .. })
        }),
    };
    if advice.split('`').skip(1).step_by(2).all(takes) {
        return advice;
    }
    let fitting: Vec<&str> = kinds.fitting(pg_type).into_iter().take(KINDS_NAMED_MAX).collect();
    match fitting.as_slice() {
        [] => {
            "an expression that gives text or a number, such as `sql: \"column::text\"` with `kind: keyword`"
                .to_owned()
        }
        fitting => listed(fitting, "or"),
    }
}

/// The kind that `auto` would choose, where it is another.
fn natural_kind(kinds: &Kinds, kind: &'static dyn Kind, pg_type: &PgType) -> Option<&'static str> {
    let natural = kinds.infer(pg_type).ok()?.name();
    (natural != kind.name()).then_some(natural)
}

/// A number without a declared count of digits, whose writer chose the kind or the scale knowing that.
fn is_rounding_on_purpose(written: &syntax::scalar::ParsedScalar, value: &TypedValue) -> bool {
    let is_open = matches!(value.pg_type.base, BaseType::Numeric(None));
    let is_chosen = written.parameters.contains_key("scale") || value.computed;
    is_open && is_chosen
}

/// Parameters with one more, where it is not written.
pub(super) fn with_parameter(
    written: &syntax::scalar::ParsedScalar,
    key: &str,
    value: Json,
) -> syntax::scalar::ParsedScalar {
    let mut parameters: BTreeMap<String, Json> = written.parameters.clone();
    parameters.entry(key.to_owned()).or_insert(value);
    syntax::scalar::ParsedScalar { parameters, ..written.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    /// Every type that has a name of its own here, and some that have none.
    const TYPES: &[&str] = &[
        "bit",
        "bit varying",
        "boolean",
        "bytea",
        "character(3)",
        "cidr",
        "citext",
        "date",
        "double precision",
        "hstore",
        "inet",
        "integer",
        "\"char\"",
        "interval",
        "json",
        "jsonb",
        "ltree",
        "macaddr",
        "money",
        "name",
        "numeric",
        "numeric(12,2)",
        "oid",
        "pg_lsn",
        "int4range",
        "tstzrange",
        "int4multirange",
        "real",
        "smallint",
        "bigint",
        "text",
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
        "uuid",
        "character varying(10)",
        "xml",
        "tsvector",
        "tsquery",
        "point",
        "circle",
        "geometry(Point,4326)",
        "vector(3)",
        "text[]",
        "integer[]",
        "tsvector[]",
        "jsonb[]",
        "date[]",
    ];

    #[test]
    fn every_kind_that_a_help_names_takes_the_type() {
        let kinds = Kinds::standard();
        for text in TYPES {
            let pg_type = PgType::of_text(text, &Enums::new());
            for kind in kinds.iter() {
                let parameters = kind.complete(&pg_type, &BTreeMap::new());
                let Acceptance::Never { instead, .. } = kind.accepts(&pg_type, &parameters) else { continue };
                let help = feasible(&kinds, instead, &pg_type);
                for name in help.split('`').skip(1).step_by(2) {
                    if name == AUTO {
                        assert!(kinds.infer(&pg_type).is_ok(), "{text} as {}: {help}", kind.name());
                    }
                    let Some(named) = kinds.find(name) else { continue };
                    let parameters = named.complete(&pg_type, &BTreeMap::new());
                    let accepted = named.accepts(&pg_type, &parameters);
                    let is_refused = matches!(accepted, Acceptance::Never { .. });
                    assert!(!is_refused, "{text} as {}: {help}", kind.name());
                }
            }
        }
    }
}
