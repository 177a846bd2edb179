//! A credential that is planted anywhere is never printed, in any format and at any verbosity, and never
//! written.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Several attempts to connect: pauses begin at 0.2 s.
const WATCHED: Duration = Duration::from_millis(700);

/// The credential: no word of it occurs anywhere else.
const SECRET: &str = "Tr0ub4dor_zq";

const SINK: &str = "sinks:\n  search:\n    opensearch:\n      url: \"${FLUSSO_TEST_SINK}\"\n";
const INDEX: &str = "version: 1\nindex: users\ntable: users\nfields:\n  id: long\n";

/// Runs a command with both connections from the environment; returns everything it prints.
fn said(folder: &Path, arguments: &[&str], source: &str, sink: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flusso"));
    command.args(arguments).current_dir(folder).env("COLUMNS", "100");
    command.env("FLUSSO_TEST_SOURCE", source).env("FLUSSO_TEST_SINK", sink).env("RUST_LOG", "trace");
    let output = command.output().expect("the binary starts");
    assert_ne!(output.status.code(), Some(0), "{arguments:?} found nothing wrong");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn project(source: &str, rest: &str) -> String {
    format!("version: 1\nproject: shop\nsource:\n  postgres:\n{source}\nindexes: [users.yml]\n{rest}")
}

/// Where a credential may be, well or badly written.
fn projects() -> Vec<String> {
    let mut all = Vec::new();
    let passwords = ["S", "a@S", "a:S", "1/S", "1?S", "a#S", "a, S", "a{S", "S'x", "a: S", "S\\n"];
    for password in passwords.map(|each| each.replace('S', SECRET)) {
        for quote in ["", "\"", "'"] {
            let url = format!("{quote}postgres://app:{password}@127.0.0.1:1/shop{quote}");
            all.push(project(&format!("    url: {url}"), ""));
            all.push(project(&format!("    url: {url} # {SECRET}"), ""));
            all.push(project(&format!("    urls: {url}"), ""));
            all.push(format!("source: {{ postgres: {{ url: {url} }} }}\nversion: 1\nproject: shop\n"));
            all.push(project(
                &format!("    url: \"${{FLUSSO_TEST_SOURCE}}\"\n    password: {quote}{password}{quote}"),
                "",
            ));
            all.push(project(
                "    url: \"${FLUSSO_TEST_SOURCE}\"",
                &format!("{SINK}      password: {quote}{password}{quote}\n"),
            ));
        }
    }
    let keys = [
        "host",
        "port",
        "user",
        "password",
        "database",
        "sslmode",
        "ssl_root_cert",
        "ssl_cert",
        "ssl_key",
        "manage",
        "statement_timeout",
        "replication_url",
        "pasword",
        "paswd",
        "dsn",
        "connection",
    ];
    let dsn = format!("host=h user=u password={SECRET}");
    let values = [SECRET.to_owned(), dsn.clone(), format!("postgres://u:{SECRET}@h/d")];
    for key in keys {
        for value in &values {
            for form in [
                "V",
                "\"V\"",
                "[V]",
                "{ V: x }",
                "{ x: V }",
                "\"${X:-V}\"",
                "|\n      V",
                "\n      - V",
                "${V",
                "\"V",
            ] {
                let line = format!("    {key}: {}", form.replace('V', value));
                all.push(project(&line, ""));
                all.push(project(&format!("    url: \"${{FLUSSO_TEST_SOURCE}}\"\n{line}"), ""));
            }
        }
    }
    let sink_keys = [
        "url",
        "username",
        "password",
        "pasword",
        "client_cert",
        "client_key",
        "ca_cert",
        "tls_verify",
        "index_settings",
        "bulk",
        "token",
        "user",
    ];
    for key in sink_keys {
        for form in ["V", "\"V\"", "[V]", "{ V: x }", "{ timeout: V }", "\"${X:-V}\"", "|\n        V", "\"V"]
        {
            for value in
                [SECRET.to_owned(), format!("https://u:{SECRET}@h"), format!("https://u:1/{SECRET}@h")]
            {
                let line = format!("      {key}: {}\n", form.replace('V', &value));
                all.push(project("    url: \"${FLUSSO_TEST_SOURCE}\"", &format!("{SINK}{line}")));
                all.push(project(
                    "    url: \"${FLUSSO_TEST_SOURCE}\"",
                    &format!("sinks: {{ s: {{ {key}: {value} }} }}\n"),
                ));
            }
        }
    }
    for value in [format!("https://u:{SECRET}@h"), format!("https://u:1/{SECRET}@h"), format!("u:{SECRET}")] {
        let valid = project("    url: \"${FLUSSO_TEST_SOURCE}\"", SINK);
        all.push(format!("{valid}      username: \"{value}\"\n"));
        all.push(format!("{valid}      index_prefix: \"{value}\"\n"));
        if value.starts_with("https") {
            all.push(valid.replace("[users.yml]", &format!("[\"{value}/*.yml\"]")));
            all.push(valid.replace("project: shop", &format!("project: \"{value}\"")));
            all.push(format!("{valid}lints: {{ \"{value}\": allow }}\n"));
            all.push(format!("{valid}lints: {{ no-sink: {{ level: allow, reason: \"{value}\" }} }}\n"));
            all.push(format!("{valid}defaults: {{ settings: {{ x: \"{value}\" }} }}\n"));
            all.push(format!("{valid}# flusso: allow(no-sink) see {value}\n"));
            all.push(format!("{valid}      # flusso: allow({value}) it\n"));
        }
    }
    for value in values {
        all.push(project("    url: \"${FLUSSO_TEST_SOURCE}\"", &format!("password: {value}\n")));
        all.push(project("    url: \"${FLUSSO_TEST_SOURCE}\"", &format!("server: {{ listen: {value} }}\n")));
        all.push(project("    url: \"${FLUSSO_TEST_SOURCE}\"", &format!("postgres:\n\turl: {value}\n")));
        all.push(format!("version: {value}\nproject: shop\n"));
    }
    all
}

#[test]
fn a_credential_in_the_project_file_is_never_printed_or_written() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("users.yml"), INDEX).expect("written");
    // Every project in one format, and the formats take turns.
    let commands = [
        &["check", "--format", "human", "-vvv"][..],
        &["check", "--format", "concise"],
        &["check", "--format", "json", "-v"],
        &["compile", "--format", "human"],
    ];
    for (number, text) in projects().into_iter().enumerate() {
        fs::write(folder.path().join("flusso.yml"), &text).expect("written");
        let said = said(
            folder.path(),
            commands[number % commands.len()],
            "postgres://127.0.0.1:1/x",
            "http://127.0.0.1:1",
        );
        assert!(!said.contains(SECRET), "{text}\n{said}");
        assert!(!folder.path().join("flusso.lock").exists(), "{text}");
    }
}

