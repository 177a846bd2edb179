//! `flusso apply`: makes the world match the lock.

use std::time::Instant;

use clap::Args;
use clap::builder::FalseyValueParser;
use flusso_runtime::{Applied, ApplyOptions};

use crate::arguments::Common;
use crate::backends::Live;
use crate::commands::run;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::numbers::{counted, grouped, lasted};
use crate::screen::Screen;

/// What `apply` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// Show the plan and change nothing
    #[arg(long, env = "FLUSSO_DRY_RUN", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    dry_run: bool,
    /// Go on following afterwards, until asked to stop
    #[arg(long, env = "FLUSSO_FOLLOW", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    follow: bool,
    /// Do not ask before something is removed; no plan of this version removes anything
    #[arg(long, env = "FLUSSO_YES", value_parser = FalseyValueParser::new(), hide_env_values = true)]
    yes: bool,
    /// What a run takes.
    #[command(flatten)]
    run: run::Tuning,
}

/// Shows the plan, carries it out and says what it did.
pub async fn apply(options: &Options, common: &Common, screen: &Screen) -> Result<Exit, Failure> {
    let lock = locks::read(common)?;
    let began = Instant::now();
    let run = options.run.begin(common, screen)?;
    let told = ApplyOptions { run, dry_run: options.dry_run };
    let applied = flusso_runtime::apply(&Live, lock.clone(), &told).await?;
    screen.say(&closing(&applied, options.dry_run, began));
    if options.follow && !options.dry_run {
        return run::follow(lock, &told.run, screen).await;
    }
    Ok(Exit::Done)
}

fn documents(number: u64) -> String {
    let noun = if number == 1 { "document" } else { "documents" };
    format!("{} {noun}", grouped(number))
}

fn closing(applied: &Applied, dry_run: bool, began: Instant) -> String {
    let mut lines = applied.remarks.clone();
    if applied.repaired > 0 {
        lines.push(format!("verification repaired {}", documents(applied.repaired)));
    }
    if applied.hot > 0 {
        lines
            .push(format!("verification could not compare {}: changed all the time", documents(applied.hot)));
    }
    lines.push(if dry_run {
        "dry run: nothing was changed".to_owned()
    } else {
        format!(
            "applied: {}, {} written in {}",
            counted(applied.plan.steps.len(), "index"),
            documents(applied.documents),
            lasted(began.elapsed())
        )
    });
    lines.join("\n")
}
