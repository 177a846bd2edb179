//! `flusso compile`: checks, then writes the lock.

use std::path::Path;

use clap::Args;
use flusso_compiler::{ParsedProject, stale};
use flusso_schemas::lock::{self, Lock};
use similar::TextDiff;

use crate::analysis::{Analysis, analyze};
use crate::arguments::{Common, parse_switch};
use crate::commands::check::Findings;
use crate::commands::run::Tuning;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::project;
use crate::report;
use crate::terminal_style::TerminalStyle;
use flusso_lints::words::counted;

/// Lines around each change.
const CONTEXT_LINES: usize = 3;

#[derive(Debug, Args)]
pub(crate) struct CompileArguments {
    /// Print the lock instead of writing it
    #[arg(long, env = "FLUSSO_PRINT", value_parser = parse_switch, hide_env_values = true)]
    print: bool,
    /// Write nothing; fail and print the diff if the lock is stale
    #[arg(long, env = "FLUSSO_CHECK", value_parser = parse_switch, hide_env_values = true)]
    #[arg(conflicts_with = "print")]
    check: bool,
    #[command(flatten)]
    findings: Findings,
}

/// Writes the lock where nothing fails.
pub(crate) async fn compile(
    options: &CompileArguments,
    common: &Common,
    console: &Console,
) -> Result<Exit, Failure> {
    // Report an unusable path before asking servers.
    let path = locks::path_to_write(common)?;
    let read = project::read_all(common)?;
    let analysis = analyze(&read, common, &Tuning::quick(common, console)).await;
    show(&analysis, options, common, console)?;
    let exit = analysis.exit(options.findings.deny_warnings, console);
    match &analysis.lock {
        Some(lock) if exit == Exit::Done => {
            deliver(Made { lock, read: &read }, &path, options, common, console)
        }
        _ => {
            console.say(&analysis.closing());
            Ok(exit)
        }
    }
}

/// Findings are data unless the lock is.
fn show(
    analysis: &Analysis,
    options: &CompileArguments,
    common: &Common,
    console: &Console,
) -> Result<(), Failure> {
    let format = options.findings.format;
    if options.print {
        let text = analysis.report.render(format, console.style());
        if !text.is_empty() {
            console.insist(&text);
        }
        return Ok(());
    }
    report::print(&analysis.report.render(format, &TerminalStyle::of_stdout(common.color)))
}

/// A lock with the files that it was compiled from.
#[derive(Clone, Copy)]
struct Made<'a> {
    lock: &'a Lock,
    read: &'a ParsedProject,
}

fn deliver(
    Made { lock, read }: Made<'_>,
    path: &Path,
    options: &CompileArguments,
    common: &Common,
    console: &Console,
) -> Result<Exit, Failure> {
    let text = lock::write(lock);
    if options.print {
        report::print(&text)?;
        return Ok(Exit::Done);
    }
    let shown = path.display();
    let standing = locks::text(path)?;
    if standing.as_deref() == Some(&text) {
        console.say(&format!("`{shown}` is current: {}", contents(lock)));
        return Ok(Exit::Done);
    }
    if options.check {
        let style = TerminalStyle::of_stdout(common.color);
        let standing = standing.unwrap_or_default();
        report::print(&difference(&shown.to_string(), &standing, &text, &style))?;
        return Err(Failure::Stale { path: path.to_path_buf(), why: why(&standing, read) });
    }
    locks::write(path, &text)?;
    console.say(&format!("wrote `{shown}`: {}", contents(lock)));
    Ok(Exit::Done)
}

/// Why the lock is stale; what the files do not explain, the database does.
fn why(standing: &str, read: &ParsedProject) -> String {
    match lock::read(standing) {
        _ if standing.is_empty() => "the file does not exist".to_owned(),
        Err(_) => "it cannot be read".to_owned(),
        Ok(lock) => stale(read, &lock).map_or_else(
            || "the database or the version of flusso changed since it was compiled".to_owned(),
            |stale| stale.to_string(),
        ),
    }
}

fn contents(lock: &Lock) -> String {
    format!("{}, {} captured", counted(lock.indexes.len(), "index"), counted(lock.tables.len(), "table"))
}

/// A unified difference; empty where both are equal.
fn difference(name: &str, old: &str, new: &str, style: &TerminalStyle) -> String {
    let difference = TextDiff::from_lines(old, new);
    let mut unified = difference.unified_diff();
    let text =
        unified.context_radius(CONTEXT_LINES).header(name, "what `flusso compile` would write").to_string();
    text.lines().map(|line| painted(line, style) + "\n").collect()
}

fn painted(line: &str, style: &TerminalStyle) -> String {
    match line.as_bytes().first() {
        Some(b'+') => style.paint(32, line),
        Some(b'-') => style.paint(31, line),
        Some(b'@') => style.paint(36, line),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown() {
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        let old: String = (0..20).map(|line| format!("{line}\n")).collect();
        let text = difference("flusso.lock", &old, &old.replace("10\n", "ten\n"), &style);
        assert!(text.contains("-10\n+ten\n") && !text.contains("\n 1\n"), "{text}");
        assert_eq!(difference("a", &old, &old, &style), "");
    }
}
