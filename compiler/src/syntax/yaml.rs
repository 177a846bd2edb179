//! YAML text to a spanned tree. A syntax error does not end it: every block that begins with a key at
//! the left edge is read by itself then, so that one run shows an error a block.

mod builder;

use std::ops::Range;

use flusso_lints::yaml_syntax;
use granit_parser::ScanError;

use builder::{Builder, Stop};

use super::tree::{Content, Mapping, Node};
use super::yaml_errors;
use crate::diagnostic::{Diagnostic, Place};

/// A file's content, with the findings of the reader.
#[derive(Debug)]
pub struct Tree {
    /// The mapping at the top; none where there is none.
    pub root: Option<Mapping>,
    /// Its comments, `#` included.
    pub comments: Vec<Range<usize>>,
    /// Findings of the YAML reader, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file; if its YAML is broken, each block at the left edge by itself.
pub fn parse(file: usize, text: &str) -> Tree {
    if let Some(at) = text.find(char::REPLACEMENT_CHARACTER) {
        let place = Place::new(file, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
        return Tree { root: None, comments: Vec::new(), diagnostics: vec![yaml_syntax::not_utf8(place)] };
    }
    let mut whole = Builder::new(file, text, 0);
    let outcome = whole.document();
    match outcome {
        Ok(node) => whole.into_tree(node),
        Err(Stop::Reported) => Tree { root: None, comments: whole.comments, diagnostics: whole.diagnostics },
        Err(Stop::Syntax(error)) => parse_blocks(file, text, &error),
    }
}

/// Reads block by block what cannot be read as a whole.
fn parse_blocks(file: usize, text: &str, whole: &ScanError) -> Tree {
    let mut tree = Tree { root: None, comments: Vec::new(), diagnostics: Vec::new() };
    let mut root = Mapping::default();
    for block in blocks(text) {
        let mut builder = Builder::new(file, &text[block.clone()], block.start);
        builder.aliases_are_known = false;
        match builder.document() {
            Ok(Some(Node { content: Content::Map(mapping), .. })) => root.entries.extend(mapping.entries),
            Ok(_) => {}
            Err(Stop::Syntax(error)) => {
                tree.diagnostics.push(yaml_errors::syntax(file, text, block.clone(), &error));
                root.lost.extend(first_key(&text[block]));
            }
            Err(Stop::Reported) => root.lost.extend(first_key(&text[block])),
        }
        tree.comments.append(&mut builder.comments);
        tree.diagnostics.append(&mut builder.diagnostics);
    }
    if tree.diagnostics.is_empty() {
        tree.diagnostics.push(yaml_errors::syntax(file, text, 0..text.len(), whole));
    }
    tree.root = Some(root);
    tree
}

fn first_key(block: &str) -> Option<String> {
    let line = block.lines().next()?;
    line.split_once(':').map(|(key, _)| key.trim().to_owned())
}

/// The text, split before each line with a key at the left edge; text before the first key belongs to the first
/// block.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins =
            line.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '_' || first == '"');
        if begins && line.contains(':') {
            starts.push(at);
        }
        at += line.len();
    }
    if starts.is_empty() {
        starts.push(0);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lints(text: &str) -> Vec<(&'static str, String)> {
        let place = |place: &Place| text[place.start..place.end].to_owned();
        parse(0, text).diagnostics.iter().map(|each| (each.lint.name, place(&each.primary.0))).collect()
    }

    #[test]
    fn keys_and_values_have_their_exact_bytes() {
        let text = "ä: { b: 'c d' }\nlist:\n  - x\n  - [1, 2]\nempty:\n";
        let root = parse(0, text).root.expect("a mapping");
        let slice = |span: &Range<usize>| &text[span.clone()];
        assert_eq!(slice(&root.entries[0].key_span), "ä");
        assert_eq!(slice(&root.entries[0].value.span), "{ b: 'c d' }");
        assert_eq!(slice(&root.entries[1].value.span), "- x\n  - [1, 2]");
        assert!(root.entries[2].value.is_missing());
    }

    #[test]
    fn every_block_reports_its_own_error() {
        let text = "a: [1\nb: 2\nc: {x: ${Y}}\nd: \"open\n";
        let found = parse(0, text);
        let lints: Vec<_> = found.diagnostics.iter().map(|each| each.lint.name).collect();
        assert_eq!(lints, ["yaml-syntax", "yaml-syntax", "yaml-syntax"]);
        let root = found.root.expect("what could be read");
        assert!(root.get("b").is_some());
        assert_eq!(root.lost, ["a", "c", "d"]);
    }

    #[test]
    fn what_yaml_has_and_we_refuse_is_named() {
        assert_eq!(lints("a: 1\na: 2\n"), [("duplicate-key", "a".to_owned())]);
        assert_eq!(lints("x: &x {a: 1}\ny:\n  <<: *x\n"), [("merge-key", "<<".to_owned())]);
        assert_eq!(lints("a: !!int 3\n"), [("unknown-tag", "!!int".to_owned())]);
        assert_eq!(lints("a: *b\nc: *d\n").len(), 2);
        assert_eq!(lints("- a\n"), [("wrong-type", "- a".to_owned())]);
        assert_eq!(lints("")[0].0, "missing-key");
    }

    #[test]
    fn an_alias_bomb_is_stopped() {
        let mut text = "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*x{}", level - 1); 10].join(", ");
            text.push_str(&format!("x{level}: &x{level} [{aliases}]\n"));
        }
        assert_eq!(lints(&text)[0].0, "anchor-bomb");
    }
}
