//! Where to connect and with whose credentials: references only, resolved where the lock runs.

use std::path::PathBuf;

/// A reference to a secret. There is no variant for a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// `{ env = "NAME" }`: the value of an environment variable.
    Env(String),
    /// `{ file = "/run/secrets/pg" }`: the content of a file without its last line feed.
    File(PathBuf),
    /// `{ command = ["aws", …] }`: what a command prints, asked at every connect; only under
    /// `--allow-commands`.
    Command(Vec<String>),
}

/// Whom to log in as: a name is no secret, so it may be written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserName {
    /// `user = "app"`: the name itself, or text with references that have defaults.
    Text(Template),
    /// `user = { env = "NAME" }`: kept like a password.
    Secret(SecretRef),
}

/// Text with references in it, for values that carry no credential: `${HOST}`, `${PORT:-5432}`, or
/// plain text such as `127.0.0.1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(pub String);

/// Where the source listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceEndpoint {
    /// `url = { env = "NAME" }`: one reference to a whole connection URL.
    Url(SecretRef),
    /// Its parts, of which only user and password may be secret.
    Parts {
        /// Host name or address.
        host: Template,
        /// Port number.
        port: Template,
        /// Name of the database.
        database: Template,
        /// Role to connect as.
        user: Option<UserName>,
        /// Its password.
        password: Option<SecretRef>,
    },
}

/// Files and mode of a TLS connection to the source; all of them paths, none a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full`.
    pub sslmode: Option<String>,
    /// Certificates that are trusted, PEM.
    pub ssl_root_cert: Option<Template>,
    /// Our own certificate, PEM.
    pub ssl_cert: Option<Template>,
    /// Its key, PEM.
    pub ssl_key: Option<Template>,
}

/// Where a sink listens: `url` in the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlEndpoint {
    /// `url = { env = "NAME" }`: one reference to a whole URL.
    Url(SecretRef),
    /// `url = { scheme = …, host = …, port = …, path = … }`: plain parts without credentials.
    Parts {
        /// `http` or `https`.
        scheme: Template,
        /// Host name or address.
        host: Template,
        /// Port number; empty for the scheme's own.
        port: Template,
        /// Path in front of every request, without a trailing slash; mostly empty.
        path: Template,
    },
}
