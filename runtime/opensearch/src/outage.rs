//! Reports outages of a server: once when it has been silent for a while, once when it answers again. A single
//! failed request is not an outage.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use flusso_runtime::progress::{Progress, ProgressEvent};

/// How long every request must have failed before that is reported.
const REPORTED_AFTER: Duration = Duration::from_secs(3);

/// The outages of one server.
#[derive(Debug)]
pub(crate) struct Outages {
    server: String,
    progress: Arc<dyn Progress>,
    now: Mutex<Option<Outage>>,
}

#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    is_reported: bool,
}

impl Outages {
    pub(crate) fn new(server: &str, progress: Arc<dyn Progress>) -> Self {
        Self { server: server.to_owned(), progress, now: Mutex::default() }
    }

    /// A request that began at `began` was not answered, or by an answer that will pass.
    pub(crate) fn failed(&self, began: Instant, failure: &str) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let outage = now.get_or_insert(Outage { since: began, is_reported: false });
        if outage.is_reported || outage.since.elapsed() < REPORTED_AFTER {
            return;
        }
        outage.is_reported = true;
        let reason = format!("{} does not answer: {failure}", self.server);
        self.progress.event(ProgressEvent::OutageBegan { reason });
    }

    /// A request was answered.
    pub(crate) fn answered(&self) {
        let ended = self.now.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(outage) = ended.filter(|outage| outage.is_reported) {
            let (server, lasted) = (Some(self.server.clone()), outage.since.elapsed());
            self.progress.event(ProgressEvent::OutageEnded { server, lasted });
        }
    }

    /// Whether an outage is going on that was reported.
    pub(crate) fn is_reported(&self) -> bool {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|outage| outage.is_reported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Progress for Heard {
        fn event(&self, event: ProgressEvent) {
            let line = match event {
                ProgressEvent::OutageBegan { reason } => format!("began: {reason}"),
                ProgressEvent::OutageEnded { server, .. } => format!("ended: {}", server.unwrap_or_default()),
                other => format!("{other:?}"),
            };
            self.0.lock().expect("no holder panics").push(line);
        }
    }

    #[test]
    fn an_outage_is_reported_once_when_it_begins_and_once_when_it_is_over() {
        let heard = Arc::new(Heard::default());
        let outages = Outages::new("http://h:1", heard.clone());
        let long_ago = Instant::now() - 2 * REPORTED_AFTER;
        for _ in 0..5 {
            outages.failed(long_ago, "connection refused");
        }
        assert!(outages.is_reported());
        outages.answered();
        outages.answered();
        let lines = heard.0.lock().expect("no holder panics").clone();
        assert_eq!(lines, ["began: http://h:1 does not answer: connection refused", "ended: http://h:1"]);
    }

    #[test]
    fn requests_that_fail_between_others_are_no_outage() {
        let heard = Arc::new(Heard::default());
        let outages = Outages::new("http://h:1", heard.clone());
        for _ in 0..5 {
            outages.failed(Instant::now(), "the connection broke");
            outages.answered();
        }
        assert_eq!(heard.0.lock().expect("no holder panics").as_slice(), [""; 0]);
    }
}
