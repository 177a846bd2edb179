//! TLS towards a server, as a plan says it.

use flusso_runtime::error::Result;
use flusso_runtime::secret::Resolver;
use flusso_runtime::tls::{ClientTls, PemFiles};
use flusso_schemas::lock::{OpenSearchPlan, Template};
use rustls::ClientConfig;

/// What a plan says of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsPlan {
    /// Whether the server's certificate is looked at.
    pub(crate) verify: bool,
    pub(crate) files: PemFiles,
}

impl TlsPlan {
    pub(crate) fn of(plan: &OpenSearchPlan, resolver: &Resolver) -> Result<Self> {
        let path = |template: &Option<Template>| {
            template.as_ref().map(|template| resolver.template(template)).transpose()
        };
        let files = PemFiles {
            trusted: path(&plan.ca_cert)?,
            certificate: path(&plan.client_cert)?,
            key: path(&plan.client_key)?,
        };
        Ok(Self { verify: plan.tls_verify, files })
    }

    /// The client side of TLS. Errors name the file.
    pub(crate) fn client_config(&self) -> Result<ClientConfig> {
        let own_keys = ["client_cert", "client_key"];
        let tls = ClientTls { whom: "the sink", own_keys, files: &self.files };
        tls.config(if self.verify { tls.verified()? } else { ClientTls::unverified() })
    }
}

#[cfg(test)]
mod tests {
    use flusso_runtime::ErrorKind;

    use super::*;

    fn plan() -> TlsPlan {
        TlsPlan { verify: true, files: PemFiles::default() }
    }

    #[test]
    fn tls_is_set_up_without_files() {
        plan().client_config().expect("the roots of browsers");
        TlsPlan { verify: false, ..plan() }.client_config().expect("no roots");
    }

    fn with(files: PemFiles) -> TlsPlan {
        TlsPlan { files, ..plan() }
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let missing = with(PemFiles { trusted: Some("/nowhere/root.pem".to_owned()), ..PemFiles::default() });
        let error = missing.client_config().expect_err("no such file");
        assert!(error.message.contains("`/nowhere/root.pem` cannot be read"), "{error}");
        let half = with(PemFiles { certificate: Some("/nowhere/own.pem".to_owned()), ..PemFiles::default() });
        assert_eq!(half.client_config().expect_err("no key").kind, ErrorKind::Misconfigured);
    }
}
