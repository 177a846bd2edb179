//! TLS towards Postgres, with the meanings of libpq's `sslmode`.

use std::sync::Arc;

use flusso_runtime::tls::{ClientTls, PemFiles};
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::SslMode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Reads libpq's spelling of a mode.
pub(crate) fn ssl_mode(text: &str) -> Result<SslMode> {
    let known = SslMode::WORDS.iter().find(|(word, _)| *word == text);
    // The word is not repeated: it may be a part of a URL that was cut in the wrong place.
    known.map(|(_, mode)| *mode).ok_or_else(|| {
        let message = "unknown `sslmode` in the source's connection, so it cannot be reached";
        let help = "write `disable`, `prefer`, `require`, `verify-ca` or `verify-full`";
        Error::new(ErrorKind::Misconfigured, message).with_help(help)
    })
}

/// The client side of TLS for a mode. Errors are [`ErrorKind::Misconfigured`] and name the file.
pub fn client_config(mode: SslMode, files: &PemFiles) -> Result<ClientConfig> {
    let tls = ClientTls { whom: "the source", own_keys: ["ssl_cert", "ssl_key"], files };
    let verifier: Arc<dyn ServerCertVerifier> = match mode {
        SslMode::VerifyFull => tls.verified()?,
        SslMode::VerifyCa => Arc::new(ChainOnly(tls.verified()?)),
        // As libpq does: root certificates that are given are used.
        SslMode::Require if files.trusted.is_some() => Arc::new(ChainOnly(tls.verified()?)),
        _ => ClientTls::unverified(),
    };
    tls.config(verifier)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_can_be_set_up_without_files() {
        for mode in ["disable", "prefer", "require", "verify-ca", "verify-full"] {
            let mode = ssl_mode(mode).expect("a mode");
            client_config(mode, &PemFiles::default()).expect("it needs no file");
        }
        assert_eq!(ssl_mode("allow").expect_err("not offered").kind, ErrorKind::Misconfigured);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let files = PemFiles { trusted: Some("/nowhere/root.pem".to_owned()), ..PemFiles::default() };
        let error = client_config(SslMode::VerifyFull, &files).expect_err("no such file");
        assert!(error.message.contains("`/nowhere/root.pem` cannot be read"), "{error}");
    }
}
