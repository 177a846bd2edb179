//! Rules of the house: who may depend on whom, every module says what it is, lists are sorted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The checkout's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the checkout")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be listed") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

pub(crate) fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    let relative = |path: &Path| path.strip_prefix(root()).expect("it is below").display().to_string();
    files.iter().map(|path| (relative(path), fs::read_to_string(path).expect("sources are UTF-8"))).collect()
}

/// Normal (not dev) dependencies within the workspace, by package.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().expect("a workspace has packages").iter();
    packages
        .map(|package| {
            let all = package["dependencies"].as_array().expect("a package has dependencies").iter();
            let normal = all.filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let dependencies = dependencies();
    let clients = ["opensearch", "reqwest", "tokio", "tokio-postgres"];
    for (package, forbidden) in [
        ("flusso-schemas", [&["flusso-compiler", "flusso-runtime"][..], &clients].concat()),
        ("flusso-lints", [&["flusso-compiler", "flusso-runtime"][..], &clients].concat()),
        ("flusso-compiler", [&["flusso-runtime"][..], &clients].concat()),
        (
            "flusso-runtime",
            vec!["flusso-compiler", "flusso-opensearch", "flusso-postgres", "opensearch", "tokio-postgres"],
        ),
        ("flusso-postgres", vec!["flusso-compiler", "flusso-opensearch", "opensearch"]),
        ("flusso-opensearch", vec!["flusso-compiler", "flusso-postgres", "tokio-postgres"]),
    ] {
        for other in forbidden {
            assert!(!dependencies[package].contains(other), "`{package}` must not depend on `{other}`");
        }
    }
}

#[test]
fn one_file_of_the_command_line_names_the_backends() {
    let names = |text: &str| text.contains("flusso_postgres") || text.contains("flusso_opensearch");
    let in_cli = sources().into_iter().filter(|(path, text)| path.starts_with("cli/") && names(text));
    assert_eq!(in_cli.map(|(path, _)| path).collect::<Vec<_>>(), ["cli/src/backends.rs"]);
}

/// A statement that goes past it has no bound of ours, and hangs with a frozen server.
#[test]
fn one_file_sends_statements_to_postgres() {
    let ways = [
        "query_raw(",
        "batch_execute(",
        "prepare_typed(",
        "simple_query(",
        "copy_in(",
        "copy_out(",
        "Client,",
        "tokio_postgres::Client",
    ];
    let elsewhere = sources().into_iter().filter(|(path, text)| {
        path.starts_with("runtime/postgres/src/")
            && path != "runtime/postgres/src/statement.rs"
            && text.contains("tokio_postgres")
            && ways.iter().any(|way| text.contains(way))
    });
    assert_eq!(elsewhere.map(|(path, _)| path).collect::<Vec<_>>(), [""; 0], "use `Session`");
}

/// A request that goes past it has no bound of ours either.
#[test]
fn one_file_sends_requests_to_opensearch() {
    let elsewhere = sources().into_iter().filter(|(path, text)| {
        path.starts_with("runtime/opensearch/src/")
            && path != "runtime/opensearch/src/transport.rs"
            && text.contains("reqwest")
    });
    assert_eq!(elsewhere.map(|(path, _)| path).collect::<Vec<_>>(), [""; 0], "use `Transport`");
}

#[test]
fn every_module_says_what_it_is() {
    let silent = sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path);
    assert_eq!(silent.collect::<Vec<_>>(), [""; 0], "begin each of these with `//!`");
}

#[test]
fn lists_of_modules_are_sorted() {
    for (path, text) in sources() {
        let mut last = String::new();
        for line in text.lines() {
            let name = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "));
            match name.and_then(|name| name.strip_suffix(';')) {
                Some(name) => {
                    assert!(last.as_str() < name, "{path}: move `mod {name};` above `mod {last};`");
                    last = name.to_owned();
                }
                None => last.clear(),
            }
        }
    }
}

/// The product's part of each file of a crate, without unit tests.
fn product_of<'a>(sources: &'a [(String, String)], folder: &str) -> Vec<(&'a str, &'a str)> {
    let is_test = |path: &str| path.contains("/tests") || path.ends_with("/fixture.rs");
    let of_crate = sources.iter().filter(|(path, _)| path.starts_with(folder) && !is_test(path));
    of_crate
        .map(|(path, text)| {
            (path.as_str(), text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default())
        })
        .collect()
}

/// The type that a line declares for other modules.
fn declared_type(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1,
        None => rest,
    };
    let (keyword, rest) = rest.trim_start().split_once(' ')?;
    let is_type = ["enum", "struct", "trait", "type"].contains(&keyword);
    is_type.then(|| rest.split(|letter: char| !letter.is_alphanumeric()).next()).flatten()
}

