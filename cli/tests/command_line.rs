//! The command line without a server: helps, exit codes, and one clear message for each mistake.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A project of the smallest size, whose servers are not to be found.
const PROJECT: &str = "\
version: 1
project: shop
source:
  postgres:
    url: \"${FLUSSO_NO_SUCH_DATABASE}\"
    schema: shop
sinks: { out: { stdout: {} } }
indexes: [indexes/*.yml]
";
/// A lock as a compiler writes it.
const LOCK: &str = include_str!("../../schemas/fixtures/lock-example/flusso.lock");

struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn flusso(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flusso"));
    command.args(arguments).current_dir(folder).env("COLUMNS", "100");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FLUSSO_")) {
        command.env_remove(name);
    }
    let output = command.output().expect("the binary starts");
    Ended {
        code: output.status.code().expect("it ended by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in files {
        fs::write(folder.path().join(file), text).expect("written");
    }
    folder
}

#[test]
fn every_command_tells_what_it_takes() {
    let folder = folder_with(&[]);
    insta::assert_snapshot!("help", flusso(folder.path(), &["--help"]).stdout);
    for command in ["apply", "check", "compile", "explain", "lints", "run", "sql"] {
        let ended = flusso(folder.path(), &[command, "--help"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        insta::assert_snapshot!(format!("help_{command}"), ended.stdout);
    }
}

#[test]
fn a_misspelt_command_line_ends_with_two_and_says_what_was_meant() {
    let folder = folder_with(&[("flusso.yml", PROJECT)]);
    for (arguments, says) in [
        (&["aply"][..], "apply"),
        (&["apply", "--dryrun"], "--dry-run"),
        (&["check", "--format", "jsn"], "json"),
        (&["compile", "--print", "--check"], "--check"),
        (&["run", "--readers", "0"], "1..=64"),
        (&["check", "-q", "-v"], "--quiet"),
        (&["sql", "--role", ""], "a role has a name"),
        (&["sql", "--role", &"x".repeat(64)], "Postgres allows a name 63 bytes, found 64"),
        (&["sql", "--role", "none"], "Postgres keeps this name for itself"),
        (&["sql", "--role", "pg_monitor"], "Postgres keeps this name for itself"),
        (&[], "Usage"),
    ] {
        let ended = flusso(folder.path(), arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn without_a_project_there_is_nothing_to_check() {
    let folder = folder_with(&[]);
    for command in ["check", "compile"] {
        let ended = flusso(folder.path(), &[command]);
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.starts_with("error: no `flusso.yml` in `"), "{}", ended.stderr);
        assert!(ended.stderr.contains("\n  help: "), "{}", ended.stderr);
    }
}

#[test]
fn without_a_lock_there_is_nothing_to_run() {
    let folder = folder_with(&[("flusso.yml", PROJECT)]);
    for command in ["apply", "run"] {
        let ended = flusso(folder.path(), &[command]);
        assert_eq!(ended.code, 2);
        assert!(
            ended.stderr.starts_with("error: `flusso.lock` does not exist\n  help: "),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn an_edited_lock_is_refused_at_its_line() {
    let edited = LOCK.replace("bulk_documents_max = 2000", "bulk_documents_max = 3000");
    assert_ne!(edited, LOCK);
    let folder = folder_with(&[("flusso.lock", edited.as_str())]);
    for command in ["apply", "run"] {
        let ended = flusso(folder.path(), &[command]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        assert!(ended.stderr.starts_with("error: flusso.lock:"), "{}", ended.stderr);
        assert!(ended.stderr.contains("flusso compile"), "{}", ended.stderr);
    }
}

#[test]
fn a_lock_alone_is_enough_and_an_unset_variable_is_named() {
    let folder = folder_with(&[("flusso.lock", LOCK)]);
    for command in ["apply", "run"] {
        let ended = flusso(folder.path(), &[command]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains("is not set"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn a_lock_beside_files_that_say_something_else_is_stale() {
    let changed = "`flusso.yml` changed since it was compiled";
    let project = PROJECT.replace("indexes/*.yml", "users.yml");
    let index = "version: 1\nindex: users\ntable: users\nfields: { id: long }\n";
    for (project, says) in [(project.as_str(), changed), ("version: [\n", "`flusso.yml` has an error")] {
        let folder = folder_with(&[("flusso.lock", LOCK), ("flusso.yml", project), ("users.yml", index)]);
        for arguments in
            [&["apply"][..], &["apply", "--dry-run"], &["run"], &["run", "--lock", "flusso.lock"]]
        {
            let ended = flusso(folder.path(), arguments);
            let stale = format!("error: `flusso.lock` is stale: {says}\n  help: run `flusso compile`\n");
            assert_eq!((ended.code, ended.stderr), (1, stale), "{arguments:?}");
        }
    }
    // A lock elsewhere was deployed: what lies beside it is not what it was compiled from.
    let folder = folder_with(&[("deployed.lock", LOCK), ("flusso.yml", PROJECT)]);
    let ended = flusso(folder.path(), &["run", "--lock", "deployed.lock"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
}

#[test]
fn an_index_file_is_not_taken_for_the_project_file() {
    let folder =
        folder_with(&[("orders.yml", "version: 1\nindex: orders\ntable: orders\nfields: { id: long }\n")]);
    let ended = flusso(folder.path(), &["check", "--config", "orders.yml"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("error: `orders.yml` is an index file"), "{}", ended.stderr);
    assert!(ended.stderr.contains("help: pass the project file"), "{}", ended.stderr);
}

#[test]
fn a_lock_without_a_sink_says_that_documents_are_printed() {
    let mut lock = flusso_schemas::lock::read(LOCK).expect("it is read");
    lock.sinks.clear();
    lock.indexes.iter_mut().for_each(|index| index.sinks.clear());
    let folder = folder_with(&[("flusso.lock", &flusso_schemas::lock::write(&lock))]);
    let ended = flusso(folder.path(), &["apply"]);
    assert!(
        ended.stderr.contains("no sink is configured: documents are printed to stdout"),
        "{}",
        ended.stderr
    );
    let folder = folder_with(&[("flusso.lock", LOCK)]);
    let ended = flusso(folder.path(), &["apply"]);
    assert!(!ended.stderr.contains("printed to stdout"), "{}", ended.stderr);
}

#[test]
fn a_variable_that_switches_takes_no_word_for_another() {
    let folder = folder_with(&[("flusso.lock", LOCK)]);
    for (value, code) in [("flase", 2), ("ture", 2), ("yes", 3), ("off", 3), ("0", 3), ("", 3)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flusso"));
        let output = command.arg("apply").current_dir(folder.path()).env("FLUSSO_DRY_RUN", value).output();
        let output = output.expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{value}: {said}");
        assert!(code != 2 || said.contains("expected `true` or `false`"), "{said}");
    }
}

#[test]
fn what_the_files_say_is_told_also_where_no_server_is() {
    let folder = folder_with(&[("flusso.yml", &PROJECT.replace("schema: shop", "shema: shop"))]);
    let ended = flusso(folder.path(), &["check", "--format", "concise"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("flusso.yml:6:5: error[unknown-key]: "), "{}", ended.stdout);
    assert!(ended.stderr.contains("`FLUSSO_NO_SUCH_DATABASE` is not set"), "{}", ended.stderr);
    let ended = flusso(folder.path(), &["compile"]);
    assert_eq!(ended.code, 3);
    assert!(!folder.path().join("flusso.lock").exists());
}

#[test]
fn a_flag_may_come_from_its_variable() {
    let folder = folder_with(&[("elsewhere.yml", PROJECT)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_flusso"));
    command.arg("check").current_dir(folder.path());
    command.env("FLUSSO_CONFIG", "elsewhere.yml").env("FLUSSO_FORMAT", "json").env("FLUSSO_QUIET", "1");
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(3));
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(stdout.ends_with("\"skipped\":1,\"files\":1}}\n"), "{stdout}");
}
