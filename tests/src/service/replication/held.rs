//! Holding a slot: while the consumer is slow, while the server goes away, and letting go of it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flusso_runtime::ErrorKind;
use flusso_runtime::source::Event;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::service::documents::rig::eventually;

use super::rig::{Heard, Opened, Rig, SLOT, next, options, plan, transaction};

/// More than the queue and the sockets' buffers hold, so that the walsender has to wait for us.
const ROWS: usize = 200_000;

fn lagging_rig(settings: &[(&str, &str)]) -> Rig {
    let mut rig = Rig::start(settings, &["create table items (id int primary key, filler text)"]);
    rig.run(&[&format!("insert into items select n, repeat('x', 300) from generate_series(1, {ROWS}) n")]);
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_keeps_its_slot_while_the_server_waits_for_it() {
    let mut rig = lagging_rig(&[("wal_sender_timeout", "4s")]);
    let Opened { mut stream, bond } = rig.open(&plan(&[("public.items", &["id"], &[])])).await;
    assert!(matches!(next(&mut *stream).await, Ok(Event::Begin(_))));
    let lease = stream.lease();
    for _ in 0..60 {
        sleep(Duration::from_millis(250)).await;
        lease.check().expect("the slot is ours");
    }
    bond.check().expect("every connection is there");
    let waits = rig.value("select wait_event from pg_stat_activity where backend_type = 'walsender'");
    assert_eq!(waits.as_deref(), Some("WalSenderWriteData"), "nothing is read that nobody takes");
    let mut rows = 0;
    while let Event::Change(_) = next(&mut *stream).await.expect("the transaction goes on") {
        rows += 1;
        if rows % 1_000 == 0 {
            lease.check().expect("the slot is ours while it is caught up");
        }
    }
    assert_eq!(rows, ROWS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_shutdown_does_not_wait_for_a_stream_that_lags() {
    let mut rig = lagging_rig(&[]);
    let Opened { mut stream, bond } = rig.open(&plan(&[("public.items", &["id"], &[])])).await;
    assert!(matches!(next(&mut *stream).await, Ok(Event::Begin(_))));
    let lease = stream.lease();
    let began = Instant::now();
    let stopping = tokio::task::spawn_blocking(move || {
        rig.cluster.stop();
        (rig, began.elapsed())
    });
    let (_rig, took) = stopping.await.expect("it stops");
    assert!(took < Duration::from_secs(10), "{took:?}");
    lease.check().expect_err("the slot is not ours");
    bond.check().expect_err("the session is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_shutdown_ends_a_stream_that_has_caught_up() {
    let mut rig = Rig::start(&[], &["create table items (id int primary key)"]);
    let mut stream = rig.open(&plan(&[("public.items", &["id"], &[])])).await.stream;
    let began = Instant::now();
    rig = tokio::task::spawn_blocking(move || {
        rig.cluster.stop();
        rig
    })
    .await
    .expect("it stops");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(next(&mut *stream).await.expect_err("it is over").kind, ErrorKind::ConnectionLost);
    drop(rig);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_server_is_a_lost_connection_and_the_stream_comes_again() {
    let mut rig = Rig::start(&[], &["create table items (id int primary key)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let Opened { mut stream, bond } = rig.open(&plan).await;
    rig.run(&["insert into items values (1)"]);
    assert_eq!(transaction(&mut *stream).await, ["0:1"]);
    rig.cluster.kill9();
    assert_eq!(next(&mut *stream).await.expect_err("it is over").kind, ErrorKind::ConnectionLost);
    assert_eq!(bond.severed().await.kind, ErrorKind::ConnectionLost);
    stream.lease().check().expect_err("the slot is not ours");
    stream.confirm(flusso_schemas::lsn::Lsn(1)).await.expect_err("nobody hears it");
    rig.cluster.restart().expect("it recovers");
    let mut again = rig.open(&plan).await;
    assert_eq!(transaction(&mut *again.stream).await, ["0:1"], "it was not confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_runner_waits_within_its_bound_and_says_for_whom() {
    let mut rig = Rig::start(&[], &["create table items (id int primary key)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let first = rig.open(&plan).await;
    let holder = rig.value("select active_pid from pg_replication_slots").expect("it is held");
    let heard = Arc::new(Heard::default());
    let began = Instant::now();
    let error = rig.try_open(&plan, [rig.cluster.port; 2], &options(&heard)).await.err().expect("it is held");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(began.elapsed() >= Duration::from_secs(2));
    let waiting = heard.0.lock().expect("nobody panics").clone();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert!(waiting[0].contains(&format!("process {holder} (`{SLOT} stream`")), "{waiting:?}");
    drop(first);
    let began = Instant::now();
    rig.open(&plan).await;
    assert!(began.elapsed() < Duration::from_secs(1), "the slot is free at once: {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_lags_frees_its_slot_when_it_is_dropped() {
    let rig = lagging_rig(&[]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let mut stream = rig.open(&plan).await.stream;
    assert!(matches!(next(&mut *stream).await, Ok(Event::Begin(_))));
    sleep(Duration::from_millis(500)).await;
    drop(stream);
    let began = Instant::now();
    rig.open(&plan).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

/// Passes connections on to a port until it is told to swallow everything, without closing anything.
async fn proxy(to: u16) -> io::Result<(u16, watch::Sender<bool>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let (cut, is_cut) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut is_cut = is_cut.clone();
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", to)).await.expect("the server is there");
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    () = async { drop(is_cut.wait_for(|cut| *cut).await) } => {
                        sleep(Duration::from_secs(600)).await;
                    }
                }
            });
        }
    });
    Ok((port, cut))
}

/// Whether the lease was in doubt when the server freed the slot of a stream that was cut off.
async fn is_doubted_when_free(rig: &mut Rig, opened: &Opened, cut: &watch::Sender<bool>) -> bool {
    let lease = opened.stream.lease();
    sleep(Duration::from_secs(5)).await;
    lease.check().expect("the slot is ours");
    cut.send_replace(true);
    let mut doubted = false;
    eventually("the slot is free", || {
        let is_held = rig.value("select 1 from pg_replication_slots where active").is_some();
        doubted = if is_held { lease.check().is_err() } else { doubted };
        !is_held
    })
    .await;
    doubted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_is_cut_off_stops_writing_before_the_slot_is_free() {
    let mut rig = Rig::start(&[("wal_sender_timeout", "4s")], &["create table items (id int primary key)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let (port, cut) = proxy(rig.cluster.port).await.expect("a proxy");
    let opened = rig.try_open(&plan, [port, port], &options(&Arc::default())).await.expect("a stream");
    assert!(is_doubted_when_free(&mut rig, &opened, &cut).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_stream_alone_is_cut_off_hears_from_its_other_session_that_the_slot_is_free() {
    let mut rig = Rig::start(&[("wal_sender_timeout", "4s")], &["create table items (id int primary key)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let (port, cut) = proxy(rig.cluster.port).await.expect("a proxy");
    let ports = [port, rig.cluster.port];
    let heard = Arc::new(Heard::default());
    let mut opened = rig.try_open(&plan, ports, &options(&heard)).await.expect("a stream");
    assert!(!is_doubted_when_free(&mut rig, &opened, &cut).await, "it was seen to be ours");
    let waiting = heard.0.lock().expect("nobody panics").clone();
    assert_eq!(waiting.len(), 1, "one silence is reported once: {waiting:?}");
    assert!(waiting[0].starts_with(&format!("for the walsender of slot `{SLOT}` (process ")), "{waiting:?}");
    let ended = tokio::time::timeout(Duration::from_secs(1), next(&mut *opened.stream)).await;
    assert_eq!(ended.expect("it hears soon").expect_err("it is over").kind, ErrorKind::ConnectionLost);
    opened.stream.lease().check().expect_err("the slot is not ours");
}
