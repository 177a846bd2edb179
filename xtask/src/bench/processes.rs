//! What processes use, read from `/proc`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::services::postgres::Connection;
use crate::stage::{StageError, Told};

/// Clock ticks a second, which Linux fixes for `/proc`.
const TICKS_A_SECOND: f64 = 100.0;
/// How often a process is looked at.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(20);

/// What a process used until it ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// CPU time in user and kernel mode, seconds.
    pub cpu_seconds: f64,
    /// The most memory it held at once, megabytes of 1,000,000 bytes.
    pub peak_mb: f64,
}

/// Watches a process to its good end; each line it says is given with the time since its start.
pub(super) fn watch(told: &mut Told, mut each: impl FnMut(&str, Duration)) -> Result<Usage, StageError> {
    let began = Instant::now();
    let (sender, lines) = channel();
    let stderr = told.stderr();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens once the process has ended.
            drop(sender.send((line, began.elapsed())));
        }
    });
    let mut usage = Usage::default();
    loop {
        usage = sample(told.pid()).unwrap_or(usage);
        match lines.recv_timeout(SAMPLE_INTERVAL) {
            Ok((line, since)) => {
                eprintln!("{line}");
                each(line.trim_start(), since);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    told.end()?;
    Ok(usage)
}

fn sample(pid: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let times = Times::of(pid)?;
    Some(Usage { cpu_seconds: times.own / TICKS_A_SECOND, peak_mb: kib * 1024.0 / 1e6 })
}

/// The processes of a Postgres server on this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Postgres {
    postmaster: Option<u32>,
}

impl Postgres {
    /// Those of the server behind a session.
    pub(super) fn of(sql: &mut Connection) -> Result<Self, StageError> {
        let rows = sql.query("select pg_backend_pid()")?;
        let backend = rows.into_iter().flatten().flatten().next().and_then(|pid| pid.parse().ok());
        Ok(Self { postmaster: backend.and_then(Times::of).map(|times| times.parent) })
    }

    /// CPU seconds of all of them until now, those that have ended included.
    pub(super) fn cpu_seconds(self) -> Option<f64> {
        let postmaster = self.postmaster?;
        let own = Times::of(postmaster)?;
        let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let children = pids.filter_map(Times::of).filter(|times| times.parent == postmaster);
        Some((own.own + own.ended_children + children.map(|times| times.own).sum::<f64>()) / TICKS_A_SECOND)
    }
}

/// CPU ticks of a process.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Times {
    parent: u32,
    own: f64,
    ended_children: f64,
}

impl Times {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The line's fields after the name in brackets, which may contain spaces.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_brackets() {
        let stat = "7 (a) b)) S 3 7 7 0 -1 4194304 100 0 0 0 11 2 30 4 20 0 1 0 100 0 0";
        assert_eq!(Times::parse(stat), Some(Times { parent: 3, own: 13.0, ended_children: 34.0 }));
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(sample(std::process::id()).is_some_and(|usage| usage.peak_mb > 0.1));
    }
}
