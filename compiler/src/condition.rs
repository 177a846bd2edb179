//! Conditions over one row (`where`, `when`): bound to columns, and printed as SQL and as the lock's text.
//!
//! They are two-valued: a comparison with null is false and `not` is its exact complement. A condition is printed
//! in WHERE, FILTER or CASE only, where null counts as false, so only `not` and `ne` have to say so.

use std::collections::BTreeSet;

use flusso_schemas::name::{quote_identifier, quote_literal};

use crate::pg_type::PgType;
use crate::sql_text::SqlText;

/// A condition over the columns of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All hold; an empty list holds.
    All(Vec<Condition>),
    /// At least one holds; an empty list never does.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// One test of one column.
    Column {
        /// The column's name, without its table.
        column: String,
        /// Whether it can be null.
        nullable: bool,
        /// The test that its value must pass.
        test: Test,
    },
    /// An expression of type boolean.
    Sql(SqlText),
}

/// A test of a column's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// True for null alone: `is null`.
    Null,
    /// True for everything but null: `is not null`.
    NotNull,
    /// It compares with a value by this operator: `=`, `<`, `<=`, `>`, `>=`, `@>`, `&&`, `like` or `ilike`.
    Compare(&'static str, Literal),
    /// It is null or another value.
    NotEqual(Literal),
    /// It is one of these, never empty.
    In(Vec<Literal>),
    /// It is none of these, or null.
    NotIn(Vec<Literal>),
    /// It lies between the two, both included.
    Between(Literal, Literal),
    /// Its text begins so; the type of the column says how it is printed.
    StartsWith(Literal, Box<PgType>),
    /// `StartsWith` over `citext`, which compares as lower case of the database's own collation.
    StartsWithFolded(Literal),
    /// Its text is so: `like` or `ilike` where the type itself has no such operator (enums).
    TextLike(&'static str, Literal, Box<PgType>),
}

/// A value as SQL writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Digits, which need no quotes.
    Number(String),
    /// A quoted literal, which Postgres reads as the type of the other operand.
    Text(String),
    /// Printed as `true` or `false`, without quotes.
    Boolean(bool),
    /// A list with the array's type.
    Array(Vec<Literal>, String),
    /// A value with its type, where what it is compared with does not say it.
    Typed(Box<Literal>, String),
}

impl Condition {
    /// Whether all of it is SQL of our own making.
    pub fn is_ours(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_ours),
            Self::Not(inner) => inner.is_ours(),
            Self::Column { .. } => true,
            Self::Sql(_) => false,
        }
    }

    /// The condition over the row that SQL calls `alias`, parenthesized for use within AND.
    pub fn sql(&self, alias: &str) -> String {
        self.render(Some(alias), Place::InAnd)
    }

    /// The condition as the lock prints it.
    pub fn text(&self) -> String {
        self.render(None, Place::Alone)
    }

    /// Columns that have one value, not null, in every row for which it holds.
    pub fn fixed_columns(&self) -> Vec<&str> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::fixed_columns).collect(),
            Self::Column { column, test, .. } if test.is_one_value() => vec![column],
            _ => Vec::new(),
        }
    }

    /// Every column that it reads.
    pub fn columns(&self) -> BTreeSet<String> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::columns).collect(),
            Self::Not(inner) => inner.columns(),
            Self::Column { column, .. } => BTreeSet::from([column.clone()]),
            Self::Sql(text) => text.columns(),
        }
    }

    fn render(&self, alias: Option<&str>, place: Place) -> String {
        match self {
            Self::All(parts) => joined(parts, alias, place, " and ", "true"),
            Self::Any(parts) => joined(parts, alias, place, " or ", "false"),
            Self::Not(inner) => format!("({}) is not true", inner.render(alias, Place::Alone)),
            Self::Column { column, nullable, test } => {
                let column = qualified(alias, column);
                // Without an alias it is the lock's text of the condition, which is part of the fingerprint: that says
                // what is meant, whichever function prints the column.
                match (alias, test) {
                    (Some(_), Test::StartsWith(value, pg_type)) => {
                        format!("starts_with({}, {})", pg_type.output(&column), value.sql())
                    }
                    (Some(_), Test::TextLike(operator, value, pg_type)) => {
                        format!("{} {operator} {}", pg_type.output(&column), value.sql())
                    }
                    _ => test.render(&column, *nullable, place),
                }
            }
            Self::Sql(text) => match alias {
                Some(alias) => format!("({})", text.sql(alias)),
                None if place == Place::Alone => text.text().to_owned(),
                None => format!("({})", text.text()),
            },
        }
    }
}

/// Whether parentheses are needed round a condition of a lower binding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    InAnd,
    InOr,
}

fn joined(parts: &[Condition], alias: Option<&str>, place: Place, word: &str, empty: &str) -> String {
    match parts {
        [] => empty.to_owned(),
        [one] => one.render(alias, place),
        many => {
            let is_and = word == " and ";
            let inner = if is_and { Place::InAnd } else { Place::InOr };
            let text: Vec<String> = many.iter().map(|part| part.render(alias, inner)).collect();
            let text = text.join(word);
            let needs_none = place == Place::Alone || (is_and && place == Place::InAnd);
            if needs_none { text } else { format!("({text})") }
        }
    }
}

fn qualified(alias: Option<&str>, column: &str) -> String {
    match alias {
        Some(alias) => format!("{alias}.{}", quote_identifier(column)),
        None => quote_identifier(column).into_owned(),
    }
}

