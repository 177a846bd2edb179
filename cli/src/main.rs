//! `flusso`: the command line over the compiler and the runtime.

mod analysis;
mod arguments;
mod backends;
mod commands;
mod console;
mod exit;
mod failure;
mod locks;
mod plan;
mod progress;
mod project;
mod report;
mod signals;
mod terminal_style;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Arguments;
use crate::console::Console;
use crate::terminal_style::TerminalStyle;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    let console = Console::new(TerminalStyle::of_stderr(common.color), common.quiet);
    commands::log(common, &console);
    let outcome = commands::run(arguments.command, common, &console);
    outcome.unwrap_or_else(|failure| report::failure(&failure, &console)).into()
}
