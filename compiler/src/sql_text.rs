//! An SQL expression as a user writes it: over the columns of one row, one expression and nothing pasted.
//!
//! It is split into tokens only as far as its columns can be qualified and forbidden parts are found;
//! whether it is right is the server's to say (a probe prepares it).

mod names;
mod scan;

use std::collections::BTreeSet;
use std::ops::Range;

use flusso_schemas::name::quote_identifier;

pub(crate) use names::{Call, UsedNames};
use scan::{Token, TokenKind};

/// An expression over the columns of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlText {
    text: String,
    pieces: Vec<Piece>,
    names: UsedNames,
    /// Whether Postgres calls its type `unknown`.
    is_untyped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Verbatim(String),
    Column(String),
}

/// Why a text cannot be used as an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SqlTextError {
    /// What is wrong with it, in words.
    pub reason: String,
    /// Byte in the text where it is seen.
    pub at: usize,
}

impl SqlText {
    /// Reads an expression over a row that has these columns.
    pub fn new(text: &str, columns: &[&str]) -> Result<Self, SqlTextError> {
        let text = text.trim();
        let tokens = scan::tokens(text)?;
        scan::refuse(text, &tokens)?;
        let names = UsedNames::of(text, &tokens, columns);
        let mut read = Self {
            text: text.to_owned(),
            pieces: Vec::new(),
            names,
            is_untyped: scan::is_untyped(text, &tokens),
        };
        let mut copied = 0;
        for (at, token) in tokens.iter().enumerate() {
            let Some(column) = column(&tokens, at, columns) else { continue };
            read.pieces.push(Piece::Verbatim(text[copied..token.start].to_owned()));
            read.pieces.push(Piece::Column(column));
            copied = token.end;
        }
        read.pieces.push(Piece::Verbatim(text[copied..].to_owned()));
        Ok(read)
    }

