//! `unknown-column`: a file names a column that the table does not have.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "unknown-column",
    level: Level::Deny,
    adjustable: false,
    group: Group::Types,
    needs: Needs::Catalog,
    exit: Exit::Findings,
    summary: "A field, key, condition or order names a column that the table does not have.",
    why: "\
Nothing can fill the field, so no document could be built. Names are exact: Postgres keeps the case of a quoted name, \
and `placedAt` is another column than `placed_at`. Where the document's key should differ from the column's name, \
write the column under `column`.",
    example: Some(Example { bad: "  numer: keyword", good: "  numer: { kind: keyword, column: number }" }),
};

/// Most columns that a note names.
const NAMED_MAX: usize = 8;

/// A column that was looked for, and the table that lacks it.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    /// The table, as its reader knows it.
    pub table: &'a str,
    /// Every column of it, in the catalog's order.
    pub columns: &'a [&'a str],
    /// What was looked for.
    pub column: &'a str,
}

/// A column named by a key, a condition or an order; `so` says what follows: `, so it cannot filter rows`.
pub fn named(missing: Missing<'_>, place: Place, so: &str) -> Diagnostic {
    let Missing { table, column, .. } = missing;
    if let Some(same) = missing.spelled_alike() {
        return LINT
            .at(place.clone(), missing.spelling(same))
            .help(format!("write `{same}`"))
            .fix(place, same);
    }
    let near = missing.near();
    let found =
        LINT.at(place.clone(), format!("`{table}` has no column `{column}`{so}")).note(missing.note(&near));
    match near.as_slice() {
        [] => found.help("name one of its columns"),
        [one] => found.help(format!("write `{one}`")).unsafe_fix(place, *one),
        near => found.help(format!("write {}", listed(near, "or"))),
    }
}

/// The column of a field. The help keeps the document's key, which is what readers of the index know; `snake_case`
/// is what `column_case: snake` makes of a key.
pub fn of_field(
    missing: Missing<'_>,
    key: &str,
    kind: &str,
    snake_case: impl Fn(&str) -> String,
    place: Place,
) -> Diagnostic {
    let Missing { table, column, .. } = missing;
    let spelled = |name: &str| format!("`{key}: {{ kind: {kind}, column: {name} }}`");
    if let Some(same) = missing.spelled_alike() {
        let every = if snake_case(key) == same {
            ", or `column_case: snake` at the top where all keys are so"
        } else {
            ""
        };
        return LINT.at(place, missing.spelling(same)).help(format!("write {}{every}", spelled(same)));
    }
    let near = missing.near();
    let message = format!("`{table}` has no column `{column}`, so field `{key}` cannot be filled");
    let found = LINT.at(place.clone(), message).note(missing.note(&near));
    match near.first() {
        Some(one) => found
            .help(format!("write `{one}`, or {} to keep the document's key", spelled(one)))
            .unsafe_fix(place, *one),
        None => found.help(format!("name the column that fills it: {}", spelled("…"))),
    }
}

/// A column that an `sql:` expression names, as the server says; the name is empty where the server does not quote it.
pub fn in_expression(missing: Missing<'_>, place: Place) -> Diagnostic {
    let Missing { table, column, .. } = missing;
    let message = match column {
        "" => format!("the expression names a column that `{table}` does not have"),
        column => format!("`{table}` has no column `{column}`, so the expression cannot be computed"),
    };
    match missing.near().as_slice() {
        [] => LINT
            .at(place, message)
            .note(missing.note(&[]))
            .help("name columns of this row only; capital letters need double quotes"),
        near => LINT.at(place, message).help(format!("write {}", listed(near, "or"))),
    }
}

/// A path such as `product.active` under `where`.
pub fn of_another_row(table: &str, path: &str, place: Place) -> Diagnostic {
    let message =
        format!("`{table}` has no column `{path}`: a condition can only use columns of its own row");
    LINT.at(place, message).help("write the condition under `where` of the relation")
}

/// `line desc` under `order_by`.
pub fn with_direction(text: &str, column: &str, direction: &str, place: Place) -> Diagnostic {
    let fixed = format!("{{ {column}: {direction} }}");
    let message = format!("`{text}` is not a column: the direction goes after a colon");
    LINT.at(place.clone(), message).help(format!("write `{fixed}`")).fix(place, fixed)
}

impl<'a> Missing<'a> {
    fn near(&self) -> Vec<&'a str> {
        close(self.column, self.columns.iter().copied())
    }

    /// The one column that differs in case and underscores only.
    fn spelled_alike(&self) -> Option<&'a str> {
        let plain = |name: &str| name.to_lowercase().replace('_', "");
        let mut alike = self.columns.iter().filter(|column| plain(column) == plain(self.column));
        let first = alike.next()?;
        alike.next().is_none().then_some(*first)
    }

    fn spelling(&self, same: &str) -> String {
        let Self { table, column, .. } = self;
        format!("`{table}` has no column `{column}`; `{same}` differs only in spelling")
    }

    /// The table's columns, those that come near first.
    fn note(&self, near: &[&str]) -> String {
        let rest = self.columns.iter().copied().filter(|name| !near.contains(name));
        let named: Vec<&str> = near.iter().copied().chain(rest).take(NAMED_MAX).collect();
        match self.columns.len().saturating_sub(named.len()) {
            0 => format!("columns: {}", listed(&named, "and")),
            more => format!("columns: `{}` and {more} more", named.join("`, `")),
        }
    }
}
