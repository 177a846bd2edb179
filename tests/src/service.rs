//! Tests against real servers.

mod differential;
mod documents;
mod journey;
mod kinds;
mod legal_rows;
mod opensearch_sink;
mod opensearch_tables;
mod postgres_control;
mod recorded;
mod replication;
mod rule_book;
mod script;
mod shapes;
mod target_rules;
mod waits;
