//! What the catalog record notices, and what it does not mind.

use std::time::Duration;

use flusso_postgres::capture::PostgresCapture;
use flusso_runtime::drift::{Compare, differences};
use flusso_runtime::source::ChangeCapture as _;
use flusso_schemas::lock::{Lock, Manage};
use flusso_schemas::state::{CatalogRecord, StaleCause};

use super::rig::{LONG, Rig, SHORT, plan};

const MANAGE: [Manage; 3] = [Manage::Publication, Manage::ReplicaIdentity, Manage::Slot];

/// The plan, whose query also calls a function of the user.
fn calling_plan() -> Lock {
    let mut plan = plan(&MANAGE);
    plan.indexes[0].bound = "select shop.double(id) from shop.orders".to_owned();
    plan
}

async fn provisioned(rig: &mut Rig, plan: &Lock) -> PostgresCapture {
    rig.run(&[
        "create function shop.double(bigint) returns bigint language sql immutable return 2 * $1",
        "create role other",
    ]);
    let (capture, _) = rig.capture(plan, SHORT).await;
    capture.provision(plan).await.expect("provisioned");
    capture
}

async fn record(capture: &PostgresCapture, plan: &Lock) -> CatalogRecord {
    capture.catalog_record(&plan.indexes[0]).await.expect("a record")
}

