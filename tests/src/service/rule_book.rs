//! A real server in one wrong state after the other: `check` and `apply` find the same.

use std::collections::BTreeSet;

use tempfile::TempDir;
use xtask::fixtures::SHOP;
use xtask::services::postgres::Cluster;

use crate::rig::{Rig, findings};

/// Tables whose rows are parts of documents of other tables; their old rows must be whole.
const PARTS: [&str; 5] = ["addresses", "categories", "order_items", "product_categories", "reviews"];
const ROOTS: [&str; 3] = ["orders", "products", "users"];

/// A shop on a cluster of its own, followed by a role that has exactly what it needs.
struct Bench {
    rig: Rig,
    cluster: Cluster,
    _folder: TempDir,
}

impl Bench {
    /// `manage` as the project file has it. What flusso may not create stands there already.
    fn new(manage: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = [("max_replication_slots", "3"), ("max_wal_senders", "4")];
        let cluster = Cluster::start(folder.path(), &settings).expect("a cluster");
        let mut rig = Rig::on_cluster(SHOP, 0.001, &cluster);
        rig.edit("flusso.yml", "manage: [publication, slot, replica_identity]", &format!("manage: {manage}"));
        // One line a finding, however long.
        rig.set("COLUMNS", "3000");
        let database = rig.name.clone();
        rig.run(&[
            "create role sync login replication",
            &format!("grant create on database {database} to sync"),
            "grant usage on schema shop to sync",
            "grant select on all tables in schema shop to sync",
        ]);
        let url = cluster.url_of(&database).replace("postgres@", "sync@");
        rig.set("SHOP_DATABASE_URL", &url);
        Self { rig, cluster, _folder: folder }
    }

    /// What a DBA prepares where flusso manages the slot only.
    fn prepared() -> Self {
        let mut bench = Self::new("[slot]");
        let all: Vec<String> = ROOTS.iter().chain(&PARTS).map(|table| format!("shop.{table}")).collect();
        // Orders lead to their users, so their old rows must be whole too.
        for table in PARTS.iter().chain(&["orders"]) {
            bench.rig.run(&[&format!("alter table shop.{table} replica identity full")]);
        }
        let create = format!("create publication {} for table {}", bench.publication(), all.join(", "));
        bench.rig.run(&[&create]);
        bench.rig.flusso(&["compile"]).assert_code(0);
        bench
    }

    fn publication(&self) -> String {
        format!("flusso_{}", self.rig.name)
    }

    /// Puts the server into a state, demands the same findings of both commands, this lint among them, and undoes it.
    fn demand(&mut self, lint: &str, wrong: &[&str], right: &[&str]) {
        self.rig.run(wrong);
        self.compare(lint);
        self.rig.run(right);
    }

    fn compare(&self, lint: &str) {
        let check = self.rig.flusso(&["check", "--format", "concise"]);
        let apply = self.rig.flusso(&["apply", "--dry-run"]);
        let of_check: BTreeSet<String> = findings(&check.stdout);
        let of_apply: BTreeSet<String> = findings(&apply.stderr);
        assert!(of_check.iter().any(|line| line.contains(&format!("[{lint}]"))), "no {lint}: {of_check:#?}");
        assert_eq!(of_check, of_apply, "{lint}:\n{}", apply.stderr);
        assert_eq!((check.code, apply.code != 0), (1, true), "{lint}");
    }
}

