//! An OpenSearch node of our own: started, killed and started again on free loopback ports.

mod distribution;
pub mod http;
mod java;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::daemon::{self, Daemon};
use super::{Account, Error};

pub use distribution::VERSION;

/// How long a node may take until it answers; 8 s alone on two cores, more beside a build.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// How long an orderly shutdown may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Log to the process's output, which is the node's log file.
const LOGGING: &str = "\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
";

/// An OpenSearch node that this program started. Dropped, it is killed.
#[derive(Debug)]
pub struct Node {
    /// `http://127.0.0.1:<port>`; it stays the same over a restart.
    pub url: String,
    /// The HTTP port on 127.0.0.1.
    pub port: u16,
    /// The port that nodes of one cluster reach each other by, for `discovery.seed_hosts`.
    pub transport_port: u16,
    /// The folder that holds `config`, `data`, `snapshots` and `opensearch.log`.
    pub folder: PathBuf,
    java: PathBuf,
    home: PathBuf,
    heap_megabytes: u32,
    account: Account,
    daemon: Option<Daemon>,
}

impl Node {
    /// Starts a node that is a cluster of its own in a folder, with a fixed heap in MiB, and waits
    /// until it answers.
    pub fn start(folder: &Path, heap_megabytes: u32) -> Result<Self, Error> {
        Self::start_with(folder, heap_megabytes, &[("discovery.type", "single-node")])
    }

    /// As `start`, with the given lines of `opensearch.yml` instead of the single-node discovery.
    pub fn start_with(folder: &Path, heap_megabytes: u32, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let java = java::find()?;
        let home = distribution::assembled()?;
        let account = Account::for_servers()?;
        let home = account.reachable(&home).and_then(|seen| distribution::copied(&home, seen))?;
        let folder = account.reachable(folder)?;
        let port = daemon::free_port()?;
        let transport_port = daemon::free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let mut node =
            Self { url, port, transport_port, folder, java, home, heap_megabytes, account, daemon: None };
        node.configure(settings)?;
        node.restart()?;
        Ok(node)
    }

    /// Starts the node, after stopping it where it runs, on the same ports and data.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        let log = self.folder.join("opensearch.log");
        let mut daemon = Daemon::start(self.command(), self.account, &log)?;
        let ready = daemon::wait_until(START_PATIENCE, || !daemon.is_running() || self.answers());
        if ready.is_none() || !daemon.is_running() {
            return Err(daemon.not_ready("OpenSearch", START_PATIENCE));
        }
        self.daemon = Some(daemon);
        Ok(())
    }

    /// The node's process; `None` if it is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Daemon::pid)
    }

    /// Ends the node in an orderly way.
    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.stop("TERM", STOP_PATIENCE);
        }
    }

    /// Crashes the node with signal 9; `restart` recovers it.
    pub fn kill9(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Lets the node live on when this program ends; returns its process number.
    pub fn detach(mut self) -> Option<u32> {
        self.daemon.take().map(Daemon::detach)
    }

    fn answers(&self) -> bool {
        http::get(&format!("127.0.0.1:{}", self.port), "/_cluster/health?wait_for_status=yellow&timeout=1s")
            .is_ok_and(|(status, _)| status == 200)
    }

    fn configure(&self, settings: &[(&str, &str)]) -> Result<(), Error> {
        for name in ["config", "data", "logs", "snapshots", "tmp"] {
            let folder = self.folder.join(name);
            fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        }
        let own = self.own_settings();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let lines: String =
            own.chain(settings.iter().copied()).map(|(n, v)| format!("{n}: {}\n", quoted(v))).collect();
        for (name, text) in [("opensearch.yml", lines.as_str()), ("log4j2.properties", LOGGING)] {
            let path = self.folder.join("config").join(name);
            fs::write(&path, text).map_err(Error::file("write", &path))?;
        }
        self.account.own(&self.folder)
    }

    /// The settings of every node. The disk watermarks are off, because they would make an index
    /// read-only for how full a developer's disk happens to be.
    fn own_settings(&self) -> Vec<(&'static str, String)> {
        let inside = |name: &str| self.folder.join(name).display().to_string();
        vec![
            ("cluster.name", format!("flusso-{}", self.port)),
            ("node.name", format!("flusso-{}", self.port)),
            ("network.host", "127.0.0.1".to_owned()),
            ("http.port", self.port.to_string()),
            ("transport.port", self.transport_port.to_string()),
            ("path.data", inside("data")),
            ("path.logs", inside("logs")),
            ("path.repo", inside("snapshots")),
            ("cluster.routing.allocation.disk.threshold_enabled", "false".to_owned()),
        ]
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.java);
        let heap = self.heap_megabytes;
        command.args([format!("-Xms{heap}m"), format!("-Xmx{heap}m")]);
        command.args(["--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"]);
        command.args(["-Dio.netty.noUnsafe=true", "-Dlog4j2.disable.jmx=true"]);
        command.args(["-Dopensearch.distribution.type=tar", "-Dopensearch.bundled_jdk=false"]);
        let folders = [
            ("java.io.tmpdir", self.folder.join("tmp")),
            ("opensearch.path.home", self.home.clone()),
            ("opensearch.path.conf", self.folder.join("config")),
        ];
        command.args(folders.map(|(name, folder)| format!("-D{name}={}", folder.display())));
        command.arg("-cp").arg(self.home.join("lib").join("*")).arg("org.opensearch.bootstrap.OpenSearch");
        command.current_dir(&self.folder);
        command
    }
}

/// A YAML scalar; a value that is written as a list stays one.
fn quoted(value: &str) -> String {
    if value.starts_with('[') { value.to_owned() } else { format!("{value:?}") }
}
