//! What a snapshot saw: its transactions, its log position, its time, and the file nodes of the tables.
//!
//! Rule *reading-transaction* of docs/correctness.md.

use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::TableName;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use super::fault::Fault;
use super::relied::NameQuery;
use crate::session::Session;

/// One row about the snapshot it is read in. `$1` and `$2` are the schemas and names of tables; their
/// oids and file nodes come in the same order, 0 where there is no such table. `$3` and `$4` are columns:
/// the oid of the table and the name; they come as number and type. `$5` to `$8` are labels: the oid, and
/// the schema and name of the type and the label as they have to be; they come as the version of their
/// row, 0 where one is not so. Two numbers of 32 bits travel as one of 64. The insert position is asked
/// for by itself on a primary only: a standby refuses to answer.
///
/// Every table here is read by the snapshot of the transaction, as any other table is: only what Postgres
/// itself looks up (a name that is parsed, a label that is printed) is read by a newer one. Tables and
/// columns cannot differ between the two, because the tables are locked before the snapshot is taken.
/// Labels and schemas are not held by those locks: the versions of their rows are compared after the end.
const SEEN: &str = "\
select pg_current_snapshot()::text,
  pg_is_in_recovery(),
  case when not pg_is_in_recovery() then pg_current_wal_insert_lsn()::text end,
  (extract(epoch from clock_timestamp()) * 1000000)::bigint,
  array(
    select coalesce(c.oid::bigint << 32 | c.relfilenode::bigint, 0)
    from unnest($1::text[], $2::text[]) with ordinality wanted(schema, name, number)
    left join pg_namespace n on n.nspname = wanted.schema
    left join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
    order by wanted.number
  ),
  array(
    select coalesce(a.attnum::bigint << 32 | a.atttypid::bigint, 0)
    from unnest($3::oid[], $4::text[]) with ordinality wanted(relation, name, number)
    left join pg_attribute a on a.attrelid = wanted.relation and a.attname = wanted.name
      and a.attnum > 0 and not a.attisdropped
    order by wanted.number
  ),
  array(
    select coalesce(case when e.enumlabel = wanted.label and t.typname = wanted.type
      and n.nspname = wanted.schema then e.xmin::text::bigint end, 0)
    from unnest($5::oid[], $6::text[], $7::text[], $8::text[])
      with ordinality wanted(oid, schema, type, label, number)
    left join pg_enum e on e.oid = wanted.oid
    left join pg_type t on t.oid = e.enumtypid
    left join pg_namespace n on n.oid = t.typnamespace
    order by wanted.number
  ),
  array(
    select n.oid::bigint << 32 | n.xmin::text::bigint
    from pg_namespace n where n.nspname = any($1::text[]) or n.nspname = any($6::text[]) order by n.oid
  )";

/// The columns of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Which transactions are visible.
    pub(super) visible: Visible,
    /// End of the log inside the snapshot.
    pub(super) snapshot_lsn: Lsn,
    /// The source's clock, microseconds since 1970-01-01 UTC.
    pub(super) clock_us: i64,
    /// File nodes in the order of the tables.
    pub(super) file_nodes: Vec<u32>,
    /// What names resolve to.
    pub(super) named: Named,
}

/// What names resolve to in a snapshot, each list in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Oids; 0 if the table does not exist.
    pub(super) tables: Vec<u32>,
    /// Number and type; 0 if the column does not exist.
    pub(super) columns: Vec<(i16, u32)>,
    /// Version of each label's row; 0 where it is not as it was asked for.
    pub(super) labels: Vec<i64>,
    /// Oid and version of each schema.
    schemas: Vec<i64>,
}

impl Named {
    /// Whether everything that no lock of a table holds is as in another snapshot. What was renamed and
    /// renamed back between the two is not.
    pub(super) fn is_unmoved(&self, later: &Self) -> bool {
        self.labels == later.labels && self.schemas == later.schemas
    }
}

impl Seen {
    pub(super) fn text() -> &'static str {
        SEEN
    }

    /// Reads the row; a standby is refused.
    pub(super) fn of_row(row: &Row) -> Result<Self, Fault> {
        let snapshot_lsn: Option<&str> = row.try_get(2)?;
        primary_only(row.try_get(1)?)?;
        let tables: Vec<i64> = row.try_get(4)?;
        let columns: Vec<i64> = row.try_get(5)?;
        Ok(Self {
            visible: row.try_get::<_, &str>(0)?.parse()?,
            snapshot_lsn: snapshot_lsn.and_then(|text| text.parse().ok()).ok_or_else(unreadable)?,
            clock_us: row.try_get(3)?,
            file_nodes: tables.iter().map(|pair| lower(*pair)).collect(),
            named: Named {
                tables: tables.iter().map(|pair| upper(*pair)).collect(),
                columns: columns.iter().map(|pair| (upper(*pair) as i16, lower(*pair))).collect(),
                labels: row.try_get(6)?,
                schemas: row.try_get(7)?,
            },
        })
    }
}

