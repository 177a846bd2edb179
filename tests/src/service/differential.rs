//! Random schemas, rows and configs: what a lock's queries give on a real server is what independently written
//! SQL says.
//!
//! `FLUSSO_DIFFERENTIAL_CASES` says how many, `FLUSSO_DIFFERENTIAL_SEED` repeats one.

pub(super) mod compile;
mod condition;
mod config;
mod data;
mod index;
mod json;
mod random;
mod run;
mod schema;
mod truth;
mod types;

use std::collections::BTreeMap;
use std::env;
use std::panic::AssertUnwindSafe;

use crate::rig::watch;
use crate::service::documents::rig::Rig;
use run::{Case, Ended};

/// Cases of a run where nothing else is said.
const CASES: u64 = 300;

/// Cases whose documents are written to a real index.
const INDEXES: u64 = 12;

/// Sessions that work beside each other.
const WORKERS: u64 = 2;

/// What came of some cases.
#[derive(Default)]
struct Figures {
    cases: u64,
    documents: usize,
    refused: BTreeMap<String, u64>,
    refused_cases: u64,
    /// Seeds of the cases that are wrong.
    wrong: Vec<u64>,
}

#[test]
fn a_lock_builds_what_the_language_says_and_no_change_is_missed() {
    watch();
    if let Some(seed) = number("FLUSSO_DIFFERENTIAL_SEED") {
        assert!(run(&[seed]).wrong.is_empty(), "seed {seed} is wrong");
        return;
    }
    let first = number("FLUSSO_DIFFERENTIAL_FIRST").unwrap_or(0);
    let cases = number("FLUSSO_DIFFERENTIAL_CASES").unwrap_or(CASES);
    let of_worker =
        |worker: u64| (first..first + cases).filter(|seed| seed % WORKERS == worker).collect::<Vec<_>>();
    let all: Vec<Figures> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..WORKERS).map(|worker| scope.spawn(move || run(&of_worker(worker)))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let (mut cases, mut documents, mut refused) = (0, 0, 0);
    let wrong: Vec<u64> = all.iter().flat_map(|figures| figures.wrong.clone()).collect();
    for figures in &all {
        cases += figures.cases;
        documents += figures.documents;
        refused += figures.refused_cases;
        for (message, times) in &figures.refused {
            println!("refused {times} times: {message}");
        }
    }
    println!("{cases} cases, {documents} documents, {refused} configs refused, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "wrong seeds: {wrong:?}");
    assert!(refused * 5 <= cases, "{refused} of {cases} configs are refused, so too little is tested");
}

/// The values that a mapping cannot hold though its column can: a sum beyond a double.
const BEYOND_THE_INDEX: [&str; 2] = ["finite values", "out of range"];

#[test]
fn the_index_takes_the_documents_of_a_lock() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let mut rig = database();
    let builder = runtime.block_on(rig.builder());
    for seed in 0..number("FLUSSO_DIFFERENTIAL_INDEXES").unwrap_or(INDEXES) {
        let refused =
            runtime.block_on(async { Case::new(seed, &mut rig, &builder).refused_by_the_index().await });
        let unknown: Vec<&String> = refused
            .iter()
            .filter(|error| !BEYOND_THE_INDEX.iter().any(|known| error.contains(known)))
            .collect();
        assert!(unknown.is_empty(), "seed {seed}: {unknown:#?}");
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// A database whose session prints values as the stream of changes does.
fn database() -> Rig {
    let mut rig = Rig::new();
    for setting in
        ["timezone = 'UTC'", "datestyle = 'ISO'", "intervalstyle = 'iso_8601'", "bytea_output = 'hex'"]
    {
        rig.run(&[&format!("set {setting}")]);
    }
    rig.run(&truth::HELPERS);
    rig
}

/// Runs cases one by one over a database of their own.
fn run(seeds: &[u64]) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let mut rig = database();
    let mut figures = Figures::default();
    for seed in seeds {
        // A session keeps the statements that it prepared, and a column of their tables may change its type.
        let builder = &runtime.block_on(rig.builder());
        let case =
            AssertUnwindSafe(|| runtime.block_on(async { Case::new(*seed, &mut rig, builder).run().await }));
        figures.cases += 1;
        match std::panic::catch_unwind(case) {
            Ok(Ended::Right { documents }) => figures.documents += documents,
            Ok(Ended::Refused(messages)) => {
                figures.refused_cases += 1;
                for message in messages {
                    *figures.refused.entry(message).or_default() += 1;
                }
            }
            // What is wrong was printed when it was found.
            Err(_) => figures.wrong.push(*seed),
        }
    }
    figures
}
