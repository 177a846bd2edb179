//! A copy of the example shop with a database and names of its own, and flusso run in it as a reader
//! would run it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::compare::{Comparison, compare};
use crate::fixtures::SHOP;
use crate::listing::ask;
use crate::paths;
use crate::services::postgres::Connection;
use crate::services::{self, Urls, daemon};

/// How long a slot may still be held by a process that was killed.
const SLOT_PATIENCE: Duration = Duration::from_secs(30);
/// How long following may take to begin.
const READY_PATIENCE: Duration = Duration::from_secs(60);
/// How long flusso may take to catch up.
const CATCH_UP_PATIENCE: Duration = Duration::from_secs(120);

/// Why a demo, a benchmark or a test on the stage failed.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A step of cargo, or the services.
    #[error(transparent)]
    Task(#[from] crate::test::TestError),
    /// A server or a file.
    #[error(transparent)]
    Services(#[from] services::Error),
    /// A command could not be started.
    #[error("cannot run `{command}`: {source}")]
    Spawn {
        /// The command as it would be typed.
        command: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A command ended otherwise than it must.
    #[error("`{command}` ended with {status}")]
    Ended {
        /// The command as it would be typed.
        command: String,
        /// Exit code, or the signal that ended it.
        status: ExitStatus,
    },
    /// Something took longer than it may.
    #[error("{0}")]
    TooLate(String),
    /// Documents that are not as their rows are.
    #[error("{wrong} of {wanted} documents are wrong, such as:\n{}", shown.join("\n"))]
    Wrong {
        /// How many are wrong, missing or too many.
        wrong: usize,
        /// How many there must be.
        wanted: usize,
        /// Some of the wrong documents, with what they must be.
        shown: Vec<String>,
    },
}

/// The place where flusso is shown.
#[derive(Debug)]
pub struct Stage {
    /// The project's folder, a copy.
    pub folder: PathBuf,
    /// URL of the database of the stage.
    pub database_url: String,
    /// The index server's URL.
    pub opensearch: String,
    /// A session in the database.
    pub sql: Connection,
    /// Name of the project; with an underscore the prefix of its indexes.
    pub name: &'static str,
    binary: PathBuf,
}

impl Stage {
    /// Sets the stage: removes what an earlier one of this name left, copies the project, makes and
    /// fills the database.
    pub fn set(name: &'static str, urls: &Urls, binary: PathBuf, scale: f64) -> Result<Self, StageError> {
        let database = format!("flusso_{name}");
        let (server, _) = urls.postgres.rsplit_once('/').unwrap_or((&urls.postgres, ""));
        let database_url = format!("{server}/{database}");
        say(&format!("psql {} -c 'create database {database}'", urls.postgres));
        let mut admin = Connection::open_url(&urls.postgres)?;
        clear(&mut admin, &database, &database_url, name)?;
        remove_indexes(&urls.opensearch, name)?;
        admin.query(&format!("create database {database}"))?;
        let mut sql = Connection::open_url(&database_url)?;
        let source = SHOP.folder();
        let shown = source.display();
        say(&format!(
            "psql {database_url} -c \"select set_config('shop.scale', '{scale}', false)\" -f {shown}/schema.sql -f {shown}/data.sql"
        ));
        SHOP.load(&mut sql, scale)?;
        // So that estimates of rows are there from the start.
        sql.query("analyze")?;
        let folder = copy_project(name)?;
        let opensearch = urls.opensearch.clone();
        Ok(Self { folder, database_url, opensearch, sql, name, binary })
    }

    /// Name of an index's alias on the server.
    pub fn alias(&self, index: &str) -> String {
        format!("{}_{index}", self.name)
    }

    /// The variables that the project takes, as a shell sets them.
    pub fn say_variables(&self) {
        say(&format!("cd {}", self.folder.display()));
        say(&format!("export SHOP_DATABASE_URL={} OPENSEARCH_URL={}", self.database_url, self.opensearch));
    }

    /// Runs flusso to its end, which must be a good one.
    pub fn flusso(&self, arguments: &[&str]) -> Result<(), StageError> {
        let shown = format!("flusso {}", arguments.join(" "));
        say(&shown);
        let status = self.command(arguments).status();
        let status = status.map_err(|source| StageError::Spawn { command: shown.clone(), source })?;
        if status.success() { Ok(()) } else { Err(StageError::Ended { command: shown, status }) }
    }

    /// Starts flusso and keeps its standard error for a watcher.
    pub fn start_told(&self, arguments: &[&str]) -> Result<Told, StageError> {
        let shown = format!("flusso {}", arguments.join(" "));
        say(&shown);
        match self.command(arguments).stderr(Stdio::piped()).spawn() {
            Ok(child) => Ok(Told { child, command: shown }),
            Err(source) => Err(StageError::Spawn { command: shown, source }),
        }
    }

    /// Starts `flusso run` and waits until it says that it follows.
    pub fn follow(&self) -> Result<Running, StageError> {
        let mut told = self.start_told(&["run"])?;
        let (sender, said) = channel();
        let stderr = told.stderr();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("{line}");
                // Nobody waits for a line any more once it follows.
                drop(sender.send(line));
            }
        });
        let running = Running(Some(told));
        let until = Instant::now() + READY_PATIENCE;
        loop {
            match said.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line == "following changes" => return Ok(running),
                Ok(_) => {}
                Err(_) => return Err(StageError::TooLate("`flusso run` does not follow".to_owned())),
            }
        }
    }

    /// Undoes what apply made in both servers, and keeps the rows.
    pub fn forget(&mut self) -> Result<(), StageError> {
        drop_slot(&mut self.sql, self.name)?;
        self.sql.query(&format!("drop publication if exists {}", slot(self.name)))?;
        remove_indexes(&self.opensearch, self.name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.folder);
        command.env("SHOP_DATABASE_URL", &self.database_url).env("OPENSEARCH_URL", &self.opensearch);
        command
    }

    /// Waits until everything that is committed by now is durable in the index.
    pub fn wait_until_confirmed(&mut self) -> Result<(), StageError> {
        let rows = self.sql.query("select pg_current_wal_insert_lsn()")?;
        let now = rows.into_iter().flatten().flatten().next().unwrap_or_default();
        let question = format!(
            "select 1 from pg_replication_slots where slot_name = '{}' and confirmed_flush_lsn >= '{now}'",
            slot(self.name)
        );
        let until = Instant::now() + CATCH_UP_PATIENCE;
        while self.sql.query(&question)?.is_empty() {
            if Instant::now() > until {
                return Err(StageError::TooLate(format!("flusso has not confirmed {now} within its time")));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A document as the index has it, read by its id.
    pub fn document(&self, index: &str, id: &str) -> Result<serde_json::Value, StageError> {
        let path = format!("/{}/_doc/{id}", self.alias(index));
        let mut answer = ask(self.address(), "GET", &path, "")?;
        Ok(answer["_source"].take())
    }

    /// Compares every document of an index with independent SQL.
    pub fn compare(&mut self, index: &str) -> Result<Comparison, StageError> {
        let alias = self.alias(index);
        Ok(compare(SHOP, &mut self.sql, &self.opensearch, index, &alias)?)
    }

    /// Host and port of the index server.
    pub fn address(&self) -> &str {
        self.opensearch.trim_start_matches("http://")
    }
}

/// flusso in the background; dropped, it is killed.
#[derive(Debug)]
pub struct Running(Option<Told>);

impl Running {
    /// Asks it to stop, which it must do well and soon.
    pub fn stop(mut self) -> Result<(), StageError> {
        let mut told = self.0.take().expect("it is stopped once");
        say(&format!("kill -TERM {}", told.pid()));
        daemon::signal(told.pid(), "TERM");
        told.end()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(told) = &mut self.0 {
            // It may have ended by itself.
            drop(told.child.kill().and_then(|()| told.child.wait()));
        }
    }
}

/// A running flusso with its standard error, for a watcher.
#[derive(Debug)]
pub struct Told {
    child: Child,
    command: String,
}

impl Told {
    /// Process id, for signals and `ps`.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard error; it can be taken once.
    pub fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("it is piped, and taken once")
    }

    /// Waits for its end, which must be a good one.
    pub fn end(&mut self) -> Result<(), StageError> {
        let command = self.command.clone();
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(StageError::Ended { command, status }),
            Err(source) => Err(StageError::Spawn { command, source }),
        }
    }
}

