//! Types of columns: extreme values of each, the kinds that take it, and what it can stand in.

use super::random::Random;

/// A type of Postgres.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) sql: &'static str,
    pub(super) family: Family,
    pub(super) values: &'static [&'static str],
    /// Kinds with their own keys as JSON.
    pub(super) kinds: &'static [(&'static str, &'static str)],
    /// Whether ORDER BY, `min` and `max` take it.
    pub(super) ordered: bool,
}

/// Types that are rendered, compared and computed with alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Integer,
    Numeric,
    Float,
    Boolean,
    Text,
    Char,
    Enum,
    Uuid,
    Date,
    Timestamp,
    TimestampTz,
    Time,
    Interval,
    Bytea,
    Json,
    Jsonb,
    Inet,
    Cidr,
    Money,
    /// What has nothing but a text.
    Plain,
    Composite,
}

/// Texts that break careless writers of SQL, of JSON and of lines.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "b",
    "it's",
    "\"quoted\"",
    "back\\slash",
    "\\u0041 \\ud800",
    "a|b",
    "{rows:t.id}",
    "{range:x}",
    "$1 %s",
    "two\nlines\r\ttab",
    "\u{1}\u{1f}\u{7f}",
    "ä é 𝄞 \u{2028}",
    "null",
    "NaN",
    "{a,b}",
    "%_",
    "1.50",
    " padded ",
    "zzzzzzzzzzzzzzzzzzzz",
];

const SHORT_TEXTS: &[&str] = &["", "a", "A ", "ab", "it's", "\\", "é", "\"", "zz"];

const DATES: &[&str] = &[
    "2020-02-29",
    "1970-01-01",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "0044-03-15 BC",
    "4714-11-24 BC",
    "294277-01-01",
    "5874897-12-31",
    "infinity",
    "-infinity",
    "2024-06-01",
];

const TIMESTAMPS: &[&str] = &[
    "2020-02-29 12:34:56.789",
    "2020-02-29 12:34:56.000001",
    "1970-01-01 00:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59.999999",
    "10000-01-01 00:00:00",
    "4714-11-24 00:00:00 BC",
    "0044-03-15 01:02:03.5 BC",
    "294276-12-31 23:59:59.999999",
    "infinity",
    "-infinity",
    "2024-06-01 00:00:00",
];

const JSONS: &[&str] = &[
    "{}",
    "[]",
    "null",
    "1",
    "\"text\"",
    "{\"b\": 1, \"a\": [1.50, null, {\"c\": \"d\\ne\"}]}",
    "{\"\": {\"a.b\": true}}",
    "[1, [2, [3]], -0.0, 1e10, 123456789012345678901234567890.123456789]",
    "{\"long\": \"0123456789012345678901234567890123456789\"}",
];

const BARE_JSONS: &[&str] = &[
    "{\"a\": 1, \"a\": 2}",
    "{\"a\": \"\\u0000\"}",
    "{\"a\": \"\\ud800\"}",
    "{\"a\": 1e400}",
    "[1e-20000]",
    " {\n \"a\" :\t1 } ",
    "{\"e\": \"\\u00e4\", \"f\": 1.10}",
    "[]",
    "null",
    "12",
];

const NONE: &str = "{}";

