//! Postgres as a source: the change stream of one slot, and documents from current rows.
//!
//! One call of [`source_parts`] makes one session: connections that never reconnect and are void
//! together ([`session::Bond`]).

pub mod capture;
pub mod connect;
pub mod documents;
pub mod facts;
pub mod privileges;
pub mod probe;
pub mod replication;
pub mod session;
pub mod tls;

mod gate;
mod login;
mod preflight;
mod provision;
mod publication;
mod record;
mod refusal;
mod secret;
mod slot;
mod statement;
mod system;
mod waiting;

use std::sync::Arc;

use flusso_runtime::{Error, ErrorKind, Result, RunOptions, SourceParts};
use flusso_schemas::lock::Lock;

use crate::capture::PostgresCapture;
use crate::connect::ConnectPlan;
use crate::documents::PostgresDocuments;
use crate::session::Bond;

/// Connects to the plan's source: one session, which never reconnects by itself. Credentials are resolved each time.
///
/// An error is [`ErrorKind::Unreachable`], or [`ErrorKind::Findings`] where this server or role can never
/// be followed.
pub async fn source_parts(plan: &Lock, options: &RunOptions) -> Result<SourceParts> {
    let (source, allow_commands) = (plan.source.clone(), options.allow_commands);
    // A credential's command blocks.
    let resolved = tokio::task::spawn_blocking(move || ConnectPlan::of_source(&source, allow_commands)).await;
    let connecting = resolved.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))??;
    let bond = Bond::default();
    let capture = PostgresCapture::new(plan, &connecting, &bond, options).await?;
    capture.judge(plan).await?;
    let documents = PostgresDocuments::new(&connecting, &bond, options).await?;
    Ok(SourceParts { capture: Arc::new(capture), documents: Arc::new(documents) })
}
