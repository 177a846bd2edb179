//! Fields: one table whose keys depend on the form, and the mappings within them.

use super::Value::{
    Any, Boolean, Constant, Either, Fields, In, Kind, OneOrMore, Options, SubfieldKind, Text, Whole, Word,
};
use super::condition::CONDITION;
use super::{
    EMPTY, Example, Forms, Key, KeyTable, Level, NO_MOST, Names, OptionsOf, Others, Place, Value, key, words,
};

/// Directions of an order.
pub(crate) const DIRECTIONS: [(&str, bool); 2] = [("asc", false), ("desc", true)];

/// Where nulls are in an order.
pub(crate) const NULLS: [(&str, bool); 2] = [("first", true), ("last", false)];

/// How a list of objects is mapped.
pub(crate) const LISTS: [(&str, bool); 2] = [("nested", true), ("object", false)];

static DIRECTION_WORDS: [&str; 2] = words(&DIRECTIONS);
static NULLS_WORDS: [&str; 2] = words(&NULLS);
static LIST_WORDS: [&str; 2] = words(&LISTS);

/// A column, or an expression.
const SOURCE: Value = Either(&[Text, In(&EXPRESSION)]);

/// Tables on the way.
const HOP_OR_TABLE: Value = Either(&[Text, In(&HOP)]);

static PAIRS: Names = Names { name: "REFERRING", reserved: "", value: Text, least: 1 };

/// Columns of one side, or pairs of both.
const VIA: Value = Either(&[OneOrMore(&Text), Value::Map(&PAIRS)]);

const VIA_KEY: Key = key(
    "via",
    VIA,
    "The columns that join: those of the referring table, or `{ referring: referred }` pairs.",
)
.default("the one foreign key between the two tables");

static SUBFIELDS: Names = Names {
    name: "NAME",
    reserved: "^$|^\\s|\\s$|\\.",
    value: Either(&[SubfieldKind, In(&SUBFIELD)]),
    least: 0,
};

const fn head(name: &'static str, forms: Forms, docs: &'static str) -> Key {
    key(name, Text, docs).required().of(forms)
}

/// Every form with a kind that may have parameters of its mapping.
const WITH_OPTIONS: Forms = Forms::OF_KIND.and(Forms::CONSTANT_OF_KIND);

