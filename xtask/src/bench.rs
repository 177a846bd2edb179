//! `cargo xtask bench`: how fast and how heavy flusso is, beside what the index server can take.

mod latency;
mod processes;
mod raw;

use std::fs;
use std::time::Duration;

use crate::services::{self, Urls};
use crate::stage::{Stage, StageError, right};
use crate::{paths, test};

use self::latency::Latency;
use self::processes::{Postgres, Usage};

/// The whole shop: 100,000 orders.
const SCALE: f64 = 1.0;
/// The index that is measured.
const INDEX: &str = "orders";
/// Backfill beside raw `_bulk`, at least.
const SHARE_GOAL: f64 = 0.6;
/// Commit to readable, at most, half of the time.
const LATENCY_GOAL_MS: f64 = 20.0;
/// Peak memory of flusso, at most, megabytes.
const MEMORY_GOAL_MB: f64 = 64.0;

/// What a backfill took.
#[derive(Clone, Copy, Debug)]
struct Backfill {
    lasted: Duration,
    flusso: Usage,
    /// CPU seconds of every Postgres process; `None` if they cannot be seen from here.
    postgres_seconds: Option<f64>,
}

/// Runs the benchmark on an optimised build; its data stays.
pub fn run() -> Result<(), StageError> {
    test::cargo(&["build", "--release", "--workspace", "--bins"])?;
    test::with_services(measure)
}

fn measure(urls: &Urls) -> Result<(), StageError> {
    let binary = paths::target().join("release/flusso");
    let mut stage = Stage::set("bench", urls, binary, SCALE)?;
    for other in ["products", "users"] {
        let path = stage.folder.join(format!("indexes/{other}.yml"));
        fs::remove_file(&path).map_err(services::Error::file("remove", &path))?;
    }
    stage.flusso(&["compile"])?;
    // The first one warms both servers up, and gives the bytes that raw `_bulk` sends.
    backfill(&mut stage)?;
    let before = raw::bulk(stage.address(), &stage.alias(INDEX))?;
    stage.forget()?;
    let measured = backfill(&mut stage)?;
    // A machine is not as fast at all times: the better of one before and one after is what is possible.
    let after = raw::bulk(stage.address(), &stage.alias(INDEX))?;
    let raw = if after.lasted < before.lasted { after } else { before };
    let comparison = stage.compare(INDEX)?;
    right(&comparison)?;
    let latency = latency::measure(&mut stage)?;
    print(comparison.wanted, measured, &raw, &latency);
    Ok(())
}

/// Applies, and measures from the first chunk to the last.
fn backfill(stage: &mut Stage) -> Result<Backfill, StageError> {
    let postgres = Postgres::of(&mut stage.sql)?;
    let (mut began, mut lasted) = (None, None);
    let before = postgres.cpu_seconds();
    let mut after = None;
    let mut watched = stage.start_told(&["apply"])?;
    let flusso = processes::watch(&mut watched, |line, since| {
        if line.starts_with("backfill ") {
            began = Some(since);
        } else if let (true, Some(began)) = (line.starts_with("verify "), began) {
            lasted = Some(since - began);
            after = postgres.cpu_seconds();
        }
    })?;
    let postgres_seconds = before.zip(after).map(|(before, after)| after - before);
    let lasted = lasted.ok_or_else(|| StageError::TooLate("`flusso apply` filled nothing".to_owned()))?;
    Ok(Backfill { lasted, flusso, postgres_seconds })
}

fn print(documents: usize, backfill: Backfill, raw: &raw::Raw, latency: &Latency) {
    let per_second = |lasted: Duration| documents as f64 / lasted.as_secs_f64();
    let (own, bulk) = (per_second(backfill.lasted), per_second(raw.lasted));
    let bytes = raw.bytes / documents.max(1);
    let postgres =
        backfill.postgres_seconds.map_or("not seen".to_owned(), |seconds| format!("{seconds:.1} s"));
    println!("documents              {documents} of {bytes} bytes on average");
    println!("backfill               {own:.0} documents/s");
    println!("raw versioned _bulk    {bulk:.0} documents/s");
    println!("share of raw           {:.2} (goal {SHARE_GOAL})", own / bulk);
    println!("CPU of Postgres        {postgres}");
    println!("CPU of flusso          {:.1} s, verification included", backfill.flusso.cpu_seconds);
    println!("peak memory of flusso  {:.0} MB (goal {MEMORY_GOAL_MB})", backfill.flusso.peak_mb);
    println!("commit to GET, p50     {:.1} ms (goal {LATENCY_GOAL_MS})", latency.percentile_ms(50));
    println!("commit to GET, p95     {:.1} ms", latency.percentile_ms(95));
}
