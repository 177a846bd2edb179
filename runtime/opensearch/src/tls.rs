//! TLS towards a server; ring is the only provider.

use std::sync::Arc;

use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::secret::Resolver;
use flusso_schemas::lock::{OpenSearchPlan, Template};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

/// What a plan says of TLS, with paths of PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsPlan {
    /// Whether the server's certificate is looked at.
    pub(crate) verify: bool,
    /// Certificates that are trusted; without it those that browsers trust.
    pub(crate) trusted: Option<String>,
    /// Our own certificate.
    pub(crate) certificate: Option<String>,
    /// Its key.
    pub(crate) key: Option<String>,
}

impl TlsPlan {
    pub(crate) fn of(plan: &OpenSearchPlan, resolver: &Resolver) -> Result<Self> {
        let path = |template: &Option<Template>| {
            template.as_ref().map(|template| resolver.template(template)).transpose()
        };
        Ok(Self {
            verify: plan.tls_verify,
            trusted: path(&plan.ca_cert)?,
            certificate: path(&plan.client_cert)?,
            key: path(&plan.client_key)?,
        })
    }

    /// The client side of TLS. Errors are [`ErrorKind::Unreachable`] and name the file.
    pub(crate) fn client_config(&self) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unreachable(format!("TLS cannot be set up ({error})")))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
                .map_err(|error| unreachable(format!("`{certificate}` and `{key}` do not fit ({error})"))),
            (None, None) => Ok(builder.with_no_client_auth()),
            _ => Err(unreachable("of `client_cert` and `client_key` only one is set".to_owned())),
        }
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        if !self.verify {
            return Ok(Arc::new(Unverified(provider)));
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider).build();
        let unusable = |error| unreachable(format!("the trusted certificates cannot be used ({error})"));
        Ok(verifier.map_err(unusable)?)
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut store = RootCertStore::empty();
        let Some(path) = &self.trusted else {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            return Ok(store);
        };
        for certificate in certificates(path)? {
            let unusable =
                |error| unreachable(format!("`{path}` holds what is no root certificate ({error})"));
            store.add(certificate).map_err(unusable)?;
        }
        Ok(store)
    }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| unreachable(format!("`{path}` cannot be read ({error})")))?;
    if found.is_empty() {
        return Err(unreachable(format!("`{path}` holds no certificate")));
    }
    Ok(found)
}

fn private_key(path: &str) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| unreachable(format!("`{path}` cannot be read ({error})")))
}

fn unreachable(why: String) -> Error {
    Error::new(ErrorKind::Unreachable, format!("{why}, so the sink cannot be reached"))
}

/// Takes any certificate: what `tls_verify = false` means.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> TlsPlan {
        TlsPlan { verify: true, trusted: None, certificate: None, key: None }
    }

    #[test]
    fn tls_is_set_up_without_files() {
        plan().client_config().expect("the roots of browsers");
        TlsPlan { verify: false, ..plan() }.client_config().expect("no roots");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let missing = TlsPlan { trusted: Some("/nowhere/root.pem".to_owned()), ..plan() };
        let error = missing.client_config().expect_err("no such file");
        assert!(error.message.contains("`/nowhere/root.pem` cannot be read"), "{error}");
        let half = TlsPlan { certificate: Some("/nowhere/own.pem".to_owned()), ..plan() };
        assert_eq!(half.client_config().expect_err("no key").kind, ErrorKind::Unreachable);
    }
}