/// A field, in every form.
pub static FIELD: KeyTable = KeyTable {
    name: "a field",
    title: "Fields",
    docs: "A field is the name of a kind, which reads the column of the field's name, or a map. What a map is depends on \
its head: `belongs_to`, `has_one`, `has_many` and `many_to_many` are relations, `count`, `sum`, `avg`, `min`, `max` and \
`exists` aggregates, `constant` a constant. Without a head, `kind` makes a value of the row, and `fields` alone an object \
over the row. A document key has no dot, no space at either end, and at the root no leading underscore.",
    keys: &[
        head("avg", Forms::AVGS, "The table whose rows are averaged over."),
        head(
            "belongs_to",
            Forms::BELONGS_TO_OBJECT.and(Forms::BELONGS_TO_VALUE),
            "The table that this row refers to.",
        ),
        key("column", SOURCE, "The column, or `{ sql: … }`, that it reads.")
            .default("the field's name")
            .of(Forms::SCALAR),
        key("constant", Constant, "The value of every document.").required().of(Forms::CONSTANTS),
        key("copy_from", Any, "Fields whose values are searched as one.").not_yet().of(Forms::OF_KIND),
        head("count", Forms::COUNTS, "The table whose rows are counted."),
        key("default", Any, "The value that replaces null in the document.")
            .of(Forms::SCALAR.and(Forms::TO_ONE_VALUE).and(Forms::MAYBE_NULL)),
        key("description", Text, "What the field is, for readers of the file."),
        key("distinct", Boolean, "Whether equal values, or rows, occur once.")
            .default("false")
            .of(Forms::TO_MANY),
        key("distinct", Boolean, "Whether equal values of `of` are counted once.")
            .default("false")
            .beside(&["of"])
            .of(Forms::COUNTS),
        head("exists", Forms::EXISTS, "The table that is looked into for a row."),
        key("fields", Fields(Level::Object), "What the object holds.")
            .required()
            .of(Forms::OBJECT.and(Forms::OF_OBJECTS)),
        head(
            "has_many",
            Forms::HAS_MANY_OBJECTS.and(Forms::HAS_MANY_VALUES),
            "The table whose rows refer to this one.",
        ),
        head("has_one", Forms::HAS_ONE, "The table with one row that references this one."),
        key("kind", Kind, "What the value is in the index (docs/kinds.md).")
            .required()
            .of(Forms::SCALAR.and(Forms::OF_VALUES).and(Forms::SUM_MIN_MAX)),
        key("kind", Kind, "What the average is in the index.").default("double").of(Forms::AVGS),
        key("kind", Kind, "What the constant is in the index.").default("by its value").of(Forms::CONSTANTS),
        key("kind", Value::CountKind, "What the count is in the index.").default("long").of(Forms::COUNTS),
        key("kind", Word(&LIST_WORDS, &[]), "How OpenSearch maps the list of objects.")
            .default("nested")
            .of(Forms::HAS_MANY_OBJECTS.and(Forms::MANY_TO_MANY_OBJECTS)),
        key("limit", Whole(1, NO_MOST), "Most rows, counted after `where`, `distinct` and the order.")
            .of(Forms::TO_MANY),
        head("many_to_many", Forms::MANY_TO_MANY, "The table behind the junction."),
        head("max", Forms::MAX, "The table whose largest value is taken."),
        head("min", Forms::MIN, "The table whose smallest value is taken."),
        key("of", SOURCE, "The column or expression that is computed over.").required().of(Forms::MAYBE_NULL),
        key("of", SOURCE, "The column or expression whose values that are not null are counted.")
            .of(Forms::COUNTS),
        key("options", Options(OptionsOf::Object), "Parameters of the object's mapping.")
            .of(Forms::OBJECT.and(Forms::OF_OBJECTS)),
        key("options", Options(OptionsOf::Kind), "Parameters of the mapping, of those that the kind has.")
            .of(WITH_OPTIONS),
        key(
            "order_by",
            OneOrMore(&ORDER_ITEM_VALUE),
            "The order of the rows; of `has_one` it says which is shown.",
        )
        .default("the value, or the key of the related table")
        .of(Forms::HAS_ONE.and(Forms::TO_MANY)),
        key("required", Boolean, "A promise that the value is never null, which is checked.")
            .default("false")
            .of(Forms::SCALAR.and(Forms::TO_ONE).and(Forms::MAYBE_NULL)),
        key("sql", Text, "An expression over this row's columns.").of(Forms::SCALAR).without(&["column"]),
        key("subfields", Value::Map(&SUBFIELDS), "What replaces the subfields that the kind brings.")
            .of(Forms::OF_KIND),
        head("sum", Forms::SUM, "The table whose rows are added up."),
        key("through", OneOrMore(&HOP_OR_TABLE), "Tables on the way to the related one, nearest first.").of(
            Forms::BELONGS_TO_OBJECT
                .and(Forms::BELONGS_TO_VALUE)
                .and(Forms::HAS_ONE)
                .and(Forms::HAS_MANY_OBJECTS)
                .and(Forms::HAS_MANY_VALUES)
                .and(Forms::AGGREGATES),
        ),
        key("through", Value::One(&HOP_OR_TABLE), "The junction.").required().of(Forms::MANY_TO_MANY),
        key("transforms", Any, "Changes of the text before it is indexed.").not_yet().of(Forms::OF_KIND),
        key("value", SOURCE, "The column or expression of the related row that is shown.")
            .required()
            .of(Forms::OF_VALUES),
        Key { forms: Forms::RELATIONS.and(Forms::AGGREGATES), ..VIA_KEY },
        key(
            "when",
            In(&CONDITION),
            "A condition over this row: where it does not hold, the field is as if nothing were found.",
        ),
        key("where", In(&CONDITION), "Which related rows count.").of(Forms::RELATIONS.and(Forms::AGGREGATES)),
    ],
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nnumber: { kind: identifier, required: true }\nlabel: { kind: keyword, sql: \"number || '/' || id\" }\nsource: { constant: shop }\nuser: { belongs_to: users, fields: { id: long, name: text } }\nlines: { has_many: order_items, order_by: [line], value: line, kind: integer }\nitem_count: { count: order_items, where: { quantity: { gt: 0 } } }",
    }),
    ..EMPTY
};

