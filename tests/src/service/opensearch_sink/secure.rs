//! TLS and credentials, through a real TLS server in front of the node.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flusso_runtime::ErrorKind;
use flusso_schemas::lock::{HttpAddress, OpenSearchPlan, SecretRef, Template, UrlEndpoint, UserName};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::rig::{Rig, connect, plan};
use crate::certificates::certificates;

/// `flusso:pa:ss` as basic authentication spells it.
const AUTHORIZATION: &str = "Basic Zmx1c3NvOnBhOnNz";

fn read(path: PathBuf) -> Vec<CertificateDer<'static>> {
    let found = CertificateDer::pem_file_iter(path).expect("a PEM file");
    found.collect::<Result<_, _>>().expect("certificates")
}

/// A TLS server that asks for a certificate of the same authority and for the credentials, in front
/// of a node. Returns its address.
async fn guard(node: &str, folder: &Path) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read(folder.join("ca.pem")));
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("every version")
        .with_client_cert_verifier(clients.build().expect("an authority"));
    let key = PrivateKeyDer::from_pem_file(folder.join("own.key")).expect("a key");
    let config = config.with_single_cert(read(folder.join("own.pem")), key).expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let node = node.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client that does not trust us, or that we do not trust, is what is tested.
            tokio::spawn(serve(acceptor.clone(), client, node.clone()));
        }
    });
    address
}

async fn serve(acceptor: TlsAcceptor, client: TcpStream, node: String) -> std::io::Result<()> {
    let mut client = acceptor.accept(client).await?;
    let mut first = vec![0; 64 << 10];
    let length = client.read(&mut first).await?;
    if !String::from_utf8_lossy(&first[..length]).contains(AUTHORIZATION) {
        client.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await?;
        return client.shutdown().await;
    }
    let mut node = TcpStream::connect(node).await?;
    node.write_all(&first[..length]).await?;
    copy_bidirectional(&mut client, &mut node).await.map(drop)
}

/// A plan for the guarded address with nothing but the scheme.
fn guarded(address: &str, prefix: &str) -> OpenSearchPlan {
    let mut plan = plan(address, prefix);
    if let UrlEndpoint::Parts(HttpAddress { scheme, .. }) = &mut plan.url {
        *scheme = Template("https".to_owned());
    }
    plan
}

fn file(folder: &Path, name: &str) -> Option<Template> {
    Some(Template(folder.join(name).display().to_string()))
}

#[tokio::test]
async fn a_sink_behind_tls_needs_trust_a_certificate_and_credentials() {
    let rig = Rig::start().await;
    let folder = certificates();
    let address = guard(&rig.address, folder.path()).await;
    let mut plan = guarded(&address, &rig.prefix);
    let refused = |error: flusso_runtime::Error, what: &str| {
        assert_eq!(error.kind, ErrorKind::Misconfigured, "{error}");
        assert!(error.message.contains(what), "{error}");
        assert!(!format!("{error:?}").contains("pa:ss"), "{error:?}");
    };
    refused(connect(&plan).await.expect_err("nobody trusts it"), "UnknownIssuer");
    plan.ca_cert = file(folder.path(), "ca.pem");
    connect(&plan).await.expect_err("it wants a certificate of ours");
    plan.client_cert = file(folder.path(), "own.pem");
    plan.client_key = file(folder.path(), "own.key");
    refused(connect(&plan).await.expect_err("it wants credentials"), "denies access with status 401");
    std::fs::write(folder.path().join("user"), "flusso\n").expect("a file");
    std::fs::write(folder.path().join("password"), "pa:ss\n").expect("a file");
    plan.username = Some(UserName::Secret(SecretRef::File(folder.path().join("user"))));
    plan.password = Some(SecretRef::File(folder.path().join("password")));
    let sink = connect(&plan).await.expect("it is let in");
    assert!(sink.state().expect("a store").load().await.expect("read").is_none());
    (plan.ca_cert, plan.tls_verify) = (None, false);
    connect(&plan).await.expect("nothing is verified");
    let url = format!("https://flusso:pa%3Ass@{address}");
    std::fs::write(folder.path().join("url"), url).expect("a file");
    (plan.username, plan.password) = (None, None);
    plan.url = UrlEndpoint::Url(SecretRef::File(folder.path().join("url")));
    connect(&plan).await.expect("the URL holds the credentials");
}
