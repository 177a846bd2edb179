//! Writing what was built to the sinks, and judging what they answered.
//!
//! Rules *event-version* and *answers* of docs/correctness.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flusso_lints::words::counted;
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::lsn::Lsn;

use crate::documents::{Built, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::SEND_DEADLINE;
use crate::sink::{Answer, Generation, Sink, WriteBatch, WriteCause};
use crate::source::{ChangeCapture, Lease};

/// Writes for one session.
#[derive(Debug)]
pub(crate) struct Writer {
    sink: Arc<dyn Sink>,
    capture: Arc<dyn ChangeCapture>,
    lease: Arc<dyn Lease>,
    /// Highest insert position read so far: a version at or below it can be ours.
    seen_position: AtomicU64,
}

/// The result of a write, over all of its items.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub documents: u64,
    pub deletes: u64,
    /// Keys whose writes got no answer.
    pub unanswered: Vec<Key>,
}

impl Writer {
    /// A writer over a session's sink and source; nothing is sent once the lease says no.
    pub(crate) fn new(sink: Arc<dyn Sink>, capture: Arc<dyn ChangeCapture>, lease: Arc<dyn Lease>) -> Self {
        Self { sink, capture, lease, seen_position: AtomicU64::new(0) }
    }

    /// The sink it writes to.
    pub(crate) fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// Writes documents and deletes of changes up to the transaction that committed at `commit`.
    pub(crate) async fn write_event(
        &self,
        index: &IndexPlan,
        generation: &Generation,
        built: &Built,
        commit: Lsn,
    ) -> Result<Outcome> {
        self.write(index, generation, built, commit.version(), WriteCause::Event).await
    }

    /// Writes documents and deletes that no change caused, below every change after `position`.
    pub(crate) async fn write_eventless(
        &self,
        index: &IndexPlan,
        generation: &Generation,
        built: &Built,
        position: Lsn,
    ) -> Result<Outcome> {
        self.write(index, generation, built, position.eventless_version(), WriteCause::Eventless).await
    }

    async fn write(
        &self,
        index: &IndexPlan,
        generation: &Generation,
        built: &Built,
        version: u64,
        cause: WriteCause,
    ) -> Result<Outcome> {
        self.lease.check()?;
        let keys: Vec<&Key> = built.keys().collect();
        if keys.is_empty() {
            return Ok(Outcome::default());
        }
        let batch = WriteBatch {
            version,
            documents: built.documents.iter().collect(),
            deletes: built.missing.iter().collect(),
            cause,
            lease: self.lease.clone(),
            deadline: built.snapshot.began + SEND_DEADLINE,
        };
        let answers = self.sink.write(generation, batch).await?;
        if answers.len() != keys.len() {
            let message = format!(
                "sink `{}` answered {} of {}",
                generation.sink,
                answers.len(),
                counted(keys.len(), "item")
            );
            return Err(Error::new(ErrorKind::Internal, message));
        }
        self.judge(index, generation, built, &keys, answers).await
    }

    async fn judge(
        &self,
        index: &IndexPlan,
        generation: &Generation,
        built: &Built,
        keys: &[&Key],
        answers: Vec<Answer>,
    ) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for (at, answer) in answers.into_iter().enumerate() {
            match answer {
                Answer::Done if at < built.documents.len() => outcome.documents += 1,
                Answer::Done => outcome.deletes += 1,
                Answer::Newer(version) => self.judge_newer(generation, keys[at], version).await?,
                Answer::Unanswered => outcome.unanswered.push(keys[at].clone()),
                Answer::Rejected { error_type, field } => {
                    return Err(rejected(index, keys[at], &error_type, field.as_deref()));
                }
            }
        }
        Ok(outcome)
    }

    /// A newer document is ours where its version can come from a position that exists: a redelivery,
    /// or a later change that was faster. Else someone else writes this index.
    pub(crate) async fn judge_newer(&self, generation: &Generation, key: &Key, version: u64) -> Result<()> {
        let is_ours = |position: u64| version <= Lsn(position).version();
        if is_ours(self.seen_position.load(Ordering::Relaxed)) {
            return Ok(());
        }
        let now = self.capture.insert_position().await?.0;
        self.seen_position.fetch_max(now, Ordering::Relaxed);
        if is_ours(now) {
            return Ok(());
        }
        let id = key.document_id();
        let message = format!(
            "document `{id}` of `{}` has version {version}, higher than any change of the source: another process writes to this index",
            generation.name
        );
        Err(Error::new(ErrorKind::Foreign, message).with_help(format!(
            "stop the other writer, delete index `{}`, then run `flusso apply`",
            generation.name
        )))
    }
}

fn rejected(index: &IndexPlan, key: &Key, error_type: &str, field: Option<&str>) -> Error {
    let place = field.map_or_else(String::new, |field| format!(" in field `{field}`"));
    let message = format!(
        "the index refused document `{}` of `{}`: {error_type}{place}",
        key.document_id(),
        index.name
    );
    Error::new(ErrorKind::Rejected, message)
        .with_help("fix the row or the field's kind, then run this again; nothing was confirmed past it")
}