/// Fails where a comparison found a document that is wrong.
pub fn right(comparison: &Comparison) -> Result<(), StageError> {
    match comparison.wrong {
        0 => Ok(()),
        wrong => Err(StageError::Wrong { wrong, wanted: comparison.wanted, shown: comparison.shown.clone() }),
    }
}

/// Shows a command as a reader would type it.
pub fn say(command: &str) {
    eprintln!("$ {command}");
}

/// Name of a project's slot and publication.
fn slot(name: &str) -> String {
    format!("flusso_{name}")
}

/// Drops the database of an earlier run with its slot.
fn clear(admin: &mut Connection, database: &str, database_url: &str, name: &str) -> Result<(), StageError> {
    if admin.query(&format!("select 1 from pg_database where datname = '{database}'"))?.is_empty() {
        return Ok(());
    }
    drop_slot(&mut Connection::open_url(database_url)?, name)?;
    admin.query(&format!("drop database {database} with (force)"))?;
    Ok(())
}

/// Drops the slot, ending whoever still holds it.
fn drop_slot(sql: &mut Connection, name: &str) -> Result<(), StageError> {
    let slot = slot(name);
    let held = format!("from pg_replication_slots where slot_name = '{slot}'");
    sql.query(&format!("select pg_terminate_backend(active_pid) {held} and active"))?;
    let free = || sql.query(&format!("select pg_drop_replication_slot(slot_name) {held}")).is_ok();
    match daemon::wait_until(SLOT_PATIENCE, free) {
        Some(_) => Ok(()),
        None => Err(StageError::TooLate(format!("the slot `{slot}` is still held"))),
    }
}

