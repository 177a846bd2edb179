//! How long to wait before the next attempt, and numbers that no one else has.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// First pause after a failed attempt, before jitter; doubled up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The pause after so many failed attempts in a row (from 1): between half of the step and all of it,
/// so that those who failed together do not come back together.
pub(crate) fn pause(attempts: u32) -> Duration {
    let step = PAUSE_FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(PAUSE_MAX);
    let share = u32::try_from(random() % 1_000).expect("below 1,000");
    step / 2 + step / 2 * share / 1_000
}

/// A number that differs between calls and processes: the standard library seeds its hashers from
/// the system's randomness.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound() {
        for (attempts, step_ms) in [(1, 100), (2, 200), (4, 800), (6, 2_000), (100, 2_000)] {
            let pause_ms = pause(attempts).as_millis();
            assert!((step_ms / 2..=step_ms).contains(&pause_ms), "attempt {attempts}: {pause_ms} ms");
        }
    }

    #[test]
    fn numbers_differ() {
        assert_ne!(random(), random());
    }
}
