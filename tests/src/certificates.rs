//! Certificates for tests of TLS, made by `openssl`.

use std::process::Command;

use tempfile::TempDir;

/// A folder with two authorities (`ca`, `other`) and a certificate of the first for 127.0.0.1 (`own`).
pub(crate) fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &str| {
        let mut openssl = Command::new("openssl");
        let output = openssl.args(arguments.split(' ')).current_dir(folder.path()).output();
        let output = output.expect("the tests of TLS make their certificates with `openssl`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for name in ["ca", "other"] {
        run(&format!("req -x509 {key} -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}"));
    }
    run(&format!("req {key} -keyout own.key -out own.csr -subj /CN=own -addext subjectAltName=IP:127.0.0.1"));
    run("x509 -req -in own.csr -CA ca.pem -CAkey ca.key -out own.pem -days 2 -copy_extensions copy");
    folder
}
