//! Levels and accepting comments: a lint that can be lowered never costs the lock, and the lock says what was
//! decided.

use std::collections::BTreeSet;
use std::path::PathBuf;

use flusso_compiler::Outcome;
use flusso_compiler::diagnostic::{Diagnostic, Level};
use flusso_compiler::lints::{self, Lint, Needs};
use flusso_schemas::lock::{self, Acceptance, Lock};

use crate::rig::{self, PROJECT, Project};

fn adjustable() -> impl Iterator<Item = (&'static Lint, PathBuf)> {
    let folder = |name: &str| rig::folders("lints").into_iter().find(|folder| folder.ends_with(name));
    let adjustable =
        lints::ALL.iter().copied().filter(|lint| lint.adjustable && lint.needs <= Needs::Catalog);
    adjustable.map(move |lint| (lint, folder(lint.name).expect("every lint has a fixture")))
}

fn with_level(project: &Project, lint: &str, level: &str) -> Project {
    let text = project.text("flusso.yml");
    project
        .with_file("flusso.yml", &format!("{text}lints: {{ {lint}: {{ level: {level}, reason: known }} }}\n"))
}

fn levels_of(outcome: &Outcome, lint: &str) -> Vec<Level> {
    outcome.diagnostics.iter().filter(|each| each.lint.name == lint).map(|each| each.level).collect()
}

/// The lock, which is read back as it is written.
fn lock_of(outcome: Outcome, lint: &str) -> Lock {
    let lock = outcome.lock.unwrap_or_else(|| panic!("{lint}: no lock: {:#?}", outcome.diagnostics));
    let text = lock::write(&lock);
    assert_eq!(lock::read(&text).as_ref(), Ok(&lock), "{lint}:\n{text}");
    assert!(!lock.indexes.is_empty() && lock.indexes.iter().all(|index| !index.nodes.is_empty()), "{lint}");
    lock
}

#[test]
fn a_lowered_lint_never_costs_the_lock() {
    for (lint, folder) in adjustable() {
        let project = Project::of_lint(&folder);
        assert!(!levels_of(&project.compile(), lint.name).is_empty(), "{} is not found", lint.name);
        for (word, level) in [("allow", None), ("warn", Some(Level::Warn))] {
            let outcome = with_level(&project, lint.name, word).compile();
            let expected: Vec<Level> =
                levels_of(&project.compile(), lint.name).iter().filter_map(|_| level).collect();
            assert_eq!(levels_of(&outcome, lint.name), expected, "{} at {word}", lint.name);
            let lock = lock_of(outcome, lint.name);
            let is_changed = lint.level != level.unwrap_or(Level::Allow);
            assert_eq!(lock.levels.contains_key(lint.name), is_changed, "{} at {word}", lint.name);
        }
    }
}

#[test]
fn a_raised_lint_costs_the_lock() {
    for (lint, folder) in adjustable() {
        let outcome = with_level(&Project::of_lint(&folder), lint.name, "deny").compile();
        assert!(levels_of(&outcome, lint.name).contains(&Level::Deny), "{}", lint.name);
        assert_eq!(outcome.lock, None, "{}", lint.name);
    }
}

/// The project with a comment before each line where a lint is found.
fn accepting(project: &Project, lint: &str, found: &[Diagnostic]) -> Project {
    let places = || found.iter().filter(|each| each.lint.name == lint).map(|each| &each.primary.0);
    let file = &project.read.files[places().next().expect("it is found").file];
    let line_of = |at: usize| file.text[..at].rfind('\n').map_or(0, |end| end + 1);
    let lines: BTreeSet<usize> = places().map(|place| line_of(place.start)).collect();
    let mut text = file.text.clone();
    // From the last to the first, so that the places before stay where they are.
    for line in lines.into_iter().rev() {
        let indent = text[line..].len() - text[line..].trim_start_matches(' ').len();
        text.insert_str(line, &format!("{}# flusso: allow({lint}) known\n", " ".repeat(indent)));
    }
    project.with_file(&file.path.clone(), &text)
}

