//! Sessions that write beside a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Threads that write until they are stopped. Dropped, they stop too: a test that fails leaves nobody who keeps the
/// servers busy.
pub(crate) struct Writers {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
}

impl Writers {
    /// Starts a thread for each; one call is one round, and gives how many transactions it committed.
    pub(crate) fn start<W: FnMut() -> u64 + Send + 'static>(writers: impl IntoIterator<Item = W>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let threads = writers.into_iter().map(|mut write| {
            let is_over = is_over.clone();
            thread::spawn(move || {
                let mut transactions = 0;
                while !is_over.load(Ordering::Relaxed) {
                    transactions += write();
                }
                transactions
            })
        });
        let threads = threads.collect();
        Self { is_over, threads }
    }

    /// Ends them after the round that each is in; how many transactions they committed.
    pub(crate) fn stop(mut self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.threads.drain(..).map(|writer| writer.join().expect("a writer ends")).sum()
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
