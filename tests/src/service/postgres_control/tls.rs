//! Every `sslmode` against a server with TLS, over both kinds of connection.

use std::path::Path;
use std::sync::Arc;

use flusso_postgres::connect::ConnectPlan;
use flusso_postgres::replication::{StreamRequest, open};
use flusso_postgres::session::{Bond, connect};
use flusso_runtime::source::ChangeCapture as _;
use flusso_runtime::{ErrorKind, Result};
use flusso_schemas::lock::{
    PostgresAddress, SecretRef, SourceEndpoint, SslMode, Template, TlsFiles, UserName,
};
use xtask::services::postgres::Cluster;

use super::rig::{LONG, Rig, SHORT, options, plan};
use crate::certificates::certificates;

/// What a stream needs.
const SLOT: [&str; 2] = [
    "create publication flusso_rig for all tables",
    "select pg_create_logical_replication_slot('flusso_rig', 'pgoutput')",
];

/// Starts the cluster again with TLS, asking its clients for this in `pg_hba.conf`.
fn serve_tls(cluster: &mut Cluster, certificates: &Path, clients: &str) {
    for file in ["ca.pem", "own.pem", "own.key"] {
        std::fs::copy(certificates.join(file), cluster.data().join(file)).expect("a file of ours");
    }
    let lines = format!("hostssl all all 127.0.0.1/32 {clients}\nhost all all 127.0.0.1/32 trust\n");
    std::fs::write(cluster.data().join("pg_hba.conf"), lines).expect("a file of ours");
    let settings =
        [("ssl", "on"), ("ssl_ca_file", "ca.pem"), ("ssl_cert_file", "own.pem"), ("ssl_key_file", "own.key")];
    cluster.configure(&settings).expect("settings");
    cluster.restart().expect("it starts");
}

struct Client<'a> {
    port: u16,
    folder: &'a Path,
}

impl Client<'_> {
    /// Whether both kinds of connection succeed, and if so whether they are encrypted.
    async fn connects(&self, host: &str, mode: SslMode, root: Option<&str>, own: bool) -> Result<bool> {
        let user = self.folder.join("user");
        std::fs::write(&user, "postgres").expect("a file of ours");
        let endpoint = SourceEndpoint::Parts(PostgresAddress {
            host: Template(host.to_owned()),
            port: Template(self.port.to_string()),
            database: Template("postgres".to_owned()),
            user: Some(UserName::Secret(SecretRef::File(user))),
            password: None,
        });
        let path = |file: &str| Template(self.folder.join(file).display().to_string());
        let files = TlsFiles {
            sslmode: Some(mode),
            ssl_root_cert: root.map(path),
            ssl_cert: own.then(|| path("own.pem")),
            ssl_key: own.then(|| path("own.key")),
        };
        let plan = ConnectPlan::of_endpoint(&endpoint, &files, LONG, false)?;
        let (bond, options) = (Bond::default(), options(&Arc::default(), LONG));
        let session = Arc::new(connect(&plan, "tls", &bond).await?);
        let (lock, observer) = (super::rig::plan(&[]), Arc::clone(&session));
        open(StreamRequest { plan: &lock, connect: &plan, bond: &bond, observer, options: &options }).await?;
        let encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        Ok(session.query_one("asking for TLS", encrypted, &[]).await.expect("an answer").get(0))
    }

    async fn is_refused(&self, host: &str, mode: SslMode, root: Option<&str>, own: bool) {
        let refused = self.connects(host, mode, root, own).await;
        let error = refused.expect_err(&format!("{host} {mode:?} {root:?}"));
        assert!(matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Misconfigured), "{error}");
        assert!(error.message.contains(&format!("`{host}:{}", self.port)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sslmode_checks_as_much_as_it_says() {
    let certificates = certificates();
    let mut rig = Rig::start(&[]);
    rig.run(&SLOT);
    let client = Client { port: rig.cluster.port, folder: certificates.path() };
    assert!(!client.connects("127.0.0.1", SslMode::Prefer, None, false).await.expect("without TLS"));
    client.is_refused("127.0.0.1", SslMode::Require, None, false).await;

    serve_tls(&mut rig.cluster, certificates.path(), "trust");
    for (host, mode, root, encrypted) in [
        ("127.0.0.1", SslMode::Disable, None, false),
        ("127.0.0.1", SslMode::Prefer, None, true),
        ("127.0.0.1", SslMode::Require, None, true),
        ("localhost", SslMode::Require, Some("ca.pem"), true),
        ("localhost", SslMode::VerifyCa, Some("ca.pem"), true),
        ("127.0.0.1", SslMode::VerifyFull, Some("ca.pem"), true),
    ] {
        let connected = client.connects(host, mode, root, false).await;
        assert_eq!(connected.expect("a connection"), encrypted, "{host} {mode:?}");
    }
    client.is_refused("127.0.0.1", SslMode::Require, Some("other.pem"), false).await;
    client.is_refused("127.0.0.1", SslMode::VerifyCa, Some("other.pem"), false).await;
    client.is_refused("localhost", SslMode::VerifyFull, Some("ca.pem"), false).await;
    // Roots that browsers trust know nothing of this authority.
    client.is_refused("127.0.0.1", SslMode::VerifyFull, None, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_certificate_gets_ours() {
    let certificates = certificates();
    let mut rig = Rig::start(&[]);
    rig.run(&SLOT);
    serve_tls(&mut rig.cluster, certificates.path(), "trust clientcert=verify-ca");
    let client = Client { port: rig.cluster.port, folder: certificates.path() };
    client.is_refused("127.0.0.1", SslMode::VerifyFull, Some("ca.pem"), false).await;
    assert!(
        client.connects("127.0.0.1", SslMode::VerifyFull, Some("ca.pem"), true).await.expect("a connection")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_severs_the_whole_session() {
    let mut rig = Rig::start(&[]);
    let (capture, _) = rig.capture(&plan(&[]), SHORT).await;
    let ends = "select pg_terminate_backend(pid, 5000) from pg_stat_activity \
         where application_name like '% control'";
    rig.run(&[ends]);
    let error = capture.durable_position().await.expect_err("its connection is gone");
    assert_eq!(error.kind, ErrorKind::ConnectionLost);
    // What would open a connection of its own does not outlive the first either.
    assert_eq!(capture.gate().await.expect_err("void").kind, ErrorKind::ConnectionLost);
}
