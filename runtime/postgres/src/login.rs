//! Why a server refuses a login, each reason in words of its own; and what keeps a role that may log in
//! from following, which is judged before a walsender is tried.

use flusso_lints::source::quote::identifier;
use flusso_lints::source::statements;
use flusso_lints::words::errors_prevent;
use flusso_lints::{Exit, exit_of, role_cannot_replicate};
use flusso_runtime::{Error, ErrorKind, Result};
use flusso_schemas::lock::Lock;
use flusso_schemas::report::{Finding, Level};

use crate::connect::ConnectPlan;
use crate::preflight;
use crate::session::{Session, SqlState, words};

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Statements,
    Replication,
}

/// The error for a login that the server refused with a SQLSTATE; `words` are the server's own. What passes by
/// itself is [`ErrorKind::Unreachable`], what a person must change [`ErrorKind::Misconfigured`].
pub(crate) fn refused(
    plan: &ConnectPlan,
    purpose: Purpose,
    code: &str,
    words: impl std::fmt::Display,
) -> Error {
    let (user, database, server) = (plan.user(), plan.database(), plan.server());
    let (message, help) = match code {
        "28P01" => (
            format!("Postgres at `{server}` refuses the password of user `{user}`"),
            "check the password of the source's connection, and whether it has expired".to_owned(),
        ),
        "28000" => (
            format!("Postgres at `{server}` refuses the login of user `{user}`: {words}"),
            "check the user of the source's connection and the server's `pg_hba.conf`".to_owned(),
        ),
        "3D000" => (
            format!("Postgres at `{server}` has no database `{database}`"),
            "check the database in the source's connection".to_owned(),
        ),
        "42501" if purpose == Purpose::Replication => (
            format!("user `{user}` may not read changes from Postgres at `{server}`: {words}"),
            role_cannot_replicate::grant(user),
        ),
        "42501" => (
            format!("user `{user}` may not connect to database `{database}` at `{server}`: {words}"),
            format!("run `{}`", statements::grant_connect(database, user)),
        ),
        "53300" => (
            format!("Postgres at `{server}` has no connection left for user `{user}`: {words}"),
            limit_help(plan, &words.to_string()),
        ),
        "57P03" => (
            format!("Postgres at `{server}` is not accepting connections yet: {words}"),
            "try again once the server has started".to_owned(),
        ),
        _ => return plan.unreachable(words).with_source(SqlState(code.to_owned())),
    };
    let kind = match code {
        "53300" | "57P03" => ErrorKind::Unreachable,
        _ => ErrorKind::Misconfigured,
    };
    Error::new(kind, message).with_help(help).with_source(SqlState(code.to_owned()))
}

/// Which limit was reached, as far as the server's words tell: a role and a database may have one of their own.
fn limit_help(plan: &ConnectPlan, words: &str) -> String {
    let (user, database) = (plan.user(), plan.database());
    if words.contains("for role") {
        let role = identifier(user);
        return format!("run `alter role {role} connection limit -1`, or close connections of that role");
    }
    if words.contains("for database") {
        let database = identifier(database);
        return format!("run `alter database {database} connection limit -1`, or close connections to it");
    }
    "close connections that nobody needs, or raise `max_connections` or `max_wal_senders`".to_owned()
}

/// The client's message if the server requires a password and none is set.
const NO_PASSWORD: &str = "password missing";
/// The client's message if the server does not offer TLS.
pub(crate) const NO_TLS: &str = "server does not support TLS";

/// The error for a login that did not come to an answer of the server.
pub(crate) fn unfinished(plan: &ConnectPlan, error: &tokio_postgres::Error, is_about_tls: bool) -> Error {
    match words(error) {
        words if words == NO_PASSWORD => without_password(plan),
        words if words == NO_TLS => without_tls(plan),
        words if is_about_tls => plan
            .unreachable(words)
            .into_kind(ErrorKind::Misconfigured)
            .with_help("check `sslmode` and `ssl_root_cert` of the source, and the server's certificate"),
        words => plan.unreachable(words),
    }
}

fn without_password(plan: &ConnectPlan) -> Error {
    let message = format!(
        "Postgres at `{}` requires a password for user `{}`, but none is set",
        plan.server(),
        plan.user()
    );
    Error::new(ErrorKind::Misconfigured, message)
        .with_help("write it into the URL as `USER:PASSWORD@`, or set `source.postgres.password`")
}

/// The server does not support TLS, and `sslmode` requires it.
pub(crate) fn without_tls(plan: &ConnectPlan) -> Error {
    plan.unreachable("the server does not support TLS, but `sslmode` requires it")
        .into_kind(ErrorKind::Misconfigured)
        .with_help("enable `ssl` on the server, or set `sslmode: disable` if the network is trusted")
}

/// An error where this server or role can never give a stream of changes: a walsender would be refused with
/// words that name no remedy.
pub(crate) async fn judge(session: &Session, plan: &Lock) -> Result<()> {
    let found = preflight::server_findings(session, plan).await?;
    // Also if the project lowered the level: the server decides then.
    let found: Vec<Finding> = found
        .into_iter()
        .filter_map(|finding| plan.judge(finding))
        .filter(|finding| finding.level == Level::Deny)
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    if found.iter().any(|finding| exit_of(finding) == Exit::Unreachable) {
        // A service that fails over may reach the old primary for a while, so a retry may help.
        let message = format!(
            "Postgres at `{}` is a standby, and changes come from the primary",
            session.plan().server()
        );
        return Err(Error::new(ErrorKind::Unreachable, message).with_findings(found));
    }
    let count = errors_prevent(found.len());
    let message = format!("{count} following Postgres at `{}`; nothing was changed", session.plan().server());
    Err(Error::new(ErrorKind::Findings, message).with_findings(found))
}
