//! A Postgres cluster of our own: made, started, crashed and started again on a free loopback port.

mod binaries;
mod npm;
pub mod wire;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub use binaries::Binaries;
pub use wire::{Connection, Row};

use super::daemon::{self, Daemon};
use super::{Account, Error};

/// How long a cluster may take until it answers. Recovery after a crash is included: with some hundred
/// test databases it took longer than a minute. A server that ends is noticed at once.
const START_PATIENCE: Duration = Duration::from_secs(240);
/// How long a fast shutdown may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// What every cluster is started with; a caller's settings come after and win.
///
/// Durability stays on: crash tests kill these clusters and rely on it. 50 slots and senders are
/// above the number of tests that run at once.
const SETTINGS: [(&str, &str); 9] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    ("wal_level", "logical"),
    ("max_replication_slots", "50"),
    ("max_wal_senders", "50"),
    ("max_connections", "200"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %q%a "),
];

/// A Postgres cluster that this program started. Dropped, it is killed.
#[derive(Debug)]
pub struct Cluster {
    /// `postgres://postgres@127.0.0.1:<port>/postgres`: the superuser, trusted without a password.
    pub url: String,
    /// The TCP port on 127.0.0.1; it stays the same over a restart.
    pub port: u16,
    /// The folder that holds `data` and `postgres.log`.
    pub folder: PathBuf,
    binaries: Binaries,
    account: Account,
    daemon: Option<Daemon>,
}

impl Cluster {
    /// Starts a cluster in a folder, making it first where it is not there, and waits until it
    /// answers. Settings are `(name, value)` as in `postgresql.conf`, unquoted.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Result<Self, Error> {
        Self::start_with(&Binaries::find()?, folder, settings)
    }

    /// As `start`, with chosen server programs.
    pub fn start_with(binaries: &Binaries, folder: &Path, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let account = Account::for_servers()?;
        let folder = account.reachable(folder)?;
        account.own(&folder)?;
        let port = daemon::free_port()?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let binaries = binaries.clone();
        let mut cluster = Self { url, port, folder, binaries, account, daemon: None };
        cluster.initialise()?;
        cluster.configure(settings)?;
        cluster.restart()?;
        Ok(cluster)
    }

    /// The folder of the cluster's data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The URL of a database of this cluster.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A small connection to a database of this cluster, as superuser.
    pub fn connect(&self, database: &str) -> Result<Connection, Error> {
        Connection::open(&format!("127.0.0.1:{}", self.port), "postgres", database)
    }

    /// Writes settings that the next restart takes.
    pub fn configure(&self, settings: &[(&str, &str)]) -> Result<(), Error> {
        let port = self.port.to_string();
        let own = SETTINGS.iter().chain(settings).copied().chain([("port", port.as_str())]);
        let lines: String = own.map(|(name, value)| setting_line(name, value)).collect();
        let path = self.data().join("flusso.conf");
        fs::write(&path, lines).map_err(Error::file("write", &path))?;
        self.account.own(&self.data())
    }

    /// Starts the cluster, after stopping it where it runs, on the same port and data.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        let start = Instant::now();
        loop {
            match self.launch() {
                Err(Error::NotReady { tail, .. })
                    if is_passing(&tail) && start.elapsed() < START_PATIENCE => {}
                outcome => return outcome,
            }
        }
    }

    /// Ends the cluster in an orderly way: sessions are cut off, everything is flushed.
    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.stop("INT", STOP_PATIENCE);
        }
    }

    /// Crashes the cluster with signal 9 on its first process; `restart` recovers it.
    pub fn kill9(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Lets the cluster live on when this program ends; returns its process number.
    pub fn detach(mut self) -> Option<u32> {
        self.daemon.take().map(Daemon::detach)
    }

    fn initialise(&self) -> Result<(), Error> {
        if self.data().join("PG_VERSION").exists() {
            return Ok(());
        }
        let mut initdb = self.binaries.command("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        initdb.arg(self.data()).current_dir(&self.folder);
        self.account.apply(&mut initdb);
        daemon::run(&mut initdb)?;
        let path = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        fs::write(&path, text + "\ninclude 'flusso.conf'\n").map_err(Error::file("write", &path))
    }

    fn launch(&mut self) -> Result<(), Error> {
        let log = self.folder.join("postgres.log");
        let mut command: Command = self.binaries.command("postgres");
        command.arg("-D").arg(self.data()).current_dir(&self.folder);
        let mut daemon = Daemon::start(command, self.account, &log)?;
        let ready =
            daemon::wait_until(START_PATIENCE, || !daemon.is_running() || self.connect("postgres").is_ok());
        if ready.is_none() || !daemon.is_running() {
            return Err(daemon.not_ready("Postgres", START_PATIENCE));
        }
        self.daemon = Some(daemon);
        Ok(())
    }
}

/// Whether the reason why a server ended passes by itself: after signal 9 the processes of the old
/// server need a moment to notice and let go of its memory.
fn is_passing(log_tail: &str) -> bool {
    let last = log_tail.lines().rev().take(6).collect::<Vec<_>>().join("\n");
    last.contains("still in use") || last.contains("lock file \"postmaster.pid\" already exists")
}

fn setting_line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_with_a_quote_stays_one_value() {
        assert_eq!(setting_line("application_name", "it's"), "application_name = 'it''s'\n");
    }

    #[test]
    fn only_the_last_lines_of_a_log_say_why_a_server_ended() {
        let old = "FATAL: block is still in use\n".to_owned() + &"LOG: fine\n".repeat(6);
        assert!(!is_passing(&old));
        assert!(is_passing(
            "FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use\nHINT: end it"
        ));
    }
}
