//! A lock is stale as soon as a file says something else than what it was compiled from.

use flusso_compiler::stale;
use flusso_schemas::lock::Lock;

use crate::rig::Project;

fn shop() -> (Project, Lock) {
    let project = Project::of_folder("shop");
    let lock = project.compile().lock.expect("it compiles");
    (project, lock)
}

fn said(project: &Project, lock: &Lock) -> Option<String> {
    stale(&project.read, lock).map(|stale| stale.to_string())
}

#[test]
fn the_files_that_it_was_compiled_from_are_its_own() {
    for name in ["shop", "chinook", "northwind"] {
        let project = Project::of_folder(name);
        let lock = project.compile().lock.expect("it compiles");
        assert_eq!(said(&project, &lock), None, "{name}");
        let commented = format!("# for people\n{}", project.text("flusso.yml"));
        assert_eq!(said(&project.with_file("flusso.yml", &commented), &lock), None, "{name}");
    }
}

#[test]
fn the_file_that_differs_is_named() {
    let (project, lock) = shop();
    for (file, from, to, says) in [
        ("indexes/orders.yml", "  note: text\n", "", "`indexes/orders.yml` changed since it was compiled"),
        ("indexes/orders.yml", "  note: text\n", "  note: [\n", "`indexes/orders.yml` has an error"),
        (
            "indexes/orders.yml",
            "index: orders",
            "index: bills",
            "`indexes/orders.yml` was added since it was compiled",
        ),
        ("flusso.yml", "version: 1\n", "version: 1\nnonsense: 1\n", "`flusso.yml` has an error"),
        (
            "flusso.yml",
            "version: 1\n",
            "version: 1\nlints: { lossy-kind: allow }\n",
            "`flusso.yml` changed since it was compiled",
        ),
        (
            "flusso.yml",
            "sinks:\n",
            "sinks:\n  out: { stdout: {} }\n",
            "`flusso.yml` changed since it was compiled",
        ),
    ] {
        let text = project.text(file);
        assert!(text.contains(from), "{file}: {from}");
        let edited = project.with_file(file, &text.replacen(from, to, 1));
        assert_eq!(said(&edited, &lock).as_deref(), Some(says), "{file}: {to}");
    }
    let orders = project.text("indexes/orders.yml");
    let fewer = project.only_index("indexes/orders.yml", orders);
    assert!(said(&fewer, &lock).is_some_and(|said| said.starts_with("the file of index `")));
}
