//! What can go wrong with a service, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A service could not be started, reached or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be used.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// What was tried, a verb: `read`, `write`.
        action: &'static str,
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A program could not be started at all.
    #[error("cannot run `{program}`: {source}")]
    Spawn {
        /// The program's name or path.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{program}` failed ({status}):\n{output}")]
    Failed {
        /// The program's name or path.
        program: String,
        /// Its exit status as text.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// Something that must be installed is not there.
    #[error("{what} is missing: {help}")]
    Missing {
        /// Name of what is missing.
        what: String,
        /// How to get it.
        help: String,
    },
    /// A fetched package is not the one that is pinned here.
    #[error("package `{package}` has another content than the pinned one: its integrity is `{found}`")]
    Integrity {
        /// The package and its version.
        package: String,
        /// What the fetched file has.
        found: String,
    },
    /// A server ended or did not answer in time.
    #[error("{server} is not ready: {reason}; the end of its log `{log}`:\n{tail}")]
    NotReady {
        /// Name of the server: `Postgres`, `OpenSearch`.
        server: &'static str,
        /// Whether it ended or kept silent.
        reason: String,
        /// Path of its log file, which is kept.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A server answered with an error.
    #[error("{server} answered: {message}")]
    Answer {
        /// Name of the server: `Postgres`, `OpenSearch`.
        server: &'static str,
        /// Message of its answer, as the server wrote it.
        message: String,
    },
    /// A server took a request and did not answer it.
    #[error("{server} at `{address}` does not answer within {} s: {request}", patience.as_secs())]
    Silent {
        /// Name of the server: `Postgres`, `OpenSearch`.
        server: &'static str,
        /// Its address as `host:port`.
        address: String,
        /// How long it was waited for.
        patience: Duration,
        /// What it was asked, or the beginning of that.
        request: String,
    },
    /// A server could not be reached.
    #[error("cannot reach {server} at `{address}`: {source}")]
    Unreachable {
        /// Name of the server: `Postgres`, `OpenSearch`.
        server: &'static str,
        /// Its address as `host:port`.
        address: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl Error {
    /// Wraps an error about a path; for `map_err`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { action, path, source }
    }

    /// Names something that is not installed, and how to get it.
    pub(crate) fn missing(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Missing { what: what.into(), help: help.into() }
    }
}
