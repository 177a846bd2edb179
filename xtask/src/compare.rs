//! Every document of an index beside the truth. The database compares, as `jsonb`: a number is equal to
//! the same number spelled otherwise, of whatever size.

use crate::fixtures::Project;
use crate::listing;
use crate::services::Error;
use crate::services::postgres::{Connection, Row};

/// Documents in one statement that brings them to the database.
const INSERT_DOCUMENTS: usize = 500;
/// How many wrong documents are printed with what they are and what they must be.
const SHOWN_WRONG: usize = 3;

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Documents that must be there.
    pub wanted: usize,
    /// Documents that are wrong, missing, or too many.
    pub wrong: usize,
    /// The first few of these in words.
    pub shown: Vec<String>,
}

/// Compares every document behind an alias with what independent SQL says of the same database now.
pub fn compare(
    project: Project,
    sql: &mut Connection,
    opensearch: &str,
    index: &str,
    alias: &str,
) -> Result<Comparison, Error> {
    sql.query("drop table if exists pg_temp.found; create temp table found (id text, document jsonb)")?;
    bring(sql, opensearch, alias)?;
    sql.query("set timezone = 'UTC'")?;
    let truth = project.truth_sql(index)?;
    sql.query(&format!(
        "drop table if exists pg_temp.truth; create temp table truth as select id, document::jsonb from (\n{truth}\n) truth"
    ))?;
    let wanted = number(sql.query("select count(*) from pg_temp.truth")?);
    let differs = "from pg_temp.truth full join pg_temp.found using (id)
        where truth.document is distinct from found.document";
    let wrong = number(sql.query(&format!("select count(*) {differs}"))?);
    let columns = "select id, found.document, truth.document";
    let shown = sql.query(&format!("{columns} {differs} order by id limit {SHOWN_WRONG}"))?;
    let shown = shown.iter().map(|row| words(index, row)).collect();
    Ok(Comparison { wanted, wrong, shown })
}

/// Brings every document behind an alias into the table `found`.
fn bring(sql: &mut Connection, opensearch: &str, alias: &str) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(INSERT_DOCUMENTS);
    listing::each(opensearch.trim_start_matches("http://"), alias, |id, document| {
        rows.push(format!("({}, {})", literal(id), literal(document)));
        if rows.len() < INSERT_DOCUMENTS {
            return Ok(());
        }
        insert(sql, &mut rows)
    })?;
    insert(sql, &mut rows)
}

fn insert(sql: &mut Connection, rows: &mut Vec<String>) -> Result<(), Error> {
    if !rows.is_empty() {
        sql.query(&format!("insert into pg_temp.found values {}", rows.join(", ")))?;
        rows.clear();
    }
    Ok(())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn number(rows: Vec<Row>) -> usize {
    let first = rows.into_iter().flatten().flatten().next();
    first.and_then(|text| text.parse().ok()).expect("count(*) gives one number")
}

fn words(index: &str, row: &Row) -> String {
    let cell = |place: usize| row.get(place).and_then(Option::as_deref);
    let id = cell(0).unwrap_or_default();
    match (cell(1), cell(2)) {
        (Some(found), Some(truth)) => format!("{index} {id}\n  is      {found}\n  must be {truth}"),
        (None, _) => format!("{index} {id} is missing"),
        (_, None) => format!("{index} {id} must not be there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_by_its_kind() {
        let row = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
        assert_eq!(words("a", &row([Some("1"), None, Some("{}")])), "a 1 is missing");
        assert_eq!(words("a", &row([Some("1"), Some("{}"), None])), "a 1 must not be there");
        let both = words("a", &row([Some("1"), Some("{}"), Some("[]")]));
        assert_eq!(both, "a 1\n  is      {}\n  must be []");
    }

    #[test]
    fn a_quote_stays_in_its_literal() {
        assert_eq!(literal("it's"), "'it''s'");
    }
}
