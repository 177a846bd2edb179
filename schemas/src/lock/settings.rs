//! Which index settings are dynamic, and how a body is split by them.
//!
//! Dynamic settings change in place on an open index, so they stay out of the fingerprint. The table is
//! what OpenSearch 3.8 accepts on an open index (each setting of `_settings?include_defaults=true` sent
//! back to `_settings`); a test asks a real server again.
//! `default_pipeline` and `final_pipeline` are dynamic too but decide what a document holds: they
//! count as static, so that a change rebuilds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Names without `index.`, sorted.
pub const DYNAMIC: &[&str] = &[
    "aggregation.streaming.min_segment_size",
    "allocation.max_retries",
    "analyze.max_token_count",
    "auto_expand_replicas",
    "auto_expand_search_replicas",
    "auto_force_merge.enabled",
    "blocks.metadata",
    "blocks.read",
    "blocks.read_only",
    "blocks.read_only_allow_delete",
    "blocks.search_only",
    "blocks.write",
    "bulk.adaptive_shard_selection.enabled",
    "compound_format",
    "context_aware.max_retry_on_lookup_map_acquisition_exception",
    "derived_source.translog.enabled",
    "flush_after_merge",
    "gc_deletes",
    "hidden",
    "highlight.max_analyzed_offset",
    "indexing.slowlog.level",
    "indexing.slowlog.reformat",
    "indexing.slowlog.source",
    "indexing.slowlog.threshold.index.debug",
    "indexing.slowlog.threshold.index.info",
    "indexing.slowlog.threshold.index.trace",
    "indexing.slowlog.threshold.index.warn",
    "ingestion_source.error_strategy",
    "ingestion_source.poll.max_batch_size",
    "ingestion_source.poll.timeout",
    "ingestion_source.warmup.lag_threshold",
    "ingestion_source.warmup.timeout",
    "mapper.dynamic",
    "mapping.depth.limit",
    "mapping.dynamic_properties.lucene_field.limit",
    "mapping.field_name_length.limit",
    "mapping.nested_fields.limit",
    "mapping.nested_objects.limit",
    "mapping.total_fields.limit",
    "max_adjacency_matrix_filters",
    "max_docvalue_fields_search",
    "max_inner_result_window",
    "max_ngram_diff",
    "max_refresh_listeners",
    "max_regex_length",
    "max_rescore_window",
    "max_result_window",
    "max_script_fields",
    "max_shingle_diff",
    "max_slices_per_pit",
    "max_slices_per_scroll",
    "max_terms_count",
    "merge.log_byte_size_policy.max_merge_segment",
    "merge.log_byte_size_policy.max_merge_segment_forced_merge",
    "merge.log_byte_size_policy.max_merged_docs",
    "merge.log_byte_size_policy.merge_factor",
    "merge.log_byte_size_policy.min_merge",
    "merge.log_byte_size_policy.no_cfs_ratio",
    "merge.policy.deletes_pct_allowed",
    "merge.policy.expunge_deletes_allowed",
    "merge.policy.floor_segment",
    "merge.policy.max_merge_at_once",
    "merge.policy.max_merged_segment",
    "merge.policy.reclaim_deletes_weight",
    "merge.policy.segments_per_tier",
    "merge.scheduler.auto_throttle",
    "merge.scheduler.max_force_merge_mb_per_sec",
    "merge.scheduler.max_merge_count",
    "merge.scheduler.max_thread_count",
    "merge_on_flush.enabled",
    "merge_on_flush.max_full_flush_merge_wait_time",
    "merge_on_flush.policy",
    "number_of_replicas",
    "number_of_search_replicas",
    "optimize_doc_id_lookup.fuzzy_set.enabled",
    "optimize_doc_id_lookup.fuzzy_set.false_positive_probability",
    "periodic_flush_interval",
    "priority",
    "query.default_field",
    "query.derived_field.enabled",
    "query.max_nested_depth",
    "refresh_interval",
    "remote_store.translog.buffer_interval",
    "remote_store.translog.keep_extra_gen",
    "requests.cache.enable",
    "routing.allocation.enable",
    "routing.allocation.total_primary_shards_per_node",
    "routing.allocation.total_remote_capable_primary_shards_per_node",
    "routing.allocation.total_remote_capable_shards_per_node",
    "routing.allocation.total_shards_per_node",
    "routing.rebalance.enable",
    "search.concurrent.max_slice_count",
    "search.concurrent_segment_search.enabled",
    "search.concurrent_segment_search.mode",
    "search.default_pipeline",
    "search.idle.after",
    "search.slowlog.level",
    "search.slowlog.threshold.fetch.debug",
    "search.slowlog.threshold.fetch.info",
    "search.slowlog.threshold.fetch.trace",
    "search.slowlog.threshold.fetch.warn",
    "search.slowlog.threshold.query.debug",
    "search.slowlog.threshold.query.info",
    "search.slowlog.threshold.query.trace",
    "search.slowlog.threshold.query.warn",
    "search.star_tree_index.enabled",
    "segment_replication.publish_referenced_segments_interval",
    "soft_deletes.retention.operations",
    "soft_deletes.retention_lease.period",
    "tiered.storage.slowlog.enabled",
    "tiered.storage.slowlog.level",
    "tiered.storage.slowlog.threshold.fetch.debug",
    "tiered.storage.slowlog.threshold.fetch.info",
    "tiered.storage.slowlog.threshold.fetch.trace",
    "tiered.storage.slowlog.threshold.fetch.warn",
    "tiered.storage.slowlog.threshold.query.debug",
    "tiered.storage.slowlog.threshold.query.info",
    "tiered.storage.slowlog.threshold.query.trace",
    "tiered.storage.slowlog.threshold.query.warn",
    "translog.durability",
    "translog.flush_threshold_size",
    "translog.generation_threshold_size",
    "translog.retention.age",
    "translog.retention.size",
    "translog.sync_interval",
    "unassigned.node_left.delayed_timeout",
    "unreferenced_file_cleanup.enabled",
    "warmer.enabled",
    "write.wait_for_active_shards",
];

