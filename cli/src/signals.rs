//! SIGINT and SIGTERM: the first asks to stop at a safe point, the second ends at once.
//!
//! They are listened to in a thread of their own: a run whose only thread is held up, such as by a pipe
//! that nobody reads, must still be stopped.

use std::io;
use std::thread;

use flusso_runtime::Shutdown;
use flusso_runtime::limits::STOP_AT_LAST;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Listens from now on, and passes the first signal on. The process ends soon after it, whatever holds it.
pub(crate) fn listen(shutdown: Shutdown, console: Console) -> Result<(), Failure> {
    let (runtime, mut signals) = Signals::open().map_err(Failure::Signals)?;
    thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            shutdown.request();
            // In a thread of its own: writing to a pipe that nobody reads would hold the rest.
            thread::spawn(move || {
                console.say("stopping at a safe point; send the signal again to quit at once")
            });
            // Quits by itself if nothing else ended the process first.
            let _ = timeout(STOP_AT_LAST, signals.next()).await;
            std::process::exit(Exit::Stopped as i32);
        });
    });
    Ok(())
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Both signals, and what they are awaited in.
    fn open() -> io::Result<(Runtime, Self)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        drop(entered);
        Ok((runtime, Self { interrupt, terminate }))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
