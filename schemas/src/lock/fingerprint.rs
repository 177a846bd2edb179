//! Fingerprints: what an index means, apart from how it is read.

use super::IndexPlan;

/// Hash of the JCS of `[key, document_id, body as text, fields]`, and `rendering` where it is over 1.
pub fn index_fingerprint(_index: &IndexPlan) -> String {
    todo!()
}

/// Hash of the JCS of the list of `{table, roles, navigation, columns}`.
pub fn edges_fingerprint(_index: &IndexPlan) -> String {
    todo!()
}
