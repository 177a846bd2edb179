//! Why a reading transaction gave nothing, and what its caller does about it.
//!
//! Rule *query-errors* of docs/correctness.md.

use flusso_runtime::documents::Key;
use flusso_runtime::drift::{Difference, moved_reading};
use flusso_runtime::error::{Error, ErrorKind};
use flusso_runtime::limits::DOCUMENT_BYTES_MAX;
use tokio_postgres::error::SqlState;

use crate::session::{is_lost, kind_of, words};

const PRIVILEGE_HELP: &str = "run `flusso apply --dry-run`: it names each privilege that is missing, with the statement that grants it";

/// Why one attempt failed. No variant holds a row's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The connection is gone, or the server ended the session.
    #[error("connection to the source lost: {0}")]
    Lost(String),
    /// A table's lock was not granted in time, or a deadlock was resolved against us.
    #[error("a table is locked")]
    Locked,
    /// A transaction whose effect has to be visible is not visible yet.
    #[error("transaction {0} is not visible")]
    Unseen(u32),
    /// A name refers to something other than what was recorded.
    #[error("{}", moved_reading(.0))]
    Moved(Vec<Difference>),
    /// A label or schema was altered while the transaction read.
    #[error("the catalog changed while it was read")]
    Shifted,
    /// It took longer than its bound.
    #[error("the reading transaction timed out")]
    TooLong,
    /// The server cancelled a statement: it took longer than its bound, or someone cancelled it.
    #[error("a statement was cancelled")]
    Cancelled,
    /// Documents and what they are spliced from passed their bound of bytes.
    #[error("the document exceeds {} MiB", DOCUMENT_BYTES_MAX >> 20)]
    Oversized,
    /// A byte that no line of JSON may hold.
    #[error("a document contains the control character 0x{0:02x}")]
    ControlByte(u8),
    /// A row has no text for a field that the lock promises a value for.
    #[error("{}a column that the lock relies on as NOT NULL holds a null", in_field(.field.as_deref()))]
    Null {
        /// Path of the node whose row it is.
        node: String,
        /// The field, as far as it could be found.
        field: Option<String>,
    },
    /// A statement failed, for a row or for the catalog.
    #[error("a query fails: {words}")]
    Query {
        /// SQLSTATE, which has five characters.
        code: String,
        /// The server's message, without values.
        words: String,
        /// Position of the statement among those of the reading, where its rows were being taken.
        statement: Option<usize>,
    },
    /// The query of one document fails for its row.
    #[error("{}{words}", in_field(.field.as_deref()))]
    Row {
        /// The field, as far as it could be found.
        field: Option<String>,
        /// The server's message, without values.
        words: String,
    },
    /// The condition that says which rows are documents fails for one row.
    #[error("`where`: {words}")]
    Condition {
        /// The row's key: the planner computes the condition for other rows, too.
        key: Key,
        /// The server's message, without values.
        words: String,
    },
    /// A statement would write: what it calls does, and the transaction only reads.
    #[error("a query of the lock writes, and documents are only read: {0}")]
    Writes(String),
    /// A statement of the lock does not fit the catalog.
    #[error("the lock does not match the catalog: {0}")]
    Catalog(String),
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
        let Some(code) = error.code() else {
            // Otherwise the answer does not match our own statement, and never would.
            return if is_lost(&error) { Self::Lost(words(&error)) } else { Self::Internal(words(&error)) };
        };
        if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            return Self::Writes(words(&error));
        }
        match kind_of(code.code()) {
            ErrorKind::ConnectionLost => Self::Lost(words(&error)),
            ErrorKind::LockNotAvailable => Self::Locked,
            ErrorKind::TooMuch => Self::Cancelled,
            _ => Self::Query { code: code.code().to_owned(), words: words(&error), statement: None },
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Lost(error.message)
    }
}

fn is_privilege(code: &str) -> bool {
    code == SqlState::INSUFFICIENT_PRIVILEGE.code()
}

/// The place in a message, with what follows it.
fn in_field(field: Option<&str>) -> String {
    field.map_or_else(String::new, |field| format!("field {field}: "))
}

impl Fault {
    /// The same met while rows of a statement were being taken.
    pub(super) fn at_statement(self, number: usize) -> Self {
        match self {
            Self::Query { code, words, .. } => Self::Query { code, words, statement: Some(number) },
            other => other,
        }
    }