/// Deletes the indexes of an earlier run, its state among them.
fn remove_indexes(opensearch: &str, name: &str) -> Result<(), StageError> {
    let address = opensearch.trim_start_matches("http://");
    let listed =
        ask(address, "GET", &format!("/_cat/indices/{name}_*?format=json&expand_wildcards=all"), "")?;
    for index in listed.as_array().into_iter().flatten().filter_map(|line| line["index"].as_str()) {
        ask(address, "DELETE", &format!("/{index}"), "")?;
    }
    Ok(())
}

/// The shop's files under the target folder, with a project name and a prefix of its own.
fn copy_project(name: &str) -> Result<PathBuf, StageError> {
    let folder = paths::target().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(services::Error::file("remove", &folder))?;
    }
    let indexes = folder.join("indexes");
    fs::create_dir_all(&indexes).map_err(services::Error::file("create", &indexes))?;
    let source = SHOP.folder();
    for entry in fs::read_dir(source.join("indexes")).map_err(services::Error::file("list", &source))? {
        let path = entry.map_err(services::Error::file("list", &source))?.path();
        copy(&path, &indexes.join(path.file_name().unwrap_or(OsStr::new(""))))?;
    }
    let path = source.join("flusso.yml");
    let text = fs::read_to_string(&path).map_err(services::Error::file("read", &path))?;
    let path = folder.join("flusso.yml");
    fs::write(&path, renamed(&text, name)).map_err(services::Error::file("write", &path))?;
    Ok(folder)
}

/// The project file under another name, so that two copies can share servers.
fn renamed(text: &str, name: &str) -> String {
    let url = "      url: \"${OPENSEARCH_URL}\"\n";
    text.replace("project: shop\n", &format!("project: {name}\n"))
        .replace(url, &format!("{url}      index_prefix: {name}_\n"))
}

fn copy(from: &Path, to: &Path) -> Result<(), StageError> {
    fs::copy(from, to).map(drop).map_err(services::Error::file("copy", from)).map_err(StageError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_no_name_with_the_shop() {
        let path = SHOP.folder().join("flusso.yml");
        let text = renamed(&fs::read_to_string(path).expect("the shop has a project file"), "demo");
        assert!(text.contains("project: demo\n") && text.contains("index_prefix: demo_\n"), "{text}");
    }
}
