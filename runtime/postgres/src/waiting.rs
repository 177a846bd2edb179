//! A bounded wait that says what it waits for, and who holds transactions open.

use std::time::{Duration, Instant};

use flusso_runtime::backends::RunOptions;
use flusso_runtime::progress::ProgressEvent;
use flusso_runtime::{Error, ErrorKind, Result};

use crate::facts::cell;
use crate::session::{Bond, Session};

/// First pause of a poll, doubled up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(5);
/// Longest pause of a poll.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// A wait for something in Postgres: polled, bounded and reported.
pub(crate) struct Waiting<'a> {
    options: &'a RunOptions,
    bond: &'a Bond,
    bound: Duration,
    began: Instant,
    pause: Duration,
    pause_max: Duration,
    said: Option<String>,
}

impl<'a> Waiting<'a> {
    /// A wait that begins now and may take `bound`.
    pub(crate) fn new(options: &'a RunOptions, bond: &'a Bond, bound: Duration) -> Self {
        let (pause, pause_max) = (PAUSE_FIRST, PAUSE_MAX);
        Self { options, bond, bound, began: Instant::now(), pause, pause_max, said: None }
    }

    /// The same with one pause.
    pub(crate) fn every(self, pause: Duration) -> Self {
        Self { pause, pause_max: pause, ..self }
    }

    /// Reports what is being waited for, if it changed since the last report.
    pub(crate) fn report(&mut self, what: String) {
        if self.said.as_ref() != Some(&what) {
            self.options.progress.event(ProgressEvent::Waiting { what: what.clone() });
            self.said = Some(what);
        }
    }

    /// Whether to report the wait: most end before anyone would read it.
    pub(crate) fn is_long(&self) -> bool {
        self.pause >= self.pause_max
    }

    /// Pauses. [`ErrorKind::Stopped`] if a stop was requested, [`ErrorKind::Busy`] if the bound ran out,
    /// naming `waited_for`, and [`ErrorKind::ConnectionLost`] where a connection broke.
    pub(crate) async fn pause(&mut self, waited_for: &str) -> Result<()> {
        if self.began.elapsed() >= self.bound {
            return Err(self.busy(waited_for));
        }
        tokio::select! {
            () = tokio::time::sleep(self.pause) => {}
            () = self.options.shutdown.requested() => {
                return Err(Error::new(ErrorKind::Stopped, format!("stopped while waiting {waited_for}")));
            }
            error = self.bond.severed() => return Err(error),
        }
        self.pause = (self.pause * 2).min(self.pause_max);
        Ok(())
    }

    /// The bound ran out.
    pub(crate) fn busy(&self, waited_for: &str) -> Error {
        let waited = self.bound.as_secs();
        Error::new(ErrorKind::Busy, format!("still waiting {waited_for} after {waited} s"))
            .with_help("end that transaction or process, then run this again: nothing is lost")
    }
}

/// Who has a transaction open that has written, but for ourselves, in any database: sessions, those
/// that wait for a standby to confirm their commit, and prepared transactions. `oldest` first.
///
/// Locks tell it to any role; `pg_stat_activity` shows `backend_xid` to few.
const WRITERS: &str = "
select
  case
    when l.pid is null then 'prepared transaction `' || coalesce(p.gid, '?') || '` of database `'
      || coalesce(p.database, '?') || '`'
    else 'process ' || l.pid
      || coalesce(' (`' || nullif(a.application_name, '') || '`)', '')
      || coalesce(' of database `' || a.datname || '`', '')
      || coalesce(', in a transaction since ' || to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS') || ' UTC', '')
      || case when a.wait_event = 'SyncRep' then ', which waits for a synchronous standby' else '' end
  end as who
from pg_locks l
left join pg_stat_activity a on a.pid = l.pid
left join pg_prepared_xacts p on l.pid is null and p.transaction = l.transactionid
where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock'
  and l.pid is distinct from pg_backend_pid() and not coalesce(l.pid = any($1::int4[]), false)
group by l.pid, p.gid, p.database, a.application_name, a.datname, a.xact_start, a.wait_event
order by max(age(l.transactionid)) desc
limit 5";

/// Who has a writing transaction open, in words, but for `ours`: `for process 4711 (`psql`) of …`.
pub(crate) async fn writers(session: &Session, ours: &[i32]) -> Result<String> {
    let rows = session.query("asking who writes", WRITERS, &[&ours]).await?;
    let names = rows.iter().map(|row| cell(row, 0)).collect::<Result<Vec<String>>>()?;
    Ok(if names.is_empty() {
        "for a transaction that just ended".to_owned()
    } else {
        format!("for {}", names.join("; "))
    })
}
