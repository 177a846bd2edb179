//! What the server sends for each kind of change under each identity, and where it leads.

use flusso_runtime::source::Event;
use flusso_schemas::lsn::Lsn;

use crate::service::documents::rig::eventually;

use super::rig::{Rig, SLOT, next, plan, transaction};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_identity_tells_where_a_row_was_and_drops_what_no_edge_reads() {
    let mut rig = Rig::start(
        &[],
        &[
            "create table items (id int primary key, order_id int, note text, other text)",
            "alter table items replica identity full",
        ],
    );
    let plan = plan(&[("public.items", &["order_id"], &["note", "order_id"])]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["insert into items values (1, 10, 'a', 'x'), (2, null, 'b', 'y')"]);
    assert_eq!(transaction(&mut *stream).await, ["0:10"]);
    rig.run(&["update items set other = 'z'", "update items set note = 'c' where id = 1"]);
    assert_eq!(transaction(&mut *stream).await, ["0:10"], "the first update is not seen");
    rig.run(&["update items set order_id = 11 where id = 1", "update items set order_id = 12 where id = 2"]);
    assert_eq!(transaction(&mut *stream).await, ["0:10", "0:11"]);
    assert_eq!(transaction(&mut *stream).await, ["0:12"], "a null leads nowhere");
    rig.run(&["delete from items where id = 1"]);
    assert_eq!(transaction(&mut *stream).await, ["0:11"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn composite_keys_and_odd_names_arrive_under_default_and_under_an_index() {
    let mut rig = Rig::start(
        &[],
        &[
            "create schema \"Odd.Schema\"",
            "create table \"Odd.Schema\".\"T\"\"x\" (\"A b\" date, n numeric(10,2), v text, primary key (\"A b\", n))",
            "create table tags (id int primary key, item int not null, tag text not null, v text)",
            "create unique index tags_link on tags (item, tag)",
            "alter table tags replica identity using index tags_link",
        ],
    );
    let plan = plan(&[
        ("\"Odd.Schema\".\"T\"\"x\"", &["A b", "n"], &["v"]),
        ("public.tags", &["item"], &["tag"]),
        ("public.tags", &["id"], &["v"]),
    ]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["set datestyle = 'German'"]);
    rig.run(&["insert into \"Odd.Schema\".\"T\"\"x\" values (date '2024-02-29', 1.5, 'a')"]);
    assert_eq!(transaction(&mut *stream).await, ["0:2024-02-29,1.50"], "as our session prints it");
    rig.run(&[
        "update \"Odd.Schema\".\"T\"\"x\" set n = 2, v = 'é'",
        "delete from \"Odd.Schema\".\"T\"\"x\"",
    ]);
    assert_eq!(transaction(&mut *stream).await, ["0:2024-02-29,1.50", "0:2024-02-29,2.00"]);
    assert_eq!(transaction(&mut *stream).await, ["0:2024-02-29,2.00"]);
    rig.run(&["insert into tags values (1, 10, 't', 'v')", "update tags set item = 11"]);
    assert_eq!(transaction(&mut *stream).await, ["1:10", "2:1"]);
    let moved = transaction(&mut *stream).await;
    assert_eq!(moved, ["1:10", "1:11", "{2} the old row of `public.tags` lacks `id`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_changes_is_judged_by_what_the_server_describes() {
    let mut rig = Rig::start(
        &[],
        &[
            "create table items (id int primary key, order_id int)",
            "alter table items replica identity full",
            "insert into items values (1, 10)",
        ],
    );
    let plan = plan(&[("public.items", &["order_id"], &["order_id"])]);
    rig.run(&[
        "update items set order_id = 11",
        "alter table items replica identity default",
        "update items set order_id = 12",
        "delete from items",
        "alter table items replica identity full",
        "insert into items values (1, 13)",
        "alter table items rename order_id to renamed",
        "insert into items values (2, 14)",
    ]);
    let mut stream = rig.open(&plan).await.stream;
    assert_eq!(transaction(&mut *stream).await, ["0:10", "0:11"]);
    for _ in ["update", "delete"] {
        let said = transaction(&mut *stream).await;
        assert_eq!(said, ["{0} the old row of `public.items` lacks `order_id`"]);
    }
    assert_eq!(transaction(&mut *stream).await, ["0:13"]);
    assert_eq!(transaction(&mut *stream).await, ["{0} a row of `public.items` lacks `order_id`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_out_of_line_navigation_value_comes_from_the_old_row() {
    let mut rig = Rig::start(
        &[],
        &[
            "create table items (id int primary key, big text, note text)",
            "alter table items alter big set storage external, replica identity full",
        ],
    );
    let plan = plan(&[("public.items", &["big"], &["note"])]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["insert into items values (1, repeat('x', 9000), 'a')", "update items set note = 'b'"]);
    let expected = format!("0:{}", "x".repeat(9_000));
    for _ in ["insert", "update"] {
        assert_eq!(transaction(&mut *stream).await, std::slice::from_ref(&expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_column_is_missing_so_nothing_of_its_edge_is_dropped() {
    let mut rig = Rig::start(
        &[],
        &[
            "create table items (id int primary key, a int, b int, twice int generated always as (a * 2) stored)",
            "alter table items replica identity full",
        ],
    );
    let plan = plan(&[("public.items", &["id"], &["twice"]), ("public.items", &["id"], &["b"])]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["insert into items values (1, 1, 1)", "update items set a = 2"]);
    assert_eq!(transaction(&mut *stream).await, ["0:1", "1:1"]);
    assert_eq!(transaction(&mut *stream).await, ["0:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncate_arrives_once_with_every_table_it_emptied() {
    let mut rig = Rig::start(
        &[],
        &[
            "create table orders (id int primary key)",
            "create table items (id int primary key, order_id int references orders)",
            "create table unrelated (id int)",
        ],
    );
    let plan = plan(&[("public.items", &["id"], &[]), ("public.orders", &["id"], &[])]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["truncate unrelated", "truncate unrelated, orders cascade"]);
    assert!(matches!(next(&mut *stream).await, Ok(Event::Begin(_))));
    let Ok(Event::Truncate { mut tables, indexes }) = next(&mut *stream).await else { panic!("a truncate") };
    tables.sort();
    let tables: Vec<String> = tables.iter().map(ToString::to_string).collect();
    assert_eq!(tables, ["public.items", "public.orders"]);
    assert_eq!(indexes, [0, 1].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matters_to_nobody_moves_the_position_and_an_aborted_transaction_never_comes() {
    let mut rig =
        Rig::start(&[], &["create table items (id int primary key)", "create table other (id int)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let mut stream = rig.open(&plan).await.stream;
    rig.run(&["begin", "insert into items values (1)", "rollback", "insert into other values (1)"]);
    rig.run(&["select pg_logical_emit_message(true, 'flusso', '')"]);
    let end: Lsn =
        rig.value("select pg_current_wal_flush_lsn()").expect("a position").parse().expect("a position");
    let reached = async {
        loop {
            match stream.next().await.expect("the stream goes on") {
                Event::Keepalive(position) if position >= end => return,
                Event::Keepalive(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), reached).await.expect("it is reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_position_stays_in_the_slot_and_no_flush_position_stays_with_the_walsender() {
    let mut rig = Rig::start(&[], &["create table items (id int primary key)"]);
    let plan = plan(&[("public.items", &["id"], &[])]);
    let mut opened = rig.open(&plan).await;
    rig.run(&["insert into items values (1)", "insert into items values (2)"]);
    let mut ends = Vec::new();
    while ends.len() < 2 {
        if let Event::Commit { end } = next(&mut *opened.stream).await.expect("the stream goes on") {
            ends.push(end);
        }
    }
    opened.stream.confirm(ends[0]).await.expect("it is sent");
    let slot = format!("select confirmed_flush_lsn from pg_replication_slots where slot_name = '{SLOT}'");
    let confirmed = Some(ends[0].to_string());
    eventually("the position is in the slot", || rig.value(&slot) == confirmed).await;
    let walsender = "select 1 from pg_stat_replication where flush_lsn is null";
    let written = format!("{walsender} and write_lsn >= '{}'", ends[1]);
    eventually("a later status has no flush position", || rig.value(&written).is_some()).await;
    assert_eq!(rig.value(&slot), confirmed, "it stays in the slot");
    drop(opened);
    let mut again = rig.open(&plan).await;
    assert_eq!(transaction(&mut *again.stream).await, ["0:2"], "only what was not confirmed");
}
