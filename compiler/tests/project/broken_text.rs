//! Text that is cut or changed anywhere is read to its end, and never ends the program.

use flusso_compiler::diagnostic::{SourceFile, Sources};
use flusso_compiler::{findings, parse};

use crate::rig::Project;

fn survives(project: &str, index: &str) {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let read = parse(file("flusso.yml", project), vec![file("indexes/a.yml", index)]);
    let sources = Sources::new(&read.files);
    for diagnostic in findings(&read) {
        for label in diagnostic.to_finding(&sources).labels {
            let text = &read.files.iter().find(|file| file.path == label.file).expect("a file").text;
            assert!(text.get(label.byte_start..label.byte_end).is_some(), "{label:?}");
        }
    }
}

fn mutations(text: &str) -> impl Iterator<Item = String> {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    places.into_iter().flat_map(move |at| {
        let (before, after) = text.split_at(at);
        let rest = &after[after.chars().next().map_or(0, char::len_utf8)..];
        let replaced = ["", ":", "{", "]", "\"", "\n", "\t", "*x", "- ", "\u{fffd}", "${"];
        let changed = replaced.into_iter().map(move |new| format!("{before}{new}{rest}"));
        changed.chain([before.to_owned()])
    })
}

#[test]
fn an_index_file_may_be_broken_anywhere() {
    let shop = Project::of_folder("shop");
    let project = shop.text("flusso.yml");
    for text in mutations(shop.text("indexes/orders.yml")).step_by(5) {
        survives(project, &text);
    }
}

#[test]
fn the_project_file_may_be_broken_anywhere() {
    let shop = Project::of_folder("shop");
    let index = shop.text("indexes/users.yml");
    for text in mutations(shop.text("flusso.yml")).step_by(2) {
        survives(&text, index);
    }
}

#[test]
fn a_broken_index_is_checked_as_far_as_it_goes() {
    let shop = Project::of_folder("shop");
    for text in mutations(shop.text("indexes/products.yml")).step_by(53) {
        shop.with_file("indexes/products.yml", &text).compile();
    }
}
