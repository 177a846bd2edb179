//! Makes the world match a lock: preflight, plan, provision, backfill beside the stream, verify, swap.

use std::sync::Arc;

use flusso_schemas::lock::Lock;
use flusso_schemas::report::ApplyPlan;

use crate::backends::{Backends, RunOptions};
use crate::error::Result;

/// What an apply is told.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// What every run is told.
    pub run: RunOptions,
    /// Show the plan and change nothing.
    pub dry_run: bool,
    /// Go on following afterwards.
    pub follow: bool,
}

/// What an apply did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// The plan it carried out, or would have under `dry_run`.
    pub plan: ApplyPlan,
    /// Documents written by backfills.
    pub documents: u64,
    /// Sentences worth reading, such as replicas that can never start.
    pub remarks: Vec<String>,
}

/// Makes the world match a lock. Safe to run again at any step.
pub async fn apply(_backends: &dyn Backends, _lock: Arc<Lock>, _options: &ApplyOptions) -> Result<Applied> {
    todo!()
}
