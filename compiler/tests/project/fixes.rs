//! A fix that is certain leaves nothing to be found in its place and means what was written; a word whose
//! opposite is the nearest of ours has none.

use flusso_compiler::diagnostic::{Diagnostic, SourceFile};
use flusso_compiler::{findings, read};

const PROJECT: &str = "version: 1\nproject: shop\nsource: { postgres: { url: \"${URL}\" } }\nindexes: [i.yml]\nsinks: { out: { stdout: {} } }\n";

/// An index file with a line in the place of `HERE`.
fn index(place: &str, line: &str) -> String {
    let text = match place {
        "index" => "version: 1\nindex: users\ntable: users\nfields: { id: long }\nHERE\n",
        "index without name" => "version: 1\nHERE\ntable: users\nfields: { id: long }\n",
        "index without fields" => "version: 1\nindex: users\ntable: users\nHERE\n",
        "field" => "version: 1\nindex: users\ntable: users\nfields:\n  a: { kind: keyword, HERE }\n",
        "field without kind" => "version: 1\nindex: users\ntable: users\nfields:\n  a: { HERE }\n",
        "enum" => "version: 1\nindex: users\ntable: users\nfields:\n  a: { kind: enum, HERE }\n",
        "relation" => {
            "version: 1\nindex: users\ntable: users\nfields:\n  a: { has_many: orders, HERE, fields: { id: long } }\n"
        }
        "relation without fields" => {
            "version: 1\nindex: users\ntable: users\nfields:\n  a: { has_many: orders, HERE }\n"
        }
        other => panic!("{other}"),
    };
    text.replace("HERE", line)
}

fn found(text: &str) -> Vec<Diagnostic> {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    findings(&read(file("flusso.yml", PROJECT), vec![file("i.yml", text)]))
}

fn at_word<'a>(all: &'a [Diagnostic], text: &str, word: &str) -> &'a Diagnostic {
    let at = text.find(word).expect("it is there");
    let here = |each: &&Diagnostic| each.primary.0.file == 1 && each.primary.0.start == at;
    all.iter().find(here).unwrap_or_else(|| panic!("nothing is found at `{word}`: {text}{all:#?}"))
}

#[test]
fn a_certain_fix_leaves_no_finding_and_means_what_was_written() {
    for (place, written, meant) in [
        ("field without kind", "type: keyword", "kind: keyword"),
        ("field without kind", "data_type: long", "kind: long"),
        ("index", "primary_key: id", "key: id"),
        ("index", "doc_id: id", "key: id"),
        ("relation", "foreign_key: user_id", "via: user_id"),
        ("relation", "filter: { paid: true }", "where: { paid: true }"),
        ("index", "conditions: { paid: true }", "where: { paid: true }"),
        ("enum", "enum_values: [b, a]", "order: [b, a]"),
        ("field", "not_null: true", "required: true"),
        ("field", "nullable: true", "required: false"),
        ("field", "nullable: false", "required: true"),
        ("field", "optional: true", "required: false"),
        ("relation", "sort: created_at", "order_by: created_at"),
        ("relation without fields", "properties: { id: long }", "fields: { id: long }"),
        ("index without fields", "columns: { id: long }", "fields: { id: long }"),
        ("field", "source: b", "column: b"),
        ("field", "expr: lower(a)", "sql: lower(a)"),
        ("index without name", "index_name: users", "index: users"),
        ("relation", "limitt: 3, order_by: id", "limit: 3, order_by: id"),
    ] {
        let text = index(place, written);
        let all = found(&text);
        let fix = at_word(&all, &text, written).fix.as_ref().unwrap_or_else(|| panic!("no fix: {text}"));
        assert!(fix.safe, "{text}");
        let mut fixed = text.clone();
        fixed.replace_range(fix.place.start..fix.place.end, &fix.replacement);
        assert_eq!(fixed, index(place, meant));
        let (start, line) = (fixed.find(meant).expect("it was put there"), meant.len());
        let rest: Vec<Diagnostic> = found(&fixed)
            .into_iter()
            .filter(|each| each.primary.0.file == 1 && (start..start + line).contains(&each.primary.0.start))
            .collect();
        assert!(rest.is_empty(), "{fixed}{rest:#?}");
    }
}

#[test]
fn a_word_that_may_mean_the_opposite_is_never_replaced() {
    for (place, written) in [
        ("field", "copy_to: all"),
        ("relation", "desc: created_at"),
        ("relation", "sort: desc"),
        ("relation", "references: users"),
        ("relation", "filter: [a]"),
        ("index without fields", "columns: [id]"),
    ] {
        let text = index(place, written);
        let all = found(&text);
        let found = at_word(&all, &text, written);
        assert!(found.fix.is_none() && found.help.is_some(), "{found:#?}");
    }
}

#[test]
fn what_no_text_of_a_database_can_hold_is_found_in_its_place() {
    let text = index("index", "where: { name: \"a\\0b\" }");
    let all = found(&text);
    assert_eq!(at_word(&all, &text, "\"a\\0b\"").lint.name, "yaml-syntax");
}

#[test]
fn a_file_that_is_not_utf8_hides_nothing_of_the_others() {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let broken = String::from_utf8_lossy(b"index: caf\xe9\n").into_owned();
    let good = index("field", "nulable: true");
    let all =
        findings(&read(file("flusso.yml", PROJECT), vec![file("a.yml", &broken), file("b.yml", &good)]));
    let lints: Vec<(usize, &str)> = all.iter().map(|each| (each.primary.0.file, each.lint.name)).collect();
    assert_eq!(lints, [(1, "yaml-syntax"), (2, "unknown-key")]);
}

#[test]
fn a_number_below_zero_is_out_of_range() {
    let text = index("relation", "limit: -1");
    let all = found(&text);
    assert_eq!(at_word(&all, &text, "-1").message, "`limit` is out of range: expected a whole number from 1");
}
