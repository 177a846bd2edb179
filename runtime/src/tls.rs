//! The client side of TLS, for every backend alike; ring is the only provider.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use crate::error::{Error, ErrorKind, Result};

/// Paths of PEM files; what is not set is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PemFiles {
    /// Certificates that are trusted; without it those that browsers trust.
    pub trusted: Option<String>,
    /// Path of our own certificate, PEM.
    pub certificate: Option<String>,
    /// Path of that certificate's key, PEM.
    pub key: Option<String>,
}

/// How to speak TLS to one server. Errors are [`ErrorKind::Misconfigured`] and name the file.
#[derive(Clone, Debug)]
pub struct ClientTls<'a> {
    /// What cannot be reached without it, such as `the source`.
    pub whom: &'static str,
    /// The keys of the project's file for our own certificate and its key.
    pub own_keys: [&'static str; 2],
    /// Paths of the files in use.
    pub files: &'a PemFiles,
}

impl ClientTls<'_> {
    /// The client's side, with what judges the server's certificate.
    pub fn config(&self, verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| self.unreachable(format!("TLS cannot be set up ({error})")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match (&self.files.certificate, &self.files.key) {
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(self.certificates(certificate)?, self.private_key(key)?)
                .map_err(|error| {
                    self.unreachable(format!(
                        "certificate `{certificate}` and key `{key}` do not match ({error})"
                    ))
                }),
            (None, None) => Ok(builder.with_no_client_auth()),
            _ => {
                let [certificate, key] = self.own_keys;
                Err(self.unreachable(format!("set both `{certificate}` and `{key}`, or neither")))
            }
        }
    }

    /// Takes a certificate that leads to a trusted root and names the host.
    pub fn verified(&self) -> Result<Arc<WebPkiServerVerifier>> {
        let roots = Arc::new(self.roots()?);
        WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| self.unreachable(format!("the root certificates cannot be used ({error})")))
    }

    /// A verifier that accepts any certificate, for modes in which none is checked.
    pub fn unverified() -> Arc<dyn ServerCertVerifier> {
        Arc::new(Unverified(provider()))
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut store = RootCertStore::empty();
        let Some(path) = &self.files.trusted else {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            return Ok(store);
        };
        for certificate in self.certificates(path)? {
            let unusable =
                |error| self.unreachable(format!("`{path}` holds an invalid root certificate ({error})"));
            store.add(certificate).map_err(unusable)?;
        }
        Ok(store)
    }

    fn certificates(&self, path: &str) -> Result<Vec<CertificateDer<'static>>> {
        let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let found = read.map_err(|error| self.unreachable(format!("`{path}` cannot be read ({error})")))?;
        if found.is_empty() {
            return Err(self.unreachable(format!("`{path}` holds no certificate")));
        }
        Ok(found)
    }

    fn private_key(&self, path: &str) -> Result<PrivateKeyDer<'static>> {
        PrivateKeyDer::from_pem_file(path)
            .map_err(|error| self.unreachable(format!("`{path}` cannot be read ({error})")))
    }

    fn unreachable(&self, why: String) -> Error {
        Error::new(ErrorKind::Misconfigured, format!("{why}, so {} cannot be reached", self.whom))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Takes any certificate, but still proves that the server holds its key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