impl Test {
    fn is_one_value(&self) -> bool {
        match self {
            Self::Compare("=", _) => true,
            Self::In(values) => values.iter().all(|value| *value == values[0]),
            Self::Between(low, high) => low == high,
            _ => false,
        }
    }

    fn render(&self, column: &str, nullable: bool, place: Place) -> String {
        match self {
            Self::Null => format!("{column} is null"),
            Self::NotNull => format!("{column} is not null"),
            Self::Compare(operator, value) => format!("{column} {operator} {}", value.sql()),
            Self::NotEqual(value) if nullable => format!("{column} is distinct from {}", value.sql()),
            Self::NotEqual(value) => format!("{column} <> {}", value.sql()),
            Self::In(values) => format!("{column} in ({})", list(values)),
            Self::NotIn(values) if nullable => {
                let text = format!("{column} is null or {column} not in ({})", list(values));
                if place == Place::InAnd { format!("({text})") } else { text }
            }
            Self::NotIn(values) => format!("{column} not in ({})", list(values)),
            Self::Between(low, high) => format!("{column} between {} and {}", low.sql(), high.sql()),
            Self::StartsWith(value, _) => format!("starts_with({column}::text, {})", value.sql()),
            Self::StartsWithFolded(value) => format!(
                "starts_with(lower({column}::text collate \"default\"), lower({} collate \"default\"))",
                value.sql()
            ),
            Self::TextLike(operator, value, _) => format!("{column}::text {operator} {}", value.sql()),
        }
    }
}

fn list(values: &[Literal]) -> String {
    values.iter().map(Literal::sql).collect::<Vec<_>>().join(", ")
}

impl Literal {
    /// The literal as one of a type.
    pub(crate) fn typed(self, pg_type: &PgType) -> Self {
        // A number with a sign binds less than the cast.
        let text = match self {
            Self::Number(digits) => Self::Text(digits),
            other => other,
        };
        Self::Typed(Box::new(text), pg_type.cast_name())
    }

    /// The literal in SQL; what the runtime would take for one of its marks is parted.
    fn sql(&self) -> String {
        match self {
            Self::Number(digits) => digits.clone(),
            Self::Boolean(value) => value.to_string(),
            Self::Text(text) => part_marks(quote_literal(text)),
            Self::Typed(value, pg_type) => format!("{}::{pg_type}", value.sql()),
            Self::Array(items, array_type) => format!("array[{}]::{array_type}", list(items)),
        }
    }
}

/// Parts `{rows:` and `{range:` inside a literal, which the runtime would replace.
fn part_marks(literal: String) -> String {
    if !literal.contains("{rows:") && !literal.contains("{range:") {
        return literal;
    }
    let parted = literal.replace("{rows:", "{' || 'rows:").replace("{range:", "{' || 'range:");
    format!("({parted})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, test: Test) -> Condition {
        Condition::Column { column: name.to_owned(), nullable: true, test }
    }

    #[test]
    fn one_comparison_stands_without_parentheses() {
        let condition = column("quantity", Test::Compare(">", Literal::Number("0".to_owned())));
        assert_eq!(condition.sql("oi"), "oi.quantity > 0");
        assert_eq!(condition.text(), "quantity > 0");
    }

    #[test]
    fn alternatives_are_parenthesised_inside_an_and() {
        let either = Condition::Any(vec![column("a", Test::Null), column("B", Test::NotNull)]);
        assert_eq!(either.sql("t"), "(t.a is null or t.\"B\" is not null)");
        assert_eq!(either.text(), "a is null or \"B\" is not null");
        let both = Condition::All(vec![either, column("c", Test::Null)]);
        assert_eq!(both.sql("t"), "(t.a is null or t.\"B\" is not null) and t.c is null");
    }

    #[test]
    fn the_complement_takes_in_nulls() {
        let paid = Literal::Text("paid".to_owned());
        assert_eq!(
            column("status", Test::NotEqual(paid.clone())).sql("o"),
            "o.status is distinct from 'paid'"
        );
        let not = Condition::Not(Box::new(column("status", Test::Compare("=", paid.clone()))));
        assert_eq!(not.sql("o"), "(o.status = 'paid') is not true");
        assert_eq!(
            column("status", Test::NotIn(vec![paid])).sql("o"),
            "(o.status is null or o.status not in ('paid'))"
        );
    }

    #[test]
    fn a_column_is_fixed_by_one_value_only() {
        let text = |value: &str| Literal::Text(value.to_owned());
        let both = Condition::All(vec![
            column("a", Test::Compare("=", text("x"))),
            column("b", Test::In(vec![text("x"), text("x")])),
            column("c", Test::In(vec![text("x"), text("y")])),
            column("d", Test::Compare(">=", text("x"))),
            column("e", Test::Null),
            Condition::Any(vec![column("f", Test::Compare("=", text("x"))), column("g", Test::Null)]),
            Condition::Not(Box::new(column("h", Test::Compare("=", text("x"))))),
        ]);
        assert_eq!(both.fixed_columns(), ["a", "b"]);
    }

    #[test]
    fn quotes_and_marks_cannot_leave_their_literal() {
        let text = |value: &str| column("t", Test::Compare("=", Literal::Text(value.to_owned()))).sql("a");
        assert_eq!(text("o'clock"), "a.t = 'o''clock'");
        assert_eq!(text("{rows:a.id}"), "a.t = ('{' || 'rows:a.id}')");
    }
}
