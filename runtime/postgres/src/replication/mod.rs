//! The change stream of one replication slot.
//!
//! A task of its own holds the connection ([`pump`]), so that the server hears from us whatever the
//! pipeline does; decoded events wait in a bounded queue, and a full queue stops the reading.

mod acquire;
mod authentication;
mod bytes;
mod hits;
mod lease;
mod pgoutput;
mod pump;
mod routes;
mod server_error;
mod stream;
mod transactions;
mod walsender;

#[cfg(test)]
mod fixture;

use std::sync::Arc;
use std::time::Duration;

use flusso_runtime::backends::RunOptions;
use flusso_runtime::source::ChangeStream;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::Lock;

use self::bytes::Malformed;
use self::lease::Pace;
use self::walsender::{Walsender, garbled, lost};
use crate::connect::ConnectPlan;
use crate::session::{Bond, Session};
use crate::system;

/// How a stream's connection calls itself after the slot's name.
const PURPOSE: &str = "stream";

/// The parameters of a stream.
#[derive(Debug)]
pub struct StreamRequest<'a> {
    /// The plan whose slot, publication and edges count.
    pub plan: &'a Lock,
    /// Address, role and TLS of the replication connection.
    pub connect: &'a ConnectPlan,
    /// What the stream falls with, and severs when it falls.
    pub bond: &'a Bond,
    /// The session that is asked whether the slot is still ours while the walsender says nothing.
    pub observer: Arc<Session>,
    /// Bounds of waits, and where they are reported.
    pub options: &'a RunOptions,
}

/// Acquires the plan's slot and starts its stream at the slot's own position.
///
/// [`ErrorKind::Busy`] where someone holds it for longer than `slot_wait`, [`ErrorKind::Drift`] where
/// the server refuses it. Dropping the stream frees the slot at once.
pub async fn open(request: StreamRequest<'_>) -> Result<Box<dyn ChangeStream>> {
    let StreamRequest { plan, connect, bond, observer, options } = request;
    let mut walsender = Walsender::connect(connect, PURPOSE).await?;
    check_same_server(&mut walsender, &observer).await?;
    let pace = Pace::of(wal_sender_timeout(&mut walsender).await?);
    let application_name = connect.application_name(PURPOSE);
    acquire::acquire(&mut walsender, &plan.source, &application_name, options, bond).await?;
    let progress = Arc::clone(&options.progress);
    Ok(Box::new(stream::SlotStream::begin(plan, walsender, pace, bond.clone(), observer, progress)))
}

/// Who a server says it is: system identifier and timeline.
type Identity = (String, u32);

/// The walsender is at the same server as the session's other connections, and on the same timeline:
/// behind one address there may be several.
async fn check_same_server(walsender: &mut Walsender, observer: &Session) -> Result<()> {
    let (ours, observed) = (identify_system(walsender).await?, system::identity(observer).await?);
    if ours == (observed.identifier, observed.timeline) {
        return Ok(());
    }
    Err(lost("it leads to another server than the other connections of this session"))
}

/// The identity as the replication protocol reports it, on the stream's own connection.
async fn identify_system(walsender: &mut Walsender) -> Result<Identity> {
    let rows = walsender.query("IDENTIFY_SYSTEM").await?;
    let rows = rows.map_err(|error| error.failed("asking for the system's identity"))?;
    let identity = rows.into_iter().next().and_then(|row| {
        let mut values = row.into_iter().flatten();
        Some((values.next()?, values.next()?.parse().ok()?))
    });
    identity.ok_or_else(|| garbled(Malformed("no identity of the system")))
}

async fn wal_sender_timeout(walsender: &mut Walsender) -> Result<Duration> {
    let sql = "select setting from pg_catalog.pg_settings where name = 'wal_sender_timeout'";
    let rows = walsender.query(sql).await?.map_err(|error| error.failed("reading `wal_sender_timeout`"))?;
    let setting = rows.into_iter().flatten().next().flatten();
    setting
        .and_then(|milliseconds| milliseconds.parse().ok())
        .map(Duration::from_millis)
        .ok_or_else(|| Error::new(ErrorKind::Internal, "cannot read `wal_sender_timeout`"))
}