/// What statements change, each as cause and words.
async fn changed(
    rig: &mut Rig,
    capture: &PostgresCapture,
    plan: &Lock,
    statements: &[&str],
) -> Vec<(StaleCause, String)> {
    let before = record(capture, plan).await;
    rig.run(statements);
    let after = record(capture, plan).await;
    let found = differences(&before, &after, Compare::All);
    found.iter().map(|found| (found.cause, found.to_string())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_no_row_event_notices_what_changes_documents_without_an_event() {
    let mut rig = Rig::start(&[]);
    let plan = calling_plan();
    let capture = provisioned(&mut rig, &plan).await;
    use StaleCause as Cause;
    let cases: &[(&[&str], Cause, &str)] = &[
        (
            &["alter table shop.orders alter total type numeric(12,2) using total * 2"],
            Cause::TableRewritten,
            "an ALTER rewrote the rows of `shop.orders`",
        ),
        (
            &[
                "alter table shop.orders alter total type numeric(12,2) using total * 2",
                "grant select on shop.orders to other",
            ],
            Cause::TableRewritten,
            "an ALTER rewrote the rows of `shop.orders`",
        ),
        (
            &["begin; savepoint a; alter table shop.orders alter total type numeric(12,2) using total * 2; \
               release a; savepoint b; grant select on shop.orders to public; commit"],
            Cause::TableRewritten,
            "an ALTER rewrote the rows of `shop.orders`",
        ),
        (
            &["alter table shop.orders alter status drop not null"],
            Cause::ColumnNullable,
            "column `shop.orders.status` is no longer NOT NULL",
        ),
        (
            &["alter type shop.status rename value 'paid' to 'payed'"],
            Cause::LabelMissing,
            "label `paid` of enum `shop.status` does not exist",
        ),
        (
            &["alter table shop.items replica identity default"],
            Cause::IdentityNarrowed,
            "the replica identity of `shop.items` no longer holds `order_id`",
        ),
        (
            &[
                "alter publication flusso_rig drop table shop.items",
                "alter publication flusso_rig add table shop.items",
            ],
            Cause::TableUnpublished,
            "`shop.items` left the publication",
        ),
        (
            &[
                "alter publication flusso_rig set (publish = 'insert')",
                "alter publication flusso_rig set (publish = 'insert, update, delete, truncate')",
            ],
            Cause::PublicationAltered,
            "the publication was altered",
        ),
        (
            &["alter table shop.orders drop column note", "alter table shop.orders add column note varchar"],
            Cause::ColumnReplaced,
            "`shop.orders.note` was replaced by another column",
        ),
        (
            &[
                "create or replace function shop.double(bigint) returns bigint language sql immutable return 3 * $1",
            ],
            Cause::FunctionChanged,
            "function `shop.double(bigint)` was created, replaced or altered",
        ),
        (
            &["create table shop.part (like shop.items) ", "alter table shop.part inherit shop.items"],
            Cause::ChildrenChanged,
            "the partitions or children of `shop.items` changed",
        ),
        (
            &["alter table shop.items rename to items_old"],
            Cause::TableMissing,
            "table `shop.items` does not exist",
        ),
        (
            &[
                "alter table shop.orders rename to orders_old",
                "create table shop.orders (like shop.orders_old including all)",
            ],
            Cause::TableReplaced,
            "`shop.orders` was replaced by another table",
        ),
    ];
    for (statements, cause, words) in cases {
        let found = changed(&mut rig, &capture, &plan, statements).await;
        assert_eq!(found, [(*cause, (*words).to_owned())], "{statements:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_no_row_event_does_not_mind_maintenance_and_unrelated_changes() {
    let mut rig = Rig::start(&[("autovacuum", "off")]);
    let plan = calling_plan();
    let capture = provisioned(&mut rig, &plan).await;
    rig.run(&[
        "create unique index orders_identity on shop.orders (id, total)",
        "alter table shop.orders replica identity using index orders_identity",
        "alter table shop.orders add constraint positive check (total > 0) not valid",
    ]);
    let harmless: &[&[&str]] = &[
        &["reindex table concurrently shop.orders"],
        &["reindex index concurrently shop.orders_identity"],
        &["alter table shop.orders replica identity default"],
        &["alter publication flusso_rig owner to other"],
        &["vacuum full shop.orders"],
        &["cluster shop.orders using orders_pkey"],
        &["vacuum full shop.orders", "grant select on shop.orders to other"],
        &["grant select (note) on shop.orders to other", "revoke select (note) on shop.orders from other"],
        &["comment on table shop.orders is 'c'", "comment on column shop.orders.note is 'c'"],
        &["analyze shop.orders", "vacuum shop.orders", "vacuum freeze shop.orders"],
        &["alter table shop.orders set (autovacuum_enabled = off, fillfactor = 90)"],
        &["alter table shop.orders add column unrelated int default 1"],
        &["alter table shop.orders add column random float8 default random()"],
        &["alter table shop.orders rename column unrelated to renamed"],
        &["alter table shop.orders drop column renamed"],
        &["create index on shop.orders (note)", "create index concurrently on shop.orders (total)"],
        &["truncate shop.items", "alter table shop.items add column more text"],
        &["alter table shop.orders validate constraint positive"],
        &["alter table shop.orders alter note type character varying(40)"],
        &["alter table shop.orders alter note set statistics 500"],
        &["alter table shop.orders alter note set default 'x'"],
        &["alter table shop.orders alter note set not null"],
        &["alter table shop.orders alter note drop not null"],
        &["alter type shop.status add value 'new' before 'paid'"],
        &["create table shop.more (id int)", "alter publication flusso_rig add table shop.more"],
        &["alter table shop.orders owner to other"],
        &[
            "create trigger t after insert on shop.orders execute function suppress_redundant_updates_trigger()",
        ],
    ];
    for statements in harmless {
        let found = changed(&mut rig, &capture, &plan, statements).await;
        assert_eq!(found, [], "{statements:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_harmless_acts_that_look_like_a_rewrite_are_left_to_a_comparison() {
    let mut rig = Rig::start(&[("autovacuum", "off")]);
    let plan = calling_plan();
    let capture = provisioned(&mut rig, &plan).await;
    let pairs: &[&[&str]] = &[
        &["vacuum full shop.orders", "alter table shop.orders alter note set statistics 500"],
        &["alter table shop.orders alter note set statistics 400", "cluster shop.orders using orders_pkey"],
        &["truncate shop.items", "alter table shop.items alter order_id set default 1"],
        // A default that rows of before do not hold is written into them.
        &["alter table shop.items alter order_id drop default", "truncate shop.items"],
    ];
    for statements in pairs {
        let found = changed(&mut rig, &capture, &plan, statements).await;
        let causes: Vec<StaleCause> = found.iter().map(|(cause, _)| *cause).collect();
        assert_eq!(causes, [StaleCause::TableMaybeRewritten], "{statements:?}");
    }
    rig.run(&[
        "alter table shop.orders drop column note",
        "alter table shop.orders add column note varchar default 'x'",
    ]);
    let found = changed(&mut rig, &capture, &plan, &["vacuum full shop.orders"]).await;
    assert_eq!(found[0].0, StaleCause::TableMaybeRewritten, "it writes the default into older rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_record_waits_for_an_alter_that_has_begun_and_shows_it() {
    let mut rig = Rig::start(&[]);
    let plan = calling_plan();
    provisioned(&mut rig, &plan).await;
    let (capture, heard) = rig.capture(&plan, LONG).await;
    let before = record(&capture, &plan).await;
    rig.run(&["begin", "alter table shop.orders alter total type numeric(12,2) using total * 2"]);
    let index = plan.indexes[0].clone();
    let settling = tokio::spawn(async move { capture.settled_catalog_record(&index).await });
    heard.wait_for("for a lock on 2 tables, held by process").await;
    assert!(!settling.is_finished());
    rig.run(&["commit"]);
    let settled = tokio::time::timeout(LONG, settling).await.expect("it ends").expect("no panic");
    let found = differences(&before, &settled.expect("a record"), Compare::All);
    assert_eq!(found.iter().map(|found| found.cause).collect::<Vec<_>>(), [StaleCause::TableRewritten]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_record_leaves_out_a_table_that_does_not_exist() {
    let mut rig = Rig::start(&[]);
    let plan = calling_plan();
    let capture = provisioned(&mut rig, &plan).await;
    rig.run(&["alter table shop.items rename to items_old"]);
    let settled =
        tokio::time::timeout(Duration::from_secs(30), capture.settled_catalog_record(&plan.indexes[0]));
    let record = settled.await.expect("it ends").expect("a record");
    assert_eq!(record.tables.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_no_row_event_notices_functions_behind_operators_and_casts_and_by_their_schema() {
    let mut rig = Rig::start(&[]);
    let mut plan = calling_plan();
    let index = &mut plan.indexes[0];
    index.bound =
        "select shop.double(id), id operator(shop.|+|) 1, id::shop.label::text from shop.orders".to_owned();
    index.search_path = vec!["pg_catalog".to_owned(), "ext".to_owned()];
    let capture = provisioned(&mut rig, &plan).await;
    let body = "language sql immutable as $$ select 1::bigint $$";
    let again = |name: &str, returns: &str, rest: &str| {
        format!("create or replace function {name} returns {returns} {rest}")
    };
    let spelled = "language sql immutable as $$ select 'a' $$";
    let labelled = "language sql immutable as $$ select 'a'::shop.label $$";
    rig.run(&[
        "create schema ext",
        "create schema elsewhere",
        "create type shop.label as enum ('a')",
        &again("shop.plus(bigint, int)", "bigint", body),
        "create operator shop.|+| (function = shop.plus, leftarg = bigint, rightarg = int)",
        &again("shop.labelled(bigint)", "shop.label", labelled),
        "create cast (bigint as shop.label) with function shop.labelled(bigint)",
        &again("shop.spelled(shop.label)", "text", spelled),
        "create cast (shop.label as text) with function shop.spelled(shop.label)",
        &again("elsewhere.double(bigint)", "bigint", body),
        &again("ext.plus(bigint)", "bigint", body),
    ]);
    for (function, returns, rest) in [
        ("shop.plus(bigint, int)", "bigint", body),
        ("shop.labelled(bigint)", "shop.label", labelled),
        ("shop.spelled(shop.label)", "text", spelled),
    ] {
        let found = changed(&mut rig, &capture, &plan, &[&again(function, returns, rest)]).await;
        let causes: Vec<StaleCause> = found.iter().map(|(cause, _)| *cause).collect();
        assert_eq!(causes, [StaleCause::FunctionChanged], "{function}: {found:?}");
    }
    for function in ["elsewhere.double(bigint)", "ext.plus(bigint)"] {
        let found = changed(&mut rig, &capture, &plan, &[&again(function, "bigint", body)]).await;
        assert_eq!(found, [], "{function} is not called");
    }
}