/// What a command says until it ends, or until it was killed after several attempts to connect.
fn watched(mut command: Command) -> (Option<i32>, String) {
    let said = tempfile::NamedTempFile::new().expect("a file");
    let file = || OpenOptions::new().append(true).open(said.path()).expect("it is there");
    let mut child = command.stdout(file()).stderr(file()).spawn().expect("the binary starts");
    let until = Instant::now() + WATCHED;
    let mut code = None;
    while code.is_none() && Instant::now() < until {
        thread::sleep(Duration::from_millis(10));
        code = child.try_wait().expect("it can be waited for").map(|status| status.code());
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ended");
    (code.flatten(), fs::read_to_string(said.path()).expect("it is text"))
}

#[test]
fn a_credential_in_a_variable_is_never_printed() {
    let lock = include_str!("../../schemas/fixtures/lock-example/flusso.lock");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("users.yml"), INDEX).expect("written");
    fs::write(folder.path().join("flusso.yml"), project("    url: \"${FLUSSO_TEST_SOURCE}\"", SINK))
        .expect("written");
    // It is not this project's, so it lies there as a deployed one does.
    fs::write(folder.path().join("deployed.lock"), lock).expect("written");
    let dsn = format!("host=127.0.0.1 port=1 user=u password={SECRET}");
    let mut connections = vec![(dsn, format!("user:{SECRET}"))];
    for password in
        ["S", "a@S", "a:S", "1/S", "1?S", "a#S", "S%zz", "1\\S"].map(|each| each.replace('S', SECRET))
    {
        connections.push((
            format!("postgres://u:{password}@127.0.0.1:1/d"),
            format!("http://u:{password}@127.0.0.1:1"),
        ));
    }
    for (source, sink) in &connections {
        for command in ["check", "compile", "sql", "apply", "run"] {
            // The worked example's lock names other variables.
            for verbosity in ["-q", "-vvv"] {
                let mut all = Command::new(env!("CARGO_BIN_EXE_flusso"));
                all.args([command, verbosity]).current_dir(folder.path());
                for name in ["FLUSSO_TEST_SOURCE", "DATABASE_URL", "SHOP_DATABASE_URL"] {
                    all.env(name, source);
                }
                for name in ["FLUSSO_TEST_SINK", "OPENSEARCH_URL"] {
                    all.env(name, sink);
                }
                if matches!(command, "apply" | "run") {
                    all.env("FLUSSO_LOCK", "deployed.lock");
                }
                let (code, said) = watched(all);
                // `apply` and `run` go on trying to reach a server that is down.
                let may_wait = matches!(command, "apply" | "run");
                assert!(code == Some(3) || may_wait && code.is_none(), "{code:?} {said}");
                assert!(!said.contains(SECRET), "{source} {sink}\n{said}");
            }
        }
    }
}
