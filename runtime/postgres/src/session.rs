//! One connection for statements, with the settings pinned that decide how values are printed.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use flusso_runtime::{Error, ErrorKind, Result};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use crate::connect::ConnectPlan;
use crate::login;
use crate::refusal;
use crate::statement::Statements;

/// Longest wait for a table lock: always below the server's `deadlock_timeout` (1 s), or our wait
/// makes someone else the victim of a deadlock.
pub const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the server lets a transaction of ours idle: above any bound of ours.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);
/// Longest try to cancel a statement: it takes a connection of its own, to a server that may be silent.
const CANCEL_WAIT: Duration = Duration::from_secs(2);

/// Settings of every connection, the replication connection included: values are printed in one way
/// whatever role or database say, and rows that a policy hides are an error.
pub const PINNED_SETTINGS: [(&str, &str); 18] = [
    ("client_encoding", "UTF8"),
    ("lc_monetary", "C"),
    ("TimeZone", "UTC"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    // Otherwise the meaning of `01/02/2024` depends on the database's `DateStyle`.
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "iso_8601"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("quote_all_identifiers", "off"),
    ("timezone_abbreviations", "Default"),
    ("transform_null_equals", "off"),
    ("xmlbinary", "base64"),
    ("xmloption", "content"),
    ("row_security", "off"),
    ("standard_conforming_strings", "on"),
    ("jit", "off"),
    ("search_path", "pg_catalog"),
];

/// No session of ours ends for having had nothing to do: it is waited with, and a lock is. Servers before
/// 14 have no such setting.
pub const WITHOUT_IDLE_TIMEOUT: &str = "select pg_catalog.set_config(name, '0', false) \
                                        from pg_catalog.pg_settings where name = 'idle_session_timeout';";

/// Ties the connections of a session together: when one breaks, all are void, because positions of a lost log
/// may be reused.
#[derive(Clone, Debug)]
pub struct Bond(Arc<watch::Sender<Option<String>>>);

impl Default for Bond {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Bond {
    /// Says that a connection broke. The first reason stays.
    pub fn sever(&self, reason: impl Into<String>) {
        let reason = reason.into();
        self.0.send_if_modified(|broken| {
            let first = broken.is_none();
            broken.get_or_insert(reason);
            first
        });
    }

    /// An error where a connection broke.
    pub fn check(&self) -> Result<()> {
        self.0.borrow().as_ref().map_or(Ok(()), |reason| Err(lost(reason)))
    }

    /// Ends when a connection breaks, with the error.
    pub async fn severed(&self) -> Error {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await {
            Ok(reason) => lost(reason.as_deref().unwrap_or_default()),
            Err(_) => lost("the session ended"),
        }
    }
}

pub(crate) fn lost(reason: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, format!("connection to Postgres lost: {reason}"))
}

/// One connection. Dropping it closes it; it never reconnects.
pub struct Session {
    statements: Statements,
    plan: ConnectPlan,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = self.statements.is_closed();
        f.debug_struct("Session").field("plan", &self.plan).field("closed", &closed).finish()
    }
}

/// Connects and pins the session's settings. `purpose` is what `pg_stat_activity` shows after the
/// slot's name. When the server ends the connection `bond` is severed.
///
/// An error is [`ErrorKind::Unreachable`] or [`ErrorKind::Misconfigured`] and names host, port and
/// database.
pub async fn connect(plan: &ConnectPlan, purpose: &str, bond: &Bond) -> Result<Session> {
    let (config, tls) = plan.client_config(purpose);
    // The library bounds only the TCP connection; looking up the name, TLS and the login may be silent too.
    let connecting = async {
        let (client, connection) = config.connect(tls).await.map_err(|error| refused(plan, &error))?;
        let statements = Statements::begin(client, connection, plan.statement_timeout(), bond);
        let session = Session { statements, plan: plan.clone() };
        session.pin().await.map_err(|error| match error.kind {
            ErrorKind::ConnectionLost => plan.unreachable(error),
            // Until ours is set, the timeout of the role or the database counts.
            ErrorKind::TooMuch => plan
                .unreachable(error)
                .into_kind(ErrorKind::Misconfigured)
                .with_help("raise or reset `statement_timeout` of the connection's role and of the database"),
            _ => plan.unreachable(error).into_kind(ErrorKind::Misconfigured),
        })?;
        Ok(session)
    };
    plan.within_bound(connecting).await?
}

/// A session is asked as its connection is.
impl Deref for Session {
    type Target = Statements;

    fn deref(&self) -> &Statements {
        &self.statements
    }
}

impl Session {
    /// The plan that it was connected with.
    pub fn plan(&self) -> &ConnectPlan {
        &self.plan
    }

    /// Runs statements that return nothing; `what` is said where one fails.
    pub async fn run(&self, what: &str, statements: &str) -> Result<()> {
        self.run_for(what, statements, Duration::ZERO).await
    }

    /// The same where they may take `more` than one statement's bound together.
    pub(crate) async fn run_for(&self, what: &str, statements: &str, more: Duration) -> Result<()> {
        self.statements.run(what, statements, more).await
    }

    /// Gives each statement from now on another bound, the server's and ours.
    pub(crate) async fn allow(&mut self, statement_timeout: Duration) -> Result<()> {
        let bound = statement_timeout.as_millis().max(1);
        self.run("bounding the session's statements", &format!("set statement_timeout = {bound}")).await?;
        self.statements.allow(statement_timeout);
        Ok(())
    }

