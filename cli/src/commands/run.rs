//! `flusso run`: follows changes until asked to stop.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use flusso_runtime::{ErrorKind, RunOptions, Shutdown, limits};
use flusso_schemas::lock::Lock;

use crate::arguments::{Common, parse_duration};
use crate::backends::Live;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::progress::ConsoleProgress;
use crate::signals;

/// Most chunks of a backfill at once: each holds a connection to the primary.
const READERS_MAX: u64 = 64;

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    tuning: Tuning,
}

/// What `apply` and `run` both take.
#[derive(Debug, Args)]
pub(crate) struct Tuning {
    /// Number of backfill chunks that are read and written at once
    #[arg(long, value_name = "NUMBER", env = "FLUSSO_READERS", default_value_t = 2, hide_env_values = true)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..=READERS_MAX))]
    readers: usize,
    /// How long to wait for transactions that began before the slot or the publication changed
    #[arg(
        long,
        value_name = "DURATION",
        env = "FLUSSO_GATE_WAIT",
        default_value = "10m",
        hide_env_values = true
    )]
    #[arg(value_parser = parse_duration)]
    gate_wait: Duration,
    /// How long to wait for a slot that another process holds
    #[arg(
        long,
        value_name = "DURATION",
        env = "FLUSSO_SLOT_WAIT",
        default_value = "75s",
        hide_env_values = true
    )]
    #[arg(value_parser = parse_duration)]
    slot_wait: Duration,
}

impl Tuning {
    /// Options of a run, with signal handlers installed and progress printed to the screen.
    pub(crate) fn begin(&self, common: &Common, console: &Console) -> Result<RunOptions, Failure> {
        let Self { readers, gate_wait, slot_wait } = *self;
        let options = RunOptions { readers, gate_wait, slot_wait, ..Self::quick(common, console) };
        signals::listen(options.shutdown.clone(), console.clone())?;
        Ok(options)
    }

    /// Options of a command that only asks: a signal ends it at once.
    pub(crate) fn quick(common: &Common, console: &Console) -> RunOptions {
        RunOptions {
            allow_commands: common.allow_commands,
            readers: 1,
            gate_wait: limits::GATE_WAIT,
            slot_wait: limits::SLOT_WAIT,
            progress: Arc::new(ConsoleProgress::new(console.clone())),
            shutdown: Shutdown::default(),
        }
    }
}

/// Follows until a signal asks to stop.
pub(crate) async fn run(options: &RunArguments, common: &Common, console: &Console) -> Result<Exit, Failure> {
    let lock = locks::read(common)?;
    let run_options = options.tuning.begin(common, console)?;
    follow(lock, &run_options, console).await
}

/// Follows changes; being stopped by a signal is success.
pub(crate) async fn follow(
    lock: Arc<Lock>,
    run_options: &RunOptions,
    console: &Console,
) -> Result<Exit, Failure> {
    match flusso_runtime::follow(&Live, lock, run_options).await {
        Err(error) if error.kind != ErrorKind::Stopped => Err(error.into()),
        _ => {
            console.say("stopped; `flusso run` resumes from here");
            Ok(Exit::Done)
        }
    }
}
