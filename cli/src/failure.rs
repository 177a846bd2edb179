//! Why a command cannot go on, with its exit code and what to do.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use flusso_schemas::lock::ReadError;
use flusso_schemas::report::Finding;

use crate::exit::Exit;

/// What ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No folder from here upward contains the file.
    #[error("no `{name}` in `{}` or any folder above it", folder.display())]
    NotFound {
        name: &'static str,
        /// Where the search began.
        folder: PathBuf,
    },
    /// A file could not be used.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried: `read`, `write`, `find`.
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// The project has no lock yet.
    #[error("`{}` does not exist", .0.display())]
    NoLock(PathBuf),
    /// The lock is not one that this flusso executes.
    #[error("{}:{}:{}: {}", path.display(), error.line, error.column, error.message)]
    Lock {
        path: PathBuf,
        /// What is wrong with it.
        error: ReadError,
    },
    /// The lock is not what the project's files would compile to.
    #[error("`{}` is stale: {why}", path.display())]
    Stale {
        path: PathBuf,
        /// What differs, for the message.
        why: String,
    },
    /// An index file is named where the project file belongs.
    #[error("`{}` is an index file, not the project file", .0.display())]
    IndexFile(PathBuf),
    /// The runtime or a backend ended with an error.
    #[error(transparent)]
    Runtime(#[from] flusso_runtime::Error),
    /// No page has that name.
    #[error("unknown {what} `{name}`")]
    UnknownPage {
        /// What was looked up: `lint` or `kind`.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The page that comes near.
        near: Option<String>,
    },
    /// Signals cannot be listened to.
    #[error("cannot install the signal handlers")]
    Signals(#[source] io::Error),
}

impl Failure {
    /// Wraps an error about a file; for `map_err`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { action, path, source }
    }

    /// How the command ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NotFound { .. }
            | Self::NoLock(_)
            | Self::IndexFile(_)
            | Self::File { .. }
            | Self::UnknownPage { .. } => Exit::Usage,
            Self::Lock { .. } | Self::Stale { .. } => Exit::Findings,
            Self::Runtime(error) => Exit::of(error.kind),
            Self::Signals(_) => Exit::Stopped,
        }
    }

    /// What to do about it, one imperative.
    pub(crate) fn help(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::NotFound { name: "flusso.yml", .. } => {
                Some("run this in the project's folder, or pass `--config FILE`".into())
            }
            Self::NotFound { .. } | Self::NoLock(_) => {
                Some("run `flusso compile` in the project's folder, or pass `--lock FILE`".into())
            }
            Self::Stale { .. } => Some("run `flusso compile`".into()),
            Self::IndexFile(_) => Some("pass the project file, `flusso.yml`, with `--config`".into()),
            Self::Lock { error, .. } => error.help.as_deref().map(Cow::from),
            Self::Runtime(error) => error.help.as_deref().map(Cow::from),
            Self::UnknownPage { near: Some(near), .. } => Some(format!("run `flusso explain {near}`").into()),
            Self::UnknownPage { what: "kind", .. } => Some("docs/kinds.md lists the kinds".into()),
            Self::UnknownPage { .. } => Some("run `flusso lints` for the list".into()),
            Self::File { .. } | Self::Signals(_) => None,
        }
    }

    /// Findings that came with it.
    pub(crate) fn findings(&self) -> &[Finding] {
        match self {
            Self::Runtime(error) => &error.findings,
            _ => &[],
        }
    }

    /// Its causes, the nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            // A message with the server's words has the code already.
            let code = cause_text.strip_prefix("SQLSTATE ");
            if !code.is_some_and(|code| self.to_string().contains(code)) {
                causes.push(cause_text);
            }
            next = cause.source();
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_lock_is_told_with_its_place() {
        let error = ReadError { line: 3, column: 7, message: "edited".to_owned(), help: None };
        let failure = Failure::Lock { path: PathBuf::from("a/flusso.lock"), error };
        assert_eq!(failure.to_string(), "a/flusso.lock:3:7: edited");
        assert_eq!(failure.exit(), Exit::Findings);
    }

    #[test]
    fn causes_are_told_once_each() {
        let failure = Failure::file("read", Path::new("a"))(io::Error::other("broken"));
        assert_eq!(failure.causes(), ["broken"]);
        let error =
            flusso_runtime::Error::new(flusso_runtime::ErrorKind::Busy, "busy").with_source("held by 7");
        assert_eq!(Failure::from(error).causes(), ["held by 7"]);
        let refused = |message: &str| {
            let error = flusso_runtime::Error::new(flusso_runtime::ErrorKind::Misconfigured, message);
            Failure::from(error.with_source("SQLSTATE 28000")).causes()
        };
        assert_eq!(refused("no entry (28000)"), [""; 0]);
        assert_eq!(refused("the login is refused"), ["SQLSTATE 28000"]);
    }
}
