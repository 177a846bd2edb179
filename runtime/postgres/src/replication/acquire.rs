//! Acquiring a slot that someone may hold: within a bound, and saying who.

use std::time::{Duration, Instant};

use flusso_runtime::backends::RunOptions;
use flusso_runtime::progress::ProgressEvent;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::SourcePlan;
use flusso_schemas::name::quote_literal;

use super::walsender::Walsender;
use crate::session::Bond;

/// Pause between two attempts.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(250);

/// Begins the slot's stream at the slot's own position. `application_name` is how our own connections
/// call themselves. [`ErrorKind::Busy`] where the slot is not free within the bound.
pub(super) async fn acquire(
    walsender: &mut Walsender,
    source: &SourcePlan,
    application_name: &str,
    options: &RunOptions,
    bond: &Bond,
) -> Result<()> {
    let until = Instant::now() + options.slot_wait;
    let mut reported = None;
    loop {
        let Err(error) = walsender.start(&start_command(source)).await? else { return Ok(()) };
        if !error.is_in_use() {
            let help = format!(
                "run `select * from pg_replication_slots where slot_name = {}` to look at the slot",
                quote_literal(&source.slot)
            );
            return Err(error.failed(&format!("starting slot `{}`", source.slot)).with_help(help));
        }
        let holder = holder(walsender, &source.slot, application_name).await?;
        let what = format!("for slot `{}`, held by {holder}", source.slot);
        if reported.as_ref() != Some(&what) {
            options.progress.event(ProgressEvent::Waiting { what: what.clone() });
        }
        if Instant::now() >= until {
            return Err(busy(source, options, &holder));
        }
        reported = Some(what);
        tokio::select! {
            () = tokio::time::sleep(ATTEMPT_PAUSE) => {}
            () = options.shutdown.requested() => return Err(stopped(source)),
            error = bond.severed() => return Err(error),
        }
    }
}

/// Protocol 1: no streaming of open transactions, no two-phase commit.
fn start_command(source: &SourcePlan) -> String {
    let publications = quote_literal(&in_double_quotes(&source.publication));
    let slot = in_double_quotes(&source.slot);
    format!("START_REPLICATION SLOT {slot} LOGICAL 0/0 (proto_version '1', publication_names {publications})")
}

fn in_double_quotes(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Who holds the slot, in words.
async fn holder(walsender: &mut Walsender, slot: &str, ours: &str) -> Result<String> {
    let sql = format!(
        "select s.active_pid, a.application_name from pg_catalog.pg_replication_slots s \
         left join pg_catalog.pg_stat_activity a on a.pid = s.active_pid where s.slot_name = {}",
        quote_literal(slot)
    );
    let rows = walsender.query(&sql).await?.map_err(|error| error.failed("asking who holds the slot"))?;
    Ok(match rows.into_iter().next().as_deref() {
        Some([Some(process), Some(name)]) if name == ours => {
            format!(
                "process {process} (`{name}`: another flusso of this project, or its previous connection)"
            )
        }
        Some([Some(process), Some(name)]) => format!("process {process} (`{name}`)"),
        Some([Some(process), None]) => format!("process {process}"),
        _ => "a process that just ended".to_owned(),
    })
}

fn busy(source: &SourcePlan, options: &RunOptions, holder: &str) -> Error {
    let bound = options.slot_wait.as_secs();
    let message = format!("slot `{}` is still held by {holder} after {bound} s", source.slot);
    Error::new(ErrorKind::Busy, message).with_help("stop the other flusso, then run this again")
}

fn stopped(source: &SourcePlan) -> Error {
    Error::new(ErrorKind::Stopped, format!("stopped while waiting for slot `{}`", source.slot))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Plan;
    use super::*;

    #[test]
    fn odd_names_are_quoted_as_the_replication_grammar_reads_them() {
        let mut source = Plan::default().lock().source;
        source.publication = "it's a \"pub\"".to_owned();
        assert_eq!(
            start_command(&source),
            "START_REPLICATION SLOT \"flusso_fixture\" LOGICAL 0/0 (proto_version '1', \
             publication_names '\"it''s a \"\"pub\"\"\"')"
        );
    }
}
