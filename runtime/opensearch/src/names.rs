//! The names that flusso gives in a sink.

use flusso_schemas::lock::{IndexPlan, index_fingerprint};

/// Digits of the fingerprint in a generation's name.
const FINGERPRINT_DIGITS: usize = 8;

/// The alias that one generation alone is written through.
///
/// Its capital keeps the server from ever making an index of this name: `require_alias` alone does
/// not keep a *delete* with an external version from doing so (measured on OpenSearch 3.8).
pub(crate) fn write_alias(generation: &str) -> String {
    format!("{generation}-W")
}

/// The alias that applications query.
pub(crate) fn alias(prefix: &str, index: &IndexPlan) -> String {
    format!("{prefix}{}", index.alias)
}

/// `<prefix><index>-<fingerprint8>-<number>`
pub(crate) fn generation(prefix: &str, index: &IndexPlan, number: u64) -> String {
    let fingerprint = index_fingerprint(index);
    format!("{prefix}{}-{}-{number}", index.name, &fingerprint[..FINGERPRINT_DIGITS])
}

/// The number of a generation of this index, of whatever fingerprint; none for any other name.
pub(crate) fn generation_number(prefix: &str, index: &str, name: &str) -> Option<u64> {
    let rest = name.strip_prefix(prefix)?.strip_prefix(index)?.strip_prefix('-')?;
    let (fingerprint, number) = rest.split_once('-')?;
    let is_fingerprint =
        fingerprint.len() == FINGERPRINT_DIGITS && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
    number.parse().ok().filter(|_| is_fingerprint && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The index that holds a project's state.
pub(crate) fn state_index(prefix: &str, project: &str) -> String {
    format!("{prefix}flusso-state-{project}")
}

/// Most bytes of an index's or alias' name.
const LENGTH_MAX: usize = 255;
/// Bytes of `-<fingerprint8>-<number>-W` behind an index's name, the longest number included.
const SUFFIX_LENGTH_MAX: usize = 1 + FINGERPRINT_DIGITS + 1 + 20 + 2;
/// Characters that no name of an index holds.
const REFUSED_CHARACTERS: &str = "\\/*?\"<>|, #:";

/// Why names that begin with this prefix would be refused by the server; the prefix is a reference's value,
/// so that it is not repeated.
pub(crate) fn prefix_problem(prefix: &str) -> Option<String> {
    let refused = prefix.chars().find(|letter| REFUSED_CHARACTERS.contains(*letter) || letter.is_control());
    if let Some(letter) = refused {
        return Some(format!("holds {letter:?}"));
    }
    if prefix.to_lowercase() != prefix {
        return Some("holds a capital letter".to_owned());
    }
    let first = prefix.chars().next().filter(|first| "_-+".contains(*first));
    first.map(|first| format!("begins with `{first}`"))
}

/// The longest name that is made for an index, where it is too long.
pub(crate) fn too_long(prefix: &str, name: &str) -> bool {
    prefix.len() + name.len() + SUFFIX_LENGTH_MAX > LENGTH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_judged_as_the_server_judges_names() {
        for good in ["", "staging-", "t1_", "ä.", "a+b"] {
            assert_eq!(prefix_problem(good), None, "{good}");
        }
        for (bad, why) in [
            ("Staging-", "holds a capital letter"),
            ("-a", "begins with `-`"),
            ("_a", "begins with `_`"),
            ("a b", "holds ' '"),
            ("${PREFIX}", "holds a capital letter"),
            ("a,b", "holds ','"),
            ("a\n", "holds '\\n'"),
        ] {
            assert_eq!(prefix_problem(bad).as_deref(), Some(why), "{bad}");
        }
        assert!(too_long("p-", &"x".repeat(240)) && !too_long("p-", "orders"));
    }

    #[test]
    fn a_number_is_read_from_names_of_this_index_only() {
        let number = |name| generation_number("p-", "orders", name);
        assert_eq!(number("p-orders-0123abcd-17"), Some(17));
        for other in
            ["p-orders-eu-0123abcd-17", "p-orders-0123abcd-+1", "p-orders-0123abc-1", "orders-0123abcd-1"]
        {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
