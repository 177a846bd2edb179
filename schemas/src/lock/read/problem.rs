//! A problem that the reader found, at a byte of the text.

use super::ReadError;

/// What every step of the reader gives.
pub(in crate::lock) type Result<T> = std::result::Result<T, Problem>;

/// The help of nearly every problem: a lock is compiled again, never repaired by hand.
const HELP: &str = "run `flusso compile`";

/// A problem and where it is, not yet as line and column.
#[derive(Debug)]
pub(in crate::lock) struct Problem {
    at: usize,
    message: String,
    help: &'static str,
}

impl Problem {
    /// A problem at a byte of the text, with the usual help.
    pub(in crate::lock) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: HELP }
    }

    /// The same with another help.
    pub(super) fn with_help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// The same as its reader sees it.
    pub(super) fn locate(self, text: &str) -> ReadError {
        let at = (0..=self.at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        ReadError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message,
            help: Some(self.help.to_owned()),
        }
    }
}