    /// The expression over the row that SQL calls `alias`.
    pub fn sql(&self, alias: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Verbatim(text) => text.clone(),
            Piece::Column(name) => format!("{alias}.{}", quote_identifier(name)),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The expression as a value: a constant without a type is cast to `text`, which Postgres makes of it where
    /// it is selected and nowhere else. `to_json('x')` it refuses.
    pub(crate) fn into_value(mut self) -> Self {
        if self.is_untyped {
            self.pieces.push(Piece::Verbatim("::text".to_owned()));
        }
        self
    }

    /// The expression as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every column of the row that it reads.
    pub fn columns(&self) -> BTreeSet<String> {
        let column = |piece: &Piece| match piece {
            Piece::Column(name) => Some(name.clone()),
            Piece::Verbatim(_) => None,
        };
        self.pieces.iter().filter_map(column).collect()
    }

    /// Functions, operators and casts that it uses.
    pub(crate) fn names(&self) -> &UsedNames {
        &self.names
    }
}

/// Every string constant of an expression, quotes included.
///
/// # Errors
///
/// The text is not an expression.
pub(crate) fn string_constants(text: &str) -> Result<Vec<Range<usize>>, SqlTextError> {
    let strings = scan::tokens(text)?.into_iter().filter(|token| token.kind == TokenKind::Text);
    Ok(strings.map(|token| token.start..token.end).collect())
}

/// Bytes of the line breaks between two tokens, where more or less white space changes nothing.
/// A line break inside a literal or a quoted name is a part of it. None where the text has no tokens.
pub(crate) fn line_breaks_between_tokens(sql: &str) -> Vec<usize> {
    let Ok(tokens) = scan::tokens(sql) else { return Vec::new() };
    let starts = tokens.iter().map(|token| token.start).chain([sql.len()]);
    let ends = [0].into_iter().chain(tokens.iter().map(|token| token.end));
    ends.zip(starts)
        .flat_map(|(end, start)| sql[end..start].match_indices('\n').map(move |(at, _)| end + at))
        .collect()
}

/// The column that a token names, if it names one.
fn column(tokens: &[Token], at: usize, columns: &[&str]) -> Option<String> {
    let token = &tokens[at];
    let name = token.name.as_ref().filter(|name| columns.contains(&name.as_str()))?;
    let before = |back: usize| at.checked_sub(back).map(|place| &tokens[place]);
    let after = |on: usize| tokens.get(at + on);
    let is_before = |text: &str| before(1).is_some_and(|token| token.is(text));
    let is_after = |text: &str| after(1).is_some_and(|token| token.is(text));
    let is_text = |token: Option<&Token>| token.is_some_and(|token| token.kind == TokenKind::Text);
    // `interval '1' day`: no column follows a constant directly.
    let is_type = is_before("::") || is_before("as") || is_text(after(1)) || is_text(before(1));
    let is_named = is_before("collate")
        || is_after("=>")
        || (is_after(":") && after(2).is_some_and(|token| token.is("=")));
    let is_part = is_before(".") || is_after(".") || is_after("(");
    let is_extracted =
        is_before("(") && is_after("from") && before(2).is_some_and(|token| token.is("extract"));
    let is_time_zone = token.kind == TokenKind::Word
        && ((name == "at" && is_after("time")) || is_before("at") || (is_before("time") && name == "zone"));
    let is_never = token.is_reserved() || is_type || is_named || is_part || is_extracted || is_time_zone;
    (!is_never).then(|| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> String {
        SqlText::new(text, &["quantity", "price", "Name", "date", "year", "end", "zone"])
            .expect("an expression")
            .sql("t")
    }

    #[test]
    fn columns_are_qualified_and_nothing_else() {
        for (text, qualified) in [
            ("quantity * price", "t.quantity * t.price"),
            ("QUANTITY*2", "t.quantity*2"),
            ("upper(\"Name\") || ' price '", "upper(t.\"Name\") || ' price '"),
            ("name", "name"),
            ("date::date", "t.date::date"),
            ("cast(price as date)", "cast(t.price as date)"),
            ("date '2020-01-01' - date", "date '2020-01-01' - t.date"),
            ("extract(year from date)", "extract(year from t.date)"),
            ("case when price > 1 then 'a' end", "case when t.price > 1 then 'a' end"),
            ("\"end\" + 1", "t.\"end\" + 1"),
            ("date at time zone 'UTC'", "t.date at time zone 'UTC'"),
            ("$$price$$ || E'\\'price'", "$$price$$ || E'\\'price'"),
            ("pg_catalog.lower('x') || price", "pg_catalog.lower('x') || t.price"),
            ("price(quantity)", "price(t.quantity)"),
            ("quantity+-price", "t.quantity+-t.price"),
            ("interval '1' year + date", "interval '1' year + t.date"),
            ("\"Name\" collate \"Name\"", "t.\"Name\" collate \"Name\""),
            ("f(price => quantity)", "f(price => t.quantity)"),
        ] {
            assert_eq!(sql(text), qualified);
        }
    }

    #[test]
    fn a_constant_without_a_type_is_a_text_where_it_is_a_value() {
        for (text, value) in [
            ("'x'", "'x'::text"),
            ("('x')", "('x')::text"),
            ("E'x'", "E'x'::text"),
            ("$$x$$", "$$x$$::text"),
            ("null", "null::text"),
            ("( NULL )", "( NULL )::text"),
            ("'a'\n'b'", "'a'\n'b'::text"),
            ("b'1'", "b'1'"),
            ("X'1F'", "X'1F'"),
            ("n'x'", "n'x'"),
            ("date '2020-01-01'", "date '2020-01-01'"),
            ("'x'::date", "'x'::date"),
            ("'x' || 'y'", "'x' || 'y'"),
            ("price", "t.price"),
            ("1", "1"),
        ] {
            let read = SqlText::new(text, &["price"]).expect("an expression").into_value();
            assert_eq!((read.sql("t").as_str(), read.text()), (value, text));
        }
    }

    #[test]
    fn columns_are_known() {
        let text =
            SqlText::new("coalesce(price, quantity) + now()", &["price", "quantity"]).expect("it is one");
        assert_eq!(text.columns().into_iter().collect::<Vec<_>>(), ["price", "quantity"]);
    }

    #[test]
    fn what_is_not_one_expression_is_refused() {
        for text in [
            "",
            "1; drop table t",
            "price) or (1 = 1",
            "(price",
            "price -- all",
            "price /* all */",
            "'open",
            "\"open",
            "$$open",
            "(select 1)",
            "a, b",
            "$1",
            "price = '{rows:t.id}'",
            "array[1",
            "(price]",
            "price +-- all",
            "price */* all */ 2",
            "U&\"pr\\0069ce\"",
            "(values (price))",
            "exists (table x)",
            "sum(price) over ()",
        ] {
            assert!(SqlText::new(text, &["price"]).is_err(), "{text}");
        }
    }
}
