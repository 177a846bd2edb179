//! Findings and failures as a person or a program reads them.

mod concise;
mod crop;
mod human;
mod json;

use std::io::{self, Write};

use clap::ValueEnum;
use flusso_compiler::diagnostic::SourceFile;
use flusso_schemas::report::{Finding, Level, Summary};

use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal_style::TerminalStyle;

pub(crate) use concise::level;

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// `file:line:column: level[lint]: message`, one line each
    Concise,
    /// With the lines of the files they are about
    Human,
    /// One JSON object a line, a summary last
    Json,
}

/// What was found, in the order it is shown, with the files it is about.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The project's files, as places name them.
    pub sources: Vec<SourceFile>,
    /// The findings, in the order in which they are printed.
    pub findings: Vec<Finding>,
    /// How many checks could not be made.
    pub skipped: usize,
}

impl Report {
    pub(crate) fn summary(&self) -> Summary {
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let (deny, warn) = (count(Level::Deny), count(Level::Warn));
        Summary { deny, warn, skipped: self.skipped, files: self.sources.len() }
    }

    /// Whether what was found fails the command.
    pub(crate) fn fails(&self, deny_warnings: bool) -> bool {
        let worst = if deny_warnings { Level::Warn } else { Level::Deny };
        self.findings.iter().any(|finding| finding.level >= worst)
    }

    /// Everything that is shown at all, as text.
    pub(crate) fn render(&self, format: Format, style: &TerminalStyle) -> String {
        let shown: Vec<&Finding> = self.findings.iter().filter(|each| each.level > Level::Allow).collect();
        match format {
            Format::Concise => concise::render(&shown),
            Format::Human => human::render(&shown, &self.sources, style),
            Format::Json => json::render(&shown, self.summary()),
        }
    }
}

/// Prints data. A closed pipe, such as `head`, is not a failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::file("write", "stdout".as_ref())(error))
        }
        _ => Ok(()),
    }
}

/// Shows findings of a live system as talk.
pub(crate) fn live(findings: &[Finding], console: &Console) {
    let shown: Vec<&Finding> = findings.iter().filter(|each| each.level > Level::Allow).collect();
    if !shown.is_empty() {
        console.insist(&human::render(&shown, &[], console.style()));
    }
}

/// Says why a command ends, and gives the code that it ends with.
pub(crate) fn failure(failure: &Failure, console: &Console) -> Exit {
    live(failure.findings(), console);
    let (text, style) = (failure_text(failure, console.style()), console.style());
    console.insist(&if style.terminal { human::wrapped(&text, style.width) } else { text });
    failure.exit()
}

fn failure_text(failure: &Failure, style: &TerminalStyle) -> String {
    let mut text = format!("{}: {failure}", style.paint(31, "error"));
    for cause in failure.causes() {
        text += &format!("\n  {}: {cause}", style.paint(33, "caused by"));
    }
    if let Some(help) = failure.help() {
        text += &format!("\n  {}: {help}", style.paint(36, "help"));
    }
    text
}

#[cfg(test)]
mod tests {
    use flusso_lints::replica_server;

    use super::*;

    fn report(levels: &[Level]) -> Report {
        let findings =
            levels.iter().map(|level| Finding { level: *level, ..replica_server::finding() }).collect();
        Report { findings, ..Report::default() }
    }

    #[test]
    fn warnings_fail_only_where_they_are_denied() {
        assert!(!report(&[Level::Allow, Level::Warn]).fails(false));
        assert!(report(&[Level::Warn]).fails(true));
        assert!(report(&[Level::Warn, Level::Deny]).fails(false));
        assert!(!report(&[Level::Allow]).fails(true));
    }

    #[test]
    fn what_is_allowed_is_not_shown() {
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        assert_eq!(report(&[Level::Allow]).render(Format::Concise, &style), "");
    }

    #[test]
    fn a_failure_says_its_causes_and_what_to_do() {
        let error = flusso_runtime::Error::new(flusso_runtime::ErrorKind::Busy, "the slot is held");
        let failure = Failure::from(error.with_source("pid 7").with_help("stop it"));
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        let text = "error: the slot is held\n  caused by: pid 7\n  help: stop it";
        assert_eq!(failure_text(&failure, &style), text);
    }
}
