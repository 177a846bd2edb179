//! Processes that are frozen for a while, and never left so.

use std::process::{Child, Command};
use std::time::Duration;

use super::{Error, daemon};

/// How long a process may take to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Stopped processes (SIGSTOP). They continue when this is dropped, and also when this program is killed,
/// because a server with a frozen process may not end.
#[derive(Debug)]
pub struct Frozen {
    processes: Vec<u32>,
    guard: Option<Child>,
}

impl Frozen {
    /// Freezes processes and waits until they have stopped.
    pub fn freeze(processes: &[u32]) -> Result<Self, Error> {
        let list: Vec<String> = processes.iter().map(u32::to_string).collect();
        let guard = daemon::guard_of(&format!("kill -CONT {}", list.join(" ")))?;
        let frozen = Self { processes: processes.to_vec(), guard: Some(guard) };
        frozen.signal("STOP");
        daemon::wait_until(PATIENCE, || frozen.processes.iter().all(|process| !is_moving(*process)));
        Ok(frozen)
    }

    /// Lets them go on.
    pub fn thaw(self) {}

    fn signal(&self, name: &str) {
        self.processes.iter().for_each(|process| daemon::signal(*process, name));
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("CONT");
        daemon::end_guard(self.guard.take());
    }
}

/// Whether a process is there and not frozen.
fn is_moving(process: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output();
    output.is_ok_and(|output| !output.stdout.is_empty() && !output.stdout.starts_with(b"T"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_process_goes_on_when_its_guard_is_dropped_even_by_a_panic() {
        let mut sleeper = Command::new("sleep").arg("62.5").spawn().expect("sleep is everywhere");
        let process = sleeper.id();
        let panicked = std::panic::catch_unwind(|| {
            let _frozen = Frozen::freeze(&[process]).expect("a shell starts");
            assert!(is_moving(process), "this fails, and something is frozen meanwhile");
        });
        assert!(panicked.is_err(), "it stood still");
        assert!(is_moving(process), "it goes on");
        sleeper.kill().and_then(|()| sleeper.wait()).expect("it is ours");
    }

    #[test]
    fn a_frozen_process_goes_on_when_the_pipe_to_the_guard_breaks() {
        let mut sleeper = Command::new("sleep").arg("62.75").spawn().expect("sleep is everywhere");
        let process = sleeper.id();
        let mut frozen = Frozen::freeze(&[process]).expect("a shell starts");
        // What the end of this program does to it.
        drop(frozen.guard.as_mut().and_then(|guard| guard.stdin.take()));
        assert!(daemon::wait_until(PATIENCE, || is_moving(process)).is_some(), "it goes on");
        sleeper.kill().and_then(|()| sleeper.wait()).expect("it is ours");
    }
}
