//! Tokens of an SQL expression: enough to distinguish columns, strings, types and functions.

use flusso_schemas::name::is_reserved;

use super::SqlTextError;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An identifier or keyword without quotes.
    Word,
    /// An identifier in double quotes.
    Quoted,
    /// A string constant of any form.
    Text,
    /// A number, with its point and exponent.
    Number,
    /// Punctuation: `::` is one token, every other character its own.
    Sign,
    /// An operator, as many characters as Postgres takes for one.
    Operator,
}

/// One token with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// An identifier as the catalog holds it, or a sign.
    pub(super) name: Option<String>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Sign | TokenKind::Operator)
            && self.name.as_deref() == Some(text)
    }

    /// Whether it is a word that Postgres reserves, so that it names no column without quotes.
    pub(super) fn is_reserved(&self) -> bool {
        self.kind == TokenKind::Word && self.name.as_deref().is_some_and(is_reserved)
    }
}

/// Splits a text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SqlTextError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let token = token(text, at, first)?;
        at = token.end;
        found.push(token);
    }
    Ok(found)
}

fn token(text: &str, at: usize, first: char) -> Result<Token, SqlTextError> {
    let rest = &text[at..];
    let make =
        |kind, name: Option<String>, length: usize| Ok(Token { kind, name, start: at, end: at + length });
    let open = |what: &str| Err(SqlTextError { reason: format!("unclosed {what}"), at });
    if rest.starts_with("--") || rest.starts_with("/*") {
        return Err(SqlTextError { reason: "it contains a comment".to_owned(), at });
    }
    if rest.get(..3).is_some_and(|front| front.eq_ignore_ascii_case("u&\"")) {
        return Err(SqlTextError { reason: "a name in it uses Unicode escapes".to_owned(), at });
    }
    if let Some(length) = string_length(rest) {
        return length.map_or_else(|| open("a string"), |length| make(TokenKind::Text, None, length));
    }
    match first {
        '"' => match quoted_length(rest, '"', Escapes::No) {
            Some(length) => make(TokenKind::Quoted, Some(rest[1..length - 1].replace("\"\"", "\"")), length),
            None => open("a quoted name"),
        },
        first if first.is_alphabetic() || first == '_' => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            make(TokenKind::Word, Some(fold(&rest[..length])), length)
        }
        first if first.is_ascii_digit() => {
            let length =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
            make(TokenKind::Number, None, length)
        }
        first if OPERATOR.contains(first) => {
            let length = operator_length(rest);
            make(TokenKind::Operator, Some(rest[..length].to_owned()), length)
        }
        ':' if rest.starts_with("::") => make(TokenKind::Sign, Some("::".to_owned()), 2),
        sign => make(TokenKind::Sign, Some(sign.to_string()), sign.len_utf8()),
    }
}

/// Characters that operators are made of.
const OPERATOR: &str = "+-*/<>=~!@#%^&|`?";

/// Characters without which an operator of several characters does not end in `+` or `-`.
const OPERATOR_MARKS: &str = "~!@#%^&|`?";

/// Length of the operator at the front, by the rules of Postgres: it ends before a comment.
fn operator_length(rest: &str) -> usize {
    let end = rest.find(|c| !OPERATOR.contains(c)).unwrap_or(rest.len());
    let comment = ["--", "/*"].iter().filter_map(|opening| rest[..end].find(opening)).min();
    let mut length = comment.unwrap_or(end);
    let is_marked = rest[..length].contains(|c| OPERATOR_MARKS.contains(c));
    while length > 1 && !is_marked && rest[..length].ends_with(['+', '-']) {
        length -= 1;
    }
    length
}

/// Postgres folds A to Z; what it does to other letters depends on the encoding, so they stay.
fn fold(word: &str) -> String {
    word.to_ascii_lowercase()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Yes,
    No,
}

