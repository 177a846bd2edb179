//! Where to connect and with whose credentials: references only, resolved where the lock runs.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::block::{Block, block};
use super::form::{Form, words};
use super::read::item::Item;
use super::read::keys::Keys;
use super::read::problem::Result;

/// A reference to a secret. A literal cannot be represented.
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

/// The role or user to log in as: a name is not a secret, so it may be written out.
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

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint<Address> {
    /// `url = { env = "NAME" }`: one reference to a whole URL.
    Url(SecretRef),
    /// `url = { host = …, … }`: the address in parts.
    Parts(Address),
}

/// Where the source listens; of its parts only user and password may be secret.
pub type SourceEndpoint = Endpoint<PostgresAddress>;

/// Where a sink listens; its parts carry no credential.
pub type UrlEndpoint = Endpoint<HttpAddress>;

block! {
    /// A connection to Postgres in parts.
    #[derive(Eq)]
    pub struct PostgresAddress: "`url`" {
        /// Host name or address.
        pub host: Template,
        /// Port number, or a reference to it.
        pub port: Template,
        /// Name of the database.
        pub database: Template,
        /// Role to connect as.
        pub user: Option<UserName>,
        /// Its password, always a reference.
        pub password: Option<SecretRef>,
    }
}

block! {
    /// An address over HTTP in parts.
    #[derive(Eq)]
    pub struct HttpAddress: "`url`" {
        /// `http` or `https`, or a reference to it.
        pub scheme: Template,
        /// Host name or address.
        pub host: Template,
        /// Port number; empty for the scheme's own.
        pub port: Template,
        /// Path in front of every request, without a trailing slash; mostly empty.
        pub path: Template,
    }
}

/// How much of TLS the connection to the source wants, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// TLS is never used.
    Disable,
    /// Where the server offers it; its certificate is not verified.
    Prefer,
    /// Always; its certificate is verified only where root certificates are given.
    Require,
    /// Always, and its certificate leads to a trusted root.
    VerifyCa,
    /// Always, and its certificate leads to a trusted root and names the host.
    VerifyFull,
}

words!(pub SslMode {
    SslMode::Disable = "disable",
    SslMode::Prefer = "prefer",
    SslMode::Require = "require",
    SslMode::VerifyCa = "verify-ca",
    SslMode::VerifyFull = "verify-full",
});

block! {
    /// Files and mode of a TLS connection to the source; all of them paths, none a secret.
    #[derive(Eq, Default)]
    pub struct TlsFiles: "`[source]`" {
        /// How much of TLS is wanted; the URL's own where it is left out.
        pub sslmode: Option<SslMode>,
        /// Certificates that are trusted, PEM.
        pub ssl_root_cert: Option<Template>,
        /// Our own certificate, PEM.
        pub ssl_cert: Option<Template>,
        /// Key of that certificate, PEM.
        pub ssl_key: Option<Template>,
    }
}

impl Form for Template {
    fn value(&self) -> Option<Value> {
        self.0.value()
    }

    fn read(item: Item<'_>) -> Result<Self> {
        item.string().map(Self)
    }

    fn words() -> String {
        "text with references".to_owned()
    }
}

impl Form for UserName {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Text(text) => text.value(),
            Self::Secret(reference) => reference.value(),
        }
    }

    fn read(item: Item<'_>) -> Result<Self> {
        if item.is_string() {
            Template::read(item).map(Self::Text)
        } else {
            SecretRef::read(item).map(Self::Secret)
        }
    }

    fn words() -> String {
        format!("{} or {}", Template::words(), SecretRef::words())
    }
}

impl Form for SecretRef {
    fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Env(name) => json!({ "env": name }),
            Self::File(path) => json!({ "file": path.to_string_lossy() }),
            Self::Command(words) => json!({ "command": words }),
        })
    }

    fn read(item: Item<'_>) -> Result<Self> {
        let what = format!("`{}`", item.name);
        Self::of(item.block(&what)?)
    }

    fn words() -> String {
        "reference: `{ env }`, `{ file }` or `{ command }`".to_owned()
    }
}

impl SecretRef {
    /// Whether a table is one reference, not an address in parts.
    fn is_in(keys: &Keys<'_>) -> bool {
        ["env", "file", "command"].iter().any(|name| keys.holds(name))
    }

    fn of(mut keys: Keys<'_>) -> Result<Self> {
        let reference = if let Some(item) = keys.optional("env") {
            Self::Env(item.string()?)
        } else if let Some(item) = keys.optional("file") {
            Self::File(PathBuf::from(item.string()?))
        } else {
            Self::Command(keys.required("command")?.list_of(Item::string)?)
        };
        keys.finish()?;
        Ok(reference)
    }
}

impl<Address: Block> Form for Endpoint<Address> {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Url(reference) => reference.value(),
            Self::Parts(address) => address.value(),
        }
    }

    fn read(item: Item<'_>) -> Result<Self> {
        let mut keys = item.block(Address::WHAT)?;
        if SecretRef::is_in(&keys) {
            return SecretRef::of(keys).map(Self::Url);
        }
        let address = <Address as Block>::read(&mut keys)?;
        keys.finish()?;
        Ok(Self::Parts(address))
    }

    fn words() -> String {
        format!("{}; or {}", SecretRef::words(), Address::words())
    }
}
