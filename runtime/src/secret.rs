//! References become values here, in the environment that runs the lock: the lock itself holds none.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flusso_schemas::lock::{SecretRef, Template, UserName};

use crate::error::{Error, ErrorKind, Result};

/// Longest run of a command that prints a credential.
const COMMAND_WAIT: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile.
const COMMAND_POLL: Duration = Duration::from_millis(20);

/// A resolved secret. It cannot be printed by accident: `Debug` hides it, and `Display` is not implemented.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that came some other way, such as in a URL.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, to be sent and never printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Resolves the references of one source or sink.
#[derive(Clone, Debug)]
pub struct Resolver {
    whom: String,
    allow_commands: bool,
    variable: fn(&str) -> Option<String>,
}

impl Resolver {
    /// A resolver over this process' environment. `whom` names what cannot be reached without the value, such
    /// as `the source`.
    pub fn new(whom: impl Into<String>, allow_commands: bool) -> Self {
        Self { whom: whom.into(), allow_commands, variable: |name| std::env::var(name).ok() }
    }

    /// The value behind a reference. A command is run in the foreground, at most 30 s.
    ///
    /// Every error is [`ErrorKind::Misconfigured`] and names the reference, never its value.
    pub fn secret(&self, reference: &SecretRef) -> Result<Secret> {
        match reference {
            SecretRef::Env(name) => (self.variable)(name).ok_or_else(|| self.unset(name)),
            SecretRef::File(path) => self.file(path),
            SecretRef::Command(words) => self.command(words),
        }
        .map(Secret)
    }

    /// The URL behind a reference, without the slips that no parser can name: it is empty, or more than the URL was
    /// copied into it.
    pub fn url(&self, reference: &SecretRef) -> Result<Secret> {
        let url = self.secret(reference)?;
        let (text, name) = (url.expose(), named(reference));
        let slip = |what: &str, help: &str| Err(self.unreachable(format!("{name} {what}")).with_help(help));
        if text.trim().is_empty() {
            return slip("is empty", "set it to the whole URL");
        }
        if text.trim() != text {
            return slip("begins or ends with a space or a line break", "leave only the URL in it");
        }
        if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
            return slip("has quotes around the URL", "remove the quotes: flusso does not strip them");
        }
        Ok(url)
    }

    /// A user's name, which is written out or kept like a password.
    pub fn user(&self, user: &UserName) -> Result<String> {
        match user {
            UserName::Text(text) => self.template(text),
            UserName::Secret(reference) => self.secret(reference).map(|name| name.0),
        }
    }

    /// Expands every `${NAME}` and `${NAME:-default}`; as in a shell, the default also replaces an empty
    /// variable.
    pub fn template(&self, template: &Template) -> Result<String> {
        let mut text = String::new();
        let mut rest = template.0.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let Some((reference, next)) = after.split_once('}') else { break };
            text.push_str(before);
            text.push_str(&self.variable_or_default(reference)?);
            rest = next;
        }
        Ok(text + rest)
    }

    fn variable_or_default(&self, reference: &str) -> Result<String> {
        match reference.split_once(":-") {
            Some((name, default)) => Ok((self.variable)(name)
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| default.to_owned())),
            None => (self.variable)(reference).ok_or_else(|| self.unset(reference)),
        }
    }

    fn file(&self, path: &Path) -> Result<String> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            self.unreachable(format!("`{}` cannot be read ({error})", path.display()))
                .with_help("check the path and who may read it")
        })?;
        Ok(without_line_feed(text))
    }

    fn command(&self, words: &[String]) -> Result<String> {
        let Some((program, arguments)) = words.split_first() else {
            return Err(self.unreachable("a credential's command is empty".to_owned()));
        };
        if !self.allow_commands {
            return Err(self
                .unreachable(format!("a credential comes from the command `{program}`, which is not allowed"))
                .with_help("pass `--allow-commands` if you trust the lock"));
        }
        run(program, arguments)
            .map(without_line_feed)
            .map_err(|reason| self.unreachable(format!("the command `{program}` {reason}")))
    }

    fn unset(&self, name: &str) -> Error {
        self.unreachable(format!("environment variable `{name}` is not set"))
            .with_help(format!("set `{name}` where flusso runs"))
    }

    fn unreachable(&self, why: String) -> Error {
        Error::new(ErrorKind::Misconfigured, format!("{why}, so {} cannot be reached", self.whom))
    }
}

/// What a reference is called where its value is wrong: the place where that is changed.
pub fn named(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Env(name) => format!("environment variable `{name}`"),
        SecretRef::File(path) => format!("`{}`", path.display()),
        SecretRef::Command(words) => {
            format!("the output of the command `{}`", words.first().map_or("", String::as_str))
        }
    }
}

