//! Conditions: `where` and `when`.

use super::{EMPTY, Example, KeyTable, Others, Place, Value, key};
use crate::grammar::Value::{Any, Either, In, OneOrMore, Raw, Text};

/// The mapping under `where` and `when`.
pub static CONDITION: KeyTable = KeyTable {
    name: "a condition",
    title: "Conditions",
    docs: "`where` says which rows count, `when` whether a field has a value in this row. Every part must hold. A \
condition sees the columns of one row; what is null holds for `null` and `ne` only.",
    keys: &[
        key("all", OneOrMore(&In(&CONDITION)), "Every one of these conditions holds."),
        key("any", OneOrMore(&In(&CONDITION)), "At least one of these conditions holds."),
        key("exists", Any, "A related row exists.").not_yet(),
        key("not", In(&CONDITION), "The condition does not hold."),
        key(
            "sql",
            Text,
            "An expression over this row that is true. It must not depend on the time of the query.",
        ),
    ],
    others: Some(Others {
        name: "COLUMN",
        value: TEST,
        docs: "The column equals the value, is one of the values of a list, is null (`null`), or passes every operator.",
    }),
    size: (1, usize::MAX),
    example: Some(Example {
        at: Place::Index,
        text: "where:\n  status: [paid, shipped]\n  note: { ne: null }\n  any: [{ id: { gte: 1000 } }, { sql: \"length(number) > 8\" }]",
    }),
    ..EMPTY
};

const TEST: Value = Either(&[Value::Test, In(&OPERATORS)]);

/// Operators of a test.
pub static OPERATORS: KeyTable = KeyTable {
    name: "a test",
    title: "Operators",
    docs: "What a column is compared with. Every operator must hold.",
    keys: &[
        key("between", Raw, "Two bounds, both included: `between: [1, 9]`."),
        key("contains", Raw, "An array holds the value, or a range or `jsonb` contains it."),
        key("gt", Raw, "Greater than the value."),
        key("gte", Raw, "Greater than the value, or equal."),
        key("ilike", Raw, "A pattern of SQL with `%` and `_`, letters of either case."),
        key("like", Raw, "A pattern of SQL with `%` and `_`."),
        key("lt", Raw, "Less than the value."),
        key("lte", Raw, "Less than the value, or equal."),
        key("ne", Raw, "Not the value, none of a list, or not null (`ne: null`)."),
        key("overlaps", Raw, "An array or a range has something in common with the value."),
        key("starts_with", Raw, "The text begins with the value."),
    ],
    size: (1, usize::MAX),
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nlarge_items: { count: order_items, where: { quantity: { gte: 10, lt: 100 } } }",
    }),
    ..EMPTY
};
