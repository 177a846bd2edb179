//! The real binary as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{PATIENCE, binary};

/// A run that is asked to stop ends within this, whatever its servers do.
const STOP_BOUND: Duration = Duration::from_secs(5);

/// A run that has ended.
#[derive(Debug)]
pub struct Done {
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
    pub fn assert_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails, showing everything, unless it said this.
    #[track_caller]
    pub fn assert_said(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "did not say `{text}`:\n{}", self.stderr);
        self
    }
}

/// A run under way. Dropping it kills it.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    said: String,
    stdout: Option<thread::JoinHandle<String>>,
}

impl Running {
    pub(super) fn start(folder: &Path, variables: &[(String, String)], arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FLUSSO_")) {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1").envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().expect("the binary starts");
        let stderr = child.stderr.take().expect("it is piped");
        let mut stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // The receiver is gone once nobody cares for what it says.
                let _ = sender.send(line);
            }
        });
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            text
        });
        Self { child, lines, said: String::new(), stdout: Some(stdout) }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of its talk that holds this text; fails with all it said.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        assert!(self.says_within(text, PATIENCE), "did not say `{text}`:\n{}", self.said);
    }

    /// Whether it says this before so much time has passed.
    pub fn says_within(&mut self, text: &str, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if line.contains(text) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// What it said so far, as far as it was waited for.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        xtask::services::daemon::signal(self.pid(), name);
    }

    /// Ends it as a power cut would.
    pub fn kill9(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ended");
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Done {
        let status = self.child.wait().expect("it is ours");
        while let Ok(line) = self.lines.recv() {
            self.said.push_str(&line);
            self.said.push('\n');
        }
        let stdout =
            self.stdout.take().expect("it is waited for once").join().expect("reading does not panic");
        Done { code: status.code().unwrap_or(-1), stdout, stderr: std::mem::take(&mut self.said) }
    }

    /// Asks it to stop; fails unless it has ended within 5 s.
    #[track_caller]
    pub fn stop_in_time(mut self) -> Done {
        let asked = Instant::now();
        self.signal("TERM");
        while self.child.try_wait().expect("it is ours").is_none() {
            assert!(asked.elapsed() < STOP_BOUND, "did not end within {STOP_BOUND:?}:\n{}", self.said);
            thread::sleep(Duration::from_millis(10));
        }
        self.wait()
    }

    /// Asks it to stop and waits.
    pub fn stop(self) -> Done {
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
