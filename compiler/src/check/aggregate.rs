//! Aggregates: what the server would give, before its kind.

use std::sync::Arc;

use flusso_lints::kind_mismatch;

use super::Checker;
use super::join::PathOwner;
use super::scalar::{TypedValue, with_parameter};
use crate::diagnostic::Place;
use crate::grammar::Forms;
use crate::grammar::field::FIELD;
use crate::model::{Aggregate, Function, Join, Table, ValueSource};
use crate::pg_type::{BaseType, Enums, PgType};
use crate::syntax;

impl Checker<'_> {
    /// Binds an aggregate over rows related to a row of `table`.
    pub(super) fn aggregate(
        &mut self,
        field: &syntax::field::ParsedField,
        aggregate: &syntax::field::ParsedAggregate,
        table: &Arc<Table>,
    ) -> Option<Aggregate> {
        let function = aggregate.function.value;
        let owner = PathOwner {
            name: function.name(),
            verb: None,
            place: &aggregate.function.place,
            when: field.when.as_ref(),
        };
        let (target, joins) = self.path(&aggregate.path, table, &owner);
        let target = target?;
        let zone_holds = self.zone_is_known(&aggregate.result, &target);
        let of = aggregate.of.as_ref().map(|source| self.value(source, &target));
        let of = match of {
            Some(value) => Some(value?),
            None => None,
        };
        if aggregate.distinct
            && let Some(of) = of.as_ref().filter(|of| !of.pg_type.is_ordered())
        {
            self.not_comparable(of, &aggregate.function.place);
            return None;
        }
        let counted = aggregate.result.kind.as_ref().and_then(|kind| kind.value.counts_as());
        let value = self.result(function, of.as_ref(), counted, &aggregate.function.place)?;
        let written = kept_scale(&aggregate.result, function, of.as_ref());
        let kind = match aggregate.result.kind.as_ref() {
            Some(kind) => Some(kind.value),
            None => default_kind(function).and_then(|name| self.kinds.find(name)),
        };
        let result = self.scalar(&written, value, kind)?;
        let result = self.required(field.required.as_ref(), result)?;
        if !zone_holds {
            return None;
        }
        let path = joins?;
        let counts_rows = function == Function::Count && of.is_none();
        let distinct = if counts_rows { !reached_once(table, &path) } else { aggregate.distinct };
        Some(Aggregate { function, path, of: of.map(|of| of.source), distinct, result })
    }

    /// Postgres sorts the values to count each once.
    fn not_comparable(&mut self, of: &TypedValue, place: &Place) {
        self.push(kind_mismatch::of_distinct(&of.pg_type.to_string(), &of.note, place.clone()));
    }

    /// The value that the server computes.
    ///
    /// A count is a `bigint`, and as large as its writer says by the kind.
    fn result(
        &mut self,
        function: Function,
        of: Option<&TypedValue>,
        counted: Option<&str>,
        place: &Place,
    ) -> Option<TypedValue> {
        let nullable = !matches!(function, Function::Count | Function::Exists);
        let pg_type = match (function, of) {
            (Function::Count, _) => plain(counted.unwrap_or("bigint")),
            (Function::Exists, _) => plain("boolean"),
            (_, Some(of)) => match result_type(function, &of.pg_type) {
                Some(pg_type) => pg_type,
                None => {
                    let (name, pg_type) = (function.name(), of.pg_type.to_string());
                    self.push(kind_mismatch::of_aggregate(name, &pg_type, &of.note, place.clone()));
                    return None;
                }
            },
            (_, None) => return None,
        };
        let note = match of {
            Some(of) => format!("{}; `{}` of it is `{pg_type}`", of.note, function.name()),
            None => format!("`{}` gives `{pg_type}`", function.name()),
        };
        let computed = !matches!(function, Function::Min | Function::Max);
        let source = ValueSource::Column(String::new());
        Some(TypedValue { source, pg_type, nullable, note, about: None, computed, made_of: Vec::new() })
    }
}

/// Whether no row of the target is reached twice: each row on the way belongs to one row before it.
fn reached_once(from: &Arc<Table>, path: &[Join]) -> bool {
    let before = std::iter::once(from).chain(path.iter().map(|join| &join.table));
    path.iter().zip(before).all(|(join, before)| {
        let parents: Vec<&str> = join.pairs.iter().map(|pair| pair.parent.as_str()).collect();
        before.is_unique_on(&parents)
    })
}

/// Name of the kind that an aggregate has where none is written.
fn default_kind(function: Function) -> Option<&'static str> {
    if function == Function::Exists {
        return Some("boolean");
    }
    let key = FIELD.key("kind", Forms::of_aggregate(function, false))?;
    Some(key.default).filter(|name| !name.is_empty())
}

/// Sums and averages have no declared scale, and those of a column that has one keep it.
fn kept_scale(
    written: &syntax::scalar::ParsedScalar,
    function: Function,
    of: Option<&TypedValue>,
) -> syntax::scalar::ParsedScalar {
    let has_scale =
        written.kind.as_ref().is_some_and(|kind| kind.value.own_keys().iter().any(|key| key.name == "scale"));
    match of.map(|of| &of.pg_type.base) {
        Some(BaseType::Numeric(Some(shape))) if has_scale && function == Function::Sum => {
            with_parameter(written, "scale", shape.scale.max(0).into())
        }
        Some(BaseType::BigInt) if has_scale && function == Function::Sum => {
            with_parameter(written, "scale", 0.into())
        }
        _ => written.clone(),
    }
}

fn plain(name: &str) -> PgType {
    PgType::of_text(name, &Enums::new())
}

/// The type of an aggregate over a type, as `pg_aggregate` has it; `None` if the type has no such aggregate.
fn result_type(function: Function, of: &PgType) -> Option<PgType> {
    use BaseType as B;
    if matches!(function, Function::Min | Function::Max) {
        return (of.is_ordered() && of.has_min()).then(|| of.clone());
    }
    if of.array {
        return None;
    }
    let name = match (function, &of.base) {
        (Function::Sum, B::Smallint | B::Integer) => "bigint",
        (Function::Sum, B::BigInt | B::Numeric(_)) => "numeric",
        (Function::Sum, B::Real) => "real",
        (Function::Sum, B::Money) => "money",
        (Function::Avg, B::Smallint | B::Integer | B::BigInt | B::Numeric(_)) => "numeric",
        (Function::Avg, B::Real) | (_, B::Double) => "double precision",
        (_, B::Interval) => "interval",
        _ => return None,
    };
    Some(plain(name))
}
