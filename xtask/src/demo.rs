//! `cargo xtask demo`: the whole of flusso on real servers, from an empty database to documents that
//! are compared, every one of them, with what independent SQL says.

use crate::compare::Comparison;
use crate::fixtures::SHOP;
use crate::services::Urls;
use crate::stage::{Stage, StageError, right, say};
use crate::{paths, test};

/// How much of the shop: a twentieth, 5,000 orders.
const SCALE: f64 = 0.05;
const INDEXES: [&str; 3] = ["orders", "products", "users"];
/// The order that `changes.sql` changes first.
const CHANGED_ORDER: &str = "1";

/// Runs the demo; the services it started are ended, their data stays.
pub fn run() -> Result<(), StageError> {
    test::cargo(&["build", "--workspace", "--bins"])?;
    say("cargo xtask services up");
    test::with_services(perform)
}

fn perform(urls: &Urls) -> Result<(), StageError> {
    let binary = paths::target().join("debug/flusso");
    let mut stage = Stage::set("demo", urls, binary, SCALE)?;
    stage.say_variables();
    stage.flusso(&["check"])?;
    stage.flusso(&["compile"])?;
    stage.flusso(&["apply"])?;
    let before = show(&stage)?;
    change_while_following(&mut stage)?;
    let after = show(&stage)?;
    if before == after {
        return Err(StageError::TooLate(format!("order {CHANGED_ORDER} is as it was before the changes")));
    }
    compare_all(&mut stage)
}

/// Prints one order as the index has it.
fn show(stage: &Stage) -> Result<serde_json::Value, StageError> {
    say(&format!("curl {}/{}/_doc/{CHANGED_ORDER}", stage.opensearch, stage.alias("orders")));
    let document = stage.document("orders", CHANGED_ORDER)?;
    println!("{}", serde_json::to_string_pretty(&document).expect("what was JSON is JSON"));
    Ok(document)
}

fn change_while_following(stage: &mut Stage) -> Result<(), StageError> {
    let running = stage.follow()?;
    say(&format!("psql {} -f {}/changes.sql", stage.database_url, SHOP.folder().display()));
    for statement in SHOP.changes()? {
        stage.sql.query(&statement)?;
    }
    stage.wait_until_confirmed()?;
    running.stop()
}

fn compare_all(stage: &mut Stage) -> Result<(), StageError> {
    let mut all = Comparison::default();
    for index in INDEXES {
        let comparison = stage.compare(index)?;
        println!("{index}: {} documents, {} wrong", comparison.wanted, comparison.wrong);
        all.wanted += comparison.wanted;
        all.wrong += comparison.wrong;
        all.shown.extend(comparison.shown);
    }
    right(&all)?;
    println!("{0} of {0} documents equal", all.wanted);
    Ok(())
}
