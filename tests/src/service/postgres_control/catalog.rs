//! Facts, probes, findings and records from a live catalog.

use std::collections::BTreeMap;
use std::time::Duration;

use flusso_postgres::facts::{catalog_facts, catalog_facts_of};
use flusso_postgres::probe::probe;
use flusso_runtime::source::ChangeCapture as _;
use flusso_schemas::facts::{Ask, CatalogFacts, ColumnFacts, Probe, Question};
use flusso_schemas::lock::{Manage, TlsFiles};
use flusso_schemas::name::TableName;

use super::rig::{Rig, SHORT, plan};

const MANAGE: [Manage; 3] = [Manage::Publication, Manage::ReplicaIdentity, Manage::Slot];

fn odd() -> TableName {
    TableName::new("Odd \"Schema\"", "Table.1")
}

const ODD: [&str; 4] = [
    "create schema \"Odd \"\"Schema\"\"\"",
    "create collation shop.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "create domain shop.money as numeric(10,2) not null",
    "create table \"Odd \"\"Schema\"\"\".\"Table.1\" (id int, first text, last text collate shop.blind, \
     gone int, full_name text generated always as (first || last) stored, price shop.money, \
     tags character varying(8)[], primary key (id) deferrable, unique (id, first) include (last))",
];

fn column<'a>(facts: &'a CatalogFacts, name: &str) -> &'a ColumnFacts {
    facts.relations[&odd()].columns.iter().find(|column| column.name == name).expect("a column")
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_tell_types_keys_and_what_generated_columns_read() {
    let mut rig = Rig::start(&[]);
    rig.run(&ODD);
    rig.run(&["alter table \"Odd \"\"Schema\"\"\".\"Table.1\" drop column gone"]);
    let orders = TableName::new("shop", "orders");
    let missing = TableName::new("shop", "order");
    let tables = [odd(), orders.clone(), missing.clone(), TableName::new("nowhere", "items")];
    let facts = catalog_facts(&rig.session("postgres").await, &tables).await.expect("facts");

    assert_eq!(facts.relations.keys().collect::<Vec<_>>(), [&tables[0], &tables[1]]);
    assert_eq!(facts.server.names_elsewhere, BTreeMap::from([("nowhere.items".into(), vec!["shop".into()])]));
    assert_eq!(facts.server.tables_near, ["shop.items", "shop.orders"]);
    assert_eq!(column(&facts, "full_name").generated_from, ["first", "last"]);
    assert!(!column(&facts, "last").collation_deterministic);
    assert!(column(&facts, "first").collation_deterministic);
    let price = column(&facts, "price");
    assert_eq!(
        (price.pg_type.as_str(), price.base.as_str(), price.not_null),
        ("shop.money", "numeric(10,2)", true)
    );
    assert_eq!(column(&facts, "tags").element.as_deref(), Some("character varying"));
    let indexes = &facts.relations[&odd()].indexes;
    let primary = indexes.iter().find(|index| index.primary).expect("a primary key");
    assert!(primary.valid && !primary.immediate);
    let unique = indexes.iter().find(|index| !index.primary).expect("a unique index");
    let columns: Vec<&str> = unique.columns.iter().flatten().map(String::as_str).collect();
    assert_eq!((unique.nkeys, columns), (2, vec!["id", "first", "last"]));
    let labels = facts.relations[&orders].enums.as_ref().expect("enums");
    assert_eq!(labels["shop.status"], ["draft", "paid"]);
    let [key] = facts.foreign_keys.as_slice() else { panic!("{:?}", facts.foreign_keys) };
    assert_eq!(
        (key.from.to_string(), key.columns.clone()),
        ("shop.items".into(), vec!["order_id".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_need_no_privilege_and_wait_for_no_lock() {
    let mut rig = Rig::start(&[]);
    rig.run(&["create role stranger login", "begin", "lock table shop.orders in access exclusive mode"]);
    let orders = TableName::new("shop", "orders");
    let bound = Duration::from_secs(5);
    let endpoint = rig.endpoint("stranger");
    let (facts, session) =
        catalog_facts_of(&endpoint, &TlsFiles::default(), bound, false, std::slice::from_ref(&orders))
            .await
            .expect("facts");
    let relation = &facts.relations[&orders];
    assert!(!relation.usage && !relation.select && !relation.owned);
    assert!(!facts.server.role.replication && facts.server.role.name == "stranger");
    assert_eq!(relation.columns.len(), 4);
    // The session is in no transaction and can be asked again.
    catalog_facts(&session, &[orders]).await.expect("facts again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_tells_types_or_the_objection_and_spoils_no_other() {
    let rig = Rig::start(&[]);
    let session = rig.session("postgres").await;
    let sqls = [
        "select total, status, note, id + 1, '{1}'::int[] from shop.orders where id = $1",
        "select o.missing from shop.orders o",
        "select 1; drop table shop.items",
        "select lower('x') as y from shop.items",
    ];
    let probe_of = |(id, sql): (usize, &&str)| {
        let question = Question { sql: (*sql).to_owned(), ask: Ask::Types, search_path: Vec::new() };
        Probe { id, question }
    };
    let probes: Vec<Probe> = sqls.iter().enumerate().map(probe_of).collect();
    let outcomes = probe(&session, &probes).await.expect("outcomes");
    let types = ["numeric(12,2)", "shop.status", "character varying(20)", "bigint", "integer[]"];
    assert_eq!(outcomes[0].result.as_deref(), Ok(types.map(str::to_owned).as_slice()));
    let unknown = outcomes[1].result.as_ref().expect_err("no such column");
    assert_eq!((unknown.sqlstate.as_str(), unknown.position), ("42703", Some(8)));
    assert_eq!(outcomes[2].result.as_ref().expect_err("two statements").sqlstate, "42601");
    assert_eq!(outcomes[3].result.as_deref(), Ok(["text".to_owned()].as_slice()));
    assert_eq!(outcomes.iter().map(|outcome| outcome.id).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

async fn findings(rig: &Rig, role: &str, manage: &[Manage]) -> Vec<String> {
    let plan = plan(manage);
    let (capture, _) = rig.capture_as(role, &plan, SHORT).await;
    let findings = capture.preflight(&plan).await.expect("findings");
    findings.iter().map(|finding| format!("{}: {}", finding.lint, finding.message)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_names_each_column_that_is_no_longer_as_relied_on() {
    let mut rig = Rig::start(&[]);
    assert_eq!(findings(&rig, "postgres", &MANAGE).await, [""; 0]);
    rig.run(&[
        "alter table shop.orders alter note type character varying(40)",
        "alter type shop.status add value 'sent' before 'paid'",
        "alter table shop.items alter order_id drop not null",
    ]);
    assert_eq!(
        findings(&rig, "postgres", &MANAGE).await,
        ["relied-on-column-changed: column `shop.items.order_id` is `bigint`; the lock relies on \
             `bigint not null`"]
    );
    rig.run(&[
        "alter table shop.items alter order_id set not null",
        "alter type shop.status rename value 'draft' to 'new'",
        "alter table shop.orders alter total type numeric(14,3)",
    ]);
    assert_eq!(
        findings(&rig, "postgres", &MANAGE).await,
        [
            "relied-on-column-changed: column `shop.orders.total` is `numeric(14,3) not null`; the lock \
             relies on `numeric(12,2) not null`",
            "relied-on-column-changed: enum `shop.status` has no label `draft`",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn preflight_names_what_a_role_lacks() {
    let mut rig = Rig::start(&[]);
    rig.run(&[
        "create role weak login",
        "grant usage on schema shop to weak",
        "grant select on shop.orders to weak",
        "grant select (id, order_id) on shop.items to weak",
        "alter table shop.orders enable row level security",
    ]);
    let found = findings(&rig, "weak", &MANAGE).await;
    let lints: Vec<&str> = found.iter().filter_map(|finding| finding.split(':').next()).collect();
    assert_eq!(
        lints,
        [
            "role-cannot-replicate",
            "publication-not-ours-to-change",
            "missing-select-privilege",
            "row-level-security",
            "publication-not-ours-to-change",
        ],
        "{found:#?}"
    );
    // One for the publication, whatever it lacks for which table: nobody can alter what does not exist.
    assert!(found[1].contains("cannot create publication"), "{found:#?}");
    assert!(found[1].contains("`shop.items` and `shop.orders` are owned by another role"), "{found:#?}");
    assert!(found[4].contains("cannot set the replica identity of `shop.items`"), "{found:#?}");
    let unmanaged = findings(&rig, "postgres", &[]).await;
    let lints: Vec<&str> = unmanaged.iter().filter_map(|finding| finding.split(':').next()).collect();
    assert_eq!(lints, ["no-slot", "table-not-published", "child-delete-unseen"], "{unmanaged:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_estimated_only_where_the_server_knows() {
    let mut rig = Rig::start(&[("autovacuum", "off")]);
    let plan = plan(&[]);
    let (capture, _) = rig.capture(&plan, SHORT).await;
    assert_eq!(capture.rows_estimated(&plan.indexes[0]).await.expect("an answer"), None);
    rig.run(&["analyze shop.orders"]);
    assert_eq!(capture.rows_estimated(&plan.indexes[0]).await.expect("an answer"), Some(1));
}
