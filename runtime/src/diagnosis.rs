//! Finding out why a session ended, where its own error only says what a server objected to.

use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lock::Lock;

use crate::backends::{Backends, RunOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::opening::Opening;
use crate::recovery::Names;
use crate::sink::Sink;

/// Longest time for looking. The command ends anyway.
const LOOK_WAIT: Duration = Duration::from_secs(10);

/// The error with its cause and the way back. A publication that was dropped, for one, is met first by the
/// stream, whose words do not say what to do.
pub async fn explained(
    error: Error,
    backends: &dyn Backends,
    lock: &Arc<Lock>,
    sink: Option<&Arc<dyn Sink>>,
    options: &RunOptions,
) -> Error {
    let Some(sink) = sink else { return error };
    let says_nothing = error.cause.is_none() && error.help.is_none() && error.findings.is_empty();
    let may_be_drift = matches!(error.kind, ErrorKind::Drift | ErrorKind::Internal);
    let error = match says_nothing && may_be_drift {
        true => cause(backends, lock, sink, options).await.unwrap_or(error),
        false => error,
    };
    Names::new(lock, sink).explain(error)
}

/// What no longer fits the states, if anything.
async fn cause(
    backends: &dyn Backends,
    lock: &Arc<Lock>,
    sink: &Arc<dyn Sink>,
    options: &RunOptions,
) -> Option<Error> {
    let look = async {
        let opening = Opening::new(backends, lock, sink, options).await?;
        opening.check_states().await?;
        if opening.is_ready().await { opening.check_slot().await } else { Ok(()) }
    };
    let looked: Result<()> = tokio::time::timeout(LOOK_WAIT, look).await.ok()?;
    looked.err().filter(|found| found.cause.is_some())
}
