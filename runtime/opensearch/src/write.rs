//! Writes a batch: requests composed one by one, several at once, each item sent again or not by
//! why it is written.

use std::collections::VecDeque;
use std::time::Instant;

use flusso_lints::words::counted;
use flusso_runtime::error::Result;
use flusso_runtime::sink::{Answer, WriteBatch, WriteCause};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use opensearch::BulkParts;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::{self, Outcome, Verdict};
use crate::bulk::{self, Body, Items, Limits};
use crate::client::{ANSWER_BYTES_MAX, Client};
use crate::names::write_alias;
use crate::pipelines;
use crate::throttle::Throttle;
use crate::transport::{Request, Response, SendError, Verb};

/// So many requests of work without an event in a row may be unanswered before the rest is not sent.
const UNANSWERED_IN_A_ROW_MAX: u32 = 3;

/// Everything a write needs beside its batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bulk<'a> {
    pub(crate) client: &'a Client,
    pub(crate) throttle: &'a Throttle,
    pub(crate) limits: Limits,
    pub(crate) generation: &'a str,
}

/// One batch on its way.
struct Writing<'a> {
    bulk: Bulk<'a>,
    batch: &'a WriteBatch<'a>,
    answers: Vec<Option<Answer>>,
    pending: VecDeque<usize>,
    /// Failed attempts since the last answer; over 0 means a pause before the next request.
    attempts: u32,
    pause_due: bool,
    /// Nothing is sent any more, because the server does not answer.
    given_up: bool,
    /// What the server dropped, though it was answered as done.
    dropped: Option<usize>,
    /// Fewer documents a request than the throttle allows, after the server refused their size.
    documents_max: usize,
}

/// A request that was sent, and what came back.
struct Sent {
    began: Instant,
    items: Vec<usize>,
    permit: OwnedSemaphorePermit,
    result: Result<Response, SendError>,
}

impl Bulk<'_> {
    /// One answer an item, documents first. An error where nothing more may be written at all.
    pub(crate) async fn write(self, batch: &WriteBatch<'_>) -> Result<Vec<Answer>> {
        let mut writing = Writing::new(self, batch);
        let mut in_flight = FuturesUnordered::new();
        loop {
            if let Some(permit) = writing.permit(in_flight.is_empty()).await? {
                in_flight.push(writing.next_request(permit));
                continue;
            }
            let Some(sent) = in_flight.next().await else { break };
            writing.settle(sent)?;
            if let Some(at) = writing.dropped {
                let id = Items::new(batch).id(at);
                return Err(pipelines::dropped(self.client, self.generation, &id).await);
            }
        }
        Ok(writing.answers.into_iter().map(|answer| answer.unwrap_or(Answer::Unanswered)).collect())
    }

    async fn send(self, body: Body, permit: OwnedSemaphorePermit, deadline: Instant) -> Sent {
        // The server gives up when we do: nothing waits there for a shard and is executed later.
        let began = Instant::now();
        let timeout = deadline.saturating_duration_since(Instant::now()).min(self.client.timeout());
        let request = Request {
            verb: Verb::Post,
            path: format!(
                "{}?require_alias=true&timeout={}ms&filter_path={}",
                BulkParts::Index(&write_alias(self.generation)).url(),
                timeout.as_millis().max(1),
                answer::FILTER
            ),
            body: body.bytes,
            encoding: self.limits.encoding,
            timeout,
            answer_bytes_max: ANSWER_BYTES_MAX,
        };
        Sent { began, items: body.items, permit, result: self.client.transport().send(request).await }
    }
}

impl<'a> Writing<'a> {
    fn new(bulk: Bulk<'a>, batch: &'a WriteBatch<'a>) -> Self {
        let items = Items::new(batch);
        let mut answers = vec![None; items.len()];
        let mut pending = VecDeque::with_capacity(items.len());
        for (at, answer) in answers.iter_mut().enumerate() {
            match items.id_trouble(at) {
                None => pending.push_back(at),
                // No document can have such an id.
                Some(_) if items.is_delete(at) => *answer = Some(Answer::Done),
                Some(trouble) => *answer = Some(rejected(trouble.words())),
            }
        }
        Self {
            bulk,
            batch,
            answers,
            pending,
            attempts: 0,
            pause_due: false,
            given_up: false,
            dropped: None,
            documents_max: usize::MAX,
        }
    }

