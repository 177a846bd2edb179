//! `flusso compile`: checks, then writes the lock.

use std::path::Path;

use clap::Args;
use flusso_compiler::{Read, stale};
use flusso_schemas::lock::{self, Lock};

use crate::arguments::Common;
use crate::commands::check::Findings;
use crate::commands::run::Tuning;
use crate::difference;
use crate::examine::{Examined, examine};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::look::Look;
use crate::numbers::counted;
use crate::project;
use crate::report;
use crate::screen::Screen;
use crate::switch;

/// What `compile` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// Print the lock instead of writing it
    #[arg(long, env = "FLUSSO_PRINT", value_parser = switch::parse, hide_env_values = true)]
    print: bool,
    /// Write nothing; fail and print the difference where the lock is stale
    #[arg(long, env = "FLUSSO_CHECK", value_parser = switch::parse, hide_env_values = true)]
    #[arg(conflicts_with = "print")]
    check: bool,
    #[command(flatten)]
    findings: Findings,
}

/// Writes the lock where nothing fails.
pub async fn compile(options: &Options, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    // An unusable place is told before servers are asked.
    let path = locks::path_to_write(common)?;
    let read = project::read_all(common)?;
    let examined = examine(&read, common, &Tuning::quick(common, screen)).await;
    show(&examined, options, common, screen)?;
    let exit = examined.exit(options.findings.deny_warnings, screen);
    match &examined.lock {
        Some(lock) if exit == Exit::Done => {
            deliver(Made { lock, read: &read }, &path, options, common, screen)
        }
        _ => {
            screen.say(&examined.closing());
            Ok(exit)
        }
    }
}

/// Findings are data unless the lock is.
fn show(examined: &Examined, options: &Options, common: &Common, screen: &Screen) -> Result<(), Failure> {
    let format = options.findings.format;
    if options.print {
        let text = examined.report.render(format, screen.look());
        if !text.is_empty() {
            screen.insist(&text);
        }
        return Ok(());
    }
    report::print(&examined.report.render(format, &Look::of_stdout(common.color)))
}

/// A lock with the files that it was compiled from.
#[derive(Clone, Copy)]
struct Made<'a> {
    lock: &'a Lock,
    read: &'a Read,
}

fn deliver(
    Made { lock, read }: Made<'_>,
    path: &Path,
    options: &Options,
    common: &Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let text = lock::write(lock);
    if options.print {
        report::print(&text)?;
        return Ok(Exit::Done);
    }
    let shown = path.display();
    let standing = locks::text(path)?;
    if standing.as_deref() == Some(&text) {
        screen.say(&format!("`{shown}` is current: {}", contents(lock)));
        return Ok(Exit::Done);
    }
    if options.check {
        let look = Look::of_stdout(common.color);
        let standing = standing.unwrap_or_default();
        report::print(&difference::between(&shown.to_string(), &standing, &text, &look))?;
        return Err(Failure::Stale { path: path.to_path_buf(), why: why(&standing, read) });
    }
    locks::write(path, &text)?;
    screen.say(&format!("wrote `{shown}`: {}", contents(lock)));
    Ok(Exit::Done)
}

/// Why the lock is stale; what the files do not explain, the database does.
fn why(standing: &str, read: &Read) -> String {
    match lock::read(standing) {
        _ if standing.is_empty() => "it is not there".to_owned(),
        Err(_) => "it cannot be read".to_owned(),
        Ok(lock) => stale(read, &lock).map_or_else(
            || "the database, or the version of flusso, is not what it was compiled with".to_owned(),
            |stale| stale.to_string(),
        ),
    }
}

fn contents(lock: &Lock) -> String {
    format!("{}, {} captured", counted(lock.indexes.len(), "index"), counted(lock.tables.len(), "table"))
}
