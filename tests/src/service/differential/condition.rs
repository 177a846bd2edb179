//! Random conditions: as a config writes them, and as SQL that is written for the truth alone.

use serde_json::{Map, Value, json};

use super::random::Random;
use super::schema::{World, literal, quoted};
use super::types::{Family, LABELS, Type};

/// A condition over a row.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test {
        column: usize,
        test: Test,
    },
    /// An expression in which `$c` stands for the column.
    Sql {
        column: usize,
        text: &'static str,
    },
}

/// What is asked of a column.
#[derive(Debug)]
pub(super) enum Test {
    Null,
    NotNull,
    Equal(Operand),
    NotEqual(Operand),
    In(Vec<Operand>, bool),
    NotIn(Vec<Operand>, bool),
    Compare(&'static str, &'static str, Operand),
    Between(Operand, Operand),
    Like(&'static str, &'static str),
    StartsWith(&'static str),
    Array(&'static str, &'static str, Vec<Operand>),
}

/// A value to compare with.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    written: Value,
    sql: String,
}

/// Names that a condition takes for something else unless they are quoted.
const WORDS: [&str; 5] = ["any", "all", "not", "sql", "exists"];

/// A column's name as a config writes it.
pub(super) fn written(name: &str) -> String {
    let is_plain = !name.contains(['.', '"']);
    if is_plain { name.to_owned() } else { quoted(name) }
}

impl Condition {
    /// A condition over some of a table's columns, if any can be asked.
    pub(super) fn new(world: &World, random: &mut Random, table: usize, depth: usize) -> Option<Self> {
        let several = |random: &mut Random| -> Option<Vec<Self>> {
            (0..random.between(1, 3)).map(|_| Self::new(world, random, table, depth - 1)).collect()
        };
        if depth > 0 {
            match random.below(10) {
                0 => return several(random).map(Self::All),
                1 | 2 => return several(random).map(Self::Any),
                3 => {
                    return Self::new(world, random, table, depth - 1)
                        .map(|inner| Self::Not(Box::new(inner)));
                }
                _ => {}
            }
        }
        let columns = &world.tables[table].columns;
        for _ in 0..8 {
            let column = random.below(columns.len());
            if random.chance(15)
                && let Some(text) = expression(random, &columns[column].of)
            {
                return Some(Self::Sql { column, text });
            }
            if let Some(test) = Test::new(random, &columns[column].of, columns[column].not_null) {
                return Some(Self::Test { column, test });
            }
        }
        None
    }

    /// The mapping that a config holds.
    pub(super) fn written(&self, world: &World, table: usize) -> Map<String, Value> {
        let name = |column: &usize| &world.tables[table].columns[*column].name;
        let each = |parts: &[Self]| -> Vec<Value> {
            parts.iter().map(|part| Value::Object(part.written(world, table))).collect()
        };
        let (key, value) = match self {
            Self::All(parts) => ("all".to_owned(), Value::from(each(parts))),
            Self::Any(parts) => ("any".to_owned(), Value::from(each(parts))),
            Self::Not(inner) => ("not".to_owned(), Value::Object(inner.written(world, table))),
            Self::Sql { column, text } => {
                ("sql".to_owned(), Value::from(text.replace("$c", &quoted(name(column)))))
            }
            Self::Test { column, test } => {
                let name = name(column);
                let key = if WORDS.contains(&name.as_str()) { quoted(name) } else { written(name) };
                (key, test.written())
            }
        };
        Map::from_iter([(key, value)])
    }

    /// SQL over the row of that alias: true or false, never null.
    pub(super) fn sql(&self, world: &World, table: usize, alias: &str) -> String {
        let column =
            |column: &usize| format!("{alias}.{}", quoted(&world.tables[table].columns[*column].name));
        let joined = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.sql(world, table, alias)).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Self::All(parts) => joined(parts, " and "),
            Self::Any(parts) => joined(parts, " or "),
            Self::Not(inner) => format!("(not {})", inner.sql(world, table, alias)),
            Self::Sql { column: at, text } => format!("coalesce({}, false)", text.replace("$c", &column(at))),
            Self::Test { column: at, test } => test.sql(&column(at), &world.tables[table].columns[*at].of),
        }
    }
}

/// An expression of type boolean over a column of this type.
fn expression(random: &mut Random, of: &Type) -> Option<&'static str> {
    let own: &[&str] = match of.family() {
        _ if of.array => &["cardinality($c) > 1", "$c is not null"],
        Family::Integer => &["$c > 0", "$c % 2 = 0", "$c is null"],
        Family::Text if !of.folds() => {
            &["length($c) > 2", "upper($c) = 'A'", "$c <> E'two\\nlines\\r\\ttab'"]
        }
        Family::Boolean => &["$c", "not $c"],
        Family::Date => &["$c > date '2000-01-01'"],
        _ => &["$c is not null"],
    };
    random.pick_some(own).copied()
}

