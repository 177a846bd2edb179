//! docs/config.md, printed from the tables.

use super::field::FIELD;
use super::{Example, Forms, Key, KeyTable, Names, Need, OptionsOf, Others, SettingsOf, TABLES, Value};

/// Groups of forms as docs/config.md lists the keys of a field, with what each is.
const GROUPS: &[(&str, &str, Forms)] = &[
    (
        "A value of this row",
        "`kind`, over the column of the field's name, another `column`, or `sql`.",
        Forms::SCALAR,
    ),
    ("An object over this row", "`fields` without a head.", Forms::OBJECT),
    ("A relation that shows objects", "A verb and `fields`.", Forms::OF_OBJECTS),
    ("A relation that shows values", "A verb, `value` and `kind`.", Forms::OF_VALUES),
    ("An aggregate", "One value over related rows.", Forms::AGGREGATES),
    ("A constant", "The same value in every document.", Forms::CONSTANTS),
];

/// The language reference, in Markdown.
pub fn page() -> String {
    let mut text = String::from(
        "# The language\n\nEvery key of `flusso.yml` and of the index files, with what it takes. Printed from the tables that \
the reader itself uses; schemas/json/project.schema.json and schemas/json/index.schema.json are printed from the same ones.\n\n\
Editors with the YAML language server complete and check a file whose first line names its schema, by a path or a URL:\n\n\
```yaml\n# yaml-language-server: $schema=../schemas/json/index.schema.json\n```\n\n\
A schema cannot say everything: whether a table, a column or an analyzer exists, whether a kind fits a type and what two \
files say together is what `flusso check` says.\n",
    );
    for table in TABLES {
        text.push_str(&section(table));
    }
    text
}

fn section(table: &KeyTable) -> String {
    let mut text = format!("\n## {}\n\n{}\n", table.title, table.docs);
    if std::ptr::eq(table, &FIELD) {
        text.push_str(&fields());
    } else {
        text.push_str(&format!("\n{}", table_of(table.keys.iter(), table.others.as_ref())));
    }
    if let Some(Example { text: example, .. }) = &table.example {
        text.push_str(&format!("\n```yaml\n{example}\n```\n"));
    }
    text
}

/// The keys of a field by groups of forms; what all forms take comes first.
fn fields() -> String {
    let is_common = |key: &&Key| Forms::each().all(|form| key.forms.meet(form));
    let mut text = format!("\n### Every field\n\n{}", keys_table(FIELD.keys.iter().filter(is_common)));
    for (title, what, forms) in GROUPS {
        let keys = FIELD.keys_of(*forms).filter(|key| !is_common(key));
        text.push_str(&format!("\n### {title}\n\n{what}\n\n{}", table_in(keys, *forms)));
    }
    text
}

/// The keys of a table in Markdown.
pub(crate) fn keys_table<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    table_of(keys, None)
}

fn table_of<'a>(keys: impl Iterator<Item = &'a Key>, others: Option<&Others>) -> String {
    let mut text = head();
    keys.for_each(|key| text.push_str(&row(key, key.forms, key.forms)));
    if let Some(others) = others {
        text.push_str(&format!(
            "| *{}* | {} | | {} |\n",
            others.name,
            escaped(&words(others.value)),
            others.docs
        ));
    }
    text
}

fn table_in<'a>(keys: impl Iterator<Item = &'a Key>, forms: Forms) -> String {
    let mut text = head();
    keys.for_each(|key| text.push_str(&row(key, forms, key.forms)));
    text
}

fn head() -> String {
    "| key | takes | default | says |\n| --- | --- | --- | --- |\n".to_owned()
}

