//! Turns the lock's references into what a connection is made of.

use flusso_runtime::secret::{Resolver, Secret, UNCLEAR_CREDENTIALS, has_clear_credentials, named};
use flusso_runtime::tls::PemFiles;
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::{PostgresAddress, SourceEndpoint, SslMode, TlsFiles};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use url::form_urlencoded;

use crate::session::words;
use crate::tls::ssl_mode;

/// Help that shows the form of a URL.
const FORM: &str = "write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`";
/// What is wrong where it is not one variable's value.
const CONNECTION: &str = "the source's connection";

/// Everything of a connection that references were resolved for.
pub(crate) struct Resolved {
    /// Host, port, database, user and password; no TLS.
    pub(crate) config: Config,
    pub(crate) mode: SslMode,
    pub(crate) files: PemFiles,
}

/// Resolves an endpoint and its TLS files. Errors are [`ErrorKind::Misconfigured`] and hold no value.
pub(crate) fn resolve(endpoint: &SourceEndpoint, tls: &TlsFiles, resolver: &Resolver) -> Result<Resolved> {
    let mut resolved = match endpoint {
        SourceEndpoint::Url(reference) => from_url(&resolver.url(reference)?, &named(reference))?,
        SourceEndpoint::Parts(PostgresAddress { host, port, database, user, password }) => {
            let mut config = Config::new();
            config.host(resolver.template(host)?);
            config.port(port_number(&resolver.template(port)?)?);
            config.dbname(resolver.template(database)?);
            if let Some(user) = user {
                config.user(resolver.user(user)?);
            }
            if let Some(password) = password {
                config.password(resolver.secret(password)?.expose());
            }
            Resolved { config, mode: SslMode::Prefer, files: PemFiles::default() }
        }
    };
    overlay(&mut resolved, tls, resolver)?;
    complete(resolved)
}

/// TLS settings of the lock override those of the URL.
fn overlay(resolved: &mut Resolved, tls: &TlsFiles, resolver: &Resolver) -> Result<()> {
    if let Some(mode) = &tls.sslmode {
        resolved.mode = *mode;
    }
    let files = &mut resolved.files;
    for (template, path) in [
        (&tls.ssl_root_cert, &mut files.trusted),
        (&tls.ssl_cert, &mut files.certificate),
        (&tls.ssl_key, &mut files.key),
    ] {
        if let Some(template) = template {
            *path = Some(resolver.template(template)?);
        }
    }
    Ok(())
}

/// Takes the parameters of TLS out of a URL, which the client's own parser knows only in part.
fn from_url(url: &Secret, name: &str) -> Result<Resolved> {
    let unusable = |why: &str| unusable(name, why);
    let (base, query) = url.expose().split_once('?').unwrap_or((url.expose(), ""));
    if !base.starts_with("postgres://") && !base.starts_with("postgresql://") {
        let why = match base.starts_with("jdbc:") {
            true => "is a JDBC URL",
            false => "does not begin with `postgres://`",
        };
        return Err(unusable(why).with_help(FORM));
    }
    if !has_clear_credentials(url.expose()) {
        return Err(
            unusable(UNCLEAR_CREDENTIALS).with_help("write `%40` for `@`, `%2F` for `/` and `%3F` for `?`")
        );
    }
    let (mut mode, mut files) = (SslMode::Prefer, PemFiles::default());
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.replace('+', "%2B").as_bytes()) {
        match &*name {
            "sslmode" => mode = ssl_mode(&value)?,
            "sslrootcert" => files.trusted = Some(value.into_owned()),
            "sslcert" => files.certificate = Some(value.into_owned()),
            "sslkey" => files.key = Some(value.into_owned()),
            _ if is_unknown(&name) => return Err(unknown_parameter(&name, base, unusable)),
            _ => drop(rest.append_pair(&name, &value)),
        }
    }
    // The serializer writes a space as `+`, which the client's parser reads as a plus sign.
    let rest = rest.finish().replace('+', "%20");
    let config = format!("{base}?{rest}").parse::<Config>();
    // The parser's own message may quote a part of the URL.
    let config = config.map_err(|_| unusable("is not a connection URL").with_help(FORM))?;
    Ok(Resolved { config, mode, files })
}

/// Whether a parameter is unknown to the client; its parser reports that for any value.
fn is_unknown(name: &str) -> bool {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let parsed = format!("postgres://u@h/d?{name}=1").parse::<Config>();
    parsed.is_err_and(|error| words(&error).starts_with("unknown option"))
}

/// The parameter is named only where it is none of the password's: the user and password end before it.
fn unknown_parameter(parameter: &str, base: &str, unusable: impl Fn(&str) -> Error) -> Error {
    if !base.contains('@') {
        return unusable("has an unknown parameter").with_help("remove it from the URL");
    }
    let help = match parameter {
        "currentSchema" | "schema" | "search_path" => {
            format!("remove `{parameter}` from the URL and set `source.postgres.schema`")
        }
        _ => format!("remove `{parameter}` from the URL"),
    };
    unusable(&format!("has the unknown parameter `{parameter}`")).with_help(help)
}