/// Length of the string constant at the front: `None` without one, `Some(None)` if it is not closed.
fn string_length(rest: &str) -> Option<Option<usize>> {
    if rest.starts_with('\'') {
        return Some(quoted_length(rest, '\'', Escapes::No));
    }
    for (prefix, escapes) in
        [("e'", Escapes::Yes), ("b'", Escapes::No), ("x'", Escapes::No), ("n'", Escapes::No)]
    {
        if rest.get(..2).is_some_and(|front| front.eq_ignore_ascii_case(prefix)) {
            return Some(continued_length(&rest[1..], escapes).map(|length| length + 1));
        }
    }
    if rest.get(..3).is_some_and(|front| front.eq_ignore_ascii_case("u&'")) {
        return Some(quoted_length(&rest[2..], '\'', Escapes::No).map(|length| length + 2));
    }
    let tag_end = dollar_tag(rest)?;
    let body = &rest[tag_end..];
    Some(body.find(&rest[..tag_end]).map(|end| tag_end + end + tag_end))
}

/// Length of a string constant and what continues it: after a line break another quote goes on with the same
/// string, by the same escapes.
fn continued_length(rest: &str, escapes: Escapes) -> Option<usize> {
    let length = quoted_length(rest, '\'', escapes)?;
    let after = &rest[length..];
    let next = after.trim_start();
    let gap = after.len() - next.len();
    if !next.starts_with('\'') || !after[..gap].contains('\n') {
        return Some(length);
    }
    continued_length(next, escapes).map(|more| length + gap + more)
}

/// Length of `$tag$` at the front.
fn dollar_tag(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('$')?;
    let end = inner.find('$')?;
    let tag = &inner[..end];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then_some(end + 2)
}

/// Length of a quoted text at the front, its quotes included; a doubled quote is a part of it.
fn quoted_length(rest: &str, quote: char, escapes: Escapes) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && escapes == Escapes::Yes {
            characters.next();
        } else if character == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return Some(at + 1),
            }
        }
    }
    None
}

/// Whether it is `null` or a string constant and nothing else, so that Postgres gives it no type. Constants of
/// bits (`b'1'`, `x'1F'`) and of national characters (`n'x'`) have one.
pub(super) fn is_untyped(text: &str, tokens: &[Token]) -> bool {
    let is_plain_string = |token: &&Token| {
        token.kind == TokenKind::Text && !text[token.start..].starts_with(['b', 'B', 'x', 'X', 'n', 'N'])
    };
    let inner: Vec<&Token> = tokens.iter().filter(|token| !token.is("(") && !token.is(")")).collect();
    match inner.as_slice() {
        [one] if one.is("null") => true,
        // A string continues on the next line.
        strings => !strings.is_empty() && strings.iter().all(is_plain_string),
    }
}

/// Rejects everything but a single expression over one row.
pub(super) fn refuse(text: &str, tokens: &[Token]) -> Result<(), SqlTextError> {
    let refused = |reason: &str, at: usize| Err(SqlTextError { reason: reason.to_owned(), at });
    if tokens.is_empty() {
        return refused("it is empty", 0);
    }
    for mark in ["{rows:", "{range:"] {
        if let Some(at) = text.find(mark) {
            return refused(&format!("`{mark}` is a placeholder of flusso's own queries"), at);
        }
    }
    let mut open: Vec<&str> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let name = token.name.as_deref().unwrap_or_default();
        let opens = tokens.get(place + 1).is_some_and(|next| next.is("("));
        match (token.kind, name) {
            (TokenKind::Sign, ";") => return refused("a `;` ends it", token.start),
            (TokenKind::Sign, "$") => return refused("it contains a parameter", token.start),
            (TokenKind::Sign, "(" | "[") => open.push(name),
            (TokenKind::Sign, ")" | "]") => {
                let wanted = if name == ")" { "(" } else { "[" };
                if open.pop() != Some(wanted) {
                    return refused(&format!("unmatched `{name}`"), token.start);
                }
            }
            (TokenKind::Sign, ",") if open.is_empty() => {
                return refused("a comma parts it in two", token.start);
            }
            (TokenKind::Word, "select" | "table" | "with") => {
                return refused(&format!("`{name}` would read other rows"), token.start);
            }
            (TokenKind::Word, "values") if opens => {
                return refused("`values` would read other rows", token.start);
            }
            (TokenKind::Word, "over") if opens => {
                return refused("a window function looks at other rows", token.start);
            }
            _ => {}
        }
    }
    match open.pop() {
        Some(sign) => refused(&format!("unclosed `{sign}`"), text.len()),
        None => Ok(()),
    }
}