#[test]
fn check_and_apply_find_the_same_where_the_dba_manages_the_source() {
    let mut bench = Bench::prepared();
    let p = bench.publication();
    let all: Vec<String> = ROOTS.iter().chain(&PARTS).map(|table| format!("shop.{table}")).collect();
    let all = all.join(", ");
    let reset = format!("alter publication {p} set table {all}");
    let clean = bench.rig.flusso(&["check", "--format", "concise"]);
    assert_eq!((clean.code, clean.stdout.as_str()), (0, ""), "{}", clean.stderr);
    bench.rig.flusso(&["apply", "--dry-run"]).assert_code(0);
    let states: &[(&str, Vec<String>, Vec<String>)] = &[
        (
            "role-cannot-replicate",
            vec!["alter role sync noreplication".into()],
            vec!["alter role sync replication".into()],
        ),
        (
            "missing-select-privilege",
            vec!["revoke select on shop.users from sync".into()],
            vec!["grant select on shop.users to sync".into()],
        ),
        (
            "missing-select-privilege",
            vec!["revoke usage on schema shop from sync".into()],
            vec!["grant usage on schema shop to sync".into()],
        ),
        (
            "row-level-security",
            vec!["alter table shop.users enable row level security".into()],
            vec!["alter table shop.users disable row level security".into()],
        ),
        (
            "inherited-table",
            vec!["create table shop.old_users () inherits (shop.users)".into()],
            vec!["drop table shop.old_users".into()],
        ),
        (
            "table-not-published",
            vec![format!("alter publication {p} drop table shop.users")],
            vec![reset.clone()],
        ),
        (
            "publication-missing-operation",
            vec![format!("alter publication {p} set (publish = 'insert, update')")],
            vec![format!("alter publication {p} set (publish = 'insert, update, delete, truncate')")],
        ),
        (
            "publication-row-filter",
            vec![
                format!("alter publication {p} drop table shop.users"),
                format!("alter publication {p} add table shop.users where (id > 5)"),
            ],
            vec![reset.clone()],
        ),
        (
            "publication-column-list",
            vec![
                format!("alter publication {p} drop table shop.users"),
                format!("alter publication {p} add table shop.users (id, name)"),
            ],
            vec![reset.clone()],
        ),
        (
            "unusable-replica-identity",
            vec!["alter table shop.order_items replica identity nothing".into()],
            vec!["alter table shop.order_items replica identity full".into()],
        ),
        (
            "child-delete-unseen",
            vec!["alter table shop.order_items replica identity default".into()],
            vec!["alter table shop.order_items replica identity full".into()],
        ),
        (
            "unlogged-table",
            vec![
                format!("alter publication {p} drop table shop.reviews"),
                "alter table shop.reviews set unlogged".into(),
            ],
            vec!["alter table shop.reviews set logged".into(), reset.clone()],
        ),
        (
            "slot-conflict",
            vec![format!("select pg_create_logical_replication_slot('{p}', 'test_decoding')")],
            vec![format!("select pg_drop_replication_slot('{p}')")],
        ),
        (
            "slot-conflict",
            vec![format!("select pg_create_physical_replication_slot('{p}')")],
            vec![format!("select pg_drop_replication_slot('{p}')")],
        ),
        (
            "no-free-slot",
            (0..3).map(|n| format!("select pg_create_physical_replication_slot('other{n}')")).collect(),
            (0..3).map(|n| format!("select pg_drop_replication_slot('other{n}')")).collect(),
        ),
        (
            "table-not-published",
            vec![format!("drop publication {p}")],
            vec![format!("create publication {p} for table {all}")],
        ),
    ];
    for (lint, wrong, right) in states {
        let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        bench.demand(lint, &wrong, &right);
    }
    let mut elsewhere = bench.cluster.connect("postgres").expect("the cluster's first database");
    elsewhere
        .query(&format!("select pg_create_logical_replication_slot('{p}', 'pgoutput')"))
        .expect("a slot");
    bench.compare("slot-conflict");
    elsewhere.query(&format!("select pg_drop_replication_slot('{p}')")).expect("it is free");
    drop(elsewhere);
    let rejoin =
        |bench: &mut Bench| bench.rig.sql = bench.cluster.connect(&bench.rig.name).expect("it is back");
    for (setting, wrong, right, lint) in [
        ("max_wal_senders", "0", "4", "no-free-wal-sender"),
        ("wal_level", "replica", "logical", "wal-level-not-logical"),
    ] {
        bench.cluster.configure(&[(setting, wrong)]).expect("the file is ours");
        bench.cluster.restart().expect("it starts");
        bench.compare(lint);
        bench.cluster.configure(&[(setting, right)]).expect("the file is ours");
        bench.cluster.restart().expect("it starts");
        rejoin(&mut bench);
    }
}

#[test]
fn check_and_apply_find_the_same_where_flusso_manages_the_source_and_does_not_own_it() {
    let mut bench = Bench::new("[publication, slot, replica_identity]");
    bench.rig.run(&[
        "do $$ declare t text; begin for t in select tablename from pg_tables where schemaname = 'shop' loop \
         execute format('alter table shop.%I owner to sync', t); end loop; end $$",
    ]);
    bench.rig.flusso(&["compile"]).assert_code(0);
    let database = bench.rig.name.clone();
    bench.demand(
        "publication-not-ours-to-change",
        &["alter table shop.users owner to postgres", "grant select on shop.users to sync"],
        &["alter table shop.users owner to sync"],
    );
    bench.demand(
        "publication-not-ours-to-change",
        &["alter table shop.order_items owner to postgres", "grant select on shop.order_items to sync"],
        &["alter table shop.order_items owner to sync"],
    );
    bench.demand(
        "publication-not-ours-to-change",
        &[&format!("revoke create on database {database} from sync")],
        &[&format!("grant create on database {database} to sync")],
    );
}
