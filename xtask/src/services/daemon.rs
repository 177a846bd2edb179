//! A server process: started with its output in a file, ended by signal, and never left behind by
//! accident.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Read};
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Account, Error};

/// How often a waiting loop looks again.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Where ports for servers are looked for: below those that systems give to outgoing connections (from 32,768 on
/// Linux, from 49,152 elsewhere), above those of well-known servers.
const PORTS: Range<u16> = 20_000..32_000;
/// Longest time for a command that makes or fetches something for a server.
const COMMAND_BOUND: Duration = Duration::from_secs(300);
/// Longest time for the output of a command that has ended.
const OUTPUT_BOUND: Duration = Duration::from_secs(5);

/// A running server that we started. Dropped, it is killed; `detach` lets it live on.
#[derive(Debug)]
pub struct Daemon {
    child: Option<Child>,
    guard: Option<Child>,
    pid: u32,
    log: PathBuf,
}

impl Daemon {
    /// Starts a command as a server under an account, its output appended to a log file.
    pub fn start(mut command: Command, account: Account, log: &Path) -> Result<Self, Error> {
        let output = append_to(log)?;
        let errors = output.try_clone().map_err(Error::file("write", log))?;
        account.apply(&mut command);
        command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|source| Error::Spawn { program, source })?;
        let pid = child.id();
        Ok(Self {
            child: Some(child),
            guard: Some(guard_of(&format!("kill -KILL {pid}"))?),
            pid,
            log: log.to_path_buf(),
        })
    }

    /// Process id, for signals and `ps`.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Asks the process to end by a signal and kills it when it has not within the time.
    pub fn stop(&mut self, signal_name: &str, patience: Duration) {
        signal(self.pid, signal_name);
        if wait_until(patience, || !self.is_running()).is_none() {
            signal(self.pid, "KILL");
        }
        self.reap();
    }

    /// Kills the process with signal 9.
    pub fn kill(&mut self) {
        signal(self.pid, "KILL");
        self.reap();
    }

    /// Lets the process live on when this value, and the program, end; returns its number.
    #[must_use]
    pub fn detach(mut self) -> u32 {
        end_guard(self.guard.take());
        self.child = None;
        self.pid
    }

    /// The error of a server that did not get ready, with the end of its log.
    #[must_use]
    pub fn not_ready(&mut self, server: &'static str, patience: Duration) -> Error {
        let reason = if self.is_running() {
            format!("no answer within {} s", patience.as_secs())
        } else {
            "its process has ended".to_owned()
        };
        Error::NotReady { server, reason, log: self.log.clone(), tail: tail_of(&self.log) }
    }

    fn reap(&mut self) {
        end_guard(self.guard.take());
        if let Some(mut child) = self.child.take() {
            drop(child.wait());
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// A port that is free now, on the loopback address.
///
/// Not one that the system gives out by itself: it gives those to every outgoing connection too, and one of them
/// had the port by the time that the server wanted it, or wanted it again after a crash.
pub fn free_port() -> Result<u16, Error> {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    // Somewhere else in every program, so that two that run at once rarely look at the same port.
    let next = NEXT.get_or_init(|| AtomicU16::new(RandomState::new().build_hasher().finish() as u16));
    let mut outcome = Err(io::Error::from(io::ErrorKind::AddrInUse));
    for _ in PORTS {
        let port = PORTS.start + next.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        outcome = TcpListener::bind(("127.0.0.1", port)).map(|_| port);
        if outcome.is_ok() {
            break;
        }
    }
    let address = format!("127.0.0.1:{}-{}", PORTS.start, PORTS.end);
    outcome.map_err(|source| Error::Unreachable { server: "a free port", address, source })
}

/// Waits until a test holds; how long it took, or nothing when the time is over.
pub fn wait_until(patience: Duration, mut holds: impl FnMut() -> bool) -> Option<Duration> {
    let start = Instant::now();
    loop {
        if holds() {
            return Some(start.elapsed());
        }
        if start.elapsed() > patience {
            return None;
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends a signal by its name; a process that has ended already is fine.
pub fn signal(pid: u32, name: &str) {
    send(name, &pid.to_string());
}

/// Sends a signal by its name to every process of a group.
pub fn signal_group(group: u32, name: &str) {
    send(name, &format!("-{group}"));
}

fn send(name: &str, target: &str) {
    // The shell's own `kill`, because the program of that name is not everywhere.
    let script = format!("kill -{name} {target}");
    drop(Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status());
}

/// Whether a process runs whose command line holds a text: a number alone may belong to another
/// process by now.
#[must_use]
pub fn runs(pid: u32, marker: &str) -> bool {
    let output = Command::new("ps").args(["-ww", "-o", "stat=,args=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        !line.starts_with('Z') && line.contains(marker)
    })
}

/// Ends a server that another run of this program left running, and waits until it is gone.
pub fn stop_detached(pid: u32, marker: &str, signal_name: &str, patience: Duration) {
    if !runs(pid, marker) {
        return;
    }
    signal(pid, signal_name);
    if wait_until(patience, || !runs(pid, marker)).is_none() {
        signal(pid, "KILL");
        wait_until(Duration::from_secs(5), || !runs(pid, marker));
    }
}

/// Runs a command to its end; its standard output, or an error with the end of what it printed.
pub fn run(command: &mut Command) -> Result<String, Error> {
    run_within(command, COMMAND_BOUND)
}

fn run_within(command: &mut Command, bound: Duration) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| Error::Spawn { program: program.clone(), source })?;
    let printed = read_aside(child.stdout.take().expect("it is piped"));
    let talked = read_aside(child.stderr.take().expect("it is piped"));
    let Some(status) = ended_within(&mut child, bound) else {
        drop(child.kill().and_then(|()| child.wait()));
        let status = format!("no end within {} s", bound.as_secs());
        return Err(Error::Failed { program, status, output: last_lines(&all_of(&talked)) });
    };
    let printed = all_of(&printed);
    if status.success() {
        return Ok(printed);
    }
    let talked = format!("{printed}{}", all_of(&talked));
    Err(Error::Failed { program, status: status.to_string(), output: last_lines(&talked) })
}

/// Waits for a child's end; nothing when the time is over.
pub fn ended_within(child: &mut Child, bound: Duration) -> Option<ExitStatus> {
    let mut status = None;
    wait_until(bound, || {
        status = child.try_wait().expect("a child of ours can be asked for");
        status.is_some()
    });
    status
}

/// Reads an output in a thread of its own, so that its writer never has to wait for us.
fn read_aside(mut output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is shown; stderr may be closed by then.
        drop(output.read_to_end(&mut bytes));
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    });
    receiver
}

/// The whole of an output whose writer has ended. A child may have inherited it and hold it open: that is not
/// waited for.
fn all_of(output: &Receiver<String>) -> String {
    output.recv_timeout(OUTPUT_BOUND).unwrap_or_default()
}

/// A shell that does something when this program ends in whatever way: its standard input is a pipe that only
/// we hold open.
pub(crate) fn guard_of(action: &str) -> Result<Child, Error> {
    let script = format!("read -r _; {action} 2>/dev/null");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let spawned = command.process_group(0).spawn();
    spawned.map_err(|source| Error::Spawn { program: "sh".to_owned(), source })
}

/// Ends a guard whose action is not needed any more.
pub(crate) fn end_guard(guard: Option<Child>) {
    if let Some(mut guard) = guard {
        drop(guard.kill());
        drop(guard.wait());
    }
}

fn append_to(log: &Path) -> Result<File, Error> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    OpenOptions::new().create(true).append(true).open(log).map_err(Error::file("write", log))
}

