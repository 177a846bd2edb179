//! The command line: what every command takes, and which commands there are.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{apply, check, compile, explain, lints, run, sql};
use crate::look::Color;
use crate::switch;

/// Keeps search indexes true to Postgres, as YAML files say.
#[derive(Debug, Parser)]
#[command(name = "flusso", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 findings or a bad lock, 2 usage, 3 unreachable, 4 drift, 5 stopped"
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Common {
    /// The project file; else `flusso.yml` here or in a folder above
    #[arg(long, global = true, value_name = "FILE", env = "FLUSSO_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// The lock; else `flusso.lock` beside the project file
    #[arg(long, global = true, value_name = "FILE", env = "FLUSSO_LOCK", hide_env_values = true)]
    pub lock: Option<PathBuf>,
    /// Run the commands that provide credentials
    #[arg(long, global = true, env = "FLUSSO_ALLOW_COMMANDS", value_parser = switch::parse)]
    #[arg(hide_env_values = true)]
    pub allow_commands: bool,
    /// When to colour; `NO_COLOR` counts too
    #[arg(long, global = true, value_name = "WHEN", env = "FLUSSO_COLOR", default_value = "auto")]
    #[arg(hide_env_values = true)]
    pub color: Color,
    /// Print more: -v what happens, -vv why, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count, env = "FLUSSO_VERBOSE", hide_env_values = true)]
    pub verbose: u8,
    /// Print only findings and errors
    #[arg(short, long, global = true, env = "FLUSSO_QUIET", value_parser = switch::parse)]
    #[arg(hide_env_values = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply the lock: plan, provision, backfill, verify, swap
    Apply(apply::Options),
    /// Read the project, ask its servers, and report every problem
    Check(check::Options),
    /// Check, then write the lock
    Compile(compile::Options),
    /// Print the page of a lint or a field kind
    Explain(explain::Options),
    /// List every lint with its level
    Lints(lints::Options),
    /// Follow changes until asked to stop
    Run(run::Options),
    /// Print what a superuser must run in Postgres
    Sql(sql::Options),
}
