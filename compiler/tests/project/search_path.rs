//! An expression is judged under the search path that its index's queries run under.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::facts::{Ask, Question};
use serde_json::json;

use crate::rig::Project;

/// What only the extension's schema has.
const EXPRESSION: &str = "similarity(status::text, 'paid')";

/// Two indexes over orders with one expression; `with_users` reads the table that has the extension's type too.
fn project() -> Project {
    let shop = Project::of_folder("shop");
    let field = format!("  near: {{ sql: \"{EXPRESSION}\", kind: double }}\n");
    let user = "  user: { belongs_to: users, fields: { email: keyword } }\n";
    let index = |name: &str, more: &str| {
        let text = format!("version: 1\nindex: {name}\ntable: orders\nfields:\n  id: long\n{field}{more}");
        (format!("indexes/{name}.yml"), text)
    };
    let flusso = ("flusso.yml".to_owned(), shop.text("flusso.yml").to_owned());
    let files = vec![flusso, index("alone", ""), index("with_users", user)];
    shop.with_files(files).with_extension_type("users", "email", "extensions", "citext")
}

#[test]
fn an_expression_is_asked_once_for_each_search_path() {
    let questions = project().questions();
    let of_types = questions.iter().filter(|each| each.ask == Ask::Types && each.sql.contains("similarity("));
    let paths: BTreeSet<Vec<String>> = of_types.map(|question| question.search_path.clone()).collect();
    let alone = vec!["pg_catalog".to_owned()];
    let with_users = vec!["pg_catalog".to_owned(), "extensions".to_owned()];
    assert_eq!(paths, BTreeSet::from([alone, with_users]));
}

#[test]
fn a_lock_runs_under_the_path_that_was_probed() {
    let lock = project().compile_guessing().lock.expect("a lock");
    let paths: BTreeMap<&str, String> =
        lock.indexes.iter().map(|index| (index.name.as_str(), index.search_path.join(", "))).collect();
    assert_eq!(
        paths,
        BTreeMap::from([
            ("alone", "pg_catalog".to_owned()),
            ("with_users", "pg_catalog, extensions".to_owned())
        ])
    );
}

#[test]
fn a_function_of_an_extension_that_another_index_reads_is_refused_where_it_is_not_found() {
    let missing =
        json!({ "sqlstate": "42883", "message": "function similarity(text, unknown) does not exist" });
    let of_types = |question: &Question| question.ask == Ask::Types && question.sql.contains("similarity(");
    let outcome = project().compile_answering(|question| match question.search_path.as_slice() {
        _ if !of_types(question) => None,
        [_] => Some(missing.clone()),
        _ => Some(json!(["double precision"])),
    });
    let found: Vec<usize> = outcome
        .diagnostics
        .iter()
        .filter(|each| each.lint.name == "sql-expression-invalid")
        .map(|each| each.primary.0.file)
        .collect();
    // The project's file is number 0, and the index files follow in the order of their names.
    assert_eq!(
        (found.as_slice(), outcome.diagnostics.len()),
        ([1].as_slice(), 1),
        "{:#?}",
        outcome.diagnostics
    );
}
