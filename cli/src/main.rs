//! `flusso`: the command line over the compiler and the runtime.

mod arguments;
mod backends;
mod commands;
mod difference;
mod duration;
mod examine;
mod exit;
mod failure;
mod locks;
mod look;
mod numbers;
mod plan;
mod progress;
mod project;
mod report;
mod screen;
mod signals;
mod switch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::arguments::Arguments;
use crate::look::Look;
use crate::screen::Screen;

fn main() -> ExitCode {
    let command =
        Arguments::command().color(look::of_help(std::env::args(), |name| std::env::var(name).ok()));
    let arguments = Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    let common = &arguments.common;
    let screen = Screen::new(Look::of_stderr(common.color), common.quiet);
    commands::log(common, &screen);
    let outcome = commands::run(arguments.command, common, &screen);
    outcome.unwrap_or_else(|failure| report::failure(&failure, &screen)).into()
}
