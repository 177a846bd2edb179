//! `filter-type-mismatch`: a condition compares a column with a value or by an operator that does not fit its type.

use flusso_schemas::name::Ident;

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "filter-type-mismatch",
    level: Level::Deny,
    adjustable: false,
    group: Group::Relations,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A condition compares a column with a value or by an operator that does not fit its type.",
    why: "\
Postgres would refuse the query, at once or at the first row that it reads, and the index could not be filled. Or the \
value is ambiguous: a time without an offset is another moment in every session. Write a value of the column's type, \
another operator, or an expression with `sql`.",
    example: None,
};

/// What a value is compared with.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The name as the file writes it.
    pub name: &'a str,
    /// The type as Postgres prints it, such as `character varying(20)`.
    pub pg_type: String,
    /// What a note says of it.
    pub note: &'a str,
}

/// What is wrong with a pattern, after what it is.
pub(crate) const LONE_ESCAPE: &str =
    "ends with a lone `\\`, which escapes nothing: Postgres fails at the first row that matches up to there";

impl Column<'_> {
    /// PREPARE accepts the comparison, but the first row fails.
    pub fn no_equality(&self, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(place, format!("`{name}` is `{pg_type}`, which has no equality operator"))
            .help(format!("compare its text instead: `sql: \"{}::text = '…'\"`", Ident::new(*name)))
    }

    /// One value where the column is a list; `value` as YAML has it.
    pub fn list_with_one_value(&self, value: &str, place: Place) -> Diagnostic {
        self.at(place, format!("`{}` is a list, but this is a single value", self.name))
            .help(format!("write `{{ contains: {value} }}`"))
    }

    /// A list or map where one value is expected; `found` in words.
    pub fn one_value(&self, found: &str, place: Place) -> Diagnostic {
        self.at(place, format!("expected one value for `{}`, found {found}", self.name))
            .help("write one value")
    }

    /// An operator that the type does not have; `needs` in words: `a list or a range`.
    pub fn operator(&self, operator: &str, needs: &str, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(place, format!("`{operator}` needs {needs}, but `{name}` is `{pg_type}`"))
            .help("compare it with another operator, or write `sql: \"…\"`")
    }

    /// PREPARE takes it, and the first row fails.
    pub fn nondeterministic_collation(&self, operator: &str, place: Place) -> Diagnostic {
        let name = self.name;
        self.at(
            place,
            format!(
                "`{name}` has a nondeterministic collation: Postgres rejects `{operator}` on it at the first row"
            ),
        )
        .help(format!("write the test with `sql`, over `{} collate \"C\"`", Ident::new(name)))
    }

    /// A pattern whose last backslash is not itself escaped.
    pub fn lone_escape(&self, pattern: &str, place: Place) -> Diagnostic {
        self.at(place, format!("the pattern for `{}` {LONE_ESCAPE}", self.name)).help(format!(
            "write `'{}\\'` to match a backslash there, or remove it",
            pattern.replace('\'', "''")
        ))
    }

    /// A text that is not JSON; `quoted` is the JSON string of it, as YAML.
    pub fn not_json(&self, text: &str, quoted: &str, place: Place) -> Diagnostic {
        self.at(place, format!("`{text}` is not JSON, but `{}` is `jsonb`", self.name))
            .help(format!("write a map or a list as YAML, or {quoted} for that text"))
    }

    /// A text that Postgres would cut to what the type holds, and compare with that.
    pub fn longer_than_type(&self, text: &str, bytes_max: usize, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(place, format!("`{name}` is never `{text}`: a value of `{pg_type}` is shorter"))
            .help(format!("write at most {}", counted(bytes_max, "byte")))
    }

    /// An offset that Postgres would drop; `local` is the value without it.
    pub fn with_offset(&self, value: &str, local: &str, place: Place) -> Diagnostic {
        self.at(place, format!("`{value}` has an offset, which is dropped: `{}` has no time zone", self.name))
            .help(format!("write the time as the column holds it, without an offset: `{local}`"))
    }

    /// A time that is another instant in every session.
    pub fn without_offset(&self, value: &str, place: Place) -> Diagnostic {
        let name = self.name;
        self.at(
            place,
            format!("`{value}` has no time zone offset, but `{name}` has one, so the instant is ambiguous"),
        )
        .help(format!("write `{value}Z`, or another offset such as `+02:00`"))
    }

    /// A scalar that was meant as text; `found` is what YAML makes of it.
    pub fn unquoted_text(&self, text: &str, found: &str, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(
            place.clone(),
            format!("`{text}` is {found} in YAML, but `{name}` is `{pg_type}`, so no row would match"),
        )
        .instead(place, format!("\"{text}\""))
    }

    /// A scalar that is not a boolean; `meant` is the one that must be meant.
    pub fn not_boolean(&self, text: &str, found: &str, meant: Option<&str>, place: Place) -> Diagnostic {
        let diagnostic =
            self.at(place.clone(), format!("`{text}` is {found} in YAML, but `{}` is `boolean`", self.name));
        match meant {
            Some(meant) => diagnostic.instead(place, meant),
            None => diagnostic.help("write `true` or `false`"),
        }
    }

    /// A number in quotes.
    pub fn quoted_number(&self, number: &str, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(place.clone(), format!("`{number}` is quoted text, but `{name}` is `{pg_type}`"))
            .help(format!("write `{number}` without quotes"))
            .fix(place, number)
    }

    /// A value that is not one of the type; `expected` is its noun with an article, `form` how it is written.
    pub fn not_a(&self, expected: &str, text: &str, form: &str, place: Place) -> Diagnostic {
        let Self { name, pg_type, .. } = self;
        self.at(place, format!("`{text}` is not {expected}, but `{name}` is `{pg_type}`"))
            .help(format!("write {form}"))
    }

    /// A scalar for a type that is compared with text alone.
    pub fn unquoted(&self, text: &str, place: Place) -> Diagnostic {
        self.at(place, format!("`{}` cannot be compared with `{text}`", self.name))
            .help(format!("quote it: `\"{text}\"`"))
    }

    fn at(&self, place: Place, message: String) -> Diagnostic {
        LINT.at(place, message).note(self.note)
    }
}

/// A comparison that the server refuses; `words` are its own. Whether it names the value says which part is wrong.
pub fn refused(table: &str, is_value: bool, words: &str, place: Place) -> Diagnostic {
    let message = match is_value {
        true => format!("a compared value does not have the type of its column of `{table}`"),
        false => format!("Postgres rejects this comparison over `{table}`"),
    };
    LINT.at(place, message)
        .note(format!("Postgres: {words}"))
        .help("compare with a value of the column's type, or write `sql: \"…\"`")
}