const CRATES: [&str; 8] = [
    "cli/src/",
    "compiler/lints/src/",
    "compiler/src/",
    "runtime/opensearch/src/",
    "runtime/postgres/src/",
    "runtime/src/",
    "schemas/src/",
    "xtask/src/",
];

/// Files that several stages have, each for its part of the same subject: the grammar, the reader, the check and the
/// SQL of a relation; the writer and the reader of an index in the lock.
const SUBJECTS: [&str; 11] = [
    "aggregate.rs",
    "condition.rs",
    "field.rs",
    "index.rs",
    "key.rs",
    "opensearch.rs",
    "project.rs",
    "relation.rs",
    "scalar.rs",
    "settings.rs",
    "zone.rs",
];

#[test]
fn a_name_means_one_type_and_one_file_in_a_crate() {
    let sources = sources();
    let mut seen = 0;
    let mut shared = BTreeSet::new();
    for folder in CRATES {
        let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (path, text) in product_of(&sources, folder) {
            let file = path.rsplit('/').next().unwrap_or_default();
            let types = text.lines().filter_map(declared_type).map(str::to_owned);
            for name in types.chain([file.to_owned()]) {
                places.entry(name).or_default().push(path);
            }
        }
        seen += places.len();
        places.retain(|_, places| places.len() > 1);
        for subject in SUBJECTS {
            shared.extend(places.remove(subject).map(|_| subject));
        }
        assert_eq!(places.into_iter().collect::<Vec<_>>(), [], "give one of each another name");
    }
    assert!(seen > 400, "the files were read");
    assert!(shared.into_iter().eq(SUBJECTS), "`SUBJECTS` lists only files that several stages have");
}

#[test]
fn no_text_of_the_product_names_where_it_was_made() {
    let words = ["/work/", "../shared", "shared/design", "crates.io/api", "repo.maven", "registry.npmjs"];
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests/src/house.rs")) {
        for word in words {
            assert!(!text.contains(word), "{path} says `{word}`");
        }
    }
}

/// The product's code, without its tests: a test may build what it likes.
fn product() -> Vec<(String, String)> {
    let is_test = |path: &str| path.starts_with("tests/") || path.contains("/tests");
    let without_tests = |text: String| text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
    let all = sources().into_iter().filter(|(path, _)| !is_test(path));
    all.map(|(path, text)| (path, without_tests(text))).collect()
}

/// A finding that is built elsewhere has a lint, a level or a page of its own that nothing lists. The compiler keeps
/// `Diagnostic` to the lints' crate; a `Finding` is data that anybody could write.
#[test]
fn findings_are_built_in_their_lints_files_only() {
    for (sample, expected) in [
        ("let found = Finding { lint: name, level, ..blank };", None),
        ("let a = 1;\nlet found = Finding {\n    lint: name,\n};", Some(2)),
        ("pub fn finding() -> Finding {", None),
        ("found.extend(Some(LINT.live(message)));", Some(1)),
    ] {
        assert_eq!(builds_a_finding(sample), expected, "{sample}");
    }
    for (path, text) in product().into_iter().filter(|(path, _)| !path.starts_with("compiler/lints/src/")) {
        let line = builds_a_finding(&text);
        assert_eq!(line, None, "{path}: build this finding in its lint's file");
    }
}

/// The first line that makes a finding out of nothing: one that takes the rest from another does not.
fn builds_a_finding(text: &str) -> Option<usize> {
    let builds = |at: usize, line: &str| {
        let is_other = ["struct ", "impl ", "-> Finding {"].iter().any(|no| line.contains(no));
        let rest = text.lines().skip(at).collect::<Vec<_>>().join(" ");
        let takes_the_rest = rest.split('}').next().is_some_and(|fields| fields.contains(".."));
        let is_literal = line.contains("Finding {") && !is_other && !takes_the_rest;
        line.contains("LINT.at(") || line.contains("LINT.live(") || is_literal
    };
    text.lines().enumerate().find(|(at, line)| builds(*at, line)).map(|(at, _)| at + 1)
}

