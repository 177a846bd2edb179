//! Fingerprints: what an index means, apart from how it is read. Their preimages are JCS (RFC 8785),
//! so that other tools can compute them from the file.

use serde_json::{Map, Value, json};

use super::body_text::body_text;
use super::write_index::document_id;
use super::{FieldPlan, FieldSource, IndexPlan};
use crate::hash::short_hash;

/// The largest integer that JCS prints as it is: it goes through a double.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Hash of the JCS of `[key, document_id, condition or null, body as text, fields, rendering]`.
///
/// Key and fields are as the lock's TOML says them; an integer beyond 2^53 enters as its digits.
pub fn index_fingerprint(index: &IndexPlan) -> String {
    let key: Vec<Value> = index
        .key
        .iter()
        .map(|part| json!({ "column": part.column.to_string(), "type": part.pg_type }))
        .collect();
    let fields: Map<String, Value> =
        index.fields.iter().map(|(path, plan)| (path.clone(), field_json(plan))).collect();
    let preimage = json!([
        key,
        document_id(index.document_id),
        index.condition,
        body_text(&index.body),
        fields,
        index.rendering,
    ]);
    jcs_hash(&preimage)
}

/// Hash of the JCS of the list of `{table, roles, navigation, columns}`.
pub fn edges_fingerprint(index: &IndexPlan) -> String {
    let edges = index.edges.iter().map(|edge| {
        let columns: Map<String, Value> =
            edge.columns.iter().map(|(column, facts)| (column.to_string(), json!(facts))).collect();
        json!({
            "table": edge.table,
            "roles": edge.roles,
            "navigation": edge.navigation,
            "columns": columns,
        })
    });
    jcs_hash(&Value::Array(edges.collect()))
}

fn jcs_hash(preimage: &Value) -> String {
    short_hash(serde_jcs::to_vec(preimage).expect("a JSON value without special numbers is always printed"))
}

/// A field as its line says it: its keys and values as they enter the fingerprint.
pub fn field_json(plan: &FieldPlan) -> Value {
    let mut entries = Map::new();
    let mut put = |name: &str, value: Value| {
        entries.insert(name.to_owned(), value);
    };
    put("kind", json!(plan.kind));
    plan.parameters.iter().for_each(|(name, value)| put(name, plain(value)));
    match &plan.source {
        FieldSource::Column(column) => put("column", json!(column)),
        FieldSource::Sql(sql) => put("sql", json!(sql)),
        FieldSource::Constant(value) => put("constant", plain(value)),
        FieldSource::SameRow => {}
        FieldSource::Related { verb, table } => put(verb, json!(table)),
    }
    if !plan.through.is_empty() {
        put("through", json!(plan.through));
    }
    if !plan.join.is_empty() {
        let pairs = plan.join.iter().map(|pair| (pair.child.clone(), json!(pair.parent)));
        put("join", Value::Object(pairs.collect()));
    }
    for (name, text) in
        [("where", &plan.where_), ("when", &plan.when), ("of", &plan.of), ("value", &plan.value)]
    {
        text.iter().for_each(|text| put(name, json!(text)));
    }
    if !plan.order_by.is_empty() {
        put("order_by", json!(plan.order_by));
    }
    plan.limit.iter().for_each(|limit| put("limit", plain(&json!(limit))));
    plan.default.iter().for_each(|value| put("default", plain(value)));
    for (name, set) in [("distinct", plan.distinct), ("required", plan.required)] {
        if set {
            put(name, json!(true));
        }
    }
    Value::Object(entries)
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
