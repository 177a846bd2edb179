//! Each reason for which a session cannot begin has a sentence of its own, and says what to do.

use std::sync::Arc;

use flusso_runtime::{ErrorKind, Result, SourceParts};
use flusso_schemas::lock::{Lock, SourcePlan};

use super::rig::{Heard, LONG, Rig, options, plan};

/// A whole session as a role, as apply and run begin one.
async fn session_of(rig: &Rig, role: &str) -> Result<SourceParts> {
    let own = plan(&[]);
    let source = SourcePlan { endpoint: rig.endpoint(role), ..own.source.clone() };
    flusso_postgres::source_parts(&Lock { source, ..own }, &options(&Arc::new(Heard::default()), LONG)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_for_which_a_session_cannot_begin_is_named_before_a_walsender_is_tried() {
    let mut rig = Rig::start(&[("max_connections", "12"), ("superuser_reserved_connections", "3")]);
    rig.run(&[
        "create role reader login",
        "create role stranger login replication",
        "create role follower login replication",
        "revoke connect on database postgres from public",
        "grant connect on database postgres to reader, follower",
    ]);
    let error = session_of(&rig, "reader").await.expect_err("it may not replicate");
    assert_eq!(error.kind, ErrorKind::Findings, "{error}");
    assert_eq!(error.findings[0].lint, "role-cannot-replicate");
    let error = session_of(&rig, "stranger").await.expect_err("it may not connect");
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    assert!(error.message.starts_with("user `stranger` may not connect to database `postgres`"), "{error}");
    let help = "run `grant connect on database \"postgres\" to \"stranger\"`";
    assert_eq!(error.help.as_deref(), Some(help));
    let error = session_of(&rig, "nobody").await.expect_err("there is no such role");
    assert!(error.message.contains("refuses the login of user `nobody`"), "{error}");
    assert_eq!(error.kind, ErrorKind::Misconfigured);
    session_of(&rig, "follower").await.expect("everything is there");
}
