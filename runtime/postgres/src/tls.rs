//! TLS towards Postgres, with the meanings of libpq's `sslmode`; ring is the only provider.

use std::sync::Arc;

use flusso_runtime::{Error, ErrorKind, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

/// How much of TLS is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// None.
    Disable,
    /// Where the server offers it; its certificate is not looked at.
    Prefer,
    /// Always; its certificate is looked at only where root certificates are given.
    Require,
    /// Always, and its certificate leads to a trusted root.
    VerifyCa,
    /// Always, and its certificate leads to a trusted root and names the host.
    VerifyFull,
}

impl SslMode {
    /// Reads libpq's spelling.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                let message = format!("`sslmode` is `{other}`, so the source cannot be reached");
                let help = "write `disable`, `prefer`, `require`, `verify-ca` or `verify-full`";
                return Err(Error::new(ErrorKind::Unreachable, message).with_help(help));
            }
        })
    }
}

/// Paths of PEM files; what is not set is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PemFiles {
    /// Certificates that are trusted; without it those that browsers trust.
    pub root_certificates: Option<String>,
    /// Our own certificate.
    pub certificate: Option<String>,
    /// Its key.
    pub key: Option<String>,
}

/// The client side of TLS for a mode. Errors are [`ErrorKind::Unreachable`] and name the file.
pub fn client_config(mode: SslMode, files: &PemFiles) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unreachable(format!("TLS cannot be set up ({error})")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(mode, files, provider)?);
    match (&files.certificate, &files.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| unreachable(format!("`{certificate}` and `{key}` do not fit ({error})"))),
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err(unreachable("of `ssl_cert` and `ssl_key` only one is set".to_owned())),
    }
}

fn verifier(
    mode: SslMode,
    files: &PemFiles,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let trusted = || -> Result<Arc<WebPkiServerVerifier>> {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(files)?), Arc::clone(&provider))
            .build()
            .map_err(|error| unreachable(format!("the root certificates cannot be used ({error})")))
    };
    Ok(match mode {
        SslMode::VerifyFull => trusted()?,
        SslMode::VerifyCa => Arc::new(ChainOnly(trusted()?)),
        // As libpq does: root certificates that are given are used.
        SslMode::Require if files.root_certificates.is_some() => Arc::new(ChainOnly(trusted()?)),
        _ => Arc::new(Unverified(provider)),
    })
}

fn roots(files: &PemFiles) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match &files.root_certificates {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for certificate in certificates(path)? {
                let added = store.add(certificate);
                added
                    .map_err(|error| unreachable(format!("`{path}` holds no root certificate ({error})")))?;
            }
        }
    }
    Ok(store)
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
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
    Error::new(ErrorKind::Unreachable, format!("{why}, so the source cannot be reached"))
}

/// Takes a certificate that leads to a trusted root, whatever host it names.
#[derive(Debug)]
struct ChainOnly(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Takes any certificate: what `prefer` and `require` mean.
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

    #[test]
    fn every_mode_can_be_set_up_without_files() {
        for mode in ["disable", "prefer", "require", "verify-ca", "verify-full"] {
            let mode = SslMode::parse(mode).expect("a mode");
            client_config(mode, &PemFiles::default()).expect("it needs no file");
        }
        assert_eq!(SslMode::parse("allow").expect_err("not offered").kind, ErrorKind::Unreachable);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let files =
            PemFiles { root_certificates: Some("/nowhere/root.pem".to_owned()), ..PemFiles::default() };
        let error = client_config(SslMode::VerifyFull, &files).expect_err("no such file");
        assert!(error.message.contains("`/nowhere/root.pem` cannot be read"), "{error}");
    }
}
