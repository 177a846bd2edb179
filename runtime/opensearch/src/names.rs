//! The names that flusso gives in a sink.

use flusso_lints::invalid_index_name::PrefixProblem;
use flusso_schemas::index_name::{
    FINGERPRINT_DIGITS, STATE, index_bytes_max, prefix_bytes_max, refused_character,
};
use flusso_schemas::lock::{IndexPlan, index_fingerprint};

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

/// A generation's index name: `<prefix><index>-<fingerprint8>-<number>`.
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
    format!("{prefix}{STATE}{project}")
}

/// Why names of a project that begin with this prefix would be refused by the server.
pub(crate) fn prefix_problem(prefix: &str, project: &str) -> Option<PrefixProblem> {
    let bytes_max = prefix_bytes_max(project);
    let too_long = || (prefix.len() > bytes_max).then_some(PrefixProblem::TooLong(bytes_max));
    refused_character(prefix, true).map(PrefixProblem::Character).or_else(too_long)
}

/// Whether the longest name that is made for an index is too long.
pub(crate) fn too_long(prefix: &str, name: &str) -> bool {
    name.len() > index_bytes_max(prefix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_judged_as_the_server_judges_names() {
        for good in ["", "staging-", "t1_", "a+b"] {
            assert_eq!(prefix_problem(good, "shop"), None, "{good}");
        }
        for bad in ["Staging-", "-a", "_a", "a b", "${PREFIX}", "a,b", "a\n", &"x".repeat(223)] {
            assert!(prefix_problem(bad, "shop").is_some(), "{bad}");
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
