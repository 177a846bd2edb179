//! The digest of a block: over its own bytes without the line that holds it.

use std::ops::Range;

use crate::hash::short_hash;

/// Puts the digest of `block` as a line of its own at byte `at`.
pub(super) fn seal(block: &str, at: usize) -> String {
    let (before, after) = block.split_at(at);
    format!("{before}digest = \"{}\"\n{after}", short_hash(block))
}

/// The digest of a block whose `digest = …` begins at byte `at` of the text.
pub(super) fn unsealed_digest(text: &str, block: &Range<usize>, at: usize) -> String {
    let in_block = |place: usize| place.clamp(block.start, block.end);
    let line_start = in_block(text[..at].rfind('\n').map_or(0, |end| end + 1));
    let line_end = in_block(text[at..].find('\n').map_or(text.len(), |end| at + end + 1)).max(line_start);
    let bytes = text.as_bytes();
    short_hash([&bytes[block.start..line_start], &bytes[line_end..block.end]].concat())
}

/// The bytes of the block that begins at `start`, up to its last line that is not empty.
pub(super) fn block_range(text: &str, start: usize, next: usize) -> Range<usize> {
    let used = text[start..next].trim_end().len();
    let end = start + used;
    let with_line_feed = if text[end..next].starts_with('\n') { end + 1 } else { end };
    start..with_line_feed
}
