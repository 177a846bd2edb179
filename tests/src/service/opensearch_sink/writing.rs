//! Versions, ids, rejections, and what is sent again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use flusso_runtime::ErrorKind;
use flusso_runtime::sink::{Answer, WriteBatch, WriteCause};
use flusso_schemas::lock::Compression;
use serde_json::json;

use super::proxy::Proxy;
use super::rig::{Rig, TestLease, batch, connect, documents, index, index_of, key, plan, prefix, write};

#[tokio::test]
async fn an_older_version_is_answered_with_the_newer_one_and_an_equal_one_is_taken() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("v")).await;
    assert_eq!(write(&rig, &generation, 10, &[("a", "1")], &[]).await, [Answer::Done]);
    assert_eq!(write(&rig, &generation, 10, &[("a", "2")], &[]).await, [Answer::Done]);
    assert_eq!(write(&rig, &generation, 9, &[("a", "3")], &[]).await, [Answer::Newer(10)]);
    assert_eq!(write(&rig, &generation, 9, &[], &["a"]).await, [Answer::Newer(10)]);
    let stored =
        rig.sink.get_many(&generation, &["a".to_owned()]).await.expect("read").remove(0).expect("there");
    assert_eq!((stored.version, stored.json.as_slice()), (10, &br#"{"n":2}"#[..]));
}

#[tokio::test]
async fn a_document_comes_back_byte_by_byte() {
    let rig = Rig::start().await;
    let body = json!({ "mappings": { "properties": { "n": { "type": "object", "enabled": false } } } });
    let generation = rig.generation(&index_of("bytes", body)).await;
    let written = r#"{"a" : 1e400, "b":1.00,"c":123456789012345678901234567890.10,"d":-0}"#;
    assert_eq!(write(&rig, &generation, 1, &[("a", written)], &[]).await, [Answer::Done]);
    let stored =
        rig.sink.get_many(&generation, &["a".to_owned()]).await.expect("read").remove(0).expect("there");
    assert_eq!(String::from_utf8_lossy(&stored.json), format!("{{\"n\":{written}}}"));
}

#[tokio::test]
async fn deleting_what_was_never_there_keeps_an_older_document_out() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("d")).await;
    assert_eq!(write(&rig, &generation, 30, &[], &["late"]).await, [Answer::Done]);
    assert_eq!(write(&rig, &generation, 20, &[("late", "1")], &[]).await, [Answer::Newer(30)]);
    let found = rig.sink.get_many(&generation, &["late".to_owned()]).await.expect("read");
    assert!(found[0].is_none());
}

#[tokio::test]
async fn any_text_of_up_to_512_bytes_is_an_id() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("i")).await;
    let (longest, too_long) = ("ä".repeat(256), "x".repeat(513));
    let ids =
        ["\"quoted\"\\", "ünï ⛄", "a\nb\t\u{1}", "{\"index\":{}}\n", longest.as_str(), "../x?y#z", " "];
    let mut entries: Vec<(&str, &str)> = ids.iter().map(|id| (*id, "1")).collect();
    entries.extend([(too_long.as_str(), "1"), ("", "1")]);
    let answers = write(&rig, &generation, 1, &entries, &[&too_long]).await;
    let rejected = |kind: &str| Answer::Rejected { error_type: kind.to_owned(), field: None };
    let mut expected = vec![Answer::Done; ids.len()];
    expected.extend([
        rejected("its `_id` has more than 512 bytes"),
        rejected("its `_id` is empty"),
        Answer::Done,
    ]);
    assert_eq!(answers, expected);
    let asked: Vec<String> = ids.iter().rev().map(|id| id.to_string()).collect();
    let found = rig.sink.get_many(&generation, &asked).await.expect("read");
    assert!(found.iter().all(Option::is_some), "every id is found as it was written");
}

#[tokio::test]
async fn documents_come_back_in_the_order_asked() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("o")).await;
    let ids: Vec<String> = (0..1_200).map(|number| number.to_string()).collect();
    let entries: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), id.as_str())).collect();
    let answers = write(&rig, &generation, 1, &entries, &[]).await;
    assert!(answers.iter().all(|answer| *answer == Answer::Done));
    let asked: Vec<String> = ids.iter().rev().cloned().chain(["none".to_owned()]).collect();
    let found = rig.sink.get_many(&generation, &asked).await.expect("read");
    for (id, found) in asked.iter().zip(&found).take(ids.len()) {
        let found = found.as_ref().expect("it was written");
        assert_eq!(found.json, format!("{{\"n\":{id}}}").into_bytes());
    }
    assert!(found.last().is_some_and(Option::is_none));
}

