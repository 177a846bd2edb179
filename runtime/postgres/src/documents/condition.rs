//! The first row for which the root condition cannot be computed: a query computes it for as many rows as
//! the planner likes, and the server does not say which of them it was about.

use flusso_lints::source::quote::quoted;
use flusso_runtime::documents::Key;
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::name::quote_identifier;

use super::field::root_table;
use crate::session::{Session, sqlstate};

const WHAT: &str = "looking for the row that fails";
/// Rows that are looked at first; doubled until one of them fails.
const ROWS_FIRST: u64 = 1_000;

/// Computes the condition for rows of the root's table in the order of its key.
struct Search<'a> {
    session: &'a Session,
    /// SQLSTATE of the failure that is looked for.
    code: &'a str,
    condition: &'a str,
    /// The table and the order, as they follow `from`.
    rows: String,
    /// The key's parts as text.
    key: String,
}

/// The result of the condition for the first rows.
enum Prefix {
    /// It fails for one of them.
    Fails,
    /// It was computed for so many.
    Computed(u64),
}

/// The key of the first row for which the condition fails with a SQLSTATE; `None` if it is not found, such as for
/// having been corrected meanwhile.
pub(super) async fn first_that_fails(session: &Session, index: &IndexPlan, code: &str) -> Option<Key> {
    let search = Search::new(session, index, code)?;
    let (mut computed, mut fails) = (0, ROWS_FIRST);
    while let Prefix::Computed(rows) = search.prefix(fails).await? {
        if rows < fails {
            return None;
        }
        (computed, fails) = (fails, fails * 2);
    }
    while fails - computed > 1 {
        let middle = computed + (fails - computed) / 2;
        match search.prefix(middle).await? {
            Prefix::Fails => fails = middle,
            Prefix::Computed(_) => computed = middle,
        }
    }
    search.key_at(fails - 1, index.key.len()).await
}

impl<'a> Search<'a> {
    fn new(session: &'a Session, index: &'a IndexPlan, code: &'a str) -> Option<Self> {
        let columns: Vec<String> =
            index.key.iter().map(|part| quote_identifier(part.column.as_str()).into_owned()).collect();
        let rows = format!("{} order by {}", quoted(root_table(index)?), columns.join(", "));
        let key = columns.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", ");
        Some(Self { session, code, condition: index.condition.as_deref()?, rows, key })
    }

    /// The condition for the first rows; `None` if the question itself fails.
    async fn prefix(&self, rows: u64) -> Option<Prefix> {
        // The limit keeps the planner from computing it for other rows.
        let statement = format!(
            "select count(*), count(({})) from (select * from {} limit {rows}) as documents",
            self.condition, self.rows
        );
        match self.session.query(WHAT, statement.as_str(), &[]).await {
            Ok(answer) => {
                let rows: i64 = answer.first()?.try_get(0).ok()?;
                Some(Prefix::Computed(u64::try_from(rows).ok()?))
            }
            Err(error) => (sqlstate(&error) == Some(self.code)).then_some(Prefix::Fails),
        }
    }

    async fn key_at(&self, position: u64, parts: usize) -> Option<Key> {
        // As text in the outer query only: the order is the column's own.
        let statement = format!(
            "select {} from (select * from {} offset {position} limit 1) as documents",
            self.key, self.rows
        );
        let answer = self.session.query(WHAT, statement.as_str(), &[]).await.ok()?;
        let row = answer.first()?;
        (0..parts).map(|part| row.try_get(part).ok()).collect::<Option<_>>().map(Key)
    }
}
