//! What a snapshot saw: which transactions, up to where the log, at what time, of which files.

use flusso_schemas::lsn::Lsn;
use flusso_schemas::name::TableName;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::fault::Fault;
use crate::session::Session;

/// One row about the snapshot it is read in. `$1` and `$2` are the schemas and names of tables; their
/// file nodes come in the same order, 0 where there is no such table. The insert position is asked for
/// by itself on a primary only: a standby refuses to answer.
const SEEN: &str = "\
select pg_current_snapshot()::text,
  pg_is_in_recovery(),
  case when not pg_is_in_recovery() then pg_current_wal_insert_lsn()::text end,
  (extract(epoch from clock_timestamp()) * 1000000)::bigint,
  array(
    select coalesce(c.relfilenode, 0)::bigint
    from unnest($1::text[], $2::text[]) with ordinality wanted(schema, name, number)
    left join pg_namespace n on n.nspname = wanted.schema
    left join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
    order by wanted.number
  )";

/// What the row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Which transactions are visible.
    pub(super) visible: Visible,
    /// End of the log inside the snapshot.
    pub(super) note: Lsn,
    /// The source's clock, microseconds since 1970-01-01 UTC.
    pub(super) clock_us: i64,
    /// File nodes in the order of the tables.
    pub(super) file_nodes: Vec<u32>,
}

impl Seen {
    /// The statement.
    pub(super) fn text() -> &'static str {
        SEEN
    }

    /// Reads the row; a standby is refused.
    pub(super) fn of_row(row: &Row) -> Result<Self, Fault> {
        let note: Option<&str> = row.try_get(2)?;
        primary_only(row.try_get(1)?)?;
        let file_nodes: Vec<i64> = row.try_get(4)?;
        Ok(Self {
            visible: row.try_get::<_, &str>(0)?.parse()?,
            note: note.and_then(|text| text.parse().ok()).ok_or_else(unreadable)?,
            clock_us: row.try_get(3)?,
            file_nodes: file_nodes
                .into_iter()
                .map(u32::try_from)
                .collect::<Result<_, _>>()
                .map_err(|_| unreadable())?,
        })
    }
}

/// Asks outside a transaction.
pub(super) async fn see(
    session: &Session,
    statement: &Statement,
    tables: &[TableName],
) -> Result<Seen, Fault> {
    let (schemas, names) = parameters(tables);
    let parameters: [&(dyn ToSql + Sync); 2] = [&schemas, &names];
    Seen::of_row(&session.query_one("looking at the snapshot", statement, &parameters).await?)
}

/// The statement's parameters.
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
