//! Every lint on a fixture that has what it is about: the whole output, as `--format concise` prints it
//! with notes, help and fix.
//!
//! A fixture is a folder: `bad.yml` is the index file, `flusso.yml` the project (else the shop's),
//! `facts.patch.json` a merge patch over the shop's recorded facts, `answers.json` what the server says of
//! expressions, `patterns.json` what the command line found under `indexes`.

use std::fmt::Write;
use std::path::Path;

use flusso_compiler::diagnostic::{Diagnostic, Sources};
use flusso_compiler::lints::{self, Lint, Needs, internal_error};

use crate::rig::{self, Project};

fn render(project: &Project, diagnostics: &[Diagnostic]) -> String {
    let sources = Sources::new(&project.read.files);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let finding = diagnostic.to_finding(&sources);
        let level = format!("{:?}", finding.level).to_lowercase();
        let place = &finding.labels[0];
        let (file, line, column) = (&place.file, place.line, place.column);
        let shown = &project.text(file)[place.byte_start..place.byte_end];
        writeln!(out, "{file}:{line}:{column}: {level}[{}]: {}", finding.lint, finding.message)
            .expect("a string");
        if !matches!(finding.lint.as_str(), "literal-secret") && !shown.is_empty() {
            writeln!(out, "  | {}", shown.replace('\n', "\n  | ")).expect("a string");
        }
        for label in &finding.labels[1..] {
            writeln!(out, "  {}:{}:{}: {}", label.file, label.line, label.column, label.text)
                .expect("a string");
        }
        finding.notes.iter().for_each(|note| writeln!(out, "  = {note}").expect("a string"));
        finding.help.iter().for_each(|help| writeln!(out, "  help: {help}").expect("a string"));
        if let Some(fix) = &diagnostic.fix {
            let safe = if fix.safe { "fix" } else { "unsafe fix" };
            let from = &project.read.files[fix.place.file].text[fix.place.start..fix.place.end];
            writeln!(out, "  {safe}: `{from}` -> `{}`", fix.replacement).expect("a string");
        }
    }
    out
}

fn check(folder: &Path) -> String {
    let project = Project::of_lint(folder);
    let diagnostics = project.compile().diagnostics;
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a folder's name");
    assert!(diagnostics.iter().any(|each| each.lint.name == name), "{name} is not found by its own fixture");
    for diagnostic in &diagnostics {
        let message = &diagnostic.message;
        assert!(!message.ends_with('.') && !message.contains("invalid"), "{message}");
        assert!(diagnostic.help.is_some(), "no help: {message}");
    }
    render(&project, &diagnostics)
}

#[test]
fn a_lint_that_needs_the_files_alone_is_found_in_them_alone() {
    // `unused-suppression` needs what the lint needs that the comment names.
    let is_judged = |lint: &&&Lint| lint.needs == Needs::Config && lint.name != "unused-suppression";
    for lint in lints::ALL.iter().filter(is_judged) {
        let Some(folder) = rig::folders("lints").into_iter().find(|folder| folder.ends_with(lint.name))
        else {
            continue;
        };
        let found = flusso_compiler::findings(&Project::of_lint(&folder).read);
        assert!(found.iter().any(|each| each.lint == **lint), "`{}` needs more than the files", lint.name);
    }
}

#[test]
fn every_fixture_says_what_is_expected() {
    let folders = rig::folders("lints");
    assert!(folders.len() > 50, "the fixtures are missing");
    for folder in folders {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a folder's name").to_owned();
        let text = check(&folder);
        insta::with_settings!({
            snapshot_path => folder.clone(), prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!("expected", text, &name) });
    }
}

/// Lints that files can have: those of a live index server and of what earlier runs recorded are tested where they are
/// found.
fn from_files() -> impl Iterator<Item = &'static Lint> {
    lints::ALL.iter().copied().filter(|lint| matches!(lint.needs, Needs::Config | Needs::Catalog))
}

#[test]
fn the_example_of_a_page_is_in_its_fixture_and_the_better_one_has_no_finding() {
    for lint in lints::ALL {
        let Some(example) = &lint.example else { continue };
        let folder = rig::folders("lints").into_iter().find(|folder| folder.ends_with(lint.name));
        let folder = folder.unwrap_or_else(|| panic!("`{}` has an example and no fixture", lint.name));
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let bad = [text("bad.yml"), text("flusso.yml")].concat();
        assert!(bad.contains(example.bad), "`{}`: bad.yml does not hold its example", lint.name);
        let good = [text("good.yml"), text("good-flusso.yml")].concat();
        assert!(good.contains(example.good), "`{}`: good.yml does not hold its example", lint.name);
        let found = Project::of_better_lint(&folder).compile().diagnostics;
        assert_eq!(found, [], "`{}`: the better example has findings", lint.name);
    }
}

