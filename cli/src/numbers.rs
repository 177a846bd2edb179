//! Numbers and durations as a person reads them.

use std::time::Duration;

pub use flusso_lints::words::{counted, grouped};

/// A duration: `4.2 s`, `3 min 07 s`.
pub fn lasted(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {:02} s", grouped(seconds / 60), seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1, "index"), "1 index");
        assert_eq!(counted(2, "index"), "2 indexes");
        assert_eq!(counted(0, "file"), "0 files");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(lasted(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(lasted(Duration::from_secs(187)), "3 min 07 s");
    }
}