    /// Leaves a transaction that may be open.
    pub async fn rollback(&self) -> Result<()> {
        self.run("rolling back", "rollback").await
    }

    async fn pin(&self) -> Result<()> {
        let mut statements = WITHOUT_IDLE_TIMEOUT.to_owned();
        for (name, value) in PINNED_SETTINGS {
            statements += &format!("set {name} = '{value}';");
        }
        for (name, bound) in [
            ("statement_timeout", self.plan.statement_timeout()),
            ("lock_timeout", LOCK_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION),
        ] {
            statements += &format!("set {name} = {};", bound.as_millis());
        }
        // What we commit must not wait for a standby; the flushed position is read separately.
        statements += "set synchronous_commit = 'local'";
        self.run("pinning the session's settings", &statements).await
    }
}

/// Cancels the running statement of the token's session, with a short bound. An unreachable server is not an
/// error here: its session will notice.
pub async fn cancel(plan: &ConnectPlan, token: CancelToken) {
    match timeout(CANCEL_WAIT, token.cancel_query(plan.make_tls())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a statement could not be cancelled"),
        Err(_) => tracing::debug!("a statement could not be cancelled: no answer"),
    }
}

/// SQLSTATE of what the server refused, in the chain of an [`Error`].
#[derive(Debug, thiserror::Error)]
#[error("SQLSTATE {0}")]
pub struct SqlState(pub String);

/// The five characters of SQLSTATE where the server refused a statement.
pub fn sqlstate(error: &Error) -> Option<&str> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<SqlState>().map(|state| state.0.as_str())
}

/// The runtime's error for a failed statement. `what` is what was being done, such as `reading the catalog`.
pub fn failed(what: &str, error: &tokio_postgres::Error) -> Error {
    let Some(code) = error.code().map(|code| code.code()) else {
        let kind = if is_lost(error) { ErrorKind::ConnectionLost } else { ErrorKind::Internal };
        return Error::new(kind, format!("{what}: {}", words(error)));
    };
    let failed = Error::new(kind_of(code), format!("{what}: {}", words(error)));
    let failed = failed.with_source(SqlState(code.to_owned()));
    match code {
        CANCELLED => failed.with_help(
            "raise `source.postgres.statement_timeout`, or try again when the server is less busy",
        ),
        _ => failed,
    }
}

/// What a statement ends with that took longer than the server allows it, or that someone cancelled.
const CANCELLED: &str = "57014";

/// Whether the connection broke; otherwise an answer does not match our own statement.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>())
}

/// The kind of a SQLSTATE. Classes 22, 42, 0A and 3F are the caller's to judge: is it the catalog, or
/// a row? Until then 22 is a row's.
pub(crate) fn kind_of(code: &str) -> ErrorKind {
    match (code, &code[..2]) {
        // Another session holds the lock, made us the victim of a deadlock, or overtook us.
        ("55P03", _) | (_, "40") => ErrorKind::LockNotAvailable,
        // The row would exhaust the server's memory again next time.
        (CANCELLED | "53200", _) => ErrorKind::TooMuch,
        ("57P01" | "57P02" | "57P03" | "25P03", _) | (_, "08" | "53" | "58") => ErrorKind::ConnectionLost,
        (_, "22") => ErrorKind::Rejected,
        (_, "42" | "0A" | "3F" | "55") => ErrorKind::Drift,
        _ => ErrorKind::Internal,
    }
}

/// The server's or the library's words, without what may quote a row's value.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(database), _) => refusal::words(database.code().code(), database.message()),
        (None, Some(source)) => source.to_string(),
        (None, None) => error.to_string(),
    }
}

fn refused(plan: &ConnectPlan, error: &tokio_postgres::Error) -> Error {
    match error.code() {
        Some(code) => login::refused(plan, login::Purpose::Statements, code.code(), words(error)),
        None => login::unfinished(plan, error, is_about_tls(error)),
    }
}

/// Whether TLS was not agreed on, such as for a certificate that is not trusted.
fn is_about_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An I/O error keeps what it was made of where `source` does not look.
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.is_some_and(|inner| is_about_tls(inner)) || error.source().is_some_and(is_about_tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sqlstate_means_follows_one_table() {
        for (code, kind) in [
            ("55P03", ErrorKind::LockNotAvailable),
            ("40P01", ErrorKind::LockNotAvailable),
            ("57014", ErrorKind::TooMuch),
            ("53200", ErrorKind::TooMuch),
            ("53300", ErrorKind::ConnectionLost),
            ("57P01", ErrorKind::ConnectionLost),
            ("08006", ErrorKind::ConnectionLost),
            ("42703", ErrorKind::Drift),
            ("22P02", ErrorKind::Rejected),
            ("XX000", ErrorKind::Internal),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }

    #[tokio::test]
    async fn a_severed_bond_keeps_its_first_reason() {
        let bond = Bond::default();
        bond.check().expect("nothing broke");
        let waiting = {
            let bond = bond.clone();
            tokio::spawn(async move { bond.severed().await })
        };
        bond.sever("the server was shut down");
        bond.sever("connection closed");
        for error in [bond.check().expect_err("it broke"), waiting.await.expect("it ends")] {
            assert_eq!(error.kind, ErrorKind::ConnectionLost);
            assert!(error.message.ends_with("the server was shut down"), "{error}");
        }
    }
}
