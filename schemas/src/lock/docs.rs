//! docs/lock.md, printed from the tables of the blocks.

use std::fmt::Write as _;

use super::block::{Block, KeyDocs};
use super::connection::{HttpAddress, PostgresAddress};
use super::field::FieldPlan;
use super::index::{ColumnFact, Edge, IndexPlan, KeyColumn, Node};
use super::levels::{Acceptance, LintLevel};
use super::source::{OpenSearchPlan, SinkPlan, SourcePlan, StdoutPlan, TablePlan};
use super::{LOCK_VERSION, Lock};

const ABOUT: &str = "\
`flusso.lock` is what `flusso compile` writes and what `flusso apply` and `flusso run` execute. It is TOML with one \
spelling: equal projects over equal facts give equal bytes. It holds no secret, only where to find one. Commit it, read \
its difference in a pull request, and never change it by hand: every block has a digest, and a block whose digest does \
not match is refused.

A block ends with its last line that is not empty. The *fingerprint* of an index is the SHA-256, cut to 16 hexadecimal \
digits, of the JCS (RFC 8785) of the object of its keys that are marked with *yes* below; its *edges_fingerprint* is that \
of the list of the same objects of its edges. As long as both stay the same, documents that are in an index are right. \
Integers beyond 2^53 enter them as their digits.
";

/// The page, in Markdown.
pub fn docs() -> String {
    let mut page = format!("# The lock, version {LOCK_VERSION}\n\n{ABOUT}");
    section::<Lock>(&mut page, "Header", "The lines before the first `[[`; `lock_version` is the first key.");
    section::<LintLevel>(&mut page, "A lint's level", "One line of `[levels]`.");
    section::<Acceptance>(&mut page, "An accepted finding", "One item of `accepted`.");
    section::<SourcePlan>(
        &mut page,
        "[source]",
        "Where changes come from, and what flusso may create there.",
    );
    section::<PostgresAddress>(
        &mut page,
        "An address of Postgres",
        "`url` in parts, where it is not one reference.",
    );
    section::<SinkPlan>(&mut page, "[[sink]]", "Where documents go. The keys of its kind follow the digest.");
    section::<OpenSearchPlan>(&mut page, "[[sink]] of kind opensearch", "References and tuning.");
    section::<HttpAddress>(
        &mut page,
        "An address over HTTP",
        "`url` in parts, where it is not one reference.",
    );
    section::<StdoutPlan>(&mut page, "[[sink]] of kind stdout", "Documents as lines of JSON.");
    section::<TablePlan>(&mut page, "[[table]]", "A captured table.");
    section::<IndexPlan>(
        &mut page,
        "[[index]]",
        "One index. `fingerprint` and `edges_fingerprint` follow the digest.",
    );
    section::<KeyColumn>(&mut page, "A column of the key", "One item of `key`.");
    section::<FieldPlan>(&mut page, "A field", "One line of `[index.fields]`.");
    section::<Node>(&mut page, "[[index.node]]", "One query of a document's tree.");
    section::<Edge>(&mut page, "[[index.edge]]", "What a change of one table means for the index.");
    section::<ColumnFact>(&mut page, "A column that is relied on", "One line of `[index.edge.columns]`.");
    page
}

fn section<B: Block>(page: &mut String, title: &str, about: &str) {
    let keys = B::keys();
    let marks = keys.iter().any(|key| key.in_fingerprint);
    let (head, line) = if marks { (" in the fingerprint |", " --- |") } else { ("", "") };
    write!(page, "\n## {title}\n{about}\n\n| key | value | may be left out |{head} meaning |\n")
        .expect("a String takes every write");
    writeln!(page, "| --- | --- | --- |{line} --- |").expect("a String takes every write");
    for key in &keys {
        row(page, key, marks);
    }
}

fn row(page: &mut String, key: &KeyDocs, marks: bool) {
    let yes = |is: bool| if is { "yes" } else { "" };
    let mark = if marks { format!(" {} |", yes(key.in_fingerprint)) } else { String::new() };
    writeln!(page, "| `{}` | {} | {} |{mark} {} |", key.name, key.form, yes(key.optional), key.docs)
        .expect("a String takes every write");
}
