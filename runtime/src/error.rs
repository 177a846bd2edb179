//! One error type, whose kind decides the remedy, in one table.

use std::error::Error as StdError;
use std::fmt;

use flusso_schemas::report::Finding;

use crate::recovery::DriftCause;

/// What went wrong, as far as what to do about it depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A server could not be reached: refused, silent, starting, or its name is not known yet.
    Unreachable,
    /// A reference could not be resolved, or a server refuses us as we are configured: credentials, a
    /// missing database, a certificate. Only a person changes that.
    Misconfigured,
    /// The sink accepts no writes until something else changes: a full disk, or a block set by hand.
    Blocked,
    /// A connection that was there is lost: everything since the last confirm is done again.
    ConnectionLost,
    /// A table lock was not granted in time (`55P03`): wait, read again.
    LockNotAvailable,
    /// A name in a query resolved to something other than what was recorded: the record is compared again when
    /// the session restarts, and either the index is stale or the read is repeated.
    CatalogMoved,
    /// The reading transaction took longer than its bound, or a row of it cannot be read: read less.
    TooMuch,
    /// The sink did not answer in time, or the outcome of an eventless write is unknown: read and write
    /// again.
    Unanswered,
    /// Findings of a preflight.
    Findings,
    /// The lock, the catalog, the source or the sink is not what the state says.
    Drift,
    /// A bound ran out, or someone else holds what we need.
    Busy,
    /// A document was refused, or a row makes its query fail: a person must look.
    Rejected,
    /// Someone else writes these indexes, or another runner took over.
    Foreign,
    /// A signal asked to stop.
    Stopped,
    /// flusso contradicts itself: a bug, to be reported.
    Internal,
}

/// The remedy for an error of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Begin the session again from what was confirmed.
    Retry,
    /// The same where it has worked before, within a bound: credentials are renewed in two places, and
    /// never at the same instant. At the start it ends the run.
    RetryWhereItWorked,
    /// The run ends with the error.
    Stop,
}

impl ErrorKind {
    /// The one table from kind to remedy.
    pub fn remedy(self) -> Remedy {
        match self {
            Self::Unreachable
            | Self::Blocked
            | Self::ConnectionLost
            | Self::LockNotAvailable
            | Self::CatalogMoved
            | Self::TooMuch
            | Self::Unanswered => Remedy::Retry,
            Self::Misconfigured => Remedy::RetryWhereItWorked,
            Self::Findings
            | Self::Drift
            | Self::Busy
            | Self::Rejected
            | Self::Foreign
            | Self::Stopped
            | Self::Internal => Remedy::Stop,
        }
    }

    /// The exit code after an error of this kind, once retries are exhausted: the same for every command.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Unreachable | Self::Misconfigured | Self::ConnectionLost | Self::Unanswered => 3,
            Self::Drift | Self::CatalogMoved => 4,
            Self::LockNotAvailable
            | Self::TooMuch
            | Self::Blocked
            | Self::Busy
            | Self::Rejected
            | Self::Foreign
            | Self::Stopped
            | Self::Internal => 5,
        }
    }
}

/// An error of the runtime or of a backend. Its texts never hold a row's values or a secret.
#[derive(Debug)]
pub struct Error {
    /// What kind of failure it is, which decides the remedy.
    pub kind: ErrorKind,
    /// What went wrong and what follows.
    pub message: String,
    /// The remedy, one imperative sentence.
    pub help: Option<String>,
    /// Findings, where the kind is [`ErrorKind::Findings`] or [`ErrorKind::Drift`].
    pub findings: Vec<Finding>,
    /// What no longer fits the state: its help is added where the command ends.
    pub cause: Option<Box<DriftCause>>,
    /// The server it is about, where that is not the source.
    /// Boxed, because an error travels in every result and shall stay below 128 bytes.
    pub server: Option<Box<str>>,
    /// Whether the outage behind it was reported already, so that it is not reported twice.
    pub is_reported: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
            findings: Vec::new(),
            cause: None,
            server: None,
            is_reported: false,
            source: None,
        }
    }

    /// The same with what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, of another kind: what it means depends on where it happened.
    pub fn into_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same with what caused it.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with what no longer fits the state.
    pub fn with_cause(mut self, cause: DriftCause) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The same with findings.
    pub fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// The same about a server that is not the source.
    pub fn with_server(mut self, server: impl Into<Box<str>>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// The same where whoever met it has reported it as an outage, and will report its end.
    pub fn as_reported(mut self) -> Self {
        self.is_reported = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