#[test]
fn an_accepting_comment_never_costs_the_lock_and_the_lock_says_so() {
    for (lint, folder) in adjustable().filter(|(lint, _)| lint.name != "unused-suppression") {
        let project = Project::of_lint(&folder);
        let before = project.compile();
        let accepted = accepting(&project, lint.name, &before.diagnostics);
        let outcome = accepted.compile();
        assert_eq!(outcome.diagnostics, [], "{}", lint.name);
        let lock = lock_of(outcome, lint.name);
        let all: Vec<&Acceptance> =
            lock.accepted.iter().chain(lock.indexes.iter().flat_map(|index| &index.accepted)).collect();
        let about = match lint.name {
            "ignore-above-too-high" => "column:shop.orders.note",
            "lossy-kind" => "column:shop.products.weight_kg",
            "no-sink" | "role-cannot-replicate" => "server",
            "tls-verification-off" => "sink:search",
            _ => &format!("index:{}", lock.indexes[0].name),
        };
        let expected =
            Acceptance { lint: lint.name.to_owned(), about: about.to_owned(), reason: "known".to_owned() };
        assert_eq!(all, [&expected]);
    }
}

#[test]
fn an_accepting_comment_changes_inputs_and_no_fingerprint() {
    let (_, folder) = adjustable().find(|(lint, _)| lint.name == "lossy-kind").expect("it is adjustable");
    let project = Project::of_lint(&folder);
    let before = project.compile();
    let accepted = accepting(&project, "lossy-kind", &before.diagnostics);
    let (before, after) = (lock_of(before, "lossy-kind"), lock_of(accepted.compile(), "lossy-kind"));
    assert_ne!(before.indexes[0].inputs, after.indexes[0].inputs);
    assert_eq!(lock::index_fingerprint(&before.indexes[0]), lock::index_fingerprint(&after.indexes[0]));
    let reworded = accepted.text("bad.yml").replace("known", "for display");
    let reworded = lock_of(accepted.with_file("bad.yml", &reworded).compile(), "lossy-kind");
    assert_ne!(after.indexes[0].inputs, reworded.indexes[0].inputs);
}

#[test]
fn without_a_lock_there_is_always_a_finding_that_fails() {
    let shop = Project::of_folder("shop");
    let orders = "indexes/orders.yml";
    for (from, to) in [
        ("table: orders\n", "table: orders\nwhere: {}\n"),
        ("table: orders\n", "table: orders\nwhere: { not: {} }\n"),
        ("table: orders\n", "table: orders\nwhere: { all: [{}] }\n"),
        ("note: text", "note: { kind: text, when: {} }"),
        ("{ quantity: { gt: 0 } }", "{}"),
    ] {
        let text = shop.text(orders).replace(from, to);
        assert_ne!(text, shop.text(orders), "{from} is not there");
        let outcome = shop.with_file(orders, &text).compile();
        assert_eq!(outcome.lock, None, "{to}");
        let found: Vec<&str> = outcome.diagnostics.iter().map(|each| each.lint.name).collect();
        assert_eq!(found, ["missing-value"], "{to}: {:#?}", outcome.diagnostics);
    }
}

fn with_fields(fields: &str) -> Project {
    Project::alone(
        PROJECT,
        &format!("version: 1\nindex: products\ntable: products\nfields:\n  id: long\n{fields}"),
    )
}

fn found(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|each| each.lint.name).collect()
}