/// One file a lint, in its place in the list, with its page; and something that can say it.
#[test]
fn every_lint_has_its_file_its_page_and_a_place_that_says_it() {
    let product: BTreeMap<String, String> = product().into_iter().collect();
    let names: Vec<&str> = flusso_lints::ALL.iter().map(|lint| lint.name).collect();
    assert!(names.is_sorted(), "sort `ALL` by name");
    for name in &names {
        let module = name.replace('-', "_");
        let file = format!("compiler/lints/src/{module}.rs");
        let text = product.get(&file).unwrap_or_else(|| panic!("`{name}` has no file {file}"));
        assert!(text.contains(&format!("name: \"{name}\"")), "{file} holds another lint than `{name}`");
        assert!(root().join(format!("docs/lints/{name}.md")).is_file(), "`{name}` has no page");
        let sentences: Vec<String> = text.split("pub fn ").skip(1).map(function_name).collect();
        assert!(!sentences.is_empty(), "{file} says nothing");
        // Its sentences are named by its module, or by what they are imported as.
        let says = |text: &str| text.contains(&format!("{module}::"));
        let is_said = product
            .iter()
            .any(|(path, text)| *path != file && path != "compiler/lints/src/lib.rs" && says(text));
        assert!(is_said, "nothing says `{name}`");
    }
    let pages = fs::read_dir(root().join("docs/lints")).expect("the pages can be listed");
    for page in pages.map(|page| page.expect("an entry").file_name().to_string_lossy().into_owned()) {
        let name = page.trim_end_matches(".md");
        assert!(name == "README" || names.contains(&name), "docs/lints/{page} is of no lint");
    }
}

/// A sentence that nothing calls is one that nobody can read.
#[test]
fn every_sentence_of_a_lint_is_said_somewhere() {
    let product: Vec<(String, String)> = product();
    let is_lint =
        |path: &str, text: &str| path.starts_with("compiler/lints/src/") && text.contains("static LINT");
    for (path, text) in product.iter().filter(|(path, text)| is_lint(path, text)) {
        for name in text.split("pub fn ").skip(1).map(function_name) {
            let module = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
            let is_said = |other: &str, text: &str| {
                text.contains(&format!(".{name}("))
                    || text.contains(&format!("{module}::{name}"))
                    || (other != path && text.contains(module) && text.contains(&format!("{name}(")))
            };
            assert!(
                product.iter().any(|(other, text)| is_said(other, text)),
                "{path}: nothing says `{name}`"
            );
        }
    }
}

#[test]
fn processes_are_frozen_under_a_guard_only() {
    // In two parts, so that this file does not hold it.
    let stop = concat!("\"ST", "OP\"");
    let files: Vec<String> =
        sources().into_iter().filter(|(_, text)| text.contains(stop)).map(|(path, _)| path).collect();
    assert_eq!(files, ["xtask/src/services/frozen.rs"], "what else freezes may leave it frozen");
}

/// A section of docs/correctness.md.
struct Rule {
    name: String,
    code: Vec<String>,
    tests: Vec<String>,
}

/// What is in backquotes on the line, or the lines, that begin so.
fn quoted_after(section: &str, label: &str) -> Vec<String> {
    let (_, rest) =
        section.split_once(label).unwrap_or_else(|| panic!("a section without `{label}`: {section}"));
    let line = rest.lines().next().unwrap_or_default();
    line.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rules() -> Vec<Rule> {
    let page = fs::read_to_string(root().join("docs/correctness.md")).expect("the page is there");
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| Rule {
            name: section.lines().next().unwrap_or_default().to_owned(),
            code: quoted_after(section, "- Code: "),
            tests: quoted_after(section, "- Tests: "),
        })
        .collect()
}

/// Names that a text cites as rules: `Rule *a*`, `Rules *a*, *b* and *c*`.
fn cited(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for start in ["Rule *", "Rules *", "rule *", "rules *"] {
        for rest in text.split(start).skip(1) {
            let list = rest.split(['.', ':', '(', '\n']).next().unwrap_or_default();
            names.extend(list.split('*').step_by(2).map(str::to_owned).filter(|name| !name.is_empty()));
        }
    }
    names
}

#[test]
fn every_rule_of_correctness_has_its_code_and_its_tests() {
    let sources: BTreeMap<String, String> = sources().into_iter().collect();
    let rules = rules();
    assert!(rules.len() > 20, "the sections were read");
    let defined: BTreeSet<String> =
        sources.values().flat_map(|text| text.split("fn ").skip(1)).map(function_name).collect();
    for Rule { name, code, tests } in &rules {
        assert!(!code.is_empty() && !tests.is_empty(), "rule `{name}` names no code or no test");
        for path in code {
            let text = sources.get(path).unwrap_or_else(|| panic!("rule `{name}`: there is no `{path}`"));
            assert!(cited(text).contains(name), "`{path}` does not cite rule `{name}`");
        }
        for test in tests {
            assert!(defined.contains(test), "rule `{name}`: there is no test `{test}`");
        }
    }
    let known: BTreeSet<String> = rules.into_iter().map(|rule| rule.name).collect();
    for (path, text) in &sources {
        let product = !path.starts_with("tests/");
        for name in cited(text).into_iter().filter(|_| product) {
            assert!(known.contains(&name), "`{path}` cites `{name}`, which docs/correctness.md lacks");
        }
    }
}

fn function_name(after: &str) -> String {
    after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}