/// `indexes: []` was an empty list and nothing to index, `_meta.flusso` a reserved name and an unknown parameter.
#[test]
fn one_cause_is_one_finding() {
    let project = |indexes: &str| {
        format!(
            "version: 1\nproject: it\nsource: {{ postgres: {{ url: \"${{URL}}\", schema: shop }} }}\nsinks: {{ out: {{ stdout: {{}} }} }}\nindexes: {indexes}\n"
        )
    };
    let index =
        |more: &str| format!("version: 1\nindex: it\ntable: orders\nfields: {{ id: long }}\n{more}\n");
    let cases = [
        ("[]", "", "missing-value"),
        ("[indexes/*.yml]", "options: { _meta: { flusso: mine } }", "reserved-name"),
        ("[indexes/*.yml]", "where: { note: { eq: x } }", "unknown-key"),
        ("[indexes/*.yml]", "where: { note: { is_null: true } }", "unknown-key"),
    ];
    for (indexes, more, lint) in cases {
        let found = Project::alone(&project(indexes), &index(more)).compile().diagnostics;
        let found: Vec<&str> = found.iter().map(|each| each.lint.name).collect();
        assert_eq!(found, [lint], "{indexes} {more}");
    }
}

/// It was an internal error, twice: Postgres refuses the query.
#[test]
fn values_that_cannot_be_compared_are_not_counted_apart() {
    let project = "version: 1\nproject: it\nsource: { postgres: { url: \"${URL}\", schema: shop } }\nsinks: { out: { stdout: {} } }\nindexes: [indexes/it.yml]\n";
    let index = "version: 1\nindex: it\ntable: categories\nfields: { id: long, n: { count: products, through: product_categories, of: supplier_data, distinct: true } }\n";
    let found = Project::alone(project, index).compile().diagnostics;
    let found: Vec<&str> = found.iter().map(|each| each.message.as_str()).collect();
    let expected = "`distinct` does not accept `json`: Postgres has no order for its values";
    assert_eq!(found, [expected]);
}

/// A view without a key was `missing-primary-key` or `non-unique-key` too, and beside a relation `no-foreign-key`.
#[test]
fn a_view_is_one_finding_however_it_is_named() {
    let project = "version: 1\nproject: it\nsource: { postgres: { url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] } }\n\
                   sinks: { search: { opensearch: { url: \"${URL}\" } } }\nindexes: [indexes/it.yml]\n";
    for index in [
        "table: users\nfields: { id: long }",
        "table: users\nkey: id\nfields: { id: long }",
        "table: orders\nfields: { id: long, user: { belongs_to: users, fields: { id: long } } }",
        "table: orders\nfields: { id: long, user: { belongs_to: users, via: user_id, fields: { id: long } } }",
    ] {
        let project =
            Project::alone(project, &format!("version: 1\nindex: it\n{index}\n")).with_view("users");
        let found: Vec<&str> = project.compile().diagnostics.iter().map(|each| each.lint.name).collect();
        assert_eq!(found, ["relation-not-a-table"], "{index}");
    }
}

#[test]
fn every_lint_has_a_fixture() {
    let folders = rig::folders("lints");
    let has = |name: &str| folders.iter().any(|folder| folder.ends_with(name));
    // An internal error has no cause that anybody could write down.
    let expected = from_files().map(|lint| lint.name).filter(|name| *name != internal_error::LINT.name);
    let without: Vec<&str> = expected.filter(|name| !has(name)).collect();
    assert_eq!(without, [""; 0]);
    let unknown = folders.iter().filter(|folder| !lints::ALL.iter().any(|lint| folder.ends_with(lint.name)));
    assert_eq!(unknown.collect::<Vec<_>>(), [""; 0], "no lint has these names");
}

/// The nearest project without the lint has no finding at all, so that nothing else than the lint differs.
#[test]
fn the_nearest_project_without_a_lint_has_no_finding() {
    let mut wrong = String::new();
    for folder in rig::folders("lints") {
        let entries = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"));
        let is_better = entries.map(|entry| entry.file_name()).any(|name| {
            let name = name.to_string_lossy();
            name.starts_with("good.") || name.starts_with("good-")
        });
        assert!(is_better, "{}: add `good.yml`, or another `good` file", folder.display());
        let project = Project::of_better_lint(&folder);
        let found = project.compile().diagnostics;
        if !found.is_empty() {
            write!(wrong, "{}:\n{}", folder.display(), render(&project, &found)).expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_fixture_project_is_in_the_way_of_its_lock() {
    for name in ["shop", "chinook", "northwind"] {
        let project = Project::of_folder(name);
        let outcome = project.compile();
        let text = render(&project, &outcome.diagnostics);
        assert!(outcome.lock.is_some(), "{name}:\n{text}");
        insta::assert_snapshot!(format!("{name}_findings"), text);
    }
}

#[test]
fn the_lock_of_a_project_is_always_the_same() {
    for name in ["shop", "chinook", "northwind"] {
        let project = Project::of_folder(name);
        let lock = project.compile().lock.expect("it compiles");
        let text = flusso_schemas::lock::write(&lock);
        assert_eq!(flusso_schemas::lock::read(&text).expect("it is read back"), lock);
        let turned = project.files_reversed().compile().lock.expect("it compiles");
        assert_eq!(flusso_schemas::lock::write(&turned), text);
        if name == "shop" {
            insta::assert_snapshot!("shop_lock", text);
        }
    }
}
