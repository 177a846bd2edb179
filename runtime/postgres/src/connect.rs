//! Where to connect and how: resolved once per session, then used for each of its connections.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flusso_runtime::secret::Resolver;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::{SourceEndpoint, SourcePlan, SslMode, TlsFiles};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode as ConfigSslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::TlsConnector;

use crate::secret::{address, resolve};
use crate::tls;

/// Longest wait for a connection, where the URL says nothing (`connect_timeout`).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Idle time before the kernel asks whether the other end is there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// How often it asks again, [`KEEPALIVE_RETRIES`] times, before the connection counts as broken.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// Questions without an answer before the connection counts as broken.
const KEEPALIVE_RETRIES: u32 = 3;
/// How long sent bytes may stay without a sign that they arrived (`tcp_user_timeout`).
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(20);
/// Bound of a statement where the plan says none (0): nothing waits without one.
const STATEMENT_TIMEOUT_WHERE_NONE: Duration = Duration::from_secs(30);
/// Application name of a connection that belongs to no slot.
const APPLICATION: &str = "flusso";
/// Code of the request for TLS in the protocol of Postgres.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A source with its references resolved. Neither `Debug` nor any error shows a secret.
#[derive(Clone)]
pub struct ConnectPlan {
    config: Config,
    mode: SslMode,
    tls: Arc<ClientConfig>,
    application: String,
    statement_timeout: Duration,
}

impl ConnectPlan {
    /// The source of a lock. Connections call themselves after its slot.
    ///
    /// Runs commands in the foreground where the lock has some: call it where blocking is allowed.
    /// Every error is [`ErrorKind::Unreachable`].
    pub fn of_source(source: &SourcePlan, allow_commands: bool) -> Result<Self> {
        let plan = Self::of_endpoint(
            &source.endpoint,
            &source.tls,
            Duration::from_millis(source.statement_timeout_ms),
            allow_commands,
        )?;
        Ok(Self { application: source.slot.clone(), ..plan })
    }

    /// An endpoint without a lock, for checks. As [`Self::of_source`] otherwise.
    pub fn of_endpoint(
        endpoint: &SourceEndpoint,
        files: &TlsFiles,
        statement_timeout: Duration,
        allow_commands: bool,
    ) -> Result<Self> {
        let mut resolved = resolve(endpoint, files, &Resolver::new("the source", allow_commands))?;
        let tls = Arc::new(tls::client_config(resolved.mode, &resolved.files)?);
        let config = &mut resolved.config;
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT));
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_RETRIES);
        config.tcp_user_timeout(UNACKNOWLEDGED_MAX);
        config.ssl_mode(match resolved.mode {
            SslMode::Disable => ConfigSslMode::Disable,
            SslMode::Prefer => ConfigSslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => ConfigSslMode::Require,
        });
        Ok(Self {
            config: resolved.config,
            mode: resolved.mode,
            tls,
            application: APPLICATION.to_owned(),
            statement_timeout,
        })
    }

    /// The user to log in as.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Its password, where there is one.
    pub fn password(&self) -> Option<&[u8]> {
        self.config.get_password()
    }

    /// Name of the database; empty if none is configured.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// `host:port`, as messages name the server.
    pub fn server(&self) -> String {
        address(&self.config)
    }

    /// `host:port/database`, as messages name the database.
    pub fn place(&self) -> String {
        format!("{}/{}", self.server(), self.database())
    }

    /// Bound of one statement, never 0.
    pub fn statement_timeout(&self) -> Duration {
        if self.statement_timeout.is_zero() { STATEMENT_TIMEOUT_WHERE_NONE } else { self.statement_timeout }
    }

    /// Connects, name, TLS and login together, within the bound of a connection.
    pub(crate) async fn within_bound<T>(&self, connecting: impl Future<Output = T>) -> Result<T> {
        let bound = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let silent = |_| self.unreachable(format_args!("no answer within {} s", bound.as_secs()));
        tokio::time::timeout(bound, connecting).await.map_err(silent)
    }

    /// How a connection for a purpose calls itself, such as `flusso_shop stream`.
    pub fn application_name(&self, purpose: &str) -> String {
        format!("{} {purpose}", self.application)
    }

    /// The configuration of the client library.
    pub(crate) fn client_config(&self, purpose: &str) -> (Config, MakeRustlsConnect) {
        let mut config = self.config.clone();
        config.application_name(self.application_name(purpose));
        (config, self.make_tls())
    }

    pub(crate) fn make_tls(&self) -> MakeRustlsConnect {
        MakeRustlsConnect::new(ClientConfig::clone(&self.tls))
    }

    /// An error about not reaching this source.
    pub(crate) fn unreachable(&self, why: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Unreachable, format!("Postgres at `{}` cannot be reached: {why}", self.place()))
            .with_help("check host and port of the source's connection, and that the server is running")
    }
}

