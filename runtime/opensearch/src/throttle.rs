//! How many of a sink's writes run at once: less when the server says so, more again when it keeps up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A request is not made smaller than this many documents (or the plan's own limit).
const DOCUMENTS_MIN: usize = 50;
/// So many requests in a row are answered in full before more is tried.
const GOOD_IN_A_ROW: u32 = 4;

/// Shared by everything that writes to one sink.
#[derive(Debug)]
pub(crate) struct Throttle {
    permits: Arc<Semaphore>,
    in_flight_max: usize,
    documents_max: usize,
    now: Mutex<Now>,
}

#[derive(Clone, Copy, Debug)]
struct Now {
    in_flight: usize,
    documents: usize,
    good_in_a_row: u32,
}

impl Throttle {
    /// Begins at the plan's limits, each at least 1.
    pub(crate) fn new(in_flight_max: usize, documents_max: usize) -> Self {
        let (in_flight_max, documents_max) = (in_flight_max.max(1), documents_max.max(1));
        let now = Now { in_flight: in_flight_max, documents: documents_max, good_in_a_row: 0 };
        let permits = Arc::new(Semaphore::new(in_flight_max));
        Self { permits, in_flight_max, documents_max, now: Mutex::new(now) }
    }

    /// Most documents of the next request.
    pub(crate) fn documents(&self) -> usize {
        self.now().documents
    }

    /// A permit for one request, where one is free.
    pub(crate) fn try_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().try_acquire_owned().ok()
    }

    /// A permit for one request; `None` if there is none before the deadline.
    pub(crate) async fn permit(&self, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let permit = self.permits.clone().acquire_owned();
        tokio::time::timeout_at(deadline.into(), permit).await.ok()?.ok()
    }

    /// The server had too much to do: smaller requests, and fewer at once.
    pub(crate) fn slower(&self, permit: OwnedSemaphorePermit) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.good_in_a_row = 0;
        now.documents = (now.documents / 2).max(DOCUMENTS_MIN.min(self.documents_max));
        if now.in_flight > 1 {
            now.in_flight -= 1;
            permit.forget();
        }
    }

    /// A request was answered in full.
    pub(crate) fn faster(&self) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.good_in_a_row += 1;
        if now.good_in_a_row < GOOD_IN_A_ROW {
            return;
        }
        now.good_in_a_row = 0;
        now.documents = (now.documents * 2).min(self.documents_max);
        if now.in_flight < self.in_flight_max {
            now.in_flight += 1;
            self.permits.add_permits(1);
        }
    }

    fn now(&self) -> Now {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_is_sent_at_once_until_the_server_keeps_up() {
        let throttle = Throttle::new(2, 2_000);
        let [first, second] =
            [throttle.try_permit(), throttle.try_permit()].map(|permit| permit.expect("two"));
        throttle.slower(first);
        throttle.slower(second);
        assert_eq!(throttle.documents(), 500);
        let held = throttle.try_permit().expect("one is always left");
        assert!(throttle.try_permit().is_none());
        drop(held);
        (0..2 * GOOD_IN_A_ROW).for_each(|_| throttle.faster());
        assert_eq!(throttle.documents(), 2_000);
        let permits = [throttle.try_permit(), throttle.try_permit()];
        assert!(permits.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn a_permit_is_waited_for_until_the_deadline_only() {
        let throttle = Throttle::new(1, 1);
        let _held = throttle.try_permit().expect("one");
        assert!(throttle.permit(Instant::now()).await.is_none());
    }
}
