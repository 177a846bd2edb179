//! Fingerprints: what an index means, apart from how it is read. Their preimages are JCS (RFC 8785),
//! so that other tools can compute them from the file.

use serde_json::{Value, json};

use super::block::{self, Block as _, fingerprinted};
use super::{FieldPlan, IndexPlan};
use crate::hash::short_hash;

/// The largest integer that JCS prints as it is: it goes through a double.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Hash of the JCS of the object of an index's keys that are marked in docs/lock.md.
///
/// Values are as the lock's TOML says them; an integer beyond 2^53 enters as its digits.
pub fn index_fingerprint(index: &IndexPlan) -> String {
    jcs_hash(&Value::Object(fingerprinted(index)))
}

/// Hash of the JCS of the list of the same objects of its edges.
pub fn edges_fingerprint(index: &IndexPlan) -> String {
    jcs_hash(&index.edges.iter().map(|edge| Value::Object(fingerprinted(edge))).collect())
}

fn jcs_hash(preimage: &Value) -> String {
    let preimage = serde_jcs::to_vec(&plain(preimage));
    short_hash(preimage.expect("a JSON value without special numbers is always printed"))
}

/// A field as its line says it: its keys and values as they enter the fingerprint.
pub fn field_json(plan: &FieldPlan) -> Value {
    plain(&Value::Object(block::json(plan.entries())))
}

/// A value as the lock's line says it: without nulls, and with integers that JCS keeps.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) if !(number.is_f64() || is_kept(number)) => json!(number.to_string()),
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(plain).collect(),
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(_, entry)| !entry.is_null());
            Value::Object(kept.map(|(name, entry)| (name.clone(), plain(entry))).collect())
        }
        other => other.clone(),
    }
}

fn is_kept(number: &serde_json::Number) -> bool {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    magnitude.is_some_and(|magnitude| magnitude <= INTEGER_MAX)
}