fn complete(mut resolved: Resolved) -> Result<Resolved> {
    let config = &mut resolved.config;
    if config.get_hosts().len() + config.get_hostaddrs().len() != 1 {
        return Err(unusable(CONNECTION, "does not name exactly one host")
            .with_help("name the primary: a standby cannot be read, and one session has one server"));
    }
    let Some(user) = config.get_user().map(str::to_owned) else {
        return Err(unusable(CONNECTION, "has no user")
            .with_help("write it before the host, or set `source.postgres.user`"));
    };
    if config.get_dbname().is_none() {
        config.dbname(user);
    }
    Ok(resolved)
}

fn port_number(text: &str) -> Result<u16> {
    text.parse().map_err(|_| unusable(CONNECTION, "has a port that is not a number up to 65535"))
}

fn unusable(name: &str, why: &str) -> Error {
    let whom = if name == CONNECTION { "it" } else { "the source" };
    Error::new(ErrorKind::Misconfigured, format!("{name} {why}, so {whom} cannot be reached"))
}

/// Host and port as a person reads them.
pub(crate) fn address(config: &Config) -> String {
    let port = config.get_ports().first().copied().unwrap_or(5432);
    match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(Host::Tcp(host)), _) => format!("{host}:{port}"),
        #[cfg(unix)]
        (Some(Host::Unix(path)), _) => format!("{}:{port}", path.display()),
        (None, Some(address)) => format!("{address}:{port}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flusso_schemas::lock::{SecretRef, Template};

    use super::*;

    /// Resolves a URL that stands in a file, since tests do not set variables.
    fn of_url(url: &str, tls: &TlsFiles) -> Result<Resolved> {
        let name = format!("flusso-url-{}-{:p}", std::process::id(), url);
        let path = std::env::temp_dir().join(name);
        std::fs::File::create(&path).and_then(|mut file| file.write_all(url.as_bytes())).expect("written");
        let endpoint = SourceEndpoint::Url(SecretRef::File(path.clone()));
        let resolved = resolve(&endpoint, tls, &Resolver::new("the source", false));
        std::fs::remove_file(path).expect("removed");
        resolved
    }

    #[test]
    fn a_url_gives_every_part_and_its_tls_parameters() {
        let url = "postgresql://u%40x:p%2Bw@[::1]:6000/d\
                   ?sslmode=verify-full&sslrootcert=/a+b.pem&connect_timeout=3";
        let resolved = of_url(url, &TlsFiles::default()).expect("resolved");
        assert_eq!(address(&resolved.config), "::1:6000");
        assert_eq!(resolved.config.get_user(), Some("u@x"));
        assert_eq!(resolved.config.get_password(), Some(&b"p+w"[..]));
        assert_eq!(resolved.config.get_dbname(), Some("d"));
        assert_eq!(resolved.config.get_connect_timeout().map(std::time::Duration::as_secs), Some(3));
        assert_eq!(resolved.mode, SslMode::VerifyFull);
        assert_eq!(resolved.files.trusted.as_deref(), Some("/a+b.pem"));
    }

    #[test]
    fn the_lock_is_above_the_url() {
        let tls = TlsFiles { sslmode: Some(SslMode::Disable), ..TlsFiles::default() };
        let resolved = of_url("postgres://u@h/d?sslmode=require", &tls).expect("resolved");
        assert_eq!(resolved.mode, SslMode::Disable);
    }

    #[test]
    fn parts_are_templates_and_references() {
        let endpoint = SourceEndpoint::Parts(PostgresAddress {
            host: Template("127.0.0.1".to_owned()),
            port: Template("${FLUSSO_NO_SUCH_PORT:-5433}".to_owned()),
            database: Template("d".to_owned()),
            user: None,
            password: None,
        });
        let resolver = Resolver::new("the source", false);
        let error = resolve(&endpoint, &TlsFiles::default(), &resolver).err().expect("no user");
        assert_eq!(error.message, "the source's connection has no user, so it cannot be reached");
    }

    #[test]
    fn what_cannot_be_used_is_told_without_its_text() {
        for (url, says) in [
            ("mysql://u:hunter2@h/d", "does not begin with `postgres://`"),
            ("jdbc:postgresql://h/d?user=u&password=hunter2", "is a JDBC URL"),
            ("postgres://u:hunter2@h/d?currentSchema=shop", "has the unknown parameter `currentSchema`"),
            ("postgres://u:1?hunter2=x", "has an unknown parameter"),
            ("", "is empty"),
            ("\"postgres://u:hunter2@h/d\"", "has quotes around the URL"),
            ("postgres://u:hunter2@h:port/d", "is not a connection URL"),
            ("postgres://u:hunter2@h1,h2/d", "exactly one host"),
            ("postgres://u:a@hunter2@h/d", "not percent-encoded"),
            ("postgres://u:1/hunter2@h/d", "not percent-encoded"),
            ("host=h user=u password=hunter2", "does not begin with `postgres://`"),
            ("postgres://u@h/d?sslmode=hunter2", "unknown `sslmode`"),
        ] {
            let error = of_url(url, &TlsFiles::default()).err().expect("refused");
            assert_eq!(error.kind, ErrorKind::Misconfigured);
            assert!(error.message.contains(says) && !error.message.contains("hunter2"), "{error}");
            let help = error.help.as_deref().unwrap_or_default();
            assert!(!help.contains("hunter2"), "{help}");
            assert_eq!(help.contains("source.postgres.schema"), url.contains("currentSchema"), "{help}");
        }
    }
}
