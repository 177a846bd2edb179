//! Why a reading transaction gave nothing, and what that means to whoever asked for it.

use flusso_runtime::error::{Error, ErrorKind};
use tokio_postgres::error::{DbError, SqlState};

/// Why one attempt failed. No variant holds a row's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// The connection is gone, or the server ended the session.
    #[error("the connection to the source is lost ({0})")]
    Lost(String),
    /// A table's lock was not to be had in time, or a deadlock was resolved against us.
    #[error("a table is locked")]
    Locked,
    /// A transaction whose effect has to be visible is not visible yet.
    #[error("transaction {0} is not visible")]
    Unseen(u32),
    /// It took longer than its bound.
    #[error("the reading transaction took longer than its bound")]
    TooLong,
    /// Documents and what they are spliced from passed their bound of bytes.
    #[error("the chunk or a document of it is over its bound of bytes")]
    Oversized,
    /// A byte that no line of JSON may hold.
    #[error("a document holds the control character 0x{0:02x}")]
    ControlByte(u8),
    /// A statement failed with this `SQLSTATE`.
    #[error("its query fails with SQLSTATE {code}{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Query {
        /// The five characters.
        code: String,
        /// The server's text, where it cannot quote a value.
        message: Option<String>,
    },
    /// The server is a standby.
    #[error("the source is a standby, whose snapshots do not show running transactions")]
    Standby,
    /// The lock's query and what it printed contradict each other.
    #[error("{0}")]
    Internal(String),
    /// The run was asked to stop.
    #[error("stopped while waiting")]
    Stopped,
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(answer) => Self::of_answer(answer),
            // What the client itself says never quotes a value: closed, timed out, protocol.
            None => Self::Lost(error.to_string()),
        }
    }
}

impl Fault {
    fn of_answer(answer: &DbError) -> Self {
        let code = answer.code();
        match *code {
            SqlState::LOCK_NOT_AVAILABLE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::T_R_SERIALIZATION_FAILURE => Self::Locked,
            SqlState::QUERY_CANCELED => Self::TooLong,
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Lost(format!("SQLSTATE {}", code.code())),
            _ if code.code().starts_with("08") => Self::Lost(format!("SQLSTATE {}", code.code())),
            _ => Self::Query { code: code.code().to_owned(), message: text_without_values(answer) },
        }
    }

    /// The error for whoever asked. `narrowable`: less can be asked for, so that the one row that cannot
    /// be read, or is too large, is found by halving.
    pub(super) fn into_error(self, index: &str, narrowable: bool) -> Error {
        let kind = match &self {
            Self::Lost(_) => ErrorKind::ConnectionLost,
            Self::Locked => ErrorKind::LockNotAvailable,
            Self::Query { code, .. } if *code == *SqlState::INSUFFICIENT_PRIVILEGE.code() => ErrorKind::Drift,
            Self::TooLong | Self::Oversized | Self::ControlByte(_) | Self::Query { .. } if narrowable => {
                ErrorKind::TooMuch
            }
            Self::TooLong => ErrorKind::TooMuch,
            Self::Oversized | Self::ControlByte(_) | Self::Query { .. } => ErrorKind::Rejected,
            Self::Standby => ErrorKind::Drift,
            Self::Unseen(_) | Self::Internal(_) => ErrorKind::Internal,
            Self::Stopped => ErrorKind::Stopped,
        };
        let error = Error::new(kind, format!("index `{index}`: {self}"));
        match self {
            Self::Standby => error.with_help("let the source's URL lead to the primary"),
            _ => error,
        }
    }
}

/// Errors about names and syntax quote the query; all others may quote a value.
fn text_without_values(answer: &DbError) -> Option<String> {
    let class = &answer.code().code()[..2];
    matches!(class, "42" | "3F" | "0A").then(|| answer.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: &str) -> Fault {
        Fault::Query { code: code.to_owned(), message: None }
    }

    #[test]
    fn what_one_key_cannot_give_is_rejected_and_of_many_less_is_asked() {
        for fault in [failed("22012"), Fault::Oversized, Fault::ControlByte(1)] {
            assert_eq!(fault.clone().into_error("orders", true).kind, ErrorKind::TooMuch);
            assert_eq!(fault.into_error("orders", false).kind, ErrorKind::Rejected);
        }
    }

    #[test]
    fn a_missing_privilege_is_nobodys_row() {
        assert_eq!(failed("42501").into_error("orders", true).kind, ErrorKind::Drift);
    }

    #[test]
    fn a_standby_is_refused_with_what_to_do() {
        let error = Fault::Standby.into_error("orders", true);
        assert_eq!(error.kind, ErrorKind::Drift);
        assert!(error.help.expect("help").contains("primary"));
    }
}
