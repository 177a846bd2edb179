//! The real binary as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use xtask::services::daemon::ended_within;

use super::{PATIENCE, binary};

/// Longest run of any command that ends by itself; a backfill of the whole shop is waited for by what it says.
const END_BOUND: Duration = Duration::from_secs(300);
/// Longest time for what a run said last: only a process that it left behind can hold its output open.
const OUTPUT_BOUND: Duration = Duration::from_secs(10);

/// A run that is asked to stop ends within this, whatever its servers do.
const STOP_BOUND: Duration = Duration::from_secs(5);

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code; -1 after a signal.
    pub code: i32,
    /// What it printed as data.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Done {
    /// Fails, showing everything, unless the exit code is this one.
    #[track_caller]
    pub(crate) fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails, showing everything, unless it said this.
    #[track_caller]
    pub(crate) fn assert_said(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "did not say `{text}`:\n{}", self.stderr);
        self
    }
}

/// A run under way. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: String,
    stdout: Receiver<String>,
    command: String,
}

impl Running {
    /// Starts the binary in a folder, with these variables beside the process's own.
    pub(crate) fn start(folder: &Path, variables: &[(String, String)], arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FLUSSO_")) {
            command.env_remove(name);
        }
        // Wide, so that no line break is in the middle of what a test looks for.
        command
            .env("NO_COLOR", "1")
            .env("COLUMNS", "1000")
            .envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().expect("the binary starts");
        let stderr = child.stderr.take().expect("it is piped");
        let mut stdout = child.stdout.take().expect("it is piped");
        let command = format!("flusso {}", arguments.join(" "));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // The receiver is gone once nobody cares for what it says.
                let _ = sender.send(line);
            }
        });
        let (sender, printed) = channel();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            let _ = sender.send(text);
        });
        Self { child, lines, said: String::new(), stdout: printed, command }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of its talk that holds this text; fails with all it said.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        assert!(self.says_within(text, PATIENCE), "did not say `{text}`:\n{}", self.said);
    }

    /// Whether it says this before so much time has passed.
    pub(crate) fn says_within(&mut self, text: &str, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while let Some(line) = self.line_until(until) {
            if line.contains(text) {
                return true;
            }
        }
        false
    }

    /// The next line of its talk, kept; none once the time is over or it says no more.
    fn line_until(&mut self, until: Instant) -> Option<String> {
        let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
        self.said.push_str(&line);
        self.said.push('\n');
        Some(line)
    }

    /// Everything that it still says.
    fn listen_to_the_end(&mut self) {
        let until = Instant::now() + OUTPUT_BOUND;
        while self.line_until(until).is_some() {}
    }

    /// What it said so far, as far as it was waited for.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        xtask::services::daemon::signal(self.pid(), name);
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill9(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ended");
    }

    /// Waits for its end; fails with everything it said where it does not end.
    #[track_caller]
    pub(crate) fn wait(self) -> Done {
        self.wait_within(END_BOUND)
    }

    /// Asks it to stop; fails unless it has ended within 5 s.
    #[track_caller]
    pub(crate) fn stop_in_time(self) -> Done {
        self.signal("TERM");
        self.wait_within(STOP_BOUND)
    }

    #[track_caller]
    fn wait_within(mut self, bound: Duration) -> Done {
        let status = ended_within(&mut self.child, bound);
        if status.is_none() {
            // Else it would hold its output open.
            let _ = self.child.kill();
        }
        self.listen_to_the_end();
        let Some(status) = status else {
            panic!("`{}` did not end within {bound:?}:\n{}", self.command, self.said);
        };
        let stdout = self.stdout.recv_timeout(OUTPUT_BOUND).expect("its output ends with it");
        Done { code: status.code().unwrap_or(-1), stdout, stderr: std::mem::take(&mut self.said) }
    }

    /// Asks it to stop and waits.
    #[track_caller]
    pub(crate) fn stop(self) -> Done {
        self.signal("TERM");
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