/// What a command prints, or how it failed, in words.
fn run(program: &str, arguments: &[String]) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be run ({error})"))?;
    let mut output = child.stdout.take().expect("its output was piped");
    // Read beside the waiting, or a command that prints more than a pipe holds never ends.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let began = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| format!("cannot be waited for ({error})"))? {
            Some(status) => break status,
            None if began.elapsed() > COMMAND_WAIT => {
                // Nothing depends on whether it was still there to be killed.
                let _ = child.kill().and_then(|()| child.wait());
                return Err(format!("did not end within {} s", COMMAND_WAIT.as_secs()));
            }
            None => std::thread::sleep(COMMAND_POLL),
        }
    };
    if !status.success() {
        return Err(format!("failed ({status})"));
    }
    let text = reader.join().map_err(|_| "could not be read".to_owned())?;
    text.map_err(|error| format!("printed bytes that are not UTF-8 ({error})"))
}

fn without_line_feed(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// Whether a URL's user and password end where a parser thinks they do: with `/`, `?` or `@` unescaped in
/// a password, a part of it is taken for the host's name, which messages show.
pub fn has_clear_credentials(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '\\']).next().unwrap_or_default();
    let query = rest.find('?').unwrap_or(rest.len());
    match rest[..query].matches('@').count() {
        // What follows `?` may hold one of its own, but not where it may be the end of a password.
        0 => !rest.contains('@'),
        1 => authority.contains('@'),
        _ => false,
    }
}

/// The message about an ambiguous URL.
pub const UNCLEAR_CREDENTIALS: &str =
    "has an `@`, `/` or `?` in its user or password that is not percent-encoded";

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(allow_commands: bool) -> Resolver {
        let variable = |name: &str| match name {
            "HOST" => Some("db".to_owned()),
            "EMPTY" => Some(String::new()),
            "QUOTED" => Some("\"postgres://u:hunter2@h/d\"".to_owned()),
            "BROKEN" => Some("postgres://u:hunter2@h/d\n".to_owned()),
            "SPACED" => Some(" postgres://u:hunter2@h/d".to_owned()),
            _ => None,
        };
        Resolver { whom: "the source".to_owned(), allow_commands, variable }
    }

    #[test]
    fn a_password_that_ends_early_is_noticed() {
        for clear in [
            "postgres://u:p@h/db",
            "postgres://u:p%40ss@h:1/db?application_name=a@b",
            "postgres://h/db",
            "http://u:p#w@h",
            "http://h:9200",
        ] {
            assert!(has_clear_credentials(clear), "{clear}");
        }
        for unclear in [
            "postgres://u:p@ss@h/db",
            "postgres://u:12/ss@h/db",
            "postgres://u:12?ss@h/db",
            "https://u:1\\2@h",
            "postgres://u:p@h/d@b",
        ] {
            assert!(!has_clear_credentials(unclear), "{unclear}");
        }
    }

    #[test]
    fn a_url_with_more_than_the_url_in_it_names_the_variable_and_the_slip() {
        for (variable, says) in [
            ("EMPTY", "is empty"),
            ("QUOTED", "has quotes around the URL"),
            ("BROKEN", "begins or ends with a space or a line break"),
            ("SPACED", "begins or ends with a space or a line break"),
        ] {
            let error = resolver(false).url(&SecretRef::Env(variable.to_owned())).expect_err(variable);
            let message =
                format!("environment variable `{variable}` {says}, so the source cannot be reached");
            assert_eq!(error.message, message);
            assert!(error.help.is_some() && !format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn a_template_takes_variables_and_defaults() {
        let expand = |text: &str| resolver(false).template(&Template(text.to_owned()));
        assert_eq!(expand("${HOST}.local:${PORT:-5432}").expect("resolved"), "db.local:5432");
        assert_eq!(expand("${EMPTY:-x}${EMPTY}").expect("resolved"), "x");
        assert_eq!(expand("127.0.0.1").expect("resolved"), "127.0.0.1");
        assert_eq!(expand("${HOST").expect("no reference"), "${HOST");
    }

    #[test]
    fn an_unset_variable_says_what_cannot_be_reached() {
        let error = resolver(false).secret(&SecretRef::Env("NO".to_owned())).expect_err("unset");
        assert_eq!(error.kind, ErrorKind::Misconfigured);
        assert_eq!(error.message, "environment variable `NO` is not set, so the source cannot be reached");
        assert_eq!(
            resolver(false).template(&Template("${NO}".to_owned())).expect_err("unset").message,
            error.message
        );
    }

    #[test]
    fn a_command_runs_only_where_that_is_allowed() {
        let echo = SecretRef::Command(["echo", "hunter2"].map(str::to_owned).to_vec());
        let refused = resolver(false).secret(&echo).expect_err("not allowed");
        assert!(refused.message.contains("not allowed"), "{refused}");
        let secret = resolver(true).secret(&echo).expect("allowed");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let fails = SecretRef::Command(vec!["false".to_owned()]);
        assert!(resolver(true).secret(&fails).expect_err("it fails").message.contains("failed"));
    }

    #[test]
    fn a_file_loses_its_last_line_feed_only() {
        let path = std::env::temp_dir().join(format!("flusso-secret-{}", std::process::id()));
        std::fs::write(&path, "a \nb\r\n").expect("written");
        let secret = resolver(false).secret(&SecretRef::File(path.clone())).expect("read");
        std::fs::remove_file(path).expect("removed");
        assert_eq!(secret.expose(), "a \nb");
    }
}