    /// A permit for the next request. None where nothing is left to send, or where an answer has to
    /// come first.
    async fn permit(&mut self, none_in_flight: bool) -> Result<Option<OwnedSemaphorePermit>> {
        if self.pending.is_empty() || (self.pause_due && !none_in_flight) {
            return Ok(None);
        }
        if self.pause_due {
            self.bulk.client.pause(self.attempts).await?;
            self.pause_due = false;
        }
        let permit = if none_in_flight {
            self.bulk.throttle.permit(self.batch.deadline).await
        } else {
            // Never waited for while our own requests hold the others: their answers must be read.
            self.bulk.throttle.try_permit()
        };
        if Instant::now() >= self.batch.deadline {
            self.pending.clear();
            return Ok(None);
        }
        if permit.is_some() {
            self.batch.lease.check()?;
        }
        Ok(permit)
    }

    fn next_request(&mut self, permit: OwnedSemaphorePermit) -> impl Future<Output = Sent> + use<'a> {
        let documents_max = self.bulk.throttle.documents().min(self.documents_max);
        let limits = Limits { documents_max, ..self.bulk.limits };
        let body = bulk::compose(Items::new(self.batch), &mut self.pending, limits);
        self.bulk.send(body, permit, self.batch.deadline)
    }

    fn settle(&mut self, sent: Sent) -> Result<()> {
        let Sent { began, items, permit, result } = sent;
        let client = self.bulk.client;
        let outcome = match result {
            Ok(response) => {
                let outcome =
                    answer::judge(client.transport().shown(), self.bulk.generation, items.len(), &response)?;
                match outcome {
                    Outcome::InDoubt => {
                        client.outages().failed(began, &format!("it answers {}", response.status))
                    }
                    _ => client.outages().answered(),
                }
                outcome
            }
            Err(SendError::NotTrusted(why)) => return Err(client.not_trusted(&why)),
            Err(error) => {
                tracing::debug!("a bulk request with {} failed: {error}", counted(items.len(), "item"));
                client.outages().failed(began, &error.to_string());
                Outcome::InDoubt
            }
        };
        match outcome {
            Outcome::Items(verdicts) => self.settle_items(&items, verdicts, permit),
            Outcome::Throttled => {
                self.bulk.throttle.slower(permit);
                self.send_again(&items);
            }
            Outcome::TooLong => self.smaller(&items),
            Outcome::InDoubt => {
                self.bulk.throttle.slower(permit);
                self.in_doubt(&items);
            }
        }
        Ok(())
    }

    fn settle_items(&mut self, items: &[usize], verdicts: Vec<Verdict>, permit: OwnedSemaphorePermit) {
        let (mut throttled, mut in_doubt) = (Vec::new(), Vec::new());
        for (at, verdict) in items.iter().zip(verdicts) {
            match verdict {
                Verdict::Settled(answer) => self.answers[*at] = Some(answer),
                Verdict::Throttled => throttled.push(*at),
                Verdict::InDoubt => in_doubt.push(*at),
                Verdict::Dropped => self.dropped = Some(*at),
            }
        }
        if throttled.is_empty() && in_doubt.is_empty() {
            self.attempts = 0;
            return self.bulk.throttle.faster();
        }
        self.bulk.throttle.slower(permit);
        self.send_again(&throttled);
        self.in_doubt(&in_doubt);
    }

    /// A change is sent again: an equal version is taken twice. Work without an event never is: its first
    /// request may arrive late, after a newer delete was forgotten. Its caller builds those keys again; what
    /// was not sent yet is sent, unless the server has stopped answering.
    fn in_doubt(&mut self, items: &[usize]) {
        if items.is_empty() {
            return;
        }
        match self.batch.cause {
            WriteCause::Event => self.send_again(items),
            WriteCause::Eventless => {
                self.attempts += 1;
                self.pause_due = true;
                if self.attempts >= UNANSWERED_IN_A_ROW_MAX {
                    self.given_up = true;
                    self.pending.clear();
                }
            }
        }
    }

    fn send_again(&mut self, items: &[usize]) {
        if items.is_empty() || self.given_up {
            return;
        }
        items.iter().rev().for_each(|at| self.pending.push_front(*at));
        self.attempts += 1;
        self.pause_due = true;
    }

    /// The server takes less than the plan's limit: halves from now on, down to one document.
    fn smaller(&mut self, items: &[usize]) {
        match items {
            [single] => self.answers[*single] = Some(rejected("it exceeds the server's request size limit")),
            _ => {
                self.documents_max = (items.len() / 2).max(1);
                items.iter().rev().for_each(|at| self.pending.push_front(*at));
            }
        }
    }
}

fn rejected(error_type: &str) -> Answer {
    Answer::Rejected { error_type: error_type.to_owned(), field: None }
}
