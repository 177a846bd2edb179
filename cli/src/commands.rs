//! The commands, one file each.

pub mod apply;
pub mod check;
pub mod compile;
pub mod explain;
pub mod lints;
pub mod run;
pub mod sql;

use flusso_runtime::{Error, ErrorKind};
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::{Command, Common};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::screen::Screen;

/// Runs a command to its end.
pub fn run(command: Command, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    // One thread: the work is the servers', ours is 1 CPU second in 50,000 documents, and buffers that
    // wander between threads cost a fifth more memory (measured: 41 MB instead of 52 at 100,000 orders).
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tokio = tokio.map_err(|error| {
        Error::new(ErrorKind::Internal, "the process cannot start its threads").with_source(error)
    })?;
    let ended = tokio.block_on(async {
        match command {
            Command::Apply(options) => apply::apply(&options, common, screen).await,
            Command::Check(options) => check::check(&options, common, screen).await,
            Command::Compile(options) => compile::compile(&options, common, screen).await,
            Command::Explain(options) => explain::explain(&options),
            Command::Lints(options) => lints::lints(&options),
            Command::Run(options) => run::run(&options, common, screen).await,
            Command::Sql(options) => sql::sql(&options, common, screen).await,
        }
    });
    // A name that is still looked up, or a credential's command, holds a thread: that must not hold the end.
    tokio.shutdown_background();
    ended
}

/// Sends logs to the screen, as many as were asked for.
pub fn log(common: &Common, screen: &Screen) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let color = screen.look().color;
    tracing_subscriber::fmt().with_max_level(level).with_ansi(color).with_writer(screen.clone()).init();
}
