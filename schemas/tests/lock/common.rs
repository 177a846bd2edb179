//! The hand-written lock, and locks sealed anew after an edit.

use flusso_schemas::hash::short_hash;

/// The hand-written lock.
pub(crate) const EXAMPLE: &str = include_str!("../../fixtures/lock-example/flusso.lock");

/// A lock with the digests that its blocks have, as `sha256sum` gives them.
pub(crate) fn sealed(lock: &str) -> String {
    let mut blocks: Vec<String> = vec![String::new()];
    for line in lock.split_inclusive('\n') {
        if ["[[sink]]\n", "[[table]]\n", "[[index]]\n"].contains(&line) {
            blocks.push(String::new());
        }
        blocks.last_mut().expect("it starts with one").push_str(line);
    }
    blocks.iter().map(|block| sealed_block(block)).collect()
}

fn sealed_block(block: &str) -> String {
    let used = block.trim_end().len();
    let end = if block.len() > used { used + 1 } else { used };
    let is_digest = |line: &&str| line.starts_with("digest = ");
    let hash =
        short_hash(block[..end].split_inclusive('\n').filter(|line| !is_digest(line)).collect::<String>());
    let line = |line: &str| if is_digest(&line) { format!("digest = \"{hash}\"\n") } else { line.to_owned() };
    block.split_inclusive('\n').map(line).collect()
}
