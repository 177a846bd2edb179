//! A synchronous standby that is not there: commits wait for it and are seen by nobody.

use std::thread;
use std::time::Duration;

use xtask::services::daemon::wait_until;
use xtask::services::postgres::Connection;

/// How long the server may take until its setting counts.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets every commit of a cluster wait, and returns once one has: `show` tells the setting before that, and until
/// then a commit does not wait. The second session is used up.
pub(crate) fn require_absent_standby(sql: &mut Connection, mut probe: Connection) {
    for statement in [
        "create table public.standby_probe ()",
        "alter system set synchronous_standby_names = 'absent'",
        "select pg_reload_conf()",
    ] {
        sql.query(statement).expect(statement);
    }
    let probing =
        thread::spawn(
            move || {
                while probe.query("insert into public.standby_probe default values").is_ok() {}
            },
        );
    // Nothing of the probe may still wait when the test begins.
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
    let has_waited = || !sql.query(end).expect(end).is_empty();
    assert!(wait_until(PATIENCE, has_waited).is_some(), "no commit waits for a standby");
    probing.join().expect("the probe ends with its session");
}
