//! A position in the source's log, and the document version that follows from it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A byte position in the write-ahead log, ordered; printed as Postgres prints it (`0/15CC9D0`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl Lsn {
    /// The position before every other one.
    pub const ZERO: Self = Self(0);

    /// The external version of a document that a change at this position caused: the position itself.
    ///
    /// External versions range over `0 ..= 2^63 - 1` (measured on OpenSearch 3.8), half of what an LSN could hold:
    /// eight exbibytes of log.
    pub fn version(self) -> u64 {
        self.0
    }

    /// The version of a document that no change caused: one below what the next change may carry,
    /// because a confirmed position is mostly the very start of the next commit record.
    pub fn eventless_version(self) -> u64 {
        self.0.saturating_sub(1)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

/// The text was not two hexadecimal numbers with a slash between them.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a log position such as `0/15CC9D0`")]
pub struct LsnError(String);

impl FromStr for Lsn {
    type Err = LsnError;

    fn from_str(text: &str) -> Result<Self, LsnError> {
        let parse = |part: &str| u32::from_str_radix(part, 16).ok();
        text.split_once('/')
            .and_then(|(high, low)| Some(u64::from(parse(high)?) << 32 | u64::from(parse(low)?)))
            .map(Lsn)
            .ok_or_else(|| LsnError(text.to_owned()))
    }
}

impl Serialize for Lsn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lsn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_printed_and_read_as_postgres_does() {
        let lsn: Lsn = "16/B374D848".parse().expect("a position");
        assert_eq!(lsn, Lsn(0x16_B374_D848));
        assert_eq!(lsn.to_string(), "16/B374D848");
        assert!("16B374D848".parse::<Lsn>().is_err());
    }

    #[test]
    fn an_eventless_version_lies_below_the_event_at_the_same_position() {
        let lsn = Lsn(500);
        assert_eq!(lsn.version(), 500);
        assert_eq!(lsn.eventless_version(), 499);
    }
}
