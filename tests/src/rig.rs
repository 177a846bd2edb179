//! What a test over the real binary needs: a copy of an example project with a database and a prefix of
//! its own, the binary as a process, and the truth beside what the index holds.

mod compare;
mod frozen;
mod hole;
mod process;
mod slow;
mod standby;
mod writers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use xtask::fixtures::Project;
use xtask::services::opensearch::http;
use xtask::services::postgres::{Cluster, Connection};
use xtask::services::{OPENSEARCH_VARIABLE, POSTGRES_VARIABLE};

pub(crate) use hole::Hole;
pub(crate) use process::{Done, Running};
pub(crate) use slow::watch;
pub(crate) use standby::require_absent_standby;
pub(crate) use writers::Writers;

/// How long anything a test waits for may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A project of its own: nothing it makes collides with another test's.
pub(crate) struct Rig {
    /// The example it is a copy of.
    pub example: Project,
    /// Folder of the copy.
    pub folder: TempDir,
    /// A session of the database's owner.
    pub sql: Connection,
    /// Where the index server listens.
    pub opensearch: String,
    /// Name of the project, of its database, and prefix of its indexes.
    pub name: String,
    /// `host:port` of the database itself, whatever the binary reaches it through.
    server: String,
    variables: Vec<(String, String)>,
}

/// The postgres server of the test run.
pub(crate) fn shared_postgres() -> String {
    std::env::var(POSTGRES_VARIABLE).expect("the variable names a Postgres: `cargo xtask test` sets it")
}

/// The OpenSearch server of the test run.
pub(crate) fn shared_opensearch() -> String {
    std::env::var(OPENSEARCH_VARIABLE).expect("the variable names an OpenSearch: `cargo xtask test` sets it")
}

/// `error[lint]: message` of every line that holds one.
pub(crate) fn findings(text: &str) -> BTreeSet<String> {
    let finding = |line: &str| {
        ["error[", "warning["].iter().find_map(|head| line.find(head)).map(|at| line[at..].trim().to_owned())
    };
    text.lines().filter_map(finding).collect()
}

impl Rig {
    /// A copy over the shared servers.
    pub(crate) fn new(example: Project, scale: f64) -> Self {
        Self::over(example, scale, &shared_postgres(), &shared_opensearch())
    }

    /// A copy over a cluster of the test's own, for whatever is felt by a whole cluster.
    pub(crate) fn on_cluster(example: Project, scale: f64, cluster: &Cluster) -> Self {
        Self::over(example, scale, &cluster.url_of("postgres"), &shared_opensearch())
    }

    /// A copy over these servers.
    pub(crate) fn over(example: Project, scale: f64, postgres: &str, opensearch: &str) -> Self {
        watch();
        let name = unique_name();
        let (server, _) = postgres.rsplit_once('/').expect("a URL with a database");
        let url = format!("{server}/{name}");
        connect(postgres).query(&format!("create database {name}")).expect("a database of its own");
        let mut sql = connect(&url);
        example.load(&mut sql, scale).expect("the example loads");
        sql.query("analyze").expect("a superuser analyses");
        let folder = copy_project(example, &name);
        let database_variable = database_variable(folder.path());
        let variables = vec![(database_variable, url), ("OPENSEARCH_URL".to_owned(), opensearch.to_owned())];
        let opensearch = opensearch.to_owned();
        let server = server_of(postgres).to_owned();
        Self { example, folder, sql, opensearch, name, server, variables }
    }

