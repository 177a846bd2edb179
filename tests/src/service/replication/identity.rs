//! Rule *relation-identity*: whatever name a table or column has when a row is written, no write is lost
//! without a word.

use super::rig::{Rig, plan, transaction};

const SCHEMA: [&str; 6] = [
    "create schema other",
    "create table items (id int primary key, a int, b int, c int)",
    "alter table items replica identity full",
    "create table swaps (id int primary key, a int, b int, c int)",
    "alter table swaps replica identity full",
    "insert into items values (1, 10, 20, 30), (2, 11, 21, 31)",
];

const WRITE: &str = "update {} set a = a + 100, b = b + 100, c = c + 100 where id = 1";

/// What a stream says of statements whose tables and columns have other names for a while, read once they
/// have their own names back: as a follower that was down, or that lags, reads them.
async fn said_of(statements: &[String]) -> Vec<String> {
    let mut rig = Rig::start(&[], &SCHEMA);
    let plan = plan(&[("public.items", &["b"], &["b", "id"])]);
    let records = rig.records(&plan).await;
    let mut before = rig.open_with(&plan, &records).await;
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    rig.run(&statements);
    rig.run(&["insert into items (id, b) values (9, 99)"]);
    let mut running = Vec::new();
    while running.last().map(String::as_str) != Some("0:99") {
        running.extend(transaction(&mut *before).await);
    }
    drop(before);
    let mut stopped = Vec::new();
    let mut after = rig.open_with(&plan, &records).await;
    while stopped.last().map(String::as_str) != Some("0:99") {
        stopped.extend(transaction(&mut *after).await);
    }
    assert_eq!(running, stopped, "a follower that was down hears the same");
    running
}

fn written(table: &str, before: &[&str], after: &[&str]) -> Vec<String> {
    let write = WRITE.replace("{}", table);
    before.iter().chain([&write.as_str()]).chain(after).map(|statement| (*statement).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn relation_identity_a_table_that_is_renamed_written_and_renamed_back_is_not_lost() {
    let renamed =
        written("moved", &["alter table items rename to moved"], &["alter table moved rename to items"]);
    let away = "{0} rows of `public.items` were written while it was named `public.moved`";
    assert_eq!(said_of(&renamed).await, [away, "0:99"]);
    let in_another_schema = written(
        "other.items",
        &["alter table items set schema other"],
        &["alter table other.items set schema public"],
    );
    let away = "{0} rows of `public.items` were written while it was named `other.items`";
    assert_eq!(said_of(&in_another_schema).await, [away, "0:99"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn relation_identity_a_table_of_a_schema_that_is_renamed_and_renamed_back_is_not_lost() {
    let mut rig = Rig::start(&[], &SCHEMA);
    let plan = plan(&[("public.items", &["b"], &["b", "id"])]);
    let records = rig.records(&plan).await;
    let statements = written(
        "away.items",
        &["alter schema public rename to away"],
        &["alter schema away rename to public"],
    );
    let mut running = rig.open_with(&plan, &records).await;
    rig.run(&statements.iter().map(String::as_str).collect::<Vec<_>>());
    // Postgres 15 describes the table once, so what comes later would still have the other name.
    let away = "{0} rows of `public.items` were written while it was named `away.items`";
    assert_eq!(transaction(&mut *running).await, [away]);
    drop(running);
    let mut stopped = rig.open_with(&plan, &records).await;
    assert_eq!(transaction(&mut *stopped).await, [away]);
}

#[tokio::test(flavor = "multi_thread")]
async fn relation_identity_two_tables_that_exchange_names_are_not_lost() {
    let exchange = |one: &'static str, other: &'static str| {
        [
            format!("alter table {one} rename to t"),
            format!("alter table {other} rename to {one}"),
            format!("alter table t rename to {other}"),
        ]
    };
    let exchanged = exchange("items", "swaps");
    let exchanged: Vec<&str> = exchanged.iter().map(String::as_str).collect();
    let statements = [
        written("swaps", &exchanged, &exchanged),
        // The other table's rows come under the recorded name.
        written("items", &[&exchanged[..], &["insert into items values (1, 1, 1, 1)"]].concat(), &exchanged),
    ];
    let away = "{0} rows of `public.items` were written while it was named `public.swaps`";
    assert_eq!(said_of(&statements[0]).await, [away, "0:99"]);
    let other = "{0} rows were written while another table was named `public.items`";
    assert_eq!(said_of(&statements[1]).await, [other, other, "0:99"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn relation_identity_columns_that_exchange_names_are_not_lost() {
    for other in ["a", "c"] {
        let exchange = [
            "alter table items rename b to t".to_owned(),
            format!("alter table items rename {other} to b"),
            format!("alter table items rename t to {other}"),
        ];
        let exchange: Vec<&str> = exchange.iter().map(String::as_str).collect();
        let said = said_of(&written("items", &exchange, &exchange)).await;
        let expected = "{0} rows were written while another column was named `public.items.b`";
        assert_eq!(said, [expected, "0:99"], "with `{other}`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relation_identity_a_copy_that_takes_the_name_is_not_lost() {
    let copied = [
        "create table copy (like items including all)",
        "alter table copy replica identity full",
        "insert into copy select * from items",
        "alter table items rename to old",
        "alter table copy rename to items",
        "update items set b = 5 where id = 1",
        "alter table items rename to copy",
        "alter table old rename to items",
    ];
    let copied: Vec<String> = copied.map(str::to_owned).to_vec();
    let other = "{0} rows were written while another table was named `public.items`";
    assert_eq!(said_of(&copied).await, [other, "0:99"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_away_while_nothing_was_written_stops_nothing() {
    let harmless = [
        &["alter table items rename to moved", "alter table moved rename to items"][..],
        &["alter table items rename b to t", "alter table items rename t to b"],
        &["alter table items set schema other", "alter table other.items set schema public"],
        &["alter table items add column d int", "update items set d = 1, b = b where id = 1"],
        &["alter table items drop column a", "update items set b = b where id = 1"],
        &["alter table items rename c to renamed", "update items set b = b where id = 1"],
        &["grant select on items to public", "update items set b = b where id = 1"],
    ];
    for statements in harmless {
        let statements: Vec<String> = statements.iter().map(|each| (*each).to_owned()).collect();
        assert_eq!(said_of(&statements).await, ["0:99"], "{statements:?}");
    }
}
