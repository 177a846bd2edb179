//! A command with a bound: at the bound it is ended with everything it started.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::time::Duration;
use std::{fmt, io};

use crate::services::daemon;

/// How a command ended.
#[derive(Debug)]
pub enum Outcome {
    /// It ended by itself.
    Ended(ExitStatus),
    /// By us, because its time was over.
    Overdue(Vec<Process>),
}

/// A process that was still running.
#[derive(Debug, PartialEq, Eq)]
pub struct Process {
    /// How long it had been running, as `ps` writes it.
    pub lasted: String,
    /// Its command line, as `ps` writes it.
    pub command: String,
}

impl fmt::Display for Process {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:>9}  {}", self.lasted, self.command)
    }
}

/// Runs a command to its end, or ends its whole process group when the time is over.
///
/// A group of its own is not reached by Ctrl-C, so that a guard ends the group when this program ends.
pub fn run_within(command: &mut Command, bound: Duration) -> io::Result<Outcome> {
    let mut child = command.process_group(0).spawn()?;
    let group = child.id();
    let guard = daemon::guard_of(&format!("kill -KILL -{group}")).map_err(io::Error::other)?;
    let status = daemon::ended_within(&mut child, bound);
    let outcome = match status {
        Some(status) => Outcome::Ended(status),
        None => {
            let running = processes(group);
            daemon::signal_group(group, "KILL");
            child.wait()?;
            Outcome::Overdue(running)
        }
    };
    daemon::end_guard(Some(guard));
    Ok(outcome)
}

/// The processes of a group that are there now.
fn processes(group: u32) -> Vec<Process> {
    let output = Command::new("ps").args(["-ww", "-ax", "-o", "pgid=,etime=,args="]).output();
    let listed = output.map_or_else(
        |error| format!("{group} ? cannot be listed: {error}"),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    listed.lines().filter_map(|line| process_of(line, group)).collect()
}

fn process_of(line: &str, group: u32) -> Option<Process> {
    let (found, rest) = line.trim().split_once(' ')?;
    let (lasted, command) = rest.trim().split_once(' ')?;
    let process = Process { lasted: lasted.to_owned(), command: command.trim().to_owned() };
    (found == group.to_string()).then_some(process)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn is_running(marker: &str) -> bool {
        let output = Command::new("ps").args(["-ww", "-ax", "-o", "stat=,args="]).output().expect("ps runs");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        listed.lines().any(|line| line.contains(marker) && !line.starts_with('Z'))
    }

    #[test]
    fn a_command_within_its_bound_ends_as_it_likes() {
        let outcome = run_within(&mut shell("exit 3"), Duration::from_secs(60)).expect("a shell starts");
        assert!(matches!(outcome, Outcome::Ended(status) if status.code() == Some(3)), "{outcome:?}");
    }

    #[test]
    fn a_command_that_is_overdue_is_ended_with_what_it_started_and_both_are_shown() {
        let began = Instant::now();
        // Numbers that no other test sleeps for, so that they tell these processes from all others.
        let mut command = shell("sleep 61.125 & (trap '' TERM; sleep 61.375); wait");
        let outcome = run_within(&mut command, Duration::from_secs(1)).expect("a shell starts");
        assert!(began.elapsed() < Duration::from_secs(30), "it was waited for");
        let Outcome::Overdue(running) = outcome else { panic!("{outcome:?}") };
        for marker in ["sleep 61.125", "sleep 61.375"] {
            assert!(running.iter().any(|process| process.command == marker), "no `{marker}` in {running:?}");
            let gone = daemon::wait_until(Duration::from_secs(10), || !is_running(marker));
            assert!(gone.is_some(), "`{marker}` lives on");
        }
    }

    #[test]
    fn a_line_of_ps_is_a_process_of_its_group_only() {
        let process = Process { lasted: "01:05".to_owned(), command: "sleep 5 s".to_owned() };
        assert_eq!(process.to_string(), "    01:05  sleep 5 s");
        assert_eq!(process_of("   12     01:05 sleep 5 s", 12), Some(process));
        assert_eq!(process_of("  123     01:05 sleep 5 s", 12), None);
    }
}
