//! The command line: which commands there are, one file each, and how they are run.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod explain;
pub(crate) mod lints;
pub(crate) mod run;
pub(crate) mod sql;

use clap::{Parser, Subcommand};
use flusso_runtime::{Error, ErrorKind};
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::Common;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;

/// Keep search indexes in sync with Postgres, as YAML files describe them
#[derive(Debug, Parser)]
#[command(name = "flusso", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 success, 1 findings or a bad lock, 2 usage, 3 unreachable, 4 drift, 5 stopped"
)]
pub(crate) struct Arguments {
    /// The arguments that every command accepts
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Apply the lock: plan, provision, backfill, verify, swap
    Apply(apply::ApplyArguments),
    /// Read the project, ask its servers, and report every problem
    Check(check::CheckArguments),
    /// Check, then write the lock
    Compile(compile::CompileArguments),
    /// Print the page of a lint or a field kind
    Explain(explain::ExplainArguments),
    /// List every lint with its level
    Lints(lints::LintsArguments),
    /// Follow changes until asked to stop
    Run(run::RunArguments),
    /// Print what a superuser must run in Postgres
    Sql(sql::SqlArguments),
}

/// Runs a command to its end.
pub(crate) fn run(command: Command, common: &Common, console: &Console) -> Result<Exit, Failure> {
    // One thread: the work is the servers', ours is 1 CPU second in 50,000 documents, and buffers that
    // wander between threads cost a fifth more memory (measured: 41 MB instead of 52 at 100,000 orders).
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let tokio = tokio.map_err(|error| {
        Error::new(ErrorKind::Internal, "the process cannot start its threads").with_source(error)
    })?;
    let ended = tokio.block_on(async {
        match command {
            Command::Apply(options) => apply::apply(&options, common, console).await,
            Command::Check(options) => check::check(&options, common, console).await,
            Command::Compile(options) => compile::compile(&options, common, console).await,
            Command::Explain(options) => explain::explain(&options),
            Command::Lints(options) => lints::lints(&options),
            Command::Run(options) => run::run(&options, common, console).await,
            Command::Sql(options) => sql::sql(&options, common, console).await,
        }
    });
    // A name that is still looked up, or a credential's command, holds a thread: that must not hold the end.
    tokio.shutdown_background();
    ended
}

/// Sends logs to the screen, at the level that `-v` sets.
pub(crate) fn log(common: &Common, console: &Console) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let color = console.style().color;
    tracing_subscriber::fmt().with_max_level(level).with_ansi(color).with_writer(console.clone()).init();
}
