//! The index settings of OpenSearch 3.8 that a project may set.
//!
//! Left out are those that the server keeps for itself (`uuid`, `creation_date`), those that would stop flusso
//! from writing (`blocks`), and those of remote stores, snapshots and ingestion. Which of them an open index can
//! change is [`flusso_schemas::lock::settings`].

use super::ValueForm;
use ValueForm::{Any, Boolean, Duration, Number, Size, Spread, Text, Texts, Whole, Word, Words};

/// One index setting that OpenSearch knows.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name without `index.`; a name that ends with a dot is a group of settings.
    pub name: &'static str,
    /// The form of its value.
    pub form: ValueForm,
}

const fn row(name: &'static str, form: ValueForm) -> Setting {
    Setting { name, form }
}

/// The largest 32-bit integer.
const INT: i64 = i32::MAX as i64;
/// The largest 64-bit integer.
const LONG: i64 = i64::MAX;
/// Levels of the slow logs.
const LOG_LEVELS: &[&str] = &["trace", "debug", "info", "warn", "TRACE", "DEBUG", "INFO", "WARN"];

/// Every setting, sorted by name.
pub const SETTINGS: &[Setting] = &[
    row("allocation.max_retries", Whole(0, INT)),
    row("analyze.max_token_count", Whole(1, INT)),
    row("append_only.enabled", Boolean),
    row("auto_expand_replicas", Spread),
    row("auto_expand_search_replicas", Spread),
    row("auto_force_merge.enabled", Boolean),
    row("check_pending_flush.enabled", Boolean),
    // Those after `zlib` need a plugin.
    row(
        "codec",
        Word(&[
            "default",
            "best_compression",
            "lz4",
            "zlib",
            "zstd",
            "zstd_no_dict",
            "qat_lz4",
            "qat_deflate",
        ]),
    ),
    row("codec.compression_level", Whole(1, 6)),
    row("compound_format", Any),
    row("default_pipeline", Text),
    row("fielddata.cache", Word(&["node", "none"])),
    row("final_pipeline", Text),
    row("flush_after_merge", Size(0)),
    row("force_memory_term_dictionary", Boolean),
    row("hidden", Boolean),
    row("highlight.max_analyzed_offset", Whole(1, INT)),
    row("indexing.slowlog.level", Word(LOG_LEVELS)),
    row("indexing.slowlog.reformat", Boolean),
    row("indexing.slowlog.source", Any),
    row("indexing.slowlog.threshold.index.debug", Duration(-1)),
    row("indexing.slowlog.threshold.index.info", Duration(-1)),
    row("indexing.slowlog.threshold.index.trace", Duration(-1)),
    row("indexing.slowlog.threshold.index.warn", Duration(-1)),
    row("load_fixed_bitset_filters_eagerly", Boolean),
    row("mapping.coerce", Boolean),
    row("mapping.depth.limit", Whole(1, LONG)),
    row("mapping.field_name_length.limit", Whole(1, 50_000)),
    row("mapping.ignore_malformed", Boolean),
    row("mapping.nested_fields.limit", Whole(0, LONG)),
    row("mapping.nested_objects.limit", Whole(0, LONG)),
    row("mapping.total_fields.limit", Whole(0, LONG)),
    row("max_adjacency_matrix_filters", Whole(2, INT)),
    row("max_docvalue_fields_search", Whole(0, INT)),
    row("max_inner_result_window", Whole(1, INT)),
    row("max_ngram_diff", Whole(0, INT)),
    row("max_refresh_listeners", Whole(0, INT)),
    row("max_regex_length", Whole(1, INT)),
    row("max_rescore_window", Whole(1, INT)),
    row("max_result_window", Whole(1, INT)),
    row("max_script_fields", Whole(0, INT)),
    row("max_shingle_diff", Whole(0, INT)),
    row("max_slices_per_pit", Whole(1, INT)),
    row("max_slices_per_scroll", Whole(1, INT)),
    row("max_terms_count", Whole(1, INT)),
    row("merge.policy", Word(&["default", "tiered", "log_byte_size"])),
    row("merge.policy.deletes_pct_allowed", Number(5.0, 50.0)),
    row("merge.policy.expunge_deletes_allowed", Number(0.0, f64::MAX)),
    row("merge.policy.floor_segment", Size(1)),
    row("merge.policy.max_merge_at_once", Whole(2, INT)),
    row("merge.policy.max_merged_segment", Size(0)),
    row("merge.policy.reclaim_deletes_weight", Number(0.0, f64::MAX)),
    row("merge.policy.segments_per_tier", Number(2.0, f64::MAX)),
    row("merge.scheduler.auto_throttle", Boolean),
    row("merge.scheduler.max_merge_count", Whole(1, INT)),
    row("merge.scheduler.max_thread_count", Whole(1, INT)),
    row("merge_on_flush.enabled", Boolean),
    row("merge_on_flush.max_full_flush_merge_wait_time", Duration(1)),
    row("merge_on_flush.policy", Word(&["default", "merge-on-flush"])),
    row("number_of_replicas", Whole(0, INT)),
    row("number_of_routing_shards", Whole(1, INT)),
    row("number_of_search_replicas", Whole(0, INT)),
    row("number_of_shards", Whole(1, 1024)),
    row("optimize_doc_id_lookup.fuzzy_set.enabled", Boolean),
    row("optimize_doc_id_lookup.fuzzy_set.false_positive_probability", Number(0.01, 0.5)),
    row("percolator.map_unmapped_fields_as_text", Boolean),
    row("periodic_flush_interval", Duration(-1)),
    row("priority", Whole(0, INT)),
    row("queries.cache.enabled", Boolean),
    row("query.default_field", Texts),
    row("query.derived_field.enabled", Boolean),
    row("query.max_nested_depth", Whole(1, INT)),
    row("query.parse.allow_unmapped_fields", Boolean),
    row("query_string.lenient", Boolean),
    row("refresh_interval", Duration(-1)),
    row("replication.type", Word(&["DOCUMENT", "SEGMENT"])),
    row("requests.cache.enable", Boolean),
    row("routing.allocation.enable", Word(&["all", "primaries", "new_primaries", "none"])),
    row("routing.allocation.exclude.", Any),
    row("routing.allocation.include.", Any),
    row("routing.allocation.require.", Any),
    row("routing.allocation.total_shards_per_node", Whole(-1, INT)),
    row("routing.rebalance.enable", Word(&["all", "primaries", "replicas", "none"])),
    row("routing_partition_size", Whole(1, INT)),
    row("search.concurrent.max_slice_count", Whole(0, INT)),
    row("search.concurrent_segment_search.enabled", Boolean),
    row("search.concurrent_segment_search.mode", Word(&["auto", "all", "none"])),
    row("search.default_pipeline", Text),
    row("search.idle.after", Duration(0)),
    row("search.slowlog.level", Word(LOG_LEVELS)),
    row("search.slowlog.threshold.fetch.debug", Duration(-1)),
    row("search.slowlog.threshold.fetch.info", Duration(-1)),
    row("search.slowlog.threshold.fetch.trace", Duration(-1)),
    row("search.slowlog.threshold.fetch.warn", Duration(-1)),
    row("search.slowlog.threshold.query.debug", Duration(-1)),
    row("search.slowlog.threshold.query.info", Duration(-1)),
    row("search.slowlog.threshold.query.trace", Duration(-1)),
    row("search.slowlog.threshold.query.warn", Duration(-1)),
    row("search.star_tree_index.enabled", Boolean),
    row("segment_replication.publish_referenced_segments_interval", Duration(1)),
    row("shard.check_on_startup", Word(&["false", "true", "checksum"])),
    row("similarity.", Any),
    row("soft_deletes.retention.operations", Whole(0, LONG)),
    row("soft_deletes.retention_lease.period", Duration(0)),
    row("sort.field", Texts),
    row("sort.missing", Words(&["_last", "_first"])),
    row("sort.mode", Words(&["min", "max"])),
    row("sort.order", Words(&["asc", "desc"])),
    row("store.preload", Texts),
    row("store.stats_refresh_interval", Duration(-1)),
    row("store.type", Word(&["fs", "niofs", "mmapfs", "hybridfs"])),
    row("translog.durability", Word(&["request", "async", "REQUEST", "ASYNC"])),
    row("translog.flush_threshold_size", Size(56)),
    row("translog.generation_threshold_size", Size(56)),
    row("translog.retention.age", Duration(-1)),
    row("translog.retention.size", Size(-1)),
    row("translog.sync_interval", Duration(100)),
    row("unassigned.node_left.delayed_timeout", Duration(0)),
    row("unreferenced_file_cleanup.enabled", Boolean),
    row("use_compound_file", Boolean),
    row("warmer.enabled", Boolean),
    row("write.wait_for_active_shards", Any),
];

/// Settings of plugins, which only a server that has them can judge.
const PLUGIN_SETTINGS: &[Setting] =
    &[row("knn", Boolean), row("knn.", Any), row("opendistro.", Any), row("plugins.", Any)];

/// Every setting, those of plugins last.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(PLUGIN_SETTINGS)
}

/// The setting of that name, without `index.`.
pub fn find(name: &str) -> Option<&'static Setting> {
    let is_it = |setting: &&Setting| {
        let rest = name.strip_prefix(setting.name);
        rest.is_some_and(|rest| rest.is_empty() != setting.name.ends_with('.'))
    };
    all().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted_and_found() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        assert!(find("number_of_replicas").is_some());
        assert!(find("similarity.mine.type").is_some());
        assert!(find("similarity.").is_none());
        assert!(find("number_of_replica").is_none());
    }
}
