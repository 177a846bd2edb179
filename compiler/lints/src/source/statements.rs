//! The statements that give a source what it lacks: each is spelled here once, for the `help` of a lint, for what
//! `flusso apply` runs, and for the script of `flusso sql` ([`super::script`]).

use flusso_schemas::name::{TableName, quote_literal};

use super::quote::{identifier, quoted};

/// Sets `wal_level`, which logical decoding needs; takes effect after a restart.
pub const LOGICAL_WAL: &str = "alter system set wal_level = logical";

/// Sets a limit of the server; takes effect after a restart.
pub fn set_limit(setting: &str, value: u64) -> String {
    format!("alter system set {setting} = {value}")
}

/// Creates the role that flusso connects as.
pub fn create_role(role: &str) -> String {
    format!("create role {} login replication", identifier(role))
}

/// Lets a role log in.
pub fn allow_login(role: &str) -> String {
    format!("alter role {} login", identifier(role))
}

/// Lets a role read changes.
pub fn allow_replication(role: &str) -> String {
    format!("alter role {} replication", identifier(role))
}

/// Shows a role every row, whatever row security says.
pub fn bypass_row_security(role: &str) -> String {
    format!("alter role {} bypassrls", identifier(role))
}

/// Grants a role `USAGE` on a schema.
pub fn grant_usage(schema: &str, role: &str) -> String {
    format!("grant usage on schema {} to {}", identifier(schema), identifier(role))
}

/// Lets a role read a table.
pub fn grant_select(table: &TableName, role: &str) -> String {
    format!("grant select on {} to {}", quoted(table), identifier(role))
}

/// Lets a role call a function, named with its schema and the types of its arguments.
pub fn grant_execute(signature: &str, role: &str) -> String {
    format!("grant execute on function {signature} to {}", identifier(role))
}

/// Lets a role connect to a database.
pub fn grant_connect(database: &str, role: &str) -> String {
    format!("grant connect on database {} to {}", identifier(database), identifier(role))
}

/// Lets a role create a publication in a database.
pub fn grant_create(database: &str, role: &str) -> String {
    format!("grant create on database {} to {}", identifier(database), identifier(role))
}

/// Makes a table write WAL; it rewrites the table.
pub fn set_logged(table: &TableName) -> String {
    format!("alter table {} set logged", quoted(table))
}

/// Creates the replication slot.
pub fn create_slot(slot: &str) -> String {
    format!("select pg_create_logical_replication_slot({}, 'pgoutput')", quote_literal(slot))
}

/// Drops a slot; succeeds if it does not exist.
pub fn drop_slot(slot: &str) -> String {
    format!(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = {}",
        quote_literal(slot)
    )
}

/// Creates the unique index that a replica identity names, without blocking writers; it cannot run in a transaction.
pub fn create_identity_index(table: &TableName, index: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
    format!(
        "create unique index concurrently if not exists {} on {} ({})",
        identifier(index),
        quoted(table),
        columns.join(", ")
    )
}
