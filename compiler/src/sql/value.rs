//! A value as a JSON token in SQL: its kind's rendering, null, default and lists.

use crate::condition::Condition;
use crate::kinds::Rendered;
use crate::model::{Scalar, ValueSource};

use super::fragments::{column, literal};
use super::segment::ValueSql;

/// A value's expression in the row that SQL calls `alias`.
pub(crate) fn expression(value: &ValueSource, alias: &str) -> String {
    match value {
        ValueSource::Column(name) => column(alias, name),
        ValueSource::Sql(text) => format!("({})", text.sql(alias)),
    }
}

/// A value of a row; `may_be_absent` where the row may be, `when` a condition over it.
pub(crate) fn of_row(
    scalar: &Scalar,
    alias: &str,
    may_be_absent: bool,
    when: Option<&Condition>,
) -> ValueSql {
    let expression = expression(&scalar.value, alias);
    let value = token(scalar, &expression, scalar.nullable || may_be_absent);
    match when {
        None => value,
        Some(when) => {
            let sql = format!(
                "case when {} then {} else {} end",
                when.sql(alias),
                as_text(&value),
                literal(&absent_token(scalar))
            );
            ValueSql { sql, is_text: true }
        }
    }
}

/// The JSON token of an expression.
pub(crate) fn token(scalar: &Scalar, expression: &str, nullable: bool) -> ValueSql {
    let null = literal(&absent_token(scalar));
    match rendered(scalar, expression, nullable) {
        Rendered::Plain(sql) | Rendered::Text(sql) if nullable => {
            let sql = format!("coalesce({}, {null})", text_of(&sql));
            ValueSql { sql, is_text: true }
        }
        Rendered::Plain(sql) | Rendered::Text(sql) => {
            let is_text = sql.ends_with("::text");
            ValueSql { sql, is_text }
        }
        Rendered::Total(sql) if scalar.default.is_some() => {
            ValueSql { sql: format!("coalesce(nullif({sql}, 'null'), {null})"), is_text: true }
        }
        Rendered::Total(sql) => ValueSql { sql, is_text: true },
    }
}

/// SQL of a missing value: `null`, or the default.
pub(crate) fn absent_token(scalar: &Scalar) -> String {
    scalar.default.as_ref().map_or_else(|| "null".to_owned(), ToString::to_string)
}

/// Whether a value that is there may still print `null` (NaN, infinite dates).
pub(crate) fn may_print_null(scalar: &Scalar) -> bool {
    scalar.default.is_none()
        && matches!(rendered(scalar, "x", false), Rendered::Total(_))
        && !scalar.pg_type.array
}

/// The value as SQL of type text.
pub(crate) fn as_text(value: &ValueSql) -> String {
    if value.is_text { value.sql.clone() } else { text_of(&value.sql) }
}

fn text_of(sql: &str) -> String {
    if sql.ends_with("::text") { sql.to_owned() } else { format!("{sql}::text") }
}

fn rendered(scalar: &Scalar, expression: &str, nullable: bool) -> Rendered {
    if scalar.pg_type.array {
        return Rendered::Total(list(scalar, expression, nullable));
    }
    scalar.kind.render(expression, &scalar.pg_type, &scalar.parameters)
}

/// A column of several values: each rendered by its kind, in order, nulls kept.
fn list(scalar: &Scalar, expression: &str, nullable: bool) -> String {
    let element = scalar.pg_type.element();
    let token = match scalar.kind.render("element.value", &element, &scalar.parameters) {
        Rendered::Plain(sql) | Rendered::Text(sql) => format!("coalesce({}, 'null')", text_of(&sql)),
        Rendered::Total(sql) => sql,
    };
    let items = format!(
        "'[' || coalesce((select string_agg({token}, ',' order by element.place) \
         from unnest({expression}) with ordinality element(value, place)), '') || ']'"
    );
    if nullable { format!("case when {expression} is null then 'null' else {items} end") } else { items }
}
