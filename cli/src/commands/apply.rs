//! `flusso apply`: carries the lock out.

use std::time::Instant;

use clap::Args;
use flusso_runtime::{Applied, ApplyOptions};
use flusso_schemas::report::Action;

use crate::arguments::{Common, parse_switch};
use crate::backends::Live;
use crate::commands::run;
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::progress::lasted;
use flusso_lints::words::counted;

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// Show the plan and change nothing
    #[arg(long, env = "FLUSSO_DRY_RUN", value_parser = parse_switch, hide_env_values = true)]
    dry_run: bool,
    /// Follow changes afterwards, until asked to stop
    #[arg(long, env = "FLUSSO_FOLLOW", value_parser = parse_switch, hide_env_values = true)]
    follow: bool,
    /// Take aliases over from indexes that were built from another database or Postgres cluster
    #[arg(long, env = "FLUSSO_ACCEPT_NEW_SOURCE", value_parser = parse_switch, hide_env_values = true)]
    accept_new_source: bool,
    /// What a run takes.
    #[command(flatten)]
    run: run::Tuning,
}

/// Shows the plan, carries it out and says what it did.
pub(crate) async fn apply(
    options: &ApplyArguments,
    common: &Common,
    console: &Console,
) -> Result<Exit, Failure> {
    let lock = locks::read(common)?;
    let began = Instant::now();
    let run = options.run.begin(common, console)?;
    let ApplyArguments { dry_run, accept_new_source, .. } = *options;
    let apply_options = ApplyOptions { run, dry_run, accept_new_source };
    if lock.sinks.is_empty() {
        console.say("no sink is configured: documents are printed to stdout");
    }
    let applied = flusso_runtime::apply(&Live, lock.clone(), &apply_options).await?;
    console.say(&closing(&applied, options.dry_run, began));
    if options.follow && !options.dry_run {
        return run::follow(lock, &apply_options.run, console).await;
    }
    Ok(Exit::Done)
}

fn closing(applied: &Applied, dry_run: bool, began: Instant) -> String {
    let mut lines = applied.remarks.clone();
    if applied.repaired > 0 {
        let repaired = counted(applied.repaired as usize, "document");
        lines.push(format!("verification repaired {repaired}"));
    }
    if applied.hot > 0 {
        let hot = counted(applied.hot as usize, "document");
        lines.push(format!("verification could not compare {hot} that kept changing"));
    }
    if dry_run {
        lines.push("dry run: nothing was changed".to_owned());
        return lines.join("\n");
    }
    if applied.documents > 0 {
        let (documents, time) = (counted(applied.documents as usize, "document"), lasted(began.elapsed()));
        let filled = applied.plan.steps.iter().filter(|step| fills(step.action)).count();
        let to = if filled > 0 { format!(" to {}", counted(filled, "index")) } else { String::new() };
        lines.push(format!("wrote {documents}{to} in {time}"));
    }
    let done = if is_unchanged(applied) { "every index is unchanged" } else { "applied" };
    lines.push(format!("{done}; `flusso run` follows the changes since then"));
    lines.join("\n")
}

/// Whether the documents of an index are written.
fn fills(action: Action) -> bool {
    matches!(action, Action::Create | Action::Resume | Action::Rebuild | Action::Extend | Action::Refill)
}

/// Whether every index was found as the lock wants it, and no document was written.
fn is_unchanged(applied: &Applied) -> bool {
    let unchanged = applied.plan.steps.iter().all(|step| step.action == Action::Unchanged);
    unchanged && applied.documents == 0 && applied.repaired == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apply_ends_with_what_to_do_next() {
        let applied = Applied { documents: 1, repaired: 1, ..Applied::default() };
        let text = closing(&applied, false, Instant::now());
        assert!(text.starts_with("verification repaired 1 document"), "{text}");
        assert!(text.contains("\nwrote 1 document in "), "{text}");
        assert!(text.ends_with("\napplied; `flusso run` follows the changes since then"), "{text}");
        let nothing = closing(&Applied::default(), false, Instant::now());
        assert_eq!(nothing, "every index is unchanged; `flusso run` follows the changes since then");
        assert_eq!(closing(&Applied::default(), true, Instant::now()), "dry run: nothing was changed");
    }
}