/// Dynamic settings whose last part is a node attribute.
const DYNAMIC_GROUPS: [&str; 3] =
    ["routing.allocation.exclude.", "routing.allocation.include.", "routing.allocation.require."];

/// Whether a setting, by its name without `index.`, can change on an open index without changing what
/// documents mean.
pub fn is_dynamic(name: &str) -> bool {
    DYNAMIC.binary_search(&name).is_ok()
        || DYNAMIC_GROUPS.iter().any(|group| name.strip_prefix(group).is_some_and(|rest| !rest.is_empty()))
}

/// Splits settings, however they are nested, into the static ones as they were and the dynamic ones by
/// their names without `index.`. A dynamic one that is null is left out: that is the server's default.
pub fn split(settings: &Value) -> (Value, BTreeMap<String, String>) {
    let mut dynamic = BTreeMap::new();
    let fixed = take(settings, "", &mut dynamic);
    (fixed.unwrap_or_else(|| Value::Object(Map::new())), dynamic)
}

/// What of a value is static; `None` if nothing is left of it.
fn take(value: &Value, path: &str, dynamic: &mut BTreeMap<String, String>) -> Option<Value> {
    if let Value::Object(entries) = value {
        let fixed: Map<String, Value> = entries
            .iter()
            .filter_map(|(name, entry)| Some((name.clone(), take(entry, &below(path, name), dynamic)?)))
            .collect();
        // `index` itself stays, because the body always has it.
        let keeps = !fixed.is_empty() || entries.is_empty() || path.is_empty() || path == "index";
        return keeps.then_some(Value::Object(fixed));
    }
    let name = path.strip_prefix("index.").unwrap_or(path);
    if !is_dynamic(name) {
        return Some(value.clone());
    }
    if !value.is_null() {
        dynamic.insert(name.to_owned(), text(value));
    }
    None
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A setting's value as text: the server reads it from text alike, a list from its items with commas.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A body with the dynamic settings put back, by their whole names.
pub(super) fn merge(body: &Value, dynamic: &BTreeMap<String, String>) -> Value {
    let mut whole = body.clone();
    if let Some(settings) = whole.get_mut("settings").and_then(Value::as_object_mut) {
        settings.extend(
            dynamic.iter().map(|(name, value)| (format!("index.{name}"), Value::from(value.as_str()))),
        );
    }
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(DYNAMIC.is_sorted());
    }

    #[test]
    fn dynamic_settings_are_split_off_however_they_are_nested() {
        let settings = json!({"index": {
            "number_of_shards": 1, "number_of_replicas": 2, "search": {"idle": {"after": "5s"}},
            "search.slowlog.level": "INFO", "sort": {"field": ["a"]}, "query.default_field": ["a", "b"],
            "routing": {"allocation": {"require": {"zone": "x"}}}, "priority": null, "default_pipeline": "p",
            "analysis": {"analyzer": {}},
        }});
        let (fixed, dynamic) = split(&settings);
        assert_eq!(
            fixed,
            json!({"index": {
                "number_of_shards": 1, "sort": {"field": ["a"]}, "default_pipeline": "p", "analysis": {"analyzer": {}},
            }})
        );
        let expected = [
            ("number_of_replicas", "2"),
            ("query.default_field", "a,b"),
            ("routing.allocation.require.zone", "x"),
            ("search.idle.after", "5s"),
            ("search.slowlog.level", "INFO"),
        ];
        assert_eq!(dynamic, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_body_whose_settings_are_all_dynamic_keeps_its_shape_and_merges_back() {
        let (fixed, dynamic) = split(&json!({"index": {"number_of_replicas": 1}}));
        assert_eq!(fixed, json!({"index": {}}));
        let body = json!({"settings": fixed, "mappings": {}});
        let whole = json!({"settings": {"index": {}, "index.number_of_replicas": "1"}, "mappings": {}});
        assert_eq!(merge(&body, &dynamic), whole);
    }
}