fn tail_of(log: &Path) -> String {
    fs::read(log).map_or_else(|_| String::new(), |bytes| last_lines(&String::from_utf8_lossy(&bytes)))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(log: &Path) -> Daemon {
        let mut command = Command::new("sleep");
        command.arg("61.25");
        Daemon::start(command, Account::Caller, log).expect("sleep is everywhere")
    }

    #[test]
    fn a_dropped_daemon_is_gone_and_a_detached_one_is_not() {
        let log = std::env::temp_dir().join(format!("flusso-daemon-{}.log", std::process::id()));
        let dropped = sleeper(&log);
        let dropped_pid = dropped.pid();
        assert!(runs(dropped_pid, "sleep 61.25"));
        assert!(!runs(dropped_pid, "sleep 61.26"));
        drop(dropped);
        assert!(!runs(dropped_pid, "sleep 61.25"));
        let detached_pid = sleeper(&log).detach();
        assert!(runs(detached_pid, "sleep 61.25"));
        stop_detached(detached_pid, "sleep 61.25", "TERM", Duration::from_secs(5));
        assert!(!runs(detached_pid, "sleep 61.25"));
        drop(fs::remove_file(log));
    }

    #[test]
    fn a_failing_command_says_what_it_printed() {
        let error = run(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).expect_err("exits 3");
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn a_command_that_never_ends_is_ended_and_says_what_it_printed() {
        let began = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "echo begun >&2; exec sleep 60"]);
        let error = run_within(&mut command, Duration::from_secs(1)).expect_err("it sleeps");
        assert!(began.elapsed() < Duration::from_secs(30), "it was waited for");
        let text = error.to_string();
        assert!(text.contains("no end within 1 s") && text.contains("begun"), "{text}");
    }

    #[test]
    fn ports_differ_can_be_listened_on_and_are_never_given_to_outgoing_connections() {
        let ports = [(); 3].map(|()| free_port().expect("most are free"));
        assert!(ports[0] != ports[1] && ports[1] != ports[2], "{ports:?}");
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
        let first: u16 = range.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(32_768);
        for port in ports {
            assert!(port < first, "{port} may belong to a connection");
            TcpListener::bind(("127.0.0.1", port)).expect("it is free");
        }
    }
}
