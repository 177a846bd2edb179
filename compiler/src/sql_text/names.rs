//! What an expression calls by name: functions, operators and casts, as far as its text says.

use std::collections::BTreeSet;

use super::scan::{Token, TokenKind};

/// A function by the name it is called by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    /// The schema, if it is written.
    pub(crate) schema: Option<String>,
    /// The function's name, folded to lower case unless quoted.
    pub(crate) name: String,
}

/// A type by the name it is cast to.
pub(crate) type Cast = Call;

/// Everything that an expression calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsedNames {
    /// Functions, and what the grammar writes like one (`coalesce(…)`).
    pub(crate) calls: BTreeSet<Call>,
    /// Operators, each as it is written.
    pub(crate) operators: BTreeSet<String>,
    /// Types that it casts to, those of several words by the first.
    pub(crate) casts: BTreeSet<Cast>,
    /// Words without parentheses that read the clock or the session.
    pub(crate) session_words: BTreeSet<String>,
    /// Columns that every table has and no user wrote (`ctid`).
    pub(crate) system_columns: BTreeSet<String>,
    /// Words of SQL's own grammar that look into text: `like`, `ilike`, `similar`, `collate`.
    pub(crate) keywords: BTreeSet<String>,
    /// The content of its string constants.
    pub(crate) constants: Vec<String>,
    /// Plain constants that are patterns of `like`, with its own escape character.
    pub(crate) patterns: Vec<String>,
}

/// Words that are calls without parentheses: all of SQL's own that are not functions of the catalog.
const SESSION_WORDS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

/// The columns of `pg_attribute` whose numbers are negative. No user can name a column so.
const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

impl UsedNames {
    /// What these tokens call; `columns` are those of the row.
    pub(super) fn of(text: &str, tokens: &[Token], columns: &[&str]) -> Self {
        let mut found = Self::default();
        for (at, token) in tokens.iter().enumerate() {
            let name = token.name.as_deref().unwrap_or_default();
            let is_before = |text: &str| at > 0 && tokens[at - 1].is(text);
            match token.kind {
                TokenKind::Text => {
                    let constant = &text[token.start..token.end];
                    found.constants.push(content(constant).to_owned());
                    if constant.starts_with('\'') && is_pattern(tokens, at) {
                        found.patterns.push(content(constant).to_owned());
                    }
                }
                TokenKind::Operator => {
                    found.operators.insert(name.to_owned());
                }
                TokenKind::Word | TokenKind::Quoted if is_before("::") || is_before("as") => {
                    found.casts.insert(type_name(tokens, at));
                }
                TokenKind::Word | TokenKind::Quoted => found.word(tokens, at, name, columns),
                TokenKind::Number | TokenKind::Sign => {}
            }
        }
        found
    }

    fn word(&mut self, tokens: &[Token], at: usize, name: &str, columns: &[&str]) {
        let token = &tokens[at];
        let next_is = |text: &str| tokens.get(at + 1).is_some_and(|next| next.is(text));
        if token.kind == TokenKind::Word && ["like", "ilike", "similar", "collate"].contains(&name) {
            self.keywords.insert(name.to_owned());
        } else if token.kind == TokenKind::Word && SESSION_WORDS.contains(&name) {
            self.session_words.insert(name.to_owned());
        } else if SYSTEM_COLUMNS.contains(&name) && !next_is("(") && !columns.contains(&name) {
            self.system_columns.insert(name.to_owned());
        } else if tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Text) {
            self.casts.insert(Cast { schema: schema(tokens, at), name: name.to_owned() });
        } else if (next_is("(") && !token.is_reserved()) || is_attribute(tokens, at) {
            self.calls.insert(Call { schema: schema(tokens, at), name: name.to_owned() });
        }
    }
}

/// Whether a constant is a pattern whose escape character is the backslash.
fn is_pattern(tokens: &[Token], at: usize) -> bool {
    const LIKE: [&str; 6] = ["like", "ilike", "~~", "~~*", "!~~", "!~~*"];
    let is_followed =
        tokens.get(at + 1).is_some_and(|next| next.is("escape") || next.kind == TokenKind::Operator);
    at > 0 && LIKE.iter().any(|word| tokens[at - 1].is(word)) && !is_followed
}

/// Whether it is the name after a value of several columns, which may be a function too: `(row).name`.
fn is_attribute(tokens: &[Token], at: usize) -> bool {
    at > 1 && tokens[at - 1].is(".") && (tokens[at - 2].is(")") || tokens[at - 2].is("]"))
}

/// The schema that is written before a name.
fn schema(tokens: &[Token], at: usize) -> Option<String> {
    let is_qualified = at > 1 && tokens[at - 1].is(".");
    is_qualified.then(|| tokens[at - 2].name.clone()).flatten().filter(|_| !is_attribute(tokens, at))
}

/// A type by the last parts of its qualified name.
fn type_name(tokens: &[Token], at: usize) -> Cast {
    let mut last = at;
    while tokens.get(last + 1).is_some_and(|next| next.is(".")) && tokens.get(last + 2).is_some() {
        last += 2;
    }
    let schema = (last > at).then(|| tokens[last - 2].name.clone()).flatten();
    Cast { schema, name: tokens[last].name.clone().unwrap_or_default() }
}

/// A string constant without its quotes; escapes stay as they are written.
fn content(constant: &str) -> &str {
    let opened = constant.split_once(['\'', '$']).map_or(constant, |(_, rest)| rest);
    opened.strip_suffix(['\'', '$']).unwrap_or(opened)
}

#[cfg(test)]
mod tests {
    use super::super::SqlText;
    use super::*;

    fn names(text: &str) -> UsedNames {
        SqlText::new(text, &["price", "addr", "xmin_"]).expect("an expression").names().clone()
    }

    fn calls(text: &str) -> Vec<String> {
        let called = names(text).calls;
        let spelled = called.into_iter().map(|call| match call.schema {
            Some(schema) => format!("{schema}.{}", call.name),
            None => call.name,
        });
        spelled.collect()
    }

    #[test]
    fn functions_are_found_with_their_schema() {
        assert_eq!(calls("coalesce(price, 1) + now()"), ["coalesce", "now"]);
        assert_eq!(calls("shop.\"F\" (price) in (1, 2)"), ["shop.F"]);
        assert_eq!(calls("(addr).f"), ["f"]);
        assert_eq!(calls("price and (price)"), [""; 0]);
    }

    #[test]
    fn operators_casts_and_words_are_found() {
        let found =
            names("price||'a'::shop.label -current_date >= cast(ctid as text) and date 'today' is null");
        assert_eq!(found.operators.into_iter().collect::<Vec<_>>(), ["-", ">=", "||"]);
        let casts: Vec<String> =
            found.casts.into_iter().map(|cast| cast.schema.unwrap_or_default() + "." + &cast.name).collect();
        assert_eq!(casts, [".date", ".text", "shop.label"]);
        assert_eq!(found.session_words.into_iter().collect::<Vec<_>>(), ["current_date"]);
        assert_eq!(found.system_columns.into_iter().collect::<Vec<_>>(), ["ctid"]);
        assert_eq!(found.constants, ["a", "today"]);
    }

    #[test]
    fn patterns_are_plain_constants_after_like() {
        let found = |text: &str| names(text).patterns;
        assert_eq!(found("price like 'a\\' or price not ilike 'b' and price ~~ 'c'"), ["a\\", "b", "c"]);
        for text in
            ["price = 'a\\'", "price like 'a\\' escape '#'", "price like 'a\\' || '%'", "price like E'a\\\\'"]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