#[tokio::test]
async fn a_rejected_document_gives_type_and_field_and_harms_no_other() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("r")).await;
    let entries = [("good", "1"), ("bad", "\"secret\""), ("also", "2")];
    let answers = write(&rig, &generation, 1, &entries, &[]).await;
    let rejected =
        Answer::Rejected { error_type: "mapper_parsing_exception".to_owned(), field: Some("n".to_owned()) };
    assert_eq!(answers, [Answer::Done, rejected, Answer::Done]);
    assert!(!format!("{answers:?}").contains("secret"));
}

#[tokio::test]
async fn limits_only_cut_a_batch_into_requests() {
    let small = |plan: &mut flusso_schemas::lock::OpenSearchPlan| {
        (plan.bulk_documents_max, plan.bulk_bytes_max, plan.bulk_compress) = (7, 300, Compression::None);
    };
    let rig = Rig::with(small).await;
    let generation = rig.generation(&index("l")).await;
    let ids: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let entries: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), id.as_str())).collect();
    let mut expected = vec![Answer::Done; 100];
    assert_eq!(write(&rig, &generation, 5, &entries, &[]).await, expected);
    expected.fill(Answer::Newer(5));
    assert_eq!(write(&rig, &generation, 4, &entries, &[]).await, expected);
}

#[tokio::test]
async fn a_dropped_generation_is_not_made_again_by_a_write() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("g")).await;
    write(&rig, &generation, 1, &[("a", "1")], &[]).await;
    rig.sink.drop_generation(&generation).await.expect("dropped");
    rig.sink.drop_generation(&generation).await.expect("dropping it again is no error");
    let (one, none) = (documents(&[("a", "1")]), documents(&[]));
    let deletes = [key("a")];
    // A request of deletes alone makes an index where only `require_alias` stands against it.
    for batch in [batch(2, &one, &[], WriteCause::Event), batch(2, &none, &deletes, WriteCause::Event)] {
        let error = rig.sink.write(&generation, batch).await.expect_err("it is gone");
        assert_eq!(error.kind, ErrorKind::Drift, "{error}");
    }
    assert_eq!(rig.indexes(), Vec::<String>::new());
    assert_eq!(rig.sink.identity(&generation).await.expect("read"), None);
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_sent_again() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("s")).await;
    let proxy = Proxy::start(&rig.address).await;
    let sink = connect(&plan(&proxy.address, &rig.prefix)).await.expect("a sink");
    proxy.lose_answers(2);
    let documents = documents(&[("a", "1")]);
    let answers =
        sink.write(&generation, batch(3, &documents, &[], WriteCause::Event)).await.expect("answers");
    assert_eq!((answers, proxy.left_to_lose()), (vec![Answer::Done], 0));
}

#[tokio::test]
async fn work_without_an_event_is_never_sent_again() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("e")).await;
    let proxy = Proxy::start(&rig.address).await;
    let mut plan = plan(&proxy.address, &rig.prefix);
    (plan.bulk_documents_max, plan.bulk_requests_in_flight) = (1, 1);
    let sink = connect(&plan).await.expect("a sink");
    proxy.lose_answers(1);
    let documents = documents(&[("a", "1"), ("b", "1")]);
    let answers =
        sink.write(&generation, batch(3, &documents, &[], WriteCause::Eventless)).await.expect("answers");
    assert_eq!(answers, [Answer::Unanswered, Answer::Done], "the others are sent all the same");
    let ids = ["a", "b"].map(str::to_owned);
    let found = rig.sink.get_many(&generation, &ids).await.expect("read");
    assert!(found.iter().all(Option::is_some), "the first one did arrive, though nobody knows");
}

#[tokio::test]
async fn nothing_is_sent_after_the_lease_or_the_deadline() {
    let rig = Rig::start().await;
    let generation = rig.generation(&index("n")).await;
    let documents = documents(&[("a", "1")]);
    let lease = Arc::new(TestLease::default());
    lease.0.store(true, Ordering::Relaxed);
    let lost = WriteBatch { lease, ..batch(3, &documents, &[], WriteCause::Event) };
    assert_eq!(rig.sink.write(&generation, lost).await.expect_err("lost").kind, ErrorKind::ConnectionLost);
    let late = WriteBatch { deadline: Instant::now(), ..batch(3, &documents, &[], WriteCause::Event) };
    assert_eq!(rig.sink.write(&generation, late).await.expect("answers"), [Answer::Unanswered]);
    assert!(rig.sink.get_many(&generation, &["a".to_owned()]).await.expect("read")[0].is_none());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_at_first() {
    let began = Instant::now();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let error = connect(&plan(&address, &prefix())).await.expect_err("nothing listens");
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(error.message.contains(&address), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}
