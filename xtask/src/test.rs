//! `cargo xtask test`: everything that CI runs, the quick parts first.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use crate::paths;
use crate::services::{self, Urls};
use crate::watchdog::{self, Outcome, Process};

/// The version of cargo-deny that `deny.toml` is written for.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Longest time for what only reads: the format, licences and bans.
const READING_BOUND: Duration = Duration::from_secs(3 * 60);
/// Longest time for what compiles everything once, from nothing.
const BUILDING_BOUND: Duration = Duration::from_secs(15 * 60);
/// Longest time for all tests together.
const TESTS_BOUND: Duration = Duration::from_secs(40 * 60);

/// A step of the task failed.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// A command failed; its own output is above.
    #[error("`{0}` failed")]
    Step(String),
    /// A command did not end.
    #[error(
        "`{command}` did not end within {} min and was killed; still running were:\n{}",
        bound.as_secs() / 60,
        running.iter().map(Process::to_string).collect::<Vec<_>>().join("\n")
    )]
    Overdue {
        /// The command as it would be typed.
        command: String,
        /// How long it may take.
        bound: Duration,
        /// What was still running.
        running: Vec<Process>,
    },
    /// A command could not be started.
    #[error("cannot run `{command}`: {source}")]
    Spawn {
        /// The command as it would be typed.
        command: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The services could not be started or stopped.
    #[error(transparent)]
    Services(#[from] services::Error),
}

/// Runs every step and stops at the first that fails.
pub fn run() -> Result<(), TestError> {
    step(cargo_command().args(["fmt", "--all", "--", "--check"]), READING_BOUND)?;
    let clippy = ["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    cargo(&clippy)?;
    step(Command::new(cargo_deny()?).args(["check", "bans", "licenses", "sources"]), READING_BOUND)?;
    // Selecting the workspace, not the package, gives every step one set of features: with `--package` each
    // selection builds most dependencies again, which took four minutes. All targets, so that the next step
    // runs the tests and builds nothing.
    cargo(&["build", "--locked", "--workspace", "--all-targets"])?;
    with_services(|urls| {
        let mut tests = cargo_command();
        tests.args(["test", "--locked", "--workspace"]);
        tests.env(services::POSTGRES_VARIABLE, &urls.postgres);
        tests.env(services::OPENSEARCH_VARIABLE, &urls.opensearch);
        step(&mut tests, TESTS_BOUND)
    })
}

/// Starts the services around some work, and stops them again unless they were running before.
pub fn with_services<T, E>(work: impl FnOnce(&Urls) -> Result<T, E>) -> Result<T, E>
where
    E: From<services::Error>,
{
    let stood_before = services::env_file().exists();
    let outcome = services::up().map_err(E::from).and_then(|urls| work(&urls));
    if !stood_before {
        services::down()?;
    }
    outcome
}

/// Lets cargo build something in the project's root; it must succeed.
pub fn cargo(arguments: &[&str]) -> Result<(), TestError> {
    step(cargo_command().args(arguments), BUILDING_BOUND)
}

/// A cargo that builds as if it were typed in a shell.
///
/// `cargo run` sets variables that describe this package, and ring's build script is built again whenever
/// `CARGO_MANIFEST_DIR` or `CARGO_PKG_*` differ: everything above it was rebuilt at each change between
/// `cargo build` and `cargo xtask`.
fn cargo_command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from));
    let names = env::vars_os().map(|(name, _)| name);
    names.filter(|name| describes_package(&name.to_string_lossy())).for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Whether cargo sets a variable to describe the package it runs; the others are the user's own settings.
fn describes_package(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
}

/// Shows a command as it would be typed, runs it in the project's root within a bound and says how long it took.
fn step(command: &mut Command, bound: Duration) -> Result<(), TestError> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let start = Instant::now();
    let outcome = watchdog::run_within(command.current_dir(paths::root()), bound);
    let outcome = outcome.map_err(|source| TestError::Spawn { command: shown.clone(), source })?;
    eprintln!("  {:.1} s", start.elapsed().as_secs_f32());
    match outcome {
        Outcome::Ended(status) if status.success() => Ok(()),
        Outcome::Ended(_) => Err(TestError::Step(shown)),
        Outcome::Overdue(running) => Err(TestError::Overdue { command: shown, bound, running }),
    }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The `cargo-deny` of the pinned version: one that is installed, else built into the target folder.
///
/// Built without optimisation and without what fetches advisories, which halves the time.
fn cargo_deny() -> Result<PathBuf, TestError> {
    let root = paths::target().join("tools");
    let own = root.join("bin/cargo-deny");
    for program in [PathBuf::from("cargo-deny"), own.clone()] {
        if has_pinned_version(&program) {
            return Ok(program);
        }
    }
    let mut install = cargo_command();
    install.args(["install", "cargo-deny", "--version", CARGO_DENY_VERSION, "--locked", "--debug"]);
    install.args(["--no-default-features", "--root"]).arg(&root);
    install.env("CARGO_TARGET_DIR", root.join("build"));
    step(&mut install, BUILDING_BOUND)?;
    // Half a gigabyte that nothing needs again; left behind it would only take room.
    drop(fs::remove_dir_all(root.join("build")));
    Ok(own)
}

fn has_pinned_version(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(CARGO_DENY_VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(
            shown(Command::new("/usr/bin/cargo").args(["test", "--workspace"])),
            "cargo test --workspace"
        );
    }

    #[test]
    fn a_users_own_settings_reach_cargo_and_this_packages_description_does_not() {
        assert!(describes_package("CARGO_PKG_NAME") && describes_package("CARGO_MANIFEST_DIR"));
        assert!(!describes_package("CARGO_TARGET_DIR") && !describes_package("CARGO_HOME"));
    }

    #[test]
    fn a_failing_step_names_its_command() {
        let error = step(Command::new("sh").args(["-c", "exit 3"]), READING_BOUND).expect_err("exits 3");
        assert_eq!(error.to_string(), "`sh -c exit 3` failed");
    }

    #[test]
    fn a_step_that_never_ends_says_what_was_still_running() {
        let error = step(Command::new("sleep").arg("61.625"), Duration::from_secs(1)).expect_err("it sleeps");
        let text = error.to_string();
        assert!(text.starts_with("`sleep 61.625` did not end within 0 min and was killed"), "{text}");
        assert!(text.lines().last().is_some_and(|line| line.ends_with("  sleep 61.625")), "{text}");
    }
}
