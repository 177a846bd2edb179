//! What is said of a value that does not fit: the place is the value's, and the help can be typed as it stands.

use crate::rig::Project;

const PROJECT: &str = "version: 1
project: shop
source: { postgres: { url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] } }
sinks: { search: { opensearch: { url: \"${URL}\" } } }
indexes: [indexes/*.yml]
";

/// Says what is found in an index over products: the text that it stands at, its message and its help.
#[track_caller]
fn assert_said(rest: &str, at: &str, message: &str, help: &str) {
    let text = format!("version: 1\nindex: it\ntable: products\n{rest}\n");
    let outcome = Project::alone(PROJECT, &text).compile();
    let said: Vec<(&str, &str, &str)> = outcome
        .diagnostics
        .iter()
        .filter(|each| each.is_deny())
        .map(|each| {
            let place = &each.primary.0;
            let help = each.help.as_deref().unwrap_or_default();
            (&text[place.start..place.end], each.message.as_str(), help)
        })
        .collect();
    assert_eq!(said, [(at, message, help)], "{text}");
}

#[test]
fn a_text_that_is_no_json_is_told_from_a_json_text() {
    assert_said(
        "where: { attributes: { contains: paid } }\nfields: { name: text }",
        "paid",
        "`paid` is not JSON, but `attributes` is `jsonb`",
        "write a map or a list as YAML, or '\"paid\"' for that text",
    );
    for fits in ["'\"paid\"'", "{ state: paid }", "[1, 2]", "5", "'{\"n\": 1e400}'"] {
        let text = format!(
            "version: 1\nindex: it\ntable: products\nwhere: {{ attributes: {{ contains: {fits} }} }}\nfields: {{ name: text }}\n"
        );
        let outcome = Project::alone(PROJECT, &text).compile();
        assert!(outcome.lock.is_some(), "{fits}: {:?}", outcome.diagnostics);
    }
}

#[test]
fn an_expression_without_a_kind_is_asked_for_one() {
    assert_said(
        "fields: { name: { sql: \"upper(name)\" } }",
        "name",
        "missing `kind`: the mapping of field `name` is unknown",
        "add a kind such as `kind: keyword`, or `kind: auto` to take it from the type",
    );
}

#[test]
fn a_day_or_an_hour_that_is_none_is_found_at_the_value() {
    assert_said(
        "where: { released_on: 2024-02-30 }\nfields: { name: text }",
        "2024-02-30",
        "`2024-02-30` is not a date, but `released_on` is `date`",
        "write it as `2024-12-31`",
    );
    assert_said(
        "where: { updated_at: { gt: \"2024-02-28T25:00:00Z\" } }\nfields: { name: text }",
        "\"2024-02-28T25:00:00Z\"",
        "`2024-02-28T25:00:00Z` is not a timestamp, but `updated_at` is `timestamp with time zone`",
        "write it as `2024-12-31T23:59:59Z`",
    );
}

#[test]
fn a_refused_body_is_placed_at_the_field_that_has_the_value() {
    let text = "version: 1\nindex: it\ntable: products\nfields:\n  sku: keyword\n  name: { kind: text, options: { analyzer: words } }\n";
    let project = Project::alone(PROJECT, text);
    let place = project.read.place_of("it", "analyzer [words] has not been configured in mappings");
    let place = place.expect("an index of the project");
    assert_eq!(&text[place.start..place.end], "name");
}
