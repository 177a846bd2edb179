//! `flusso check`: says all that is wrong with a project.

use clap::Args;

use crate::arguments::Common;
use crate::commands::run::Tuning;
use crate::examine::examine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::look::Look;
use crate::project;
use crate::report::{self, Format};
use crate::screen::Screen;
use crate::switch;

/// What `check` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// How findings are shown and which of them fail.
    #[command(flatten)]
    pub findings: Findings,
}

/// What `check` and `compile` take about findings.
#[derive(Debug, Args)]
pub struct Findings {
    /// How findings are printed
    #[arg(
        long,
        value_name = "FORMAT",
        env = "FLUSSO_FORMAT",
        default_value = "human",
        hide_env_values = true
    )]
    pub format: Format,
    /// Fail at warnings too
    #[arg(long, env = "FLUSSO_DENY_WARNINGS", value_parser = switch::parse, hide_env_values = true)]
    pub deny_warnings: bool,
}

/// Prints the findings; a clean project gets one friendly line of talk.
pub async fn check(options: &Options, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    let Findings { format, deny_warnings } = options.findings;
    let read = project::read_all(common)?;
    let examined = examine(&read, common, &Tuning::quick(common, screen)).await;
    report::print(&examined.report.render(format, &Look::of_stdout(common.color)))?;
    let exit = examined.exit(deny_warnings, screen);
    screen.say(&examined.closing());
    Ok(exit)
}
