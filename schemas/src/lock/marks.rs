//! The marks in a lock's queries that the runtime replaces: `{rows:o.id}` and `{range:o.id}`.
//!
//! They are the only place where text enters a query of the lock. Their columns are plain `alias.name`, one
//! for each part of the document's key.

use crate::name::Ident;

/// A place that the runtime fills; the columns are as SQL spells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// `{rows:…}`, in a node: the requested keys, or a range of them.
    Rows(Vec<&'a str>),
    /// `{range:…}`, in `bound` and `resolve`: a range of keys.
    Range(Vec<&'a str>),
}

impl<'a> Mark<'a> {
    /// Its columns, one for each part of the document's key.
    pub fn columns(&self) -> &[&'a str] {
        match self {
            Self::Rows(columns) | Self::Range(columns) => columns,
        }
    }
}

/// A stretch of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stays as it is; never empty.
    Text(&'a str),
    /// A mark to be replaced.
    Mark(Mark<'a>),
}

/// A mark that is not spelled as the lock spells it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid mark `{mark}`: expected columns as `alias.name`, separated by a comma and a space, with `}}` at the end"
)]
pub struct MarkError {
    /// Where it begins, in bytes from the start of the query.
    pub at: usize,
    /// Its first characters, for the message.
    pub mark: String,
}

/// The most characters of a wrong mark that an error repeats.
const SHOWN_CHARACTERS_MAX: usize = 40;

/// Parts a query at its marks. The pieces are the whole query in order.
pub fn pieces(sql: &str) -> Result<Vec<Piece<'_>>, MarkError> {
    let mut pieces = Vec::new();
    let mut text_from = 0;
    let mut at = 0;
    while let Some(brace) = sql[at..].find('{') {
        let start = at + brace;
        at = start + 1;
        let Some((make, columns_text)) = opening(&sql[start..]) else { continue };
        let Some((columns, after)) = columns(columns_text) else {
            let mark = sql[start..].chars().take(SHOWN_CHARACTERS_MAX).collect();
            return Err(MarkError { at: start, mark });
        };
        if text_from < start {
            pieces.push(Piece::Text(&sql[text_from..start]));
        }
        pieces.push(Piece::Mark(make(columns)));
        at = sql.len() - after.len();
        text_from = at;
    }
    if text_from < sql.len() {
        pieces.push(Piece::Text(&sql[text_from..]));
    }
    Ok(pieces)
}

type MakeMark<'a> = fn(Vec<&'a str>) -> Mark<'a>;

fn opening(text: &str) -> Option<(MakeMark<'_>, &str)> {
    let rows = text.strip_prefix("{rows:").map(|rest| (Mark::Rows as MakeMark<'_>, rest));
    rows.or_else(|| text.strip_prefix("{range:").map(|rest| (Mark::Range as MakeMark<'_>, rest)))
}

/// The columns up to `}` and what follows it.
fn columns(text: &str) -> Option<(Vec<&str>, &str)> {
    let mut columns = Vec::new();
    let mut rest = text;
    loop {
        let length = column_length(rest)?;
        columns.push(&rest[..length]);
        rest = &rest[length..];
        if let Some(after) = rest.strip_prefix('}') {
            return Some((columns, after));
        }
        rest = rest.strip_prefix(", ")?;
    }
}

/// Length of the `alias.name` in front of a text, bytes.
fn column_length(text: &str) -> Option<usize> {
    let alias = plain_length(text);
    let name = text[alias..].strip_prefix('.').filter(|_| alias > 0)?;
    let length = if name.starts_with('"') { quoted_length(name)? } else { plain_length(name) };
    // One spelling for each name: what needs no quotes has none.
    let parsed: Ident = name[..length].parse().ok()?;
    (parsed.to_string() == name[..length]).then_some(alias + 1 + length)
}

fn plain_length(text: &str) -> usize {
    let plain = |byte: u8| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let length = text.bytes().take_while(|byte| plain(*byte)).count();
    if text.starts_with(|first: char| first.is_ascii_digit()) { 0 } else { length }
}

fn quoted_length(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find('"')? + 1;
        if !text[at..].starts_with('"') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_at_any_depth_and_the_rest_stays() {
        let sql = "select '{' from (select 1 where {rows:o.id}) where {range:o.a, o.\"B}\"\", \"}";
        assert_eq!(
            pieces(sql),
            Ok(vec![
                Piece::Text("select '{' from (select 1 where "),
                Piece::Mark(Mark::Rows(vec!["o.id"])),
                Piece::Text(") where "),
                Piece::Mark(Mark::Range(vec!["o.a", "o.\"B}\"\", \""])),
            ])
        );
    }

    #[test]
    fn a_query_without_marks_is_one_text() {
        for sql in ["'{\"id\":'", "{", "{row:o.id}", "'{' || 'range:o.id}'", "{ rows:o.id}"] {
            assert_eq!(pieces(sql), Ok(vec![Piece::Text(sql)]), "{sql}");
        }
        assert_eq!(pieces(""), Ok(vec![]));
    }

    #[test]
    fn only_plain_columns_are_taken() {
        for columns in [
            "",
            "id",
            "o.",
            ".id",
            "o.id,o.b",
            "o.id , o.b",
            "o.id;",
            "o.Id",
            "o.\"id\"",
            "o.\"Id",
            "\"O\".id",
            "1o.id",
            "o.id::text",
            "o.a.b",
            "o.id, ",
            " o.id",
            "o.\"\"",
            "o.ä",
        ] {
            let sql = format!("where {{rows:{columns}}}");
            let error = pieces(&sql).expect_err(columns);
            assert_eq!(error.at, 6, "{columns}");
            assert!(pieces(&sql.replace("rows", "range")).is_err(), "{columns}");
        }
        assert!(pieces("{rows:o.id").is_err());
    }
}
