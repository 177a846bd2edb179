//! What a role may in a source, seen from another role's session where it has to be: for the script that gives it the rest.

use flusso_lints::source::quote::identifier;
use flusso_lints::source::script::Function;
use flusso_runtime::Result;
use flusso_schemas::facts::CatalogFacts;
use flusso_schemas::lock::Lock;
use flusso_schemas::name::TableName;

use crate::facts::{catalog_facts, cell};
use crate::record::calls;
use crate::session::Session;

const WHAT: &str = "reading what a role may";
/// The pseudo-role that everybody is a member of.
const EVERYBODY: &str = "public";

/// The catalog as a role sees it; the session continues as that role. `None` if the role does not exist or
/// the session may not become it.
pub async fn facts_as(session: &Session, role: &str, tables: &[TableName]) -> Result<Option<CatalogFacts>> {
    if session.run(WHAT, &format!("set role {}", identifier(role))).await.is_err() {
        return Ok(None);
    }
    catalog_facts(session, tables).await.map(Some)
}

/// Functions of users by name and schema, null where it is on the search path. $1 text[] names, $2 text[] schemas,
/// $3 text[] the search path, $4 text who calls them.
const DENIED: &str = "
select n.nspname::text, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prokind <> 'p'
  and exists (select from unnest($1::text[], $2::text[]) w(name, schema)
    where w.name = p.proname and (w.schema = n.nspname or w.schema is null and n.nspname = any($3::text[])))
  and not (has_function_privilege($4, p.oid, 'EXECUTE') and has_schema_privilege($4, n.oid, 'USAGE'))
order by 1, 2";

/// Functions that the queries of a lock call and the role may not; `None` is a role that does not exist yet.
pub async fn denied_functions(session: &Session, lock: &Lock, role: Option<&str>) -> Result<Vec<Function>> {
    let role = role.unwrap_or(EVERYBODY);
    let mut denied = Vec::new();
    for index in &lock.indexes {
        let calls = calls::of(index).functions.into_iter();
        let (schemas, names): (Vec<Option<String>>, Vec<String>) = calls.unzip();
        let rows = session.query(WHAT, DENIED, &[&names, &schemas, &index.search_path, &role]).await?;
        for row in &rows {
            denied.push(Function { schema: cell(row, 0)?, signature: cell(row, 1)? });
        }
    }
    denied.sort();
    denied.dedup();
    Ok(denied)
}
