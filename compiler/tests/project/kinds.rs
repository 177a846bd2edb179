//! A kind is whole behind its trait: one that is added from outside works everywhere, and every example of a page
//! compiles.

use std::collections::BTreeMap;

use flusso_compiler::grammar::{self, Key, Place, TABLES, Value::Word, key};
use flusso_compiler::kinds::{
    ALL, Acceptance, FieldMapping, JsonValue, Kind, Kinds, MappingContext, Rendered, page,
};
use flusso_compiler::pg_type::{BaseType, PgType};
use serde_json::{Value, json};

use crate::rig::{PROJECT, Project, type_of};

/// Countries by their code, which no kind of ours is.
#[derive(Debug)]
struct Country;

impl Kind for Country {
    fn name(&self) -> &'static str {
        "country"
    }

    fn docs(&self) -> &'static str {
        "Countries by their code.\n\nExample: `home: country`"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["nation"]
    }

    fn own_keys(&self) -> &'static [Key] {
        const { &[key("form", Word(&["alpha2", "alpha3"], &[]), "How long a code is.").default("alpha2")] }
    }

    fn options(&self) -> &'static [&'static str] {
        &["index", "store"]
    }

    fn is_subfield(&self) -> bool {
        true
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        *base == BaseType::Other("point".to_owned())
    }

    fn refuses_json(&self, value: &JsonValue<'_>) -> Option<String> {
        let is_code = value.value.as_str().is_some_and(|code| code.len() == 2);
        (!is_code).then(|| "two letters".to_owned())
    }

    fn accepts(&self, _pg_type: &PgType, _parameters: &BTreeMap<String, Value>) -> Acceptance {
        Acceptance::Exact
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        let long = field.parameters.get("form").is_some_and(|form| form == "alpha3");
        let length = if long { 3 } else { 2 };
        let parameters = json!({ "type": "keyword", "ignore_above": length });
        FieldMapping {
            parameters: parameters.as_object().cloned().unwrap_or_default().into_iter().collect(),
            ..FieldMapping::default()
        }
    }

    fn render(&self, expression: &str, _: &PgType, _: &BTreeMap<String, Value>) -> Rendered {
        Rendered::Text(format!("to_json(upper({expression}::text))"))
    }
}

fn kinds() -> Kinds {
    Kinds::standard().with(&Country)
}

fn with_country(fields: &str) -> Project {
    let index = format!("version: 1\nindex: it\ntable: orders\nfields:\n  id: long\n{fields}");
    Project::alone_with(kinds(), PROJECT, &index, &[("place", "point")], "text")
}

#[test]
fn a_kind_that_is_added_works_everywhere() {
    let project = with_country(
        "  plain: { kind: country, column: note }\n  long: { kind: country, column: note, form: alpha3, options: { store: true } }\n  sub: { kind: text, column: note, subfields: { code: country } }\n  fixed: { constant: DE, kind: country }\n  filled: { kind: country, column: note, default: IT }\n  place: auto\n",
    );
    let outcome = project.compile();
    let lock = outcome.lock.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
    let body: Value = serde_json::from_str(&lock.indexes[0].body.to_string()).expect("JSON");
    let properties = &body["mappings"]["properties"];
    for (field, mapping) in [
        ("plain", json!({ "type": "keyword", "ignore_above": 2 })),
        ("long", json!({ "type": "keyword", "ignore_above": 3, "store": true })),
        ("fixed", json!({ "type": "keyword", "ignore_above": 2 })),
        ("filled", json!({ "type": "keyword", "ignore_above": 2 })),
        ("place", json!({ "type": "keyword", "ignore_above": 2 })),
    ] {
        assert_eq!(properties[field], mapping, "{field}");
    }
    assert_eq!(properties["sub"]["fields"]["code"]["type"], "keyword");
    assert!(flusso_schemas::lock::write(&lock).contains("upper("), "its SQL is in the queries");
}

