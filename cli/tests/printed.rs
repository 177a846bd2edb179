//! Files that are printed from the code: `UPDATE=1 cargo test --test printed` writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flusso_compiler::grammar;
use flusso_compiler::kinds::Kinds;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn json(schema: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(schema).expect("a schema is JSON"))
}

/// Every printed file by its path in the checkout.
fn files() -> BTreeMap<String, String> {
    let kinds = Kinds::standard();
    let lints = flusso_lints::ALL
        .iter()
        .map(|lint| (format!("docs/lints/{}.md", lint.name), flusso_lints::page(lint)));
    let others = [
        ("docs/lints/README.md", flusso_lints::index()),
        ("docs/kinds.md", kinds.pages()),
        ("docs/config.md", grammar::page::page()),
        ("schemas/json/project.schema.json", json(&grammar::schema::project(&kinds))),
        ("schemas/json/index.schema.json", json(&grammar::schema::index(&kinds))),
        ("docs/lock.md", flusso_schemas::lock::docs()),
    ];
    lints.chain(others.map(|(path, text)| (path.to_owned(), text))).collect()
}

#[test]
fn printed_files_are_current_and_there_are_no_others() {
    let files = files();
    let folder = root().join("docs/lints");
    if env::var_os("UPDATE").is_some() {
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("docs/ is a folder of the checkout");
        files.iter().for_each(|(path, text)| fs::write(root().join(path), text).expect("written"));
    }
    for (path, text) in &files {
        let committed = fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(
            committed == *text,
            "{path}: run `UPDATE=1 cargo test --test printed` and commit what it writes"
        );
    }
    let pages = fs::read_dir(folder).expect("the pages are committed").flatten();
    let names = pages.map(|file| format!("docs/lints/{}", file.file_name().to_string_lossy()));
    let left: Vec<String> = names.filter(|name| !files.contains_key(name)).collect();
    assert_eq!(left, [""; 0], "pages of lints that are gone");
}
