//! Every lint of flusso, one file each.
//!
//! A lint's file holds what it is ([`Lint`]: name, level, what it needs, its page) and every sentence it can say, as
//! functions from facts to findings: a [`Diagnostic`] for a place in a file, a
//! [`Finding`](flusso_schemas::report::Finding) for a live system. Nothing else in the product builds a finding.
//! `LINT` is documented at [`Lint`], and its file's first line says what it finds. Gathering facts is the caller's part: the compiler's check, the preflight of a source or a sink.

pub mod alias_is_an_index;
pub mod alias_missing;
pub mod alias_points_elsewhere;
pub mod always_false_filter;
pub mod ambiguous_foreign_key;
pub mod anchor_bomb;
pub mod body_refused;
pub mod bulk_over_http_limit;
pub mod child_delete_unseen;
pub mod cluster_version_unsupported;
pub mod date_format_mismatch;
pub mod default_pipeline_missing;
pub mod default_type_mismatch;
pub mod diagnostic;
pub mod dotted_field;
pub mod duplicate_alias;
pub mod duplicate_index;
pub mod duplicate_key;
pub mod enum_order_incomplete;
pub mod enum_value_unknown;
pub mod filter_type_mismatch;
pub mod generated_identity;
pub mod ignore_above_too_high;
pub mod index_blocked;
pub mod inherited_table;
pub mod internal_error;
pub mod invalid_index_name;
pub mod key_type_mismatch;
pub mod kind_mismatch;
pub mod literal_secret;
pub mod lossy_kind;
pub mod malformed_suppression;
pub mod mapping_parameter_ignored;
pub mod merge_key;
pub mod missing_key;
pub mod missing_primary_key;
pub mod missing_scale;
pub mod missing_select_privilege;
pub mod missing_value;
pub mod mutually_exclusive_keys;
pub mod name_too_long;
pub mod no_foreign_key;
pub mod no_free_slot;
pub mod no_free_wal_sender;
pub mod no_index_file;
pub mod no_sink;
pub mod no_slot;
pub mod non_unique_key;
pub mod norway_value;
pub mod not_supported_yet;
pub mod nullable_key;
pub mod nullable_required;
pub mod polymorphic_without_condition;
pub mod publication_column_list;
pub mod publication_missing_operation;
pub mod publication_not_ours_to_change;
pub mod publication_row_filter;
pub mod refresh_disabled;
pub mod refused_query;
pub mod relation_not_a_table;
pub mod relied_on_column_changed;
pub mod replica_server;
pub mod reserved_field;
pub mod reserved_name;
pub mod reserved_setting;
pub mod role_cannot_replicate;
pub mod row_level_security;
pub mod server_too_old;
pub mod skipped;
pub mod slot_conflict;
pub mod slot_lost;
pub mod sql_expression_invalid;
pub mod sql_expression_unstable;
pub mod sql_side_effect;
pub mod suppression_without_reason;
pub mod tab_indentation;
pub mod table_not_published;
pub mod template_adds_pipeline;
pub mod template_interferes;
pub mod through_names_target;
pub mod tls_verification_off;
pub mod to_one_not_unique;
pub mod unknown_column;
pub mod unknown_key;
pub mod unknown_kind;
pub mod unknown_lint;
pub mod unknown_mapping_parameter;
pub mod unknown_setting;
pub mod unknown_sink;
pub mod unknown_table;
pub mod unknown_tag;
pub mod unknown_time_zone;
pub mod unlogged_table;
pub mod unordered_limit;
pub mod unreadable_file;
pub mod unsupported_encoding;
pub mod unsupported_key;
pub mod unsupported_version;
pub mod unusable_replica_identity;
pub mod unused_suppression;
pub mod wal_level_not_logical;
pub mod wrong_direction;
pub mod wrong_type;
pub mod yaml_syntax;

mod lint;
mod page;
mod prelude;
pub mod source;
pub mod words;

pub use diagnostic::{Diagnostic, Place};
pub use lint::{Example, Exit, Group, Lint, LintId, Needs};
pub use page::{index, page};

