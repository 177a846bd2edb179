//! Every query of a lock as the runtime will send it, prepared before the lock is written.

use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::facts::{Ask, QueryRefusal};
use flusso_schemas::lock::{IndexPlan, Lock, Node};
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio_postgres::types::Type;

use super::{WHAT, in_turn, objection, restored, set, settings};
use crate::documents::compose::{Rows, compose, keys_only};
use crate::session::{Session, failed};

/// One query in one of its forms.
struct Query<'a> {
    index: &'a IndexPlan,
    /// Which one it is, in words.
    name: String,
    sql: String,
    parameters: Vec<Type>,
}

/// The queries of a lock that the server refuses to prepare, each with its words.
/// The session must be in no transaction.
pub async fn refused_queries(session: &Session, lock: &Lock) -> Result<Vec<QueryRefusal>> {
    let mut asked: Vec<BoxFuture<'_, Result<Option<QueryRefusal>>>> = Vec::new();
    for index in &lock.indexes {
        asked.push(prepared_with(session, settings(&index.search_path, Ask::Types)).boxed());
        for query in queries(index)? {
            asked.push(refusal(session, query).boxed());
        }
    }
    asked.push(prepared_with(session, restored()).boxed());
    in_turn(asked).await.into_iter().filter_map(Result::transpose).collect()
}

async fn prepared_with(session: &Session, statements: String) -> Result<Option<QueryRefusal>> {
    set(session, statements).await.map(|_| None)
}

async fn refusal(session: &Session, query: Query<'_>) -> Result<Option<QueryRefusal>> {
    match session.prepare(WHAT, &query.sql, &query.parameters).await? {
        Ok(_) => Ok(None),
        Err(error) => match objection(&error) {
            Some(error) => {
                Ok(Some(QueryRefusal { index: query.index.name.clone(), query: query.name, error }))
            }
            None => Err(failed(WHAT, &error)),
        },
    }
}

/// Each node for keys and for a range, the keys alone, the bound, and each edge's way to the root.
fn queries(index: &IndexPlan) -> Result<Vec<Query<'_>>> {
    let mut found = Vec::new();
    let parts = index.key.len();
    for node in &index.nodes {
        let name = format!("node `{}`", node.path);
        found.push(query(index, &name, &node.sql, Rows::Keys, texts(parts))?);
        found.push(query(index, &name, &node.sql, Rows::AnyRange, Vec::new())?);
        if Node::is_root(node) {
            let keys = query(index, "the keys alone", &node.sql, Rows::AnyRange, Vec::new())?;
            found.push(Query { sql: keys_only(&keys.sql, parts), ..keys });
        }
    }
    found.push(query(index, "the bound of a chunk", &index.bound, Rows::AnyRange, vec![Type::INT8])?);
    for edge in &index.edges {
        let Some(resolve) = &edge.resolve else { continue };
        let mut parameters = texts(edge.navigation.len());
        parameters.push(Type::INT8);
        let name = format!("the way from `{}` to the root", edge.table);
        found.push(query(index, &name, resolve, Rows::AnyRange, parameters)?);
    }
    Ok(found)
}

fn query<'a>(
    index: &'a IndexPlan,
    name: &str,
    sql: &str,
    rows: Rows<'_>,
    parameters: Vec<Type>,
) -> Result<Query<'a>> {
    let sql = compose(sql, &index.key, rows).map_err(|fault| {
        Error::new(ErrorKind::Internal, format!("{name} of index `{}`: {fault}", index.name))
    })?;
    let form = if matches!(rows, Rows::Keys) { " for keys" } else { "" };
    Ok(Query { index, name: format!("{name}{form}"), sql, parameters })
}

fn texts(count: usize) -> Vec<Type> {
    vec![Type::TEXT_ARRAY; count]
}
