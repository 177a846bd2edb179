//! Rule *confirm* (b): nothing that a snapshot saw can still be lost.

use std::sync::Arc;
use std::time::Duration;

use flusso_schemas::lsn::Lsn;
use tokio::time::{Instant, sleep};

use crate::bounds::READING_TRANSACTION;
use crate::error::{Error, ErrorKind, Result};
use crate::source::ChangeCapture;

/// How long the source's own background flush is waited for before a heartbeat forces one.
const PATIENCE: Duration = Duration::from_millis(50);

/// Returns once the source's log is durable up to a note: a commit that a snapshot saw may have been
/// asynchronous, and a crash would take it back.
///
/// With an idle writer open the insert position stays above the durable one for seconds, so a
/// heartbeat is committed after a moment.
pub async fn wait_durable(capture: &Arc<dyn ChangeCapture>, note: Lsn) -> Result<()> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut nudged = false;
    while capture.durable_position().await? < note {
        if begun.elapsed() > PATIENCE && !nudged {
            capture.heartbeat().await?;
            nudged = true;
            continue;
        }
        if begun.elapsed() > READING_TRANSACTION {
            let message = "the source does not flush its log: its flush position does not move";
            return Err(Error::new(ErrorKind::Unanswered, message));
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    Ok(())
}
