//! Keeps the world as an apply left it: follows the stream until it is asked to stop.

use std::sync::Arc;

use flusso_schemas::lock::Lock;

use crate::backends::{Backends, RunOptions};
use crate::error::Result;

/// Follows until it is asked to stop.
pub async fn follow(_backends: &dyn Backends, _lock: Arc<Lock>, _options: &RunOptions) -> Result<()> {
    todo!()
}
