//! Names of indexes and the prefix before them: one rule for both, applied before a server is asked.

use flusso_compiler::findings;

use crate::rig::Project;

/// Lint and message of everything that the files alone say.
fn found(prefix: &str, name: &str) -> Vec<(&'static str, String)> {
    let project = format!(
        "version: 1\nproject: it\nsource: {{ postgres: {{ url: \"${{URL}}\", schema: shop }} }}\n\
         sinks: {{ search: {{ opensearch: {{ url: \"${{URL}}\", index_prefix: \"{prefix}\" }} }} }}\n\
         indexes: [indexes/it.yml]\n"
    );
    let index = format!("version: 1\nindex: {name}\ntable: products\nfields:\n  id: long\n");
    let found = findings(&Project::alone(&project, &index).read);
    found.into_iter().map(|each| (each.lint.name, each.message)).collect()
}

#[test]
fn a_prefix_is_judged_by_what_is_known_of_it() {
    for good in ["", "staging-", "${PREFIX}", "${PREFIX}-eu-", "${PREFIX:-test}-", "a${PREFIX}"] {
        assert_eq!(found(good, "it"), [], "{good}");
    }
    let refused = "OpenSearch does not accept names that begin with this `index_prefix`";
    for bad in ["Staging-", "-a", "_a", ".a", "a b", "${PREFIX}-EU-", "A${PREFIX}"] {
        assert_eq!(found(bad, "it"), [("invalid-index-name", refused.to_owned())], "{bad}");
    }
    let too_long = "`index_prefix` is longer than 222 bytes".to_owned();
    assert_eq!(found(&"p".repeat(223), "it"), [("invalid-index-name", too_long)]);
}

/// 255 bytes, less `-<fingerprint8>-<number>-W` behind the longest name that is made.
#[test]
fn a_name_leaves_room_for_its_prefix_and_for_what_follows_it() {
    let name = |length: usize| "x".repeat(length);
    assert_eq!(found("", &name(223)), []);
    assert!(found("", &name(224))[0].1.ends_with("is longer than 223 bytes"));
    assert_eq!(found("staging-${X}", &name(215)), []);
    let found = found("staging-${X}", &name(216));
    let expected =
        format!("`index_prefix` of sink `search` leaves 215 bytes for the name of index `{}`", name(216));
    assert_eq!(found, [("invalid-index-name", expected)]);
}
