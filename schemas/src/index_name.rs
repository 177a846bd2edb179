//! Rules for the names of indexes and aliases in a sink, once for the files and for a resolved `index_prefix`.

/// Most bytes that OpenSearch accepts in the name of an index or alias.
const NAME_BYTES_MAX: usize = 255;

/// Digits of the fingerprint in a generation's name.
pub const FINGERPRINT_DIGITS: usize = 8;

/// Bytes of `-<fingerprint8>-<number>-W` behind an index's name, the longest number included.
const SUFFIX_BYTES_MAX: usize = 1 + FINGERPRINT_DIGITS + 1 + 20 + 2;

/// Start of the name of a state index, after the prefix.
pub const STATE: &str = "flusso-state-";

/// Characters that a name may have, for messages.
pub const RULE: &str = "use `a-z`, `0-9`, `_`, `-`, `.` and `+`, a letter or digit first";

/// The first character that a name must not have where it is; `begins` where the text is the beginning of the name.
pub fn refused_character(text: &str, begins: bool) -> Option<char> {
    let is_first = |at: usize| begins && at == 0;
    let fits = |at: usize, letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || !is_first(at) && "_.+-".contains(letter)
    };
    text.char_indices().find(|(at, letter)| !fits(*at, *letter)).map(|(_, letter)| letter)
}

/// Most bytes of an index's name behind a prefix of so many, so that the longest name made of both is accepted.
pub fn index_bytes_max(prefix_bytes: usize) -> usize {
    (NAME_BYTES_MAX - SUFFIX_BYTES_MAX).saturating_sub(prefix_bytes)
}

/// Most bytes of a prefix: an index of one letter and the project's state index must both be accepted behind it.
pub fn prefix_bytes_max(project: &str) -> usize {
    index_bytes_max(1).min(NAME_BYTES_MAX.saturating_sub(STATE.len() + project.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_by_their_characters_and_their_longest_form() {
        for good in ["orders", "a+b", "t1_", "1.x-"] {
            assert_eq!(refused_character(good, true), None, "{good}");
        }
        for (bad, letter) in
            [("Orders", 'O'), ("-a", '-'), (".a", '.'), ("a b", ' '), ("ä", 'ä'), ("a\n", '\n')]
        {
            assert_eq!(refused_character(bad, true), Some(letter), "{bad}");
        }
        assert_eq!(refused_character("-eu", false), None);
        let longest = format!("-{}-{}-W", "0".repeat(FINGERPRINT_DIGITS), u64::MAX);
        assert_eq!(index_bytes_max(0) + longest.len(), NAME_BYTES_MAX);
        assert_eq!(index_bytes_max(10), index_bytes_max(0) - 10);
        assert_eq!(prefix_bytes_max("shop") + STATE.len() + "shop".len(), 239);
        assert_eq!(prefix_bytes_max(&"p".repeat(60)) + STATE.len() + 60, NAME_BYTES_MAX);
    }
}
