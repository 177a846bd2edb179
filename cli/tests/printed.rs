//! Pages that are printed from the code: `UPDATE=1 cargo test --test printed` writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flusso_compiler::grammar;
use flusso_compiler::kinds::Kinds;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Every printed page by its path below `docs/`.
fn pages() -> BTreeMap<String, String> {
    let lints =
        flusso_lints::ALL.iter().map(|lint| (format!("lints/{}.md", lint.name), flusso_lints::page(lint)));
    let others = [
        ("lints/README.md".to_owned(), flusso_lints::index()),
        ("kinds.md".to_owned(), Kinds::standard().pages()),
        ("config.md".to_owned(), grammar::page::page()),
        ("lock.md".to_owned(), flusso_schemas::lock::docs()),
    ];
    lints.chain(others).collect()
}

#[test]
fn printed_pages_are_current_and_there_are_no_others() {
    let pages = pages();
    let folder = docs().join("lints");
    if env::var_os("UPDATE").is_some() {
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("docs/ is a folder of the checkout");
        pages.iter().for_each(|(path, text)| fs::write(docs().join(path), text).expect("written"));
    }
    for (path, text) in &pages {
        let committed = fs::read_to_string(docs().join(path)).unwrap_or_default();
        assert!(
            committed == *text,
            "docs/{path}: run `UPDATE=1 cargo test --test printed` and commit what it writes"
        );
    }
    let files = fs::read_dir(folder).expect("the pages are committed").flatten();
    let names = files.map(|file| format!("lints/{}", file.file_name().to_string_lossy()));
    let left: Vec<String> = names.filter(|name| !pages.contains_key(name)).collect();
    assert_eq!(left, [""; 0], "pages of lints that are gone");
}
