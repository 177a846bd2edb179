//! From commit to readable: how long one changed row takes to its document.

use std::thread;
use std::time::{Duration, Instant};

use crate::stage::{Stage, StageError};

/// Single-row updates that are measured.
const UPDATES: u64 = 300;
/// Updates before them that are not.
const WARM_UP_UPDATES: u64 = 20;
/// Pause between two, so that each is a batch of its own.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause between two reads of the document.
const POLL: Duration = Duration::from_micros(300);
/// How long one may take before the measurement fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long each update took, ascending.
#[derive(Clone, Debug)]
pub(super) struct Latency(Vec<Duration>);

impl Latency {
    /// The time that so many of a hundred updates did not pass, milliseconds.
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).map_or(f64::NAN, |lasted| lasted.as_secs_f64() * 1000.0)
    }
}

/// Follows, updates one row after another, and reads each one's document until it shows the update.
pub(super) fn measure(stage: &mut Stage) -> Result<Latency, StageError> {
    let running = stage.follow()?;
    let mut lasted = Vec::new();
    for number in 0..WARM_UP_UPDATES + UPDATES {
        let one = one(stage, number)?;
        if number >= WARM_UP_UPDATES {
            lasted.push(one);
        }
        thread::sleep(PAUSE);
    }
    running.stop()?;
    lasted.sort_unstable();
    Ok(Latency(lasted))
}

fn one(stage: &mut Stage, number: u64) -> Result<Duration, StageError> {
    // Far apart, so that no two share a page or a document.
    let id = 1 + number * 307;
    let note = format!("measured {number}");
    stage.sql.query(&format!("update shop.orders set note = '{note}' where id = {id}"))?;
    let committed = Instant::now();
    let until = committed + PATIENCE;
    while stage.document("orders", &id.to_string())?["note"] != note.as_str() {
        if Instant::now() > until {
            return Err(StageError::TooLate(format!("order {id} does not show its update")));
        }
        thread::sleep(POLL);
    }
    Ok(committed.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_what_was_measured() {
        let latency = Latency((1..=200).map(Duration::from_millis).collect());
        assert_eq!(latency.percentile_ms(50), 100.0);
        assert_eq!(latency.percentile_ms(95), 190.0);
        assert_eq!(latency.percentile_ms(100), 200.0);
    }
}