#[test]
fn a_comment_that_is_meant_for_flusso_and_is_misspelt_is_reported() {
    let field = "  weight: { kind: float, column: weight_kg }\n";
    for comment in [
        "flusso: allwo(lossy-kind) known",
        "flusso allow lossy-kind known",
        "Flusso: lossy-kind",
        "TODO flusso: allow(lossy-kind) x",
        "flusso-lint: allow lossy-kind",
    ] {
        let outcome = with_fields(&format!("  # {comment}\n{field}")).compile();
        assert_eq!(found(&outcome.diagnostics), ["malformed-suppression", "lossy-kind"], "{comment}");
        let help = outcome.diagnostics[0].help.as_deref();
        assert_eq!(help, Some("write `# flusso: allow(lossy-kind) reason`"), "{comment}");
    }
    let outcome = with_fields(&format!("  # flusso: unknown-column\n{field}")).compile();
    let help = "write `# flusso: allow(lossy-kind) reason` with the name of the lint to accept";
    assert_eq!(outcome.diagnostics[0].help.as_deref(), Some(help), "the level of that lint is fixed");
    let outcome = with_fields(&format!("  # flusso: allow(losy-kind) known\n{field}")).compile();
    assert_eq!(found(&outcome.diagnostics), ["unknown-lint", "lossy-kind"]);
    assert_eq!(outcome.diagnostics[0].help.as_deref(), Some("write `lossy-kind`"));
    let outcome = with_fields(&format!("  # flusso fills this field\n{field}")).compile();
    assert_eq!(found(&outcome.diagnostics), ["lossy-kind"]);
}

#[test]
fn a_comment_covers_all_lines_of_what_it_is_above() {
    let field = "  weight:\n    column: weight_kg\n    kind: float\n";
    assert_eq!(found(&with_fields(field).compile().diagnostics), ["lossy-kind"]);
    let comments = "  # flusso: allow(lossy-kind) known\n  # in kilograms\n";
    let outcome = with_fields(&format!("{comments}{field}")).compile();
    assert_eq!(found(&outcome.diagnostics), [""; 0]);
    let apart = "  # flusso: allow(lossy-kind) known\n\n  # in kilograms\n \n";
    let outcome = with_fields(&format!("{apart}{field}")).compile();
    assert_eq!(found(&outcome.diagnostics), [""; 0], "blank lines do not detach it");
    let after = "  # flusso: allow(lossy-kind) known\n  other: { kind: float, column: weight_kg }\n";
    let outcome = with_fields(&format!("{after}{field}")).compile();
    assert_eq!(found(&outcome.diagnostics), ["lossy-kind"], "it does not reach the next key");
}

#[test]
fn a_comment_is_only_unused_where_everything_was_looked_at() {
    let comment = "  # flusso: allow(lossy-kind) known\n  brand: { kind: keyword, column: name }\n";
    let project = with_fields(comment);
    assert_eq!(found(&project.compile().diagnostics), ["unused-suppression"]);
    assert_eq!(found(&flusso_compiler::findings(&project.read)), [""; 0], "no catalog was asked");
    let project = with_fields(&format!("{comment}  colour: keyword\n"));
    assert_eq!(found(&project.compile().diagnostics), ["unknown-column"], "an error hides other findings");
    let project = with_fields(&comment.replace("lossy-kind", "template-interferes"));
    let help = "delete the comment and set the level of `template-interferes` under `lints` in flusso.yml";
    assert_eq!(project.compile().diagnostics[0].help.as_deref(), Some(help));
}

#[test]
fn no_comment_accepts_that_a_comment_is_unused() {
    let comments = "  # flusso: allow(unused-suppression) known\n  # flusso: allow(lossy-kind) known\n";
    let outcome = with_fields(&format!("{comments}  brand: {{ kind: keyword, column: name }}\n")).compile();
    assert_eq!(found(&outcome.diagnostics), ["unused-suppression"; 2]);
    let message = &outcome.diagnostics[0].message;
    assert!(message.starts_with("no comment can accept `unused-suppression`:"), "{message}");
}

/// What level an unknown name has is a question of the next run.
#[test]
fn an_unknown_lint_is_reported_before_its_level() {
    for (lints, expected) in [
        ("lossy-kinds: warning", "unknown-lint"),
        ("unknown-column: warning", "unknown-lint"),
        ("lossy-kind: warning", "wrong-type"),
    ] {
        let project = format!("{PROJECT}lints: {{ {lints} }}\n");
        let index = "version: 1\nindex: it\ntable: orders\nfields: { id: long }\n";
        let found = Project::alone(&project, index).compile().diagnostics;
        let found: Vec<&str> = found.iter().map(|each| each.lint.name).collect();
        assert_eq!(found, [expected], "{lints}");
    }
}
