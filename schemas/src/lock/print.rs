//! The one spelling of a block: keys on lines of their own, sections and blocks behind them.

use std::fmt::Write as _;

use serde_json::Value;

use super::block::{self, Entry};
use super::digest::seal;
use super::toml_text;

/// How a key's value is laid out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spelled {
    /// `key = value` on one line.
    Line(Value),
    /// A text on lines of its own.
    Lines(String),
    /// `[block.key]` with an entry a line.
    Section(Vec<(String, Value)>),
    /// `[key]`, a block of its own.
    Table(Vec<Entry>),
    /// A list of blocks, each under `[[block.key]]`.
    Blocks(Vec<Vec<Entry>>),
    /// The place of the block's digest.
    Digest,
}

impl Spelled {
    /// The value as JSON; none for the digest, which is not a value of the block.
    pub(super) fn json(self) -> Option<Value> {
        match self {
            Self::Line(value) => Some(value),
            Self::Lines(text) => Some(Value::from(text)),
            Self::Section(lines) => Some(Value::Object(lines.into_iter().collect())),
            Self::Table(entries) => Some(Value::Object(block::json(entries))),
            Self::Blocks(blocks) => {
                Some(blocks.into_iter().map(|entries| Value::Object(block::json(entries))).collect())
            }
            Self::Digest => None,
        }
    }
}

/// The text of a block under its head, sealed where it has a digest. `path` is what the heads of its
/// sections begin with: `index` for `[index.fields]`, empty in the header.
pub(super) fn block_text(head: &str, path: &str, entries: &[Entry]) -> String {
    let mut text = format!("{head}\n");
    let mut digest_at = None;
    push(&mut text, &mut digest_at, path, entries);
    match digest_at {
        Some(at) => seal(&text, at),
        None => text,
    }
}

fn push(out: &mut String, digest_at: &mut Option<usize>, path: &str, entries: &[Entry]) {
    for Entry { name, spelled, .. } in entries {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match spelled {
            Spelled::Line(value) => push_line(out, name, &toml_text::value(value)),
            Spelled::Lines(text) => push_line(out, name, &toml_text::text(text)),
            Spelled::Digest => *digest_at = Some(out.len()),
            Spelled::Section(lines) => {
                // Within `[[index.edge]]` the columns follow at once.
                let gap = if path.contains('.') { "" } else { "\n" };
                writeln!(out, "{gap}[{below}]").expect("a String takes every write");
                lines.iter().for_each(|(name, value)| push_line(out, name, &toml_text::value(value)));
            }
            Spelled::Table(entries) => {
                writeln!(out, "\n[{below}]").expect("a String takes every write");
                push(out, digest_at, &below, entries);
            }
            Spelled::Blocks(blocks) => {
                for entries in blocks {
                    writeln!(out, "\n[[{below}]]").expect("a String takes every write");
                    push(out, digest_at, &below, entries);
                }
            }
        }
    }
}

fn push_line(out: &mut String, name: &str, spelled: &str) {
    writeln!(out, "{} = {spelled}", toml_text::key(name)).expect("a String takes every write");
}
