//! Names in statements that alter something: always in double quotes, so that no keyword is left.

use flusso_schemas::name::TableName;

/// A name in double quotes.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's schema and name, each in double quotes.
pub fn quoted(table: &TableName) -> String {
    format!("{}.{}", identifier(table.schema.as_str()), identifier(table.name.as_str()))
}
