//! Every id of a generation, page by page.

use std::collections::BTreeSet;

use flusso_runtime::ErrorKind;
use flusso_runtime::documents::Documents;
use flusso_runtime::sink::{Answer, WriteCause};
use serde_json::Value;

use super::rig::{Rig, batch, index, key, write};

/// Ids of the listing: 20 pages and a bit.
const IDS: usize = 100_123;

#[tokio::test]
async fn a_listing_holds_each_id_once_as_of_the_last_refresh() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("p")).await;
    let mut documents = Documents::default();
    (0..IDS).for_each(|number| documents.push(key(format!("id-{number}")), b"{\"n\":1}"));
    let answers =
        rig.sink.write(&generation, batch(1, &documents, &[], WriteCause::Event)).await.expect("answers");
    assert!(answers.iter().all(|answer| *answer == Answer::Done));
    assert!(
        rig.sink.ids_page(&generation, None).await.expect("a page").is_empty(),
        "nothing is refreshed yet"
    );
    rig.sink.refresh(&generation).await.expect("refreshed");
    let (mut seen, mut listed, mut after) = (BTreeSet::new(), 0, None);
    loop {
        let page = rig.sink.ids_page(&generation, after.as_deref()).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        listed += page.len();
        seen.extend(page);
        // Changes meanwhile do not disturb it.
        write(&rig, &generation, 2, &[(&format!("new-{listed}"), "1")], &["id-7"]).await;
    }
    assert_eq!((listed, seen.len()), (IDS, IDS));
}

#[tokio::test]
async fn a_listing_that_broke_off_is_begun_again() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("b")).await;
    write(&rig, &generation, 1, &[("a", "1")], &[]).await;
    rig.sink.refresh(&generation).await.expect("refreshed");
    let page = rig.sink.ids_page(&generation, None).await.expect("a page");
    assert_eq!(page, ["a"]);
    // Closing an index ends every point in time over it.
    for what in ["_close", "_open"] {
        rig.ask("POST", &format!("/{}/{what}", generation.name), &Value::Null);
    }
    let error = rig.sink.ids_page(&generation, Some("a")).await.expect_err("the point in time is gone");
    assert_eq!(error.kind, ErrorKind::Unanswered, "{error}");
    assert_eq!(rig.sink.ids_page(&generation, None).await.expect("a page"), ["a"]);
}
