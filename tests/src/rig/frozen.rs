//! Freezing server processes of a session, so that nobody else feels it.

use std::time::{Duration, Instant};

use xtask::services::postgres::Connection;
use xtask::services::{Error, Frozen};

use super::{PATIENCE, Rig, server_of, shared_postgres};

/// How soon a cluster answers that holds nothing of what was frozen.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);

/// Takes an identifier, writes and commits: what a frozen process could stand in the way of.
const PROBE: &str = "create temp table probe (id int); insert into probe values (1); drop table probe";

impl Rig {
    /// Freezes the processes of the binary's sessions for a purpose, each while it waits for its client.
    ///
    /// Whatever holds a lock inside the server freezes the whole cluster with it, and no test means that. So it is
    /// looked at again once they stand still: those that were caught at work go on and are tried again.
    #[track_caller]
    pub(crate) fn freeze(&mut self, purpose: &str) -> Frozen {
        assert!(
            self.server != server_of(&shared_postgres()),
            "a test that freezes processes has a cluster of its own: others wait for the shared one"
        );
        let until = Instant::now() + PATIENCE;
        loop {
            let processes = self.backends(purpose);
            let frozen = Frozen::freeze(&processes).expect("a shell starts");
            let waiting = self.waiting(&processes);
            if !processes.is_empty() && matches!(waiting, Ok(true)) {
                return frozen;
            }
            frozen.thaw();
            assert!(
                Instant::now() < until,
                "no moment at which the sessions for {purpose}, {processes:?}, wait for their client: {waiting:?}"
            );
        }
    }

    /// Whether the cluster answers, and every one of these processes waits for its client. Asked by a session of
    /// its own, which is given up where the cluster does not answer.
    fn waiting(&self, processes: &[u32]) -> Result<bool, Error> {
        let (server, name) = (self.server.as_str(), self.name.as_str());
        let mut probe = Connection::open_within(PROBE_PATIENCE, server, "postgres", name)?;
        probe.query(PROBE)?;
        let list: Vec<String> = processes.iter().map(u32::to_string).collect();
        // A walsender waits for its client and for new changes at once.
        let working = format!(
            "select pid from pg_stat_activity where pid in ({}) \
             and coalesce(wait_event_type, 'none') not in ('Client', 'Activity')",
            list.join(", ")
        );
        Ok(probe.query(&working)?.is_empty())
    }
}