/// Every type that columns may have.
pub(super) static BASES: &[Base] = &[
    Base {
        sql: "smallint",
        family: Family::Integer,
        values: &["0", "1", "-1", "7", "-32768", "32767"],
        kinds: &[
            ("short", NONE),
            ("integer", NONE),
            ("long", NONE),
            ("keyword", NONE),
            ("auto", NONE),
            ("double", NONE),
            ("decimal", NONE),
        ],
        ordered: true,
    },
    Base {
        sql: "integer",
        family: Family::Integer,
        values: &["0", "1", "2", "-1", "100", "-2147483648", "2147483647"],
        kinds: &[
            ("integer", NONE),
            ("long", NONE),
            ("keyword", NONE),
            ("auto", NONE),
            ("double", NONE),
            ("enum", "{\"labels\": {\"0\": \"none\", \"1\": \"it's \\\"one\\\"\", \"-1\": \"x\"}}"),
        ],
        ordered: true,
    },
    Base {
        sql: "bigint",
        family: Family::Integer,
        values: &["0", "1", "2", "-5", "4294967297", "-9223372036854775808", "9223372036854775807"],
        kinds: &[("long", NONE), ("keyword", NONE), ("auto", NONE), ("double", NONE)],
        ordered: true,
    },
    Base {
        sql: "real",
        family: Family::Float,
        values: &["0", "-0", "1.1", "-2.5", "1e10", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity"],
        kinds: &[("float", NONE), ("double", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "double precision",
        family: Family::Float,
        values: &[
            "0",
            "-0",
            "0.1",
            "0.2",
            "1e16",
            "1.7976931348623157e308",
            "-1e200",
            "1e200",
            "5e-324",
            "NaN",
            "Infinity",
            "-Infinity",
        ],
        kinds: &[("double", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "numeric",
        family: Family::Numeric,
        values: &[
            "0",
            "0.00",
            "1.1",
            "1.10",
            "-7.000",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e-30",
            "123456789012345678901234567890.123456789",
        ],
        kinds: &[("double", NONE), ("keyword", NONE), ("decimal", "{\"scale\": 2}")],
        ordered: true,
    },
    Base {
        sql: "numeric(12,2)",
        family: Family::Numeric,
        values: &["0", "1.10", "-0.05", "9999999999.99", "-9999999999.99", "NaN", "3"],
        kinds: &[("decimal", NONE), ("keyword", NONE), ("double", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "numeric(5,0)",
        family: Family::Numeric,
        values: &["0", "1", "-99999", "99999", "NaN", "12"],
        kinds: &[("integer", NONE), ("long", NONE), ("decimal", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "boolean",
        family: Family::Boolean,
        values: &["true", "false"],
        kinds: &[("boolean", NONE), ("auto", NONE), ("keyword", NONE)],
        ordered: true,
    },
    Base {
        sql: "text",
        family: Family::Text,
        values: TEXTS,
        kinds: &[
            ("text", NONE),
            ("keyword", NONE),
            ("identifier", NONE),
            ("search_as_you_type", NONE),
            ("auto", NONE),
            ("enum", NONE),
            ("enum", "{\"order\": [\"a\", \"it's\", \"b\"]}"),
        ],
        ordered: true,
    },
    Base {
        sql: "text collate \"differential folded\"",
        family: Family::Text,
        values: &["a", "A", "b", "B", "Ab", "aB", "", "é", "É"],
        kinds: &[("text", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "character varying(20)",
        family: Family::Text,
        values: TEXTS,
        kinds: &[("text", NONE), ("keyword", NONE), ("identifier", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "character(5)",
        family: Family::Char,
        values: SHORT_TEXTS,
        kinds: &[("text", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "name",
        family: Family::Text,
        values: SHORT_TEXTS,
        kinds: &[("keyword", NONE), ("text", NONE)],
        ordered: true,
    },
    Base {
        sql: "\"char\"",
        family: Family::Text,
        values: &["a", "b", "'", "\"", "\\"],
        kinds: &[("keyword", NONE)],
        ordered: true,
    },
    Base {
        sql: "uuid",
        family: Family::Uuid,
        values: &[
            "00000000-0000-0000-0000-000000000000",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "11111111-2222-3333-4444-555555555555",
        ],
        kinds: &[("uuid", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "date",
        family: Family::Date,
        values: DATES,
        kinds: &[("date", NONE), ("timestamp", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "timestamp without time zone",
        family: Family::Timestamp,
        values: TIMESTAMPS,
        kinds: &[
            ("timestamp", NONE),
            ("timestamp", "{\"zone\": \"Europe/Rome\"}"),
            ("timestamp", "{\"zone\": \"America/New_York\"}"),
            ("date", NONE),
            ("keyword", NONE),
            ("auto", NONE),
        ],
        ordered: true,
    },
    Base {
        sql: "timestamp with time zone",
        family: Family::TimestampTz,
        values: TIMESTAMPS,
        kinds: &[("timestamp", NONE), ("date", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "time without time zone",
        family: Family::Time,
        values: &["00:00:00", "24:00:00", "12:34:56.789", "23:59:59.999999", "09:05:00"],
        kinds: &[("time", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "interval",
        family: Family::Interval,
        values: &[
            "0",
            "1 month 2 days 03:04:05.678",
            "-1 year",
            "178000000 years",
            "-178000000 years",
            "2147483647 days",
            "1 day -00:00:00.000001",
            "90000000:00:00",
        ],
        kinds: &[("interval", NONE), ("interval", "{\"as\": \"seconds\"}"), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "bytea",
        family: Family::Bytea,
        values: &["\\x", "\\x00", "\\x00ff10", "\\xdeadbeef"],
        kinds: &[("binary", NONE)],
        ordered: true,
    },
    Base {
        sql: "json",
        family: Family::Json,
        values: BARE_JSONS,
        kinds: &[("json", NONE), ("auto", NONE)],
        ordered: false,
    },
    Base {
        sql: "jsonb",
        family: Family::Jsonb,
        values: JSONS,
        kinds: &[("json", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "inet",
        family: Family::Inet,
        values: &["10.0.0.1", "10.0.0.1/8", "::1", "2001:db8::/32", "255.255.255.255/32", "0.0.0.0/0"],
        kinds: &[("ip", NONE), ("keyword", NONE), ("auto", NONE), ("ip_range", NONE)],
        ordered: true,
    },
    Base {
        sql: "cidr",
        family: Family::Cidr,
        values: &["10.0.0.0/8", "10.0.0.1/32", "::/0", "2001:db8::/32"],
        kinds: &[("ip_range", NONE), ("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "macaddr",
        family: Family::Plain,
        values: &["08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"],
        kinds: &[("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "bit(3)",
        family: Family::Plain,
        values: &["000", "101", "111"],
        kinds: &[("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "bit varying",
        family: Family::Plain,
        values: &["", "1", "10101"],
        kinds: &[("keyword", NONE), ("auto", NONE)],
        ordered: true,
    },
    Base {
        sql: "money",
        family: Family::Money,
        values: &["0", "1.50", "-3.25", "92233720368547758.07", "-92233720368547758.08"],
        kinds: &[("keyword", NONE), ("decimal", "{\"scale\": 2}")],
        ordered: true,
    },
    Base {
        sql: "oid",
        family: Family::Plain,
        values: &["0", "1", "4294967295"],
        kinds: &[("keyword", NONE)],
        ordered: true,
    },
    Base {
        sql: "pg_lsn",
        family: Family::Plain,
        values: &["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"],
        kinds: &[("keyword", NONE)],
        ordered: true,
    },
];

/// An enum type of each case.
pub(super) static ENUM: Base = Base {
    sql: "",
    family: Family::Enum,
    values: LABELS,
    kinds: &[("enum", NONE), ("keyword", NONE), ("auto", NONE), ("text", NONE)],
    ordered: true,
};

/// Labels of it, in its order.
pub(super) const LABELS: &[&str] = &["draft", "paid", "it's \"odd\"", "Zed", "a.b (c)", ""];

/// A row type of each case.
pub(super) static COMPOSITE: Base = Base {
    sql: "",
    family: Family::Composite,
    values: &["(1,a,)", "(NaN,\"it's\",\"{\"\"a\"\":1,\"\"a\"\":2}\")", "(,,\"\"\"\\\\u0000\"\"\")"],
    kinds: &[("json", NONE)],
    ordered: false,
};

/// The type of a column.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) base: &'static Base,
    /// As DDL spells it, a domain by its name.
    pub(super) spelled: String,
    pub(super) array: bool,
}

impl Type {
    pub(super) fn of(base: &'static Base) -> Self {
        Self { base, spelled: base.sql.to_owned(), array: false }
    }

    /// The type of that spelling.
    pub(super) fn named(sql: &str) -> Self {
        Self::of(BASES.iter().find(|base| base.sql == sql).expect("it is one of them"))
    }

    pub(super) fn family(&self) -> Family {
        self.base.family
    }

    /// Whether equal values always have equal texts and a collation that tells them apart.
    pub(super) fn folds(&self) -> bool {
        self.base.sql.contains("collate")
    }

    /// How the type of an array's elements is spelled.
    pub(super) fn spelled_element(&self) -> &str {
        if self.base.sql.is_empty() { self.spelled.trim_end_matches("[]") } else { self.base.sql }
    }

    /// A value as text, of any of the type's.
    pub(super) fn value(&self, random: &mut Random) -> String {
        if !self.array {
            return (*random.pick(self.base.values)).to_owned();
        }
        let (rows, columns) = match random.below(4) {
            0 => return "{}".to_owned(),
            1 => (2, 2),
            _ => (1, random.between(1, 4)),
        };
        let row = |random: &mut Random| {
            let items: Vec<String> = (0..columns).map(|_| self.element(random)).collect();
            format!("{{{}}}", items.join(","))
        };
        if rows == 1 {
            return row(random);
        }
        let both: Vec<String> = (0..rows).map(|_| row(random)).collect();
        format!("{{{}}}", both.join(","))
    }

    fn element(&self, random: &mut Random) -> String {
        if random.chance(20) {
            return "NULL".to_owned();
        }
        let text = random.pick(self.base.values).replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{text}\"")
    }
}