#[test]
fn what_does_not_fit_an_added_kind_is_found_as_with_any_other() {
    for (fields, lint, help) in [
        ("  plain: nation\n", "unknown-kind", "write `country`"),
        (
            "  plain: { kind: country, column: note, form: beta }\n",
            "wrong-type",
            "write `alpha2` or `alpha3`",
        ),
        (
            "  plain: { kind: country, column: note, options: { norms: true } }\n",
            "unknown-mapping-parameter",
            "use one of `index` and `store`",
        ),
        (
            "  plain: { kind: country, column: note, default: Italy }\n",
            "default-type-mismatch",
            "write two letters",
        ),
        ("  fixed: { constant: Italy, kind: country }\n", "default-type-mismatch", "write two letters"),
        ("  plain: { kind: text, column: note, form: alpha2 }\n", "unknown-key", ""),
    ] {
        let outcome = with_country(fields).compile();
        let found = outcome.diagnostics.first().unwrap_or_else(|| panic!("{fields}"));
        assert_eq!(found.lint.name, lint, "{fields}: {found:?}");
        let said = found.help.as_deref().unwrap_or_default();
        assert!(said.contains(help), "{fields}: {said}");
    }
}

#[test]
fn an_added_kind_is_explained_and_in_the_schema() {
    assert!(page(&Country).contains("| `form` | `alpha2` or `alpha3` | `alpha2` | How long a code is. |"));
    assert!(kinds().pages().contains("\n## country\n"));
    let schema = grammar::schema::index(&kinds());
    let definitions = &schema["$defs"];
    assert!(definitions["kind"]["enum"].as_array().expect("kinds").contains(&json!("country")));
    assert_eq!(definitions["keys_of_country"]["properties"]["form"]["enum"], json!(["alpha2", "alpha3"]));
    let options = &definitions["options_of_country"]["properties"]["options"]["properties"];
    let names: Vec<&String> = options.as_object().expect("parameters").keys().collect();
    assert_eq!(names, ["index", "store"]);
}

#[test]
fn the_examples_of_every_kind_compile() {
    for kind in ALL {
        let line = kind.docs().lines().find_map(|line| line.strip_prefix("Example: ")).expect("an example");
        let examples: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        assert!(!examples.is_empty(), "{}", kind.name());
        for example in examples {
            // A field that is a map by itself has any name.
            let field = if example.starts_with('{') { format!("it: {example}") } else { example.to_owned() };
            assert!(field.contains(kind.name()), "`{field}` does not show {}", kind.name());
            let name = field.split(':').next().unwrap_or_default().to_owned();
            let column = field.split_once("column: ").map(|(_, rest)| rest);
            let column =
                column.map_or(name.as_str(), |rest| rest.split([',', ' ']).next().unwrap_or_default());
            let pg_type = type_of(kind.name());
            // A table whose own columns no example names.
            let index = format!("version: 1\nindex: it\ntable: product_categories\nfields:\n  {field}\n");
            let columns = [(column, pg_type)];
            let project = Project::alone_with(Kinds::standard(), PROJECT, &index, &columns, pg_type);
            let outcome = project.compile();
            assert!(outcome.lock.is_some(), "{index}{:#?}", outcome.diagnostics);
        }
    }
}

/// A file with the lines of an example, and for what they do not say what every file says.
fn completed(base: &str, example: &str) -> String {
    let keys: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split(':').next())
        .collect();
    let rest = base.lines().filter(|line| !keys.contains(&line.split(':').next().unwrap_or_default()));
    format!("{}\n{example}\n", rest.collect::<Vec<&str>>().join("\n"))
}

#[test]
fn the_examples_of_the_language_compile() {
    const INDEX: &str = "version: 1\nindex: it\ntable: orders\nfields: { id: long }";
    for table in TABLES {
        let Some(example) = table.example else { continue };
        let (project, index) = match example.at {
            Place::Project => (completed(PROJECT.trim(), example.text), INDEX.to_owned()),
            Place::Index => (PROJECT.to_owned(), completed(INDEX, example.text)),
            Place::Fields => {
                let fields: String = example.text.lines().map(|line| format!("\n  {line}")).collect();
                (PROJECT.to_owned(), completed(INDEX, &format!("fields:{fields}")))
            }
        };
        let project = project.replace("manage: [publication, slot]", "manage: []");
        let outcome =
            Project::alone_with(Kinds::standard(), &project, &index, &[], "numeric(12,2)").compile();
        assert!(outcome.lock.is_some(), "{}\n{project}\n{index}\n{:#?}", table.name, outcome.diagnostics);
    }
}
