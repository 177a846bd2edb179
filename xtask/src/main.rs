//! `cargo xtask <task>`: what a person and CI run, by the same names.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner speaks to the terminal it was started in"
)]

use std::env;
use std::error::Error;
use std::process::ExitCode;

use xtask::{bench, demo, services, test};

const HELP: &str = "\
cargo xtask <task>

bench            how fast a backfill is beside raw `_bulk`, and how soon a change can be read
demo             show flusso on real servers and compare every document it made with the truth
services up      start Postgres and OpenSearch on free ports, leave them running, print their URLs
services down    end what `services up` started
services status  say where they are
test             format, clippy, licences and bans, unit tests, fixtures, service tests: what CI runs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match task(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn task(words: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    match words {
        ["services", "up"] => up()?,
        ["services", "down"] => services::down()?,
        ["services", "status"] => services::status()?.iter().for_each(|line| println!("{line}")),
        ["bench"] => bench::run()?,
        ["demo"] => demo::run()?,
        ["test"] => test::run()?,
        ["help" | "--help" | "-h"] => print!("{HELP}"),
        _ => {
            eprint!("{HELP}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn up() -> Result<(), services::Error> {
    let urls = services::up()?;
    println!("Postgres:   {}", urls.postgres);
    println!("OpenSearch: {}", urls.opensearch);
    println!("source {}", services::env_file().display());
    Ok(())
}
