//! The members of the publication, as the server knows them.

use std::fmt::Write as _;

use flusso_lints::source::publication::list;
use flusso_lints::source::quote::{identifier, quoted};
use flusso_runtime::Result;
use flusso_schemas::name::TableName;

use crate::facts::cell;
use crate::session::Session;

const WHAT: &str = "reading the publication";

/// The oid of a publication; `None` if there is none.
pub(crate) async fn oid(session: &Session, name: &str) -> Result<Option<u32>> {
    let row = session.query_opt(WHAT, "select oid from pg_publication where pubname = $1", &[&name]).await?;
    row.as_ref().map(|row| cell(row, 0)).transpose()
}

/// Makes it hold these tables as a whole beside the others as they are: one statement that names every
/// table, because one that is not named leaves.
pub(crate) fn set(name: &str, whole: &[&TableName], others: &[Member]) -> String {
    let mut statement = format!("alter publication {} set table {}", identifier(name), list(whole));
    for other in others.iter().filter(|other| !whole.contains(&&other.table)) {
        write!(statement, ", {}", other.spelled).expect("a String takes every write");
    }
    statement
}

/// A table that a publication names, with how it names it.
pub(crate) struct Member {
    pub(crate) table: TableName,
    spelled: String,
}

const MEMBERS: &str = "
select n.nspname::text, c.relname::text,
  (select array_agg(a.attname::text order by a.attnum) from unnest(r.prattrs::int2[]) u(num)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num),
  pg_get_expr(r.prqual, r.prrelid)
from pg_publication p
join pg_publication_rel r on r.prpubid = p.oid
join pg_class c on c.oid = r.prrelid
join pg_namespace n on n.oid = c.relnamespace
where p.pubname = $1
order by 1, 2";

/// Every table that it names by itself. Printing a row filter waits for a lock on its table.
pub(crate) async fn members(session: &Session, name: &str) -> Result<Vec<Member>> {
    let rows = session.query(WHAT, MEMBERS, &[&name]).await?;
    let member = |row| {
        let table = TableName::new(cell::<&str>(row, 0)?, cell::<&str>(row, 1)?);
        let mut spelled = quoted(&table);
        if let Some(columns) = cell::<Option<Vec<String>>>(row, 2)? {
            let columns: Vec<_> = columns.iter().map(|column| identifier(column)).collect();
            write!(spelled, " ({})", columns.join(", ")).expect("a String takes every write");
        }
        if let Some(filter) = cell::<Option<&str>>(row, 3)? {
            write!(spelled, " where ({filter})").expect("a String takes every write");
        }
        Ok(Member { table, spelled })
    };
    rows.iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_quote_every_name() {
        let (table, other) = (TableName::new("s", "a b"), TableName::new("s", "o"));
        let others = [
            Member { table: other.clone(), spelled: "\"s\".\"o\" (\"x\")".to_owned() },
            Member { table: TableName::new("s", "z"), spelled: "\"s\".\"z\" where (id > 1)".to_owned() },
        ];
        assert_eq!(
            set("p", &[&table, &other], &others),
            "alter publication \"p\" set table \"s\".\"a b\", \"s\".\"o\", \"s\".\"z\" where (id > 1)"
        );
    }
}