    /// Whether the role may not read what a query names.
    pub(super) fn is_about_a_privilege(&self) -> bool {
        matches!(self, Self::Query { code, .. } if is_privilege(code))
    }

    /// The same where no row was read. Missing privileges are reported separately: another lock would not
    /// help.
    pub(super) fn of_catalog(self) -> Self {
        match self {
            Self::Query { code, words, .. } if !is_privilege(&code) => Self::Catalog(words),
            other => other,
        }
    }

    /// The error of reading `what`. `narrowable`: the request can be made smaller, so that the one row that
    /// cannot be read, or is too large, is found by halving.
    pub(super) fn into_error(self, what: &str, narrowable: bool) -> Error {
        let kind = match &self {
            Self::Lost(_) => ErrorKind::ConnectionLost,
            Self::Locked => ErrorKind::LockNotAvailable,
            Self::Query { code, .. } if is_privilege(code) => ErrorKind::Drift,
            Self::TooLong
            | Self::Oversized
            | Self::ControlByte(_)
            | Self::Null { .. }
            | Self::Query { .. }
                if narrowable =>
            {
                ErrorKind::TooMuch
            }
            Self::TooLong | Self::Cancelled => ErrorKind::TooMuch,
            Self::Oversized
            | Self::ControlByte(_)
            | Self::Null { .. }
            | Self::Query { .. }
            | Self::Writes(_)
            | Self::Row { .. }
            | Self::Condition { .. } => ErrorKind::Rejected,
            Self::Standby | Self::Catalog(_) => ErrorKind::Drift,
            Self::Unseen(_) | Self::Internal(_) => ErrorKind::Internal,
            Self::Stopped => ErrorKind::Stopped,
            Self::Moved(_) | Self::Shifted => ErrorKind::CatalogMoved,
        };
        let is_refused = kind == ErrorKind::Drift && matches!(self, Self::Query { .. });
        let error = Error::new(kind, format!("{what}: {self}"));
        match self {
            Self::Standby => error.with_help("point the source's URL at the primary"),
            Self::Catalog(_) => {
                error.with_help("run `flusso compile` against this database, then `flusso apply`")
            }
            Self::Writes(_) => error.with_help(
                "make every function, cast and operator that the index calls `immutable` and without a side effect, then run `flusso compile`",
            ),
            Self::Row { .. } => error.with_help(
                "fix the row, or make the field's `sql` accept every value, then run this again",
            ),
            Self::Condition { .. } => error.with_help(
                "fix the row, or make the index's `where` accept every row, then run this again",
            ),
            Self::Null { .. } => error.with_help(
                "make the column NOT NULL again, or run `flusso compile` and `flusso apply`, which allow for its nulls",
            ),
            Self::Oversized => error.with_help("remove the large field, or shorten the row's values"),
            _ if is_refused => error.with_help(PRIVILEGE_HELP),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: &str) -> Fault {
        Fault::Query { code: code.to_owned(), words: String::new(), statement: None }
    }

    #[test]
    fn what_one_key_cannot_give_is_rejected_and_of_many_less_is_asked() {
        let null = Fault::Null { node: ".".to_owned(), field: None };
        for fault in [failed("22012"), Fault::Oversized, Fault::ControlByte(1), null] {
            assert_eq!(fault.clone().into_error("orders", true).kind, ErrorKind::TooMuch);
            assert_eq!(fault.into_error("orders", false).kind, ErrorKind::Rejected);
        }
    }

    #[test]
    fn a_query_that_writes_is_final_however_many_rows_were_asked_for() {
        for narrowable in [true, false] {
            let error = Fault::Writes("no".to_owned()).into_error("orders", narrowable);
            assert_eq!(error.kind, ErrorKind::Rejected);
            assert!(error.help.expect("help").contains("flusso compile"));
        }
    }

    #[test]
    fn a_missing_privilege_is_nobodys_row() {
        let error = failed("42501").of_catalog().into_error("orders", true);
        assert_eq!(error.kind, ErrorKind::Drift);
        assert!(error.help.expect("help").contains("flusso apply --dry-run"));
        let changed = failed("42703").of_catalog().into_error("orders", true);
        assert!(changed.help.expect("help").contains("flusso compile"));
    }

    #[test]
    fn a_standby_is_refused_with_what_to_do() {
        let error = Fault::Standby.into_error("orders", true);
        assert_eq!(error.kind, ErrorKind::Drift);
        assert!(error.help.expect("help").contains("primary"));
    }
}
