//! The one table of exit codes that every command speaks by.

use std::process::ExitCode;

use flusso_runtime::error::ErrorKind;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Findings, or a stale, edited or unreadable lock.
    Findings = 1,
    /// A misspelt command line, or no project to work on.
    Usage = 2,
    /// A server is down, or a variable that leads to it is unset.
    Unreachable = 3,
    /// The lock, the catalog, the source or a sink is not what the state says.
    Drift = 4,
    /// Stopped by what a person must look at.
    Stopped = 5,
}

impl Exit {
    /// The exit code for an error of this kind.
    pub fn of(kind: ErrorKind) -> Self {
        match kind.exit_code() {
            1 => Self::Findings,
            3 => Self::Unreachable,
            4 => Self::Drift,
            _ => Self::Stopped,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_runtime_keeps_its_number() {
        for kind in [
            ErrorKind::Findings,
            ErrorKind::Unreachable,
            ErrorKind::Misconfigured,
            ErrorKind::Blocked,
            ErrorKind::Drift,
            ErrorKind::Busy,
            ErrorKind::Rejected,
            ErrorKind::Foreign,
            ErrorKind::Stopped,
            ErrorKind::Internal,
        ] {
            assert_eq!(Exit::of(kind) as u8, kind.exit_code(), "{kind:?}");
        }
    }

    #[test]
    fn what_was_tried_again_in_vain_could_not_be_reached() {
        assert_eq!(Exit::of(ErrorKind::ConnectionLost), Exit::Unreachable);
    }
}