/// Every lint, sorted by name.
pub static ALL: &[&Lint] = &[
    &alias_is_an_index::LINT,
    &alias_missing::LINT,
    &alias_points_elsewhere::LINT,
    &always_false_filter::LINT,
    &ambiguous_foreign_key::LINT,
    &anchor_bomb::LINT,
    &body_refused::LINT,
    &bulk_over_http_limit::LINT,
    &child_delete_unseen::LINT,
    &cluster_version_unsupported::LINT,
    &date_format_mismatch::LINT,
    &default_pipeline_missing::LINT,
    &default_type_mismatch::LINT,
    &dotted_field::LINT,
    &duplicate_alias::LINT,
    &duplicate_index::LINT,
    &duplicate_key::LINT,
    &enum_order_incomplete::LINT,
    &enum_value_unknown::LINT,
    &filter_type_mismatch::LINT,
    &generated_identity::LINT,
    &ignore_above_too_high::LINT,
    &index_blocked::LINT,
    &inherited_table::LINT,
    &internal_error::LINT,
    &invalid_index_name::LINT,
    &key_type_mismatch::LINT,
    &kind_mismatch::LINT,
    &literal_secret::LINT,
    &lossy_kind::LINT,
    &malformed_suppression::LINT,
    &mapping_parameter_ignored::LINT,
    &merge_key::LINT,
    &missing_key::LINT,
    &missing_primary_key::LINT,
    &missing_scale::LINT,
    &missing_select_privilege::LINT,
    &missing_value::LINT,
    &mutually_exclusive_keys::LINT,
    &name_too_long::LINT,
    &no_foreign_key::LINT,
    &no_free_slot::LINT,
    &no_free_wal_sender::LINT,
    &no_index_file::LINT,
    &no_sink::LINT,
    &no_slot::LINT,
    &non_unique_key::LINT,
    &norway_value::LINT,
    &not_supported_yet::LINT,
    &nullable_key::LINT,
    &nullable_required::LINT,
    &polymorphic_without_condition::LINT,
    &publication_column_list::LINT,
    &publication_missing_operation::LINT,
    &publication_not_ours_to_change::LINT,
    &publication_row_filter::LINT,
    &refresh_disabled::LINT,
    &refused_query::LINT,
    &relation_not_a_table::LINT,
    &relied_on_column_changed::LINT,
    &replica_server::LINT,
    &reserved_field::LINT,
    &reserved_name::LINT,
    &reserved_setting::LINT,
    &role_cannot_replicate::LINT,
    &row_level_security::LINT,
    &server_too_old::LINT,
    &skipped::LINT,
    &slot_conflict::LINT,
    &slot_lost::LINT,
    &sql_expression_invalid::LINT,
    &sql_expression_unstable::LINT,
    &sql_side_effect::LINT,
    &suppression_without_reason::LINT,
    &tab_indentation::LINT,
    &table_not_published::LINT,
    &template_adds_pipeline::LINT,
    &template_interferes::LINT,
    &through_names_target::LINT,
    &tls_verification_off::LINT,
    &to_one_not_unique::LINT,
    &unknown_column::LINT,
    &unknown_key::LINT,
    &unknown_kind::LINT,
    &unknown_lint::LINT,
    &unknown_mapping_parameter::LINT,
    &unknown_setting::LINT,
    &unknown_sink::LINT,
    &unknown_table::LINT,
    &unknown_tag::LINT,
    &unknown_time_zone::LINT,
    &unlogged_table::LINT,
    &unordered_limit::LINT,
    &unreadable_file::LINT,
    &unsupported_encoding::LINT,
    &unsupported_key::LINT,
    &unsupported_version::LINT,
    &unusable_replica_identity::LINT,
    &unused_suppression::LINT,
    &wal_level_not_logical::LINT,
    &wrong_direction::LINT,
    &wrong_type::LINT,
    &yaml_syntax::LINT,
];

/// The lint of that name.
pub fn find(name: &str) -> Option<LintId> {
    ALL.iter().find(|lint| lint.name == name).map(|lint| LintId(lint))
}

/// The exit code of a command that the finding stopped; that of [`Exit::Findings`] for a name that is not in [`ALL`].
pub fn exit_of(finding: &flusso_schemas::report::Finding) -> Exit {
    find(&finding.lint).map_or(Exit::Findings, |lint| lint.exit)
}
