//! SIGINT and SIGTERM: the first asks to stop at a safe point, the second ends at once.

use flusso_runtime::Shutdown;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Screen;

/// Listens from now on, and passes the first signal on.
pub fn listen(shutdown: Shutdown, screen: Screen) -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        screen.say("stopping at a safe point; a second signal ends at once");
        shutdown.request();
        either(&mut interrupt, &mut terminate).await;
        std::process::exit(Exit::Stopped as i32);
    });
    Ok(())
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
