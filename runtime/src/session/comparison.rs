//! Comparing every document of a generation whose tables may have been rewritten, while it is followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_lints::words::counted;
use flusso_schemas::state::StaleMark;
use tokio::sync::watch;

use crate::drift::{Compare, Fit, PossibleRewrite, listed};
use crate::error::{ErrorKind, Result};
use crate::limits::DRIFT_INTERVAL;
use crate::progress::ProgressEvent;
use crate::session::verify::{Verified, Verify};
use crate::session::{Session, Target, stale};
use crate::sink::Generation;

/// A generation that has to be compared.
#[derive(Clone, Debug)]
pub(crate) struct PendingComparison {
    pub target: Target,
    /// Why it has to be compared.
    pub rewrite: PossibleRewrite,
}

impl PendingComparison {
    /// A generation that has to be compared because of the current catalog; `None` if there is none, or where
    /// it is worse than a rewrite.
    pub(crate) async fn of(session: &Session, target: &Target) -> Result<Option<Self>> {
        let Some(state) = session.state_of(target) else { return Ok(None) };
        let Some(own) = state.generation(&target.generation.name).await else { return Ok(None) };
        let now = session.source.capture.catalog_record(session.index(target.index)).await?;
        Ok(match Fit::of(&own.catalog, now, Compare::All) {
            Ok(Fit::NeedsComparison(rewrite)) => Some(Self { target: target.clone(), rewrite }),
            _ => None,
        })
    }

    /// Compares every document, repairs what is wrong, and then writes the record that settles the rewrite.
    /// What differs even after a repair marks the generation stale, and is the error.
    pub(crate) async fn settle(&self, session: &Arc<Session>) -> Result<Verified> {
        let Self { target, rewrite } = self;
        let (name, why) = (&target.generation.name, listed(&rewrite.differences));
        let say = |step| session.options.progress.event(ProgressEvent::Step(step));
        let verify = Verify { session: session.clone(), target: target.clone() };
        let verified = match verify.whole(&why).await {
            Err(error) if error.kind == ErrorKind::Findings => {
                let mark = StaleMark {
                    since: session.confirmed.borrow().position,
                    cause: rewrite.differences[0].cause,
                    reason: format!("{why}, and {error}"),
                };
                return Err(stale::mark(&session.states, &target.generation, mark).await?);
            }
            verified => verified?,
        };
        if let Some(state) = session.state_of(target) {
            let compared = rewrite.compared.clone();
            state.update_generation(name, |document| document.catalog = compared).await?;
        }
        let repaired = match verified.repaired {
            0 => "all are correct".to_owned(),
            repaired => format!("repaired {}", counted(repaired as usize, "document")),
        };
        say(format!("compared every document of `{name}`: {repaired}"));
        Ok(verified)
    }
}

/// Generations to be compared, until every document of each was. The task that notices need not be the one that
/// compares: following continues meanwhile.
#[derive(Debug, Default)]
pub(crate) struct PendingComparisons(watch::Sender<BTreeMap<Generation, PendingComparison>>);

impl PendingComparisons {
    /// Adds a generation, unless it is already listed.
    pub(crate) fn add(&self, doubtful: PendingComparison) {
        self.0.send_if_modified(|all| match all.contains_key(&doubtful.target.generation) {
            true => false,
            false => all.insert(doubtful.target.generation.clone(), doubtful).is_none(),
        });
    }

    /// Settles one after the other as they come; ends only with an error.
    pub(crate) async fn settle(&self, session: &Arc<Session>) -> Result<()> {
        let mut added = self.0.subscribe();
        loop {
            let first = self.0.borrow().values().next().cloned();
            match first {
                Some(doubtful) => self.settle_one(&doubtful, session).await?,
                // The sender is `self`, so it never goes away.
                None => added.changed().await.unwrap_or_default(),
            }
        }
    }

    async fn settle_one(&self, doubtful: &PendingComparison, session: &Arc<Session>) -> Result<()> {
        match doubtful.settle(session).await {
            // The follower is far behind: it catches up while this waits.
            Err(error) if error.kind == ErrorKind::Busy => tokio::time::sleep(DRIFT_INTERVAL).await,
            settled => {
                settled?;
                self.0.send_modify(|all| drop(all.remove(&doubtful.target.generation)));
            }
        }
        Ok(())
    }
}
