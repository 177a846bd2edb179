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

use clap::Parser;

use crate::arguments::Arguments;
use crate::look::Look;
use crate::screen::Screen;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    let screen = Screen::new(Look::of_stderr(common.color), common.quiet);
    commands::log(common, &screen);
    let outcome = commands::run(arguments.command, common, &screen);
    outcome.unwrap_or_else(|failure| report::failure(&failure, &screen)).into()
}