/// A row; where only some of the forms of a group take the key, it says which.
fn row(key: &Key, group: Forms, taken_by: Forms) -> String {
    let default = match key.need {
        Need::Required => "required".to_owned(),
        Need::NotYet => "not supported yet".to_owned(),
        Need::Optional if key.default.is_empty() => String::new(),
        Need::Optional if key.default.contains(' ') && !key.default.starts_with(['[', '{']) => {
            key.default.to_owned()
        }
        Need::Optional => format!("`{}`", key.default),
    };
    let mut heads: Vec<&str> = Forms::each()
        .filter(|form| form.meet(group) && form.meet(taken_by))
        .filter_map(Forms::head)
        .collect();
    heads.dedup();
    let mut all: Vec<&str> = Forms::each().filter(|form| form.meet(group)).filter_map(Forms::head).collect();
    all.dedup();
    let only = match heads.len() < all.len() && !heads.contains(&key.name) {
        true => format!(" Of {} only.", listed(&heads)),
        false => String::new(),
    };
    let beside = match key.needs {
        [] => String::new(),
        others => format!(" Only beside {}.", listed(others)),
    };
    let without = match key.excludes {
        [] => String::new(),
        others => format!(" Not beside {}.", listed(others)),
    };
    format!(
        "| `{}` | {} | {} | {}{only}{beside}{without} |\n",
        key.name,
        escaped(&words(key.value)),
        default,
        key.docs
    )
}

fn listed(words: &[&str]) -> String {
    flusso_lints::words::listed(words, "and")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What a value is, in words.
pub(crate) fn words(value: Value) -> String {
    match value {
        Value::Any | Value::Raw => "anything".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Text => "text".to_owned(),
        Value::Pattern(_, what, _) => what.to_owned(),
        Value::Boolean => "`true` or `false`".to_owned(),
        Value::Whole(least, most) if least == most => format!("`{least}`"),
        Value::Whole(least, most) if most == super::NO_MOST => format!("a whole number from {least}"),
        Value::Whole(least, most) => format!("a whole number from {least} to {most}"),
        Value::Duration => "a duration such as `30s`".to_owned(),
        Value::Size => "a size such as `8MiB`".to_owned(),
        Value::Word(words, later) => {
            let planned = match later {
                [] => String::new(),
                later => format!(" ({} not supported yet)", listed(later)),
            };
            format!("{}{planned}", flusso_lints::words::listed(words, "or"))
        }
        Value::OneOrMore(value) => format!("{}, or a list", words(*value)),
        Value::One(value) => words(*value),
        Value::AnyNumber(value) => format!("a list of {}", words(*value)),
        Value::Map(Names { name, value, .. }) => format!("a map from *{name}* to {}", words(*value)),
        Value::In(table) => format!("a map: [{}](#{})", table.title.trim_matches('`'), anchor(table.title)),
        Value::Either(values) => values.iter().map(|value| words(*value)).collect::<Vec<_>>().join(", or "),
        Value::Kind => "a kind, or `auto`".to_owned(),
        Value::SubfieldKind => "a kind for subfields".to_owned(),
        Value::CountKind => "`short`, `integer` or `long`".to_owned(),
        Value::Constant => "text, a number or a boolean, or a list of one of them".to_owned(),
        Value::Test => "a value, `null`, or a list of values".to_owned(),
        Value::Fields(_) => "a map from document keys to [fields](#fields)".to_owned(),
        Value::TimeZone => "a time zone such as `Europe/Rome`".to_owned(),
        Value::Labels => "a list of texts".to_owned(),
        Value::NumberedLabels => "a map from whole numbers to texts".to_owned(),
        Value::Settings(SettingsOf::Index) => "a map of OpenSearch's index settings".to_owned(),
        Value::Settings(SettingsOf::Sink) => "a map of OpenSearch's dynamic index settings".to_owned(),
        Value::Options(OptionsOf::Kind) => "a map of the kind's mapping parameters".to_owned(),
        Value::Options(OptionsOf::Object) => {
            format!("a map of {}", listed(&crate::opensearch::parameters::OBJECT_PARAMETERS))
        }
        Value::Options(OptionsOf::Root) => {
            let names: Vec<&str> =
                crate::opensearch::parameters::ROOT_PARAMETERS.iter().map(|row| row.name).collect();
            format!("a map of {}", listed(&names))
        }
        Value::Lints => "a map from names of lints to a level, or a map".to_owned(),
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
