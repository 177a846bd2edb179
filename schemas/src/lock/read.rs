//! The strict reader.

use super::{IndexPlan, Lock};

/// Why a text is not a lock that this flusso executes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// Line from 1.
    pub line: usize,
    /// Column in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Reads a lock: every key known, every digest and fingerprint verified, every reference found.
pub fn read(_text: &str) -> Result<Lock, ReadError> {
    todo!()
}

/// Reads one `[[index]]` block as [`super::index_text`] printed it, as the state keeps it.
pub fn read_index(_text: &str) -> Result<IndexPlan, ReadError> {
    todo!()
}
