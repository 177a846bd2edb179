//! `flusso check`: says all that is wrong with a project.

use clap::Args;

use crate::analysis::analyze;
use crate::arguments::{Common, parse_switch};
use crate::commands::run::Tuning;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project;
use crate::report::{self, Format};
use crate::terminal_style::TerminalStyle;

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// How findings are shown and which of them fail.
    #[command(flatten)]
    pub findings: Findings,
}

/// What `check` and `compile` take about findings.
#[derive(Debug, Args)]
pub(crate) struct Findings {
    /// How findings are printed
    #[arg(
        long,
        value_name = "FORMAT",
        env = "FLUSSO_FORMAT",
        default_value = "human",
        hide_env_values = true
    )]
    pub format: Format,
    /// Fail on warnings too
    #[arg(long, env = "FLUSSO_DENY_WARNINGS", value_parser = parse_switch, hide_env_values = true)]
    pub deny_warnings: bool,
}

/// Prints the findings; a clean project gets one friendly line of talk.
pub(crate) async fn check(
    options: &CheckArguments,
    common: &Common,
    console: &Console,
) -> Result<Exit, Failure> {
    let Findings { format, deny_warnings } = options.findings;
    let read = project::read_all(common)?;
    let analysis = analyze(&read, common, &Tuning::quick(common, console)).await;
    report::print(&analysis.report.render(format, &TerminalStyle::of_stdout(common.color)))?;
    let exit = analysis.exit(deny_warnings, console);
    console.say(&analysis.closing());
    Ok(exit)
}