/// A subfield under `subfields`.
pub static SUBFIELD: KeyTable = KeyTable {
    name: "a subfield",
    title: "Subfields",
    docs: "The same value indexed in another way, reached by `field.name`. A subfield is the name of a kind, or a map.",
    keys: &[
        key("kind", SubfieldKind, "The kind.").required(),
        key("options", Options(OptionsOf::Kind), "Parameters of its mapping."),
    ],
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nnote:\n  kind: text\n  subfields:\n    exact: { kind: keyword, options: { ignore_above: 256 } }\n    suggest: search_as_you_type",
    }),
    ..EMPTY
};

/// A table on the way of a relation.
pub static HOP: KeyTable = KeyTable {
    name: "a hop",
    title: "Hops",
    docs: "A table between this one and the related one, under `through`: its name, or a map.",
    keys: &[
        key("table", Text, "The table.").required(),
        VIA_KEY,
        key("where", In(&CONDITION), "Which of its rows count."),
    ],
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nproducts:\n  has_many: products\n  through: [{ table: order_items, where: { quantity: { gt: 0 } } }]\n  value: name\n  kind: text",
    }),
    ..EMPTY
};

/// `{ sql: … }`
pub static EXPRESSION: KeyTable = KeyTable {
    name: "an expression",
    title: "Expressions",
    docs: "An expression in the place of a column. It sees one row: this one, or inside a relation the related one.",
    keys: &[
        key("sql", Text, "The expression. It must give the same for the same row at any time.").required()
    ],
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\ntotal: { sum: order_items, of: { sql: \"quantity * price\" }, kind: decimal, scale: 2 }",
    }),
    ..EMPTY
};

const ORDER_ITEM_VALUE: Value = Either(&[Text, In(&ORDER_ITEM)]);

/// An item of `order_by`.
pub static ORDER_ITEM: KeyTable = KeyTable {
    name: "an item of `order_by` with its direction",
    title: "`order_by`",
    docs: "A list of columns, of maps with one column and its direction, or of `{ sql: … }`. Ties are broken by the key, \
and nulls come last unless `nulls: first` is written.",
    keys: &[key("sql", Either(&[Text, In(&ORDER)]), "An expression over the related row.")],
    others: Some(Others {
        name: "COLUMN",
        value: Either(&[Word(&DIRECTION_WORDS, &[]), In(&ORDER)]),
        docs: "`asc` or `desc`, or a map with the place of nulls.",
    }),
    size: (1, 1),
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nitems: { has_many: order_items, order_by: [{ quantity: desc }, line], fields: { line: integer } }",
    }),
    ..EMPTY
};

/// A direction with the place of nulls.
pub static ORDER: KeyTable = KeyTable {
    name: "an item of `order_by`",
    title: "Nulls in an order",
    docs: "The direction of a column, and where nulls are.",
    keys: &[
        key("nulls", Word(&NULLS_WORDS, &[]), "Where rows without a value are.").default("last"),
        key("order", Word(&DIRECTION_WORDS, &[]), "The direction.").default("asc"),
    ],
    example: Some(Example {
        at: Place::Fields,
        text: "id: long\nitems:\n  has_many: order_items\n  order_by: [{ quantity: { order: desc, nulls: first } }]\n  fields: { line: integer }",
    }),
    ..EMPTY
};