    /// Path of a file of the copy.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Replaces text of a file of the copy, which must be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(file)).expect("the file is there");
        assert!(text.contains(from), "{file} does not hold `{from}`");
        fs::write(self.path(file), text.replace(from, to)).expect("the copy is ours");
    }

    /// Sets a variable for every later call; an empty value removes it.
    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.variables.retain(|(name, _)| name != variable);
        if !value.is_empty() {
            self.variables.push((variable.to_owned(), value.to_owned()));
        }
    }

    /// URL of the project's database.
    pub(crate) fn database_url(&self) -> String {
        self.variables[0].1.clone()
    }

    /// Lets the binary reach its database by another URL.
    pub(crate) fn set_database(&mut self, url: &str) {
        self.variables[0].1 = url.to_owned();
    }

    /// Another session of the database's owner.
    pub(crate) fn session(&self) -> Connection {
        connect(&self.database_url())
    }

    /// Runs statements, each of its own.
    pub(crate) fn run(&mut self, statements: &[&str]) {
        for statement in statements {
            self.sql.query(statement).expect(statement);
        }
    }

    /// The first value of the first row.
    pub(crate) fn value(&mut self, sql: &str) -> Option<String> {
        self.sql.query(sql).expect(sql).into_iter().next().and_then(|row| row.into_iter().next().flatten())
    }

    /// Lets the binary reach its database through a proxy of the test's own.
    pub(crate) fn database_through(&mut self, start: impl Fn(&str) -> Hole) -> Hole {
        let url = self.database_url();
        let (before, rest) = url.split_once('@').expect("a URL with a user");
        let (address, database) = rest.split_once('/').expect("a URL with a database");
        let hole = start(address);
        self.set_database(&format!("{before}@{}/{database}", hole.address()));
        hole
    }

    /// Lets the binary reach its index server through a proxy of the test's own.
    pub(crate) fn opensearch_through(&mut self, start: impl Fn(&str) -> Hole) -> Hole {
        let hole = start(self.opensearch.trim_start_matches("http://"));
        self.set("OPENSEARCH_URL", &format!("http://{}", hole.address()));
        hole
    }

    /// Server processes of the binary's sessions whose name ends so.
    pub(crate) fn backends(&mut self, purpose: &str) -> Vec<u32> {
        let name = format!("flusso_{} {purpose}", self.name);
        let sql = format!("select pid from pg_stat_activity where application_name = '{name}'");
        let rows = self.sql.query(&sql).expect("a superuser sees them");
        rows.into_iter().flatten().flatten().map(|pid| pid.parse().expect("a number")).collect()
    }

    /// Runs the binary to its end.
    #[track_caller]
    pub(crate) fn flusso(&self, arguments: &[&str]) -> Done {
        self.start(arguments).wait()
    }

    /// Starts the binary.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.folder.path(), &self.variables, arguments)
    }

    /// check is left out: compile says the same. Both must end well.
    pub(crate) fn compile_and_apply(&self) {
        self.flusso(&["compile"]).assert_code(0);
        self.flusso(&["apply"]).assert_code(0);
    }

    /// A running follower that is ready.
    pub(crate) fn follow(&self) -> Running {
        let mut running = self.start(&["run"]);
        running.wait_for("following changes");
        running
    }

    /// A request to the index server: status and body.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let address = self.opensearch.trim_start_matches("http://");
        http::request(method, address, path, body).expect("the index server answers")
    }

    /// Names of the project's concrete indexes, the state's not among them.
    pub(crate) fn generations(&self) -> Vec<String> {
        let (_, text) = self.request("GET", &format!("/_cat/indices/{}_*?h=index", self.name), "");
        let state = format!("{}_flusso-state", self.name);
        let mut names: Vec<String> = text
            .lines()
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.starts_with(&state))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }
}

impl Drop for Rig {
    /// Leaves the shared servers as they were; a cluster that is gone by now needs nothing. The underscore
    /// ends the name: one test is `t1_1`, another `t1_12`.
    fn drop(&mut self) {
        let slot = format!("flusso_{}", self.name);
        let _ = self.sql.query(&format!(
            "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '{slot}' and active"
        ));
        for _ in 0..50 {
            let dropped = self.sql.query(&format!(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{slot}'"
            ));
            if dropped.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let address = self.opensearch.trim_start_matches("http://");
        let _ = http::request("DELETE", address, &format!("/{}_*", self.name), "");
    }
}

fn connect(url: &str) -> Connection {
    Connection::open_url(url).expect("the server takes connections")
}

/// `host:port` of a URL.
fn server_of(url: &str) -> &str {
    let (_, rest) = url.split_once('@').expect("a URL with a user");
    rest.split('/').next().expect("a split has a first part")
}

/// Unique in this run and, by the process, beside other runs over the same servers.
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("t{}_{number}", std::process::id())
}

fn copy_project(example: Project, name: &str) -> TempDir {
    let folder = tempfile::Builder::new().prefix("flusso-test-").tempdir().expect("a temporary folder");
    let from = example.folder();
    fs::create_dir(folder.path().join("indexes")).expect("a folder of ours");
    for entry in fs::read_dir(from.join("indexes")).expect("a project has indexes") {
        let path = entry.expect("the folder can be listed").path();
        let to = folder.path().join("indexes").join(path.file_name().expect("a file has a name"));
        fs::copy(&path, to).expect("a copy");
    }
    let text = fs::read_to_string(from.join("flusso.yml")).expect("a project has a file");
    let project =
        text.lines().find(|line| line.starts_with("project:")).expect("a project has a name").to_owned();
    let text = text.replace(&project, &format!("project: {name}"));
    let url = "url: \"${OPENSEARCH_URL}\"";
    assert!(text.contains(url), "the example's sink takes its URL from OPENSEARCH_URL");
    let text = match text.contains(&format!("{{ {url} }}")) {
        true => text.replace(url, &format!("{url}, index_prefix: {name}_")),
        false => text.replace(url, &format!("{url}\n      index_prefix: {name}_")),
    };
    fs::write(folder.path().join("flusso.yml"), text).expect("a file of ours");
    folder
}

/// The variable that the example takes its database from.
fn database_variable(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("flusso.yml")).expect("a file of ours");
    let after =
        text.split("${").find(|part| part.contains("DATABASE_URL}")).expect("the example names a database");
    after.split('}').next().expect("a name before the brace").to_owned()
}

/// The binary, built by `cargo xtask test` before the tests or by `cargo build`.
pub(crate) fn binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a path");
        let folder = test.ancestors().nth(2).expect("tests lie in `deps` of the build's folder");
        let binary = folder.join("flusso");
        assert!(binary.exists(), "build it first: `cargo build`");
        binary
    })
}
