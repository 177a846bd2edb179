//! The search path under which an index's expressions are judged, and its queries run.

use std::collections::BTreeSet;

use flusso_schemas::facts::{ColumnFacts, RelationFacts};

use super::Checker;
use crate::pg_type::{BaseType, Enums, PgType};
use crate::syntax;

impl Checker<'_> {
    /// `pg_catalog`, then the schemas of the extension types that any column of the index's tables has.
    ///
    /// Under `pg_catalog` alone a `citext` compares case-sensitively without an error. An expression is judged
    /// under the path that its query runs under, so the path is one for the whole index. It follows from the
    /// tables alone: which columns are read is known only once the server has answered.
    pub(super) fn search_path_of(&self, index: &syntax::index::ParsedIndex) -> Vec<String> {
        let names = index.tables();
        let tables = names.iter().filter_map(|name| self.facts.relations.get(name));
        let schemas: BTreeSet<&str> = tables.flat_map(extension_schemas).collect();
        ["pg_catalog"].into_iter().chain(schemas).map(str::to_owned).collect()
    }
}

fn extension_schemas(table: &RelationFacts) -> impl Iterator<Item = &str> {
    let is_of_extension = |column: &&ColumnFacts| is_of_extension(column, table.enums.as_ref());
    table.columns.iter().filter(is_of_extension).map(|column| column.type_schema.as_str())
}

fn is_of_extension(column: &ColumnFacts, enums: Option<&Enums>) -> bool {
    column.base_kind == "b"
        && column.type_schema != "pg_catalog"
        && matches!(
            PgType::of_column(column, enums).base,
            BaseType::Citext | BaseType::Hstore | BaseType::Ltree | BaseType::Other(_)
        )
}
