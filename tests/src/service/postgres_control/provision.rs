//! Publication and replica identities as the plan wants them, under short locks.

use std::sync::Arc;

use flusso_runtime::source::ChangeCapture as _;
use flusso_schemas::lock::Manage;

use super::rig::{LONG, Rig, SHORT, plan};

const MANAGE: [Manage; 2] = [Manage::Publication, Manage::ReplicaIdentity];
/// Members of our publication with their column lists and row filters.
const MEMBERS: &str = "select string_agg(tablename || coalesce('(' || array_to_string(attnames, ',') \
     || ')', '') || coalesce(' where ' || rowfilter, ''), ' ' order by tablename) \
     from pg_publication_tables where pubname = 'flusso_rig'";

#[tokio::test(flavor = "multi_thread")]
async fn provisioning_twice_changes_nothing_the_second_time() {
    let mut rig = Rig::start(&[]);
    let plan = plan(&MANAGE);
    let (capture, _) = rig.capture(&plan, SHORT).await;
    assert_eq!(capture.publication().await.expect("an answer"), None);
    let planned = capture.provision_plan(&plan).await.expect("a plan");
    let statements: Vec<&str> = planned.iter().map(|change| change.statement.as_str()).collect();
    assert_eq!(
        statements,
        [
            r#"alter table "shop"."items" replica identity full"#,
            r#"create publication "flusso_rig" for table "shop"."items", "shop"."orders""#,
        ]
    );
    let made = capture.provision(&plan).await.expect("provisioned");
    assert_eq!(capture.publication().await.expect("an answer"), Some(made.publication_oid));
    assert_eq!(
        rig.value("select relreplident from pg_class where oid = 'shop.items'::regclass").as_deref(),
        Some("f")
    );
    assert_eq!(capture.provision_plan(&plan).await.expect("a plan"), []);
    assert_eq!(capture.provision(&plan).await.expect("again"), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_is_extended_and_what_else_it_holds_is_left_alone() {
    let mut rig = Rig::start(&[]);
    rig.run(&[
        "create table shop.theirs (id int primary key, secret text)",
        "create publication flusso_rig for table shop.orders (id, total), \
         shop.theirs (id) where (id > 5) with (publish = 'insert')",
    ]);
    let plan = plan(&MANAGE);
    let (capture, _) = rig.capture(&plan, SHORT).await;
    let before = capture.publication().await.expect("an answer");
    capture.provision(&plan).await.expect("provisioned");
    assert_eq!(capture.publication().await.expect("an answer"), before, "never dropped and made again");
    let members = rig.value(MEMBERS).expect("members");
    assert_eq!(members, "items(id,order_id,v) orders(id,status,total,note) theirs(id) where (id > 5)");
    let lists = rig.value("select count(*) from pg_publication_rel where prattrs is not null");
    assert_eq!(lists.as_deref(), Some("1"), "only theirs has a column list");
    let operations = "select pubinsert and pubupdate and pubdelete and pubtruncate from pg_publication";
    assert_eq!(rig.value(operations).as_deref(), Some("t"));
    rig.run(&["create table shop.more (id bigint primary key)"]);
    assert_eq!(capture.provision_plan(&plan).await.expect("a plan"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_publication_locks_waits_for_an_open_transaction_and_lets_readers_pass() {
    let mut rig = Rig::start(&[]);
    let plan = plan(&MANAGE);
    let mut reader = rig.cluster.connect("postgres").expect("a connection");
    for statement in ["set application_name = 'long report'", "begin", "select count(*) from shop.items"] {
        reader.query(statement).expect(statement);
    }
    let (capture, heard) = rig.capture(&plan, LONG).await;
    let capture = Arc::new(capture);
    let provisioning = tokio::spawn({
        let (capture, plan) = (Arc::clone(&capture), plan.clone());
        async move { capture.provision(&plan).await }
    });
    heard.wait_for("`long report`").await;
    // While it pauses nobody waits behind it: this returns at once, not when the report ends.
    rig.run(&["set lock_timeout = '3s'", "select count(*) from shop.items"]);
    reader.query("commit").expect("it ends");
    provisioning.await.expect("no panic").expect("provisioned");
    assert_eq!(rig.value("select count(*) from pg_publication_rel").as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_managed_is_not_touched() {
    let mut rig = Rig::start(&[]);
    let plan = plan(&[]);
    let (capture, _) = rig.capture(&plan, SHORT).await;
    assert_eq!(capture.provision_plan(&plan).await.expect("a plan"), []);
    let error = capture.provision(&plan).await.expect_err("there is no publication");
    assert!(error.message.contains("publication `flusso_rig` does not exist"), "{error}");
    assert_eq!(rig.value("select count(*) from pg_publication").as_deref(), Some("0"));
}