impl fmt::Debug for ConnectPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectPlan").field("place", &self.place()).field("user", &self.user()).finish()
    }
}

/// A stream of bytes both ways, with TLS or without.
pub trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// A connection to the server, with or without TLS, on which nothing was said yet.
pub type RawStream = Pin<Box<dyn Duplex>>;

/// Connects and agrees on TLS as the plan's `sslmode` says; the caller begins with its startup
/// message. Every error is [`ErrorKind::Unreachable`].
pub async fn raw_stream(plan: &ConnectPlan) -> Result<RawStream> {
    plan.within_bound(open(plan)).await?.map_err(|error| plan.unreachable(error))
}

async fn open(plan: &ConnectPlan) -> std::io::Result<RawStream> {
    let port = plan.config.get_ports().first().copied().unwrap_or(5432);
    let host = match (plan.config.get_hosts().first(), plan.config.get_hostaddrs().first()) {
        #[cfg(unix)]
        (Some(Host::Unix(folder)), _) => {
            let socket = folder.join(format!(".s.PGSQL.{port}"));
            return Ok(Box::pin(tokio::net::UnixStream::connect(socket).await?));
        }
        (Some(Host::Tcp(host)), _) => host.clone(),
        (None, Some(address)) => address.to_string(),
        (None, None) => return Err(std::io::Error::other("missing host")),
    };
    let tcp = TcpStream::connect((host.as_str(), port)).await?;
    tcp.set_nodelay(true)?;
    with_tls(plan, &host, tcp).await
}

async fn with_tls(plan: &ConnectPlan, host: &str, mut tcp: TcpStream) -> std::io::Result<RawStream> {
    if plan.mode == SslMode::Disable {
        return Ok(Box::pin(tcp));
    }
    tcp.write_all(&SSL_REQUEST).await?;
    match (tcp.read_u8().await?, plan.mode) {
        (b'S', _) => {
            let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
            Ok(Box::pin(TlsConnector::from(Arc::clone(&plan.tls)).connect(name, tcp).await?))
        }
        (_, SslMode::Prefer) => Ok(Box::pin(tcp)),
        _ => Err(std::io::Error::other("the server does not support TLS, but `sslmode` requires it")),
    }
}

#[cfg(test)]
mod tests {
    use flusso_schemas::lock::SecretRef;

    use super::*;

    #[tokio::test]
    async fn neither_debug_nor_an_error_shows_the_password() {
        let path = std::env::temp_dir().join(format!("flusso-connect-{}", std::process::id()));
        // Port 1 is reserved: nobody listens there.
        std::fs::write(&path, "postgres://sync:hunter2@127.0.0.1:1/shop").expect("written");
        let endpoint = SourceEndpoint::Url(SecretRef::File(path.clone()));
        let plan = ConnectPlan::of_endpoint(&endpoint, &TlsFiles::default(), CONNECT_TIMEOUT, false);
        std::fs::remove_file(path).expect("removed");
        let plan = plan.expect("a plan");
        let error = raw_stream(&plan).await.err().expect("nobody listens");
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert!(error.message.starts_with("Postgres at `127.0.0.1:1/shop` cannot be reached: "), "{error}");
        for text in [format!("{plan:?}"), format!("{error:?}")] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