/// Asks outside a transaction.
pub(super) async fn see(
    session: &Session,
    statement: &Statement,
    tables: &[TableName],
) -> Result<Seen, Fault> {
    let (names, nothing) = (parameters(tables), NameQuery::default());
    let parameters = all_parameters(&names, &nothing);
    Seen::of_row(&session.query_one("looking at the snapshot", statement, &parameters).await?)
}

/// Types of the statement's parameters.
pub(super) const TYPES: [Type; 8] = [
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::OID_ARRAY,
    Type::TEXT_ARRAY,
    Type::OID_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
];

/// All parameters of the statement.
pub(super) fn all_parameters<'a>(
    tables: &'a (Vec<&'a str>, Vec<&'a str>),
    asked: &'a NameQuery,
) -> [&'a (dyn ToSql + Sync); 8] {
    let [relations, columns, oids, schemas, types, labels] = asked.parameters();
    [&tables.0, &tables.1, relations, columns, oids, schemas, types, labels]
}

fn upper(pair: i64) -> u32 {
    (pair as u64 >> 32) as u32
}

fn lower(pair: i64) -> u32 {
    pair as u32
}

/// The names of tables as parameters.
pub(super) fn parameters(tables: &[TableName]) -> (Vec<&str>, Vec<&str>) {
    tables.iter().map(|table| (table.schema.as_str(), table.name.as_str())).unzip()
}

/// A standby's snapshot lists no running transaction (measured).
fn primary_only(in_recovery: bool) -> Result<(), Fault> {
    if in_recovery { Err(Fault::Standby) } else { Ok(()) }
}

fn unreadable() -> Fault {
    Fault::Internal("the server describes its snapshot in an unknown form".to_owned())
}

/// Which transactions a snapshot sees, as `pg_snapshot` says it: all below `xmin`, none from `xmax` on,
/// and between the two all that are not in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visible {
    xmin: i64,
    xmax: i64,
    running: Vec<i64>,
}

impl Visible {
    /// Whether it sees a transaction that the stream named by its lower 32 bits.
    ///
    /// The difference is signed: the stream delivers a commit as soon as its record is flushed, before
    /// other sessions see it, so it may lie above `xmax`.
    pub(super) fn sees(&self, xid: u32) -> bool {
        let lower_half = self.xmax as u32;
        let full = self.xmax + i64::from(xid.wrapping_sub(lower_half) as i32);
        full < self.xmin || (full < self.xmax && !self.running.contains(&full))
    }

    /// The first of these transactions that it does not see.
    pub(super) fn first_unseen(&self, must_see: &[u32]) -> Option<u32> {
        must_see.iter().copied().find(|xid| !self.sees(*xid))
    }
}

impl std::str::FromStr for Visible {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let mut parts = text.splitn(3, ':');
        let number = |part: &str| part.parse::<i64>().map_err(|_| unreadable());
        let (Some(xmin), Some(xmax), Some(running)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(unreadable());
        };
        let running =
            running.split(',').filter(|xid| !xid.is_empty()).map(number).collect::<Result<_, _>>()?;
        Ok(Self { xmin: number(xmin)?, xmax: number(xmax)?, running })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(text: &str) -> Visible {
        text.parse().expect("a snapshot")
    }

    #[test]
    fn a_transaction_is_visible_below_xmin_and_between_where_it_does_not_run() {
        let snapshot = visible("10:20:12,15");
        for (xid, seen) in
            [(3, true), (9, true), (10, true), (12, false), (15, false), (19, true), (20, false)]
        {
            assert_eq!(snapshot.sees(xid), seen, "{xid}");
        }
        assert_eq!(snapshot.first_unseen(&[9, 15, 12]), Some(15));
        assert_eq!(snapshot.first_unseen(&[]), None);
    }

    #[test]
    fn a_commit_above_xmax_is_not_visible_yet() {
        let snapshot = visible("748:748:");
        assert!([748, 749, 750].into_iter().all(|xid| !snapshot.sees(xid)));
        assert!(snapshot.sees(747));
    }

    #[test]
    fn xids_wrap_around_at_32_bits() {
        // 2^32 + 5: transaction 4294967290 is of the epoch before, 7 is above.
        let snapshot = visible("4294967301:4294967301:");
        assert!(snapshot.sees(4_294_967_290));
        assert!(snapshot.sees(4));
        assert!(!snapshot.sees(5));
        assert!(!snapshot.sees(7));
        // Just before the wrap, a commit just after it is not visible.
        let snapshot = visible("4294967290:4294967290:");
        assert!(!snapshot.sees(3));
        assert!(snapshot.sees(4_294_967_289));
    }

    #[test]
    fn a_standby_is_refused() {
        assert_eq!(primary_only(true), Err(Fault::Standby));
        assert_eq!(primary_only(false), Ok(()));
    }

    #[test]
    fn another_form_of_snapshot_is_refused() {
        for text in ["", "1:2", "a:2:", "1:2:x"] {
            assert!(text.parse::<Visible>().is_err(), "{text}");
        }
    }
}