impl Test {
    fn new(random: &mut Random, of: &Type, not_null: bool) -> Option<Self> {
        if !not_null && random.chance(15) {
            return Some(if random.chance(50) { Self::Null } else { Self::NotNull });
        }
        let mut values: Vec<Operand> =
            (0..random.between(1, 3)).map(|_| operand(random, of)).collect::<Option<_>>()?;
        values.dedup_by(|a, b| a.sql == b.sql);
        let first = values[0].clone();
        if of.array {
            let (word, operator) = *random.pick(&[("contains", "@>"), ("overlaps", "&&")]);
            return Some(Self::Array(word, operator, values));
        }
        let is_plain_text = of.family() == Family::Text && !of.folds() && !of.base.sql.contains("char\"");
        let takes_order = !matches!(of.family(), Family::Boolean | Family::Uuid);
        Some(match random.below(10) {
            0 => Self::NotEqual(first),
            1 | 2 => Self::In(values, !not_null && random.chance(30)),
            3 => Self::NotIn(values, !not_null && random.chance(30)),
            4 | 5 if takes_order => {
                let (word, operator) =
                    *random.pick(&[("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">=")]);
                Self::Compare(word, operator, first)
            }
            6 if takes_order && of.family() == Family::Integer => Self::Between(number("-1"), number("100")),
            7 if is_plain_text => {
                let (word, pattern) =
                    *random.pick(&[("like", "a%"), ("like", "%s%"), ("ilike", "A%"), ("like", "_")]);
                Self::Like(word, pattern)
            }
            8 if is_plain_text => Self::StartsWith(random.word(&["a", "it's", "{rows:", "\\", " "])),
            _ => Self::Equal(first),
        })
    }

    fn written(&self) -> Value {
        let list = |values: &[Operand], null: bool| {
            let mut all: Vec<Value> = values.iter().map(|value| value.written.clone()).collect();
            if null {
                all.push(Value::Null);
            }
            Value::from(all)
        };
        let one = |word: &str, value: Value| Value::Object(Map::from_iter([(word.to_owned(), value)]));
        match self {
            Self::Null => Value::Null,
            Self::NotNull => one("ne", Value::Null),
            Self::Equal(value) => value.written.clone(),
            Self::NotEqual(value) => one("ne", value.written.clone()),
            Self::In(values, null) => list(values, *null),
            Self::NotIn(values, null) => one("ne", list(values, *null)),
            Self::Compare(word, _, value) => one(word, value.written.clone()),
            Self::Between(low, high) => one("between", json!([low.written, high.written])),
            Self::Like(word, pattern) => one(word, json!(pattern)),
            Self::StartsWith(start) => one("starts_with", json!(start)),
            Self::Array(word, _, values) => one(word, list(values, false)),
        }
    }

    fn sql(&self, column: &str, of: &Type) -> String {
        let known = |sql: String| format!("coalesce({sql}, false)");
        let any_of = |values: &[Operand], null: bool| {
            let mut all: Vec<String> =
                values.iter().map(|value| known(format!("{column} = {}", value.sql))).collect();
            if null {
                all.push(format!("{column} is null"));
            }
            format!("({})", all.join(" or "))
        };
        match self {
            Self::Null => format!("({column} is null)"),
            Self::NotNull => format!("({column} is not null)"),
            Self::Equal(value) => known(format!("{column} = {}", value.sql)),
            Self::NotEqual(value) => format!("(not {})", known(format!("{column} = {}", value.sql))),
            Self::In(values, null) => any_of(values, *null),
            Self::NotIn(values, null) => format!("(not {})", any_of(values, *null)),
            Self::Compare(_, operator, value) => known(format!("{column} {operator} {}", value.sql)),
            Self::Between(low, high) => {
                known(format!("{column} >= {} and {column} <= {}", low.sql, high.sql))
            }
            Self::Like(word, pattern) => known(format!("{column}::text {word} {}", literal(pattern))),
            Self::StartsWith(start) => {
                known(format!("substr({column}::text, 1, length({0})) = {0}", literal(start)))
            }
            Self::Array(_, operator, values) => {
                let items: Vec<&str> = values.iter().map(|value| value.sql.as_str()).collect();
                let element = of.spelled_element();
                known(format!("{column} {operator} array[{}]::{element}[]", items.join(", ")))
            }
        }
    }
}

/// A value that a config can write for this type.
fn operand(random: &mut Random, of: &Type) -> Option<Operand> {
    let text = |text: &str| Operand { written: json!(text), sql: literal(text) };
    let texts = |random: &mut Random, all: &[&str]| text(random.word(all));
    Some(match of.family() {
        Family::Integer => number(random.word(&["0", "1", "2", "-1", "7", "100"])),
        Family::Numeric => number(random.word(&["0", "1.1", "-7", "12", "0.5"])),
        Family::Float => {
            let digits = random.pick(&["0", "1.1", "0.1", "-2.5", "10000000000.0"]);
            Operand { sql: literal(digits), ..number(digits) }
        }
        Family::Text if !of.base.sql.contains("char\"") => {
            texts(random, &["a", "A", "b", "it's", "{rows:t.id}", "two\nlines\r\ttab", "1.50", "null"])
        }
        Family::Char => texts(random, &["a", "ab", "it's", "zz"]),
        Family::Enum => texts(random, &LABELS[..LABELS.len() - 1]),
        Family::Uuid => texts(random, &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        Family::Boolean => {
            let value = random.chance(50);
            Operand { written: json!(value), sql: value.to_string() }
        }
        Family::Date => texts(random, &["2020-02-29", "1970-01-01", "10000-01-01"]),
        Family::Timestamp => texts(random, &["2020-02-29T12:34:56.789", "2024-06-01", "1970-01-01 00:00:00"]),
        Family::TimestampTz => texts(random, &["2020-02-29T12:34:56.789Z", "2024-06-01T02:00:00+02:00"]),
        Family::Time => texts(random, &["12:34:56.789", "09:05:00"]),
        Family::Inet => texts(random, &["10.0.0.1", "::1"]),
        _ => return None,
    })
}

fn number(digits: &str) -> Operand {
    let written = serde_json::from_str(digits).expect("digits are JSON");
    Operand { written, sql: digits.to_owned() }
}
