//! `tls-verification-off`: a sink accepts any certificate.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "tls-verification-off",
    level: Level::Warn,
    adjustable: true,
    group: Group::Hygiene,
    needs: Needs::Config,
    exit: Exit::Findings,
    summary: "A sink does not verify the certificate of OpenSearch.",
    why: "\
Whoever can get between flusso and OpenSearch can pose as the server, read every document and the password, and \
change what arrives. A self-signed or private certificate needs no such switch: name its issuer under `ca_cert`.",
    example: Some(Example { bad: "tls_verify: false", good: "ca_cert: /etc/ssl/search-ca.pem" }),
};

/// The sink that has `tls_verify: false`.
pub fn finding(sink: &str, place: Place) -> Diagnostic {
    let message = format!(
        "sink `{sink}` accepts any certificate: an attacker on the network can read and change documents"
    );
    LINT.at(place, message)
        .about(format!("sink:{sink}"))
        .help("name the certificate's issuer with `ca_cert` and remove `tls_verify`")
}
