//! The tables of what OpenSearch takes, row by row against a real server: what a row accepts the server accepts,
//! and what it refuses the server refuses.

use flusso_compiler::kinds;
use flusso_compiler::opensearch::ValueForm;
use flusso_compiler::opensearch::date_format::{FORMATS, PRINTED};
use flusso_compiler::opensearch::document::CASES;
use flusso_compiler::opensearch::parameters::{self, ROOT_PARAMETERS};
use flusso_compiler::opensearch::settings::SETTINGS;
use serde_json::{Value, json};
use xtask::services::opensearch::http;

use crate::rig::shared_opensearch;

/// Settings that the server takes only beside others, with these.
const BESIDE: [(&str, &str); 3] = [
    ("sort.missing", r#"{ "sort.field": "f" }"#),
    ("sort.mode", r#"{ "sort.field": "f" }"#),
    ("sort.order", r#"{ "sort.field": "f" }"#),
];

/// Settings that the server takes only beside others that a plugin brings.
const OF_PLUGINS: [&str; 1] = ["codec.compression_level"];

/// Parameters that the server takes with any value for these types, where the table is stricter: they would have
/// no effect, or be wrong in every document.
const LENIENT: [(&str, &[&str]); 3] = [
    ("format", &["date", "date_nanos"]),
    ("ignore_above", &["keyword"]),
    ("position_increment_gap", &["text"]),
];

fn ask(method: &str, path: &str, body: &Value) -> (u16, Value) {
    let url = shared_opensearch();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let (status, text) = http::request(method, address, path, &body.to_string()).expect("the server answers");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// What the server says against an index with these settings and mappings.
fn refusal(settings: &Value, mappings: &Value) -> Option<String> {
    let template = json!({ "settings": { "index": settings }, "mappings": mappings });
    let body = json!({ "index_patterns": ["flusso-tables-*"], "priority": 987_654, "template": template });
    let (status, answer) = ask("POST", "/_index_template/_simulate", &body);
    (status != 200).then(|| answer.to_string())
}

/// Values that a form accepts, and values that it refuses.
fn samples(form: ValueForm) -> (Vec<Value>, Vec<Value>) {
    match form {
        ValueForm::Boolean => (vec![json!(true), json!("false")], vec![json!("yes"), json!(1)]),
        ValueForm::Whole(least, most) => {
            let beyond: Vec<Value> =
                [least.checked_sub(1), most.checked_add(1)].into_iter().flatten().map(Value::from).collect();
            let most = if most > 1 << 20 { vec![] } else { vec![json!(most)] };
            (
                [vec![json!(least), json!(least.to_string())], most].concat(),
                [beyond, vec![json!("abc"), json!(1.5)]].concat(),
            )
        }
        ValueForm::Number(least, _) => (vec![json!(least)], vec![json!(least - 1.0), json!("abc")]),
        ValueForm::Duration(least) => {
            let none = if least < 0 { vec![json!(-1), json!("-1")] } else { vec![] };
            let below = if least > 0 { vec![json!(format!("{}ms", least - 1))] } else { vec![] };
            (
                [vec![json!("30s"), json!("5m")], none].concat(),
                [vec![json!(5), json!("abc"), json!("1.5s")], below].concat(),
            )
        }
        ValueForm::Size(least) => {
            let below = if least > 1 { vec![json!(format!("{}b", least - 1))] } else { vec![] };
            (
                vec![json!("512mb"), json!("1gb")],
                [vec![json!("512"), json!("abc"), json!("1.5gb")], below].concat(),
            )
        }
        ValueForm::Word(words) | ValueForm::Words(words) => {
            // What only a plugin knows cannot be asked of a server without it.
            let known = words.iter().filter(|word| !word.starts_with("zstd") && !word.starts_with("qat_"));
            (known.map(|word| json!(word)).collect(), vec![json!("abc"), json!(5)])
        }
        ValueForm::Spread => {
            (vec![json!("0-1"), json!("0-all"), json!(false)], vec![json!("all"), json!("1-0"), json!(1)])
        }
        ValueForm::TextMap => (vec![json!({}), json!({ "a": "b" })], vec![json!({ "a": 1 }), json!("x")]),
        ValueForm::NumberMap(keys) => (
            vec![json!({ keys[keys.len() - 1]: 1 })],
            vec![json!({ "nope": 1 }), json!({ keys[0]: "a" }), json!(5)],
        ),
        // The server takes any text, names of analyzers and values of fields have tests of their own.
        ValueForm::Text | ValueForm::Texts | ValueForm::FieldValue | ValueForm::Any => (vec![], vec![]),
    }
}

#[test]
fn settings_are_judged_as_the_server_judges_them() {
    let mut wrong = Vec::new();
    let is_asked = |name: &str| !name.ends_with('.') && !OF_PLUGINS.contains(&name);
    for setting in SETTINGS.iter().filter(|setting| is_asked(setting.name)) {
        let (accepted, refused) = samples(setting.form);
        let beside = BESIDE.iter().find(|(name, _)| *name == setting.name);
        let beside: Value = beside.map_or(json!({}), |(_, text)| serde_json::from_str(text).expect("JSON"));
        let judge = |value: &Value| {
            let mut settings = beside.clone();
            settings[setting.name] = value.clone();
            // An index is sorted by a field that it has; limits are judged by themselves.
            let fields = if settings["sort.field"].is_null() {
                json!({})
            } else {
                json!({ "f": { "type": "keyword" } })
            };
            refusal(&settings, &json!({ "properties": fields }))
        };
        for value in accepted {
            // The names of the server's own fields are longer than its least limit.
            if setting.name == "mapping.field_name_length.limit" && value != json!(50_000) {
                continue;
            }
            assert!(setting.form.accepts(&value), "{} {value}", setting.name);
            wrong.extend(judge(&value).map(|why| format!("{} {value}: {why}", setting.name)));
        }
        for value in refused.iter().filter(|value| !setting.form.accepts(value)) {
            if judge(value).is_none() {
                wrong.push(format!("{} {value} is accepted", setting.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A field of a type with what the type needs.
fn field(mapping_type: &str) -> Value {
    match mapping_type {
        "scaled_float" => json!({ "type": mapping_type, "scaling_factor": 100 }),
        "token_count" => json!({ "type": mapping_type, "analyzer": "standard" }),
        _ => json!({ "type": mapping_type }),
    }
}

/// The types that kinds are mapped as, each with the parameters that its kinds take.
fn types() -> Vec<(&'static str, &'static [&'static str])> {
    let of_kind = |kind: &str| match kind {
        "decimal" => "scaled_float",
        "enum" | "uuid" | "time" | "interval" => "keyword",
        "identifier" => "text",
        "timestamp" => "date_nanos",
        "json" => "object",
        _ => "",
    };
    let named = |kind: &&'static dyn kinds::Kind| {
        let mapped = of_kind(kind.name());
        (if mapped.is_empty() { kind.name() } else { mapped }, kind.options())
    };
    let objects: &[&str] = &["dynamic", "enabled", "include_in_parent", "include_in_root"];
    kinds::ALL.iter().map(named).chain([("nested", objects), ("object", objects)]).collect()
}

#[test]
fn mapping_parameters_are_judged_as_the_server_judges_them() {
    let mut wrong = Vec::new();
    for (mapping_type, options) in types() {
        for option in options {
            let row = parameters::find(option, mapping_type).expect("every option has a row");
            let is_forgotten = parameters::is_forgotten(option, mapping_type);
            let judge = |value: &Value| {
                let mut field = field(mapping_type);
                field[*option] = value.clone();
                refusal(&json!({}), &json!({ "properties": { "f": field } }))
            };
            let (accepted, refused) = samples(row.form);
            for value in accepted.iter().filter(|_| !is_forgotten || *option != "index_options") {
                wrong.extend(judge(value).map(|why| format!("{mapping_type}.{option} {value}: {why}")));
            }
            let is_lenient =
                LENIENT.iter().any(|(name, types)| name == option && types.contains(&mapping_type));
            for value in
                refused.iter().filter(|value| !is_lenient && !is_forgotten && !row.form.accepts(value))
            {
                if judge(value).is_none() {
                    wrong.push(format!("{mapping_type}.{option} {value} is accepted"));
                }
            }
            if is_forgotten
                && *option != "doc_values"
                && judge(&json!("nope")).is_some()
                && row.form != ValueForm::Boolean
            {
                wrong.push(format!("{mapping_type}.{option} is not forgotten"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parameters_of_the_root_are_those_that_the_server_knows() {
    let value = |name: &str| match name {
        "dynamic_date_formats" => json!(["yyyy"]),
        "dynamic_templates" => json!([]),
        "date_detection" | "numeric_detection" => json!(false),
        _ => json!({}),
    };
    for row in ROOT_PARAMETERS {
        assert_eq!(refusal(&json!({}), &json!({ row.name: value(row.name) })), None, "{}", row.name);
        assert!(row.form.accepts(&value(row.name)), "{}", row.name);
    }
    assert!(refusal(&json!({}), &json!({ "nope": 1 })).is_some());
}

#[test]
fn formats_of_dates_read_what_the_table_says() {
    let index = format!("/flusso-formats-{}", std::process::id());
    let fields =
        FORMATS.iter().map(|(name, _)| (format!("f_{name}"), json!({ "type": "date", "format": name })));
    let mappings = json!({ "properties": Value::Object(fields.collect()) });
    assert_eq!(ask("PUT", &index, &json!({ "mappings": mappings })).0, 200);
    let mut wrong = Vec::new();
    for (name, reads) in FORMATS {
        for (printed, reads) in PRINTED.iter().zip(reads) {
            let document = json!({ format!("f_{name}"): printed });
            let (status, _) = ask("POST", &format!("{index}/_doc"), &document);
            if (status == 201) != *reads {
                wrong.push(format!("{name} {printed}: {status}"));
            }
        }
    }
    ask("DELETE", &index, &Value::Null);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn values_of_fields_are_judged_as_the_server_judges_documents() {
    let mut wrong = Vec::new();
    for (at, (mapping_type, accepted, refused)) in CASES.iter().enumerate() {
        let index = format!("/flusso-tables-{}-{at}", std::process::id());
        let mut field = field(mapping_type);
        if *mapping_type == "binary" {
            // Without it the value is kept as it is and never decoded.
            field["store"] = json!(true);
        }
        let mappings = json!({ "dynamic": "strict", "properties": { "f": field } });
        let (status, made) = ask("PUT", &index, &json!({ "mappings": mappings }));
        assert_eq!(status, 200, "{made}");
        let mut judge = |values: &str, fits: bool| {
            for value in serde_json::from_str::<Vec<Value>>(values).expect("a list") {
                let (status, answer) = ask("POST", &format!("{index}/_doc"), &json!({ "f": value }));
                if (status == 201) != fits {
                    wrong.push(format!("{mapping_type} {value}: {answer}"));
                }
            }
        };
        judge(accepted, true);
        judge(refused, false);
        ask("DELETE", &index, &Value::Null);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
