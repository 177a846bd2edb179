//! The pair of services that runs between commands: `up` starts it, `down` stops it.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::opensearch::Node;
use super::postgres::Cluster;
use super::{Error, daemon};
use crate::paths;

/// The variable that names a Postgres that is already there.
pub const POSTGRES_VARIABLE: &str = "FLUSSO_TEST_POSTGRES_URL";
/// The variable that names an OpenSearch that is already there.
pub const OPENSEARCH_VARIABLE: &str = "FLUSSO_TEST_OPENSEARCH_URL";
/// The heap of the standing node: 1 GiB.
const HEAP_MEGABYTES: u32 = 1024;
/// How long either may take to end.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// Where the services are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// The superuser's URL of a Postgres.
    pub postgres: String,
    /// The URL of an OpenSearch.
    pub opensearch: String,
}

/// What `up` started, so that a later command finds it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Standing {
    postgres: Option<Server>,
    opensearch: Option<Server>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Server {
    url: String,
    pid: u32,
    /// Its folder, which is on its command line and distinguishes it from a later process with the same id.
    folder: PathBuf,
}

impl Server {
    fn marker(&self) -> String {
        self.folder.display().to_string()
    }

    fn runs(&self) -> bool {
        daemon::runs(self.pid, &self.marker())
    }
}

/// Starts what is not there, and writes the file of variables; returns where both are.
///
/// A service that its variable names is used as it is.
pub fn up() -> Result<Urls, Error> {
    let mut standing = read()?;
    let postgres = match variable(POSTGRES_VARIABLE) {
        Some(url) => url,
        None => start(&mut standing, Which::Postgres)?,
    };
    let opensearch = match variable(OPENSEARCH_VARIABLE) {
        Some(url) => url,
        None => start(&mut standing, Which::OpenSearch)?,
    };
    let urls = Urls { postgres, opensearch };
    write_env(&urls)?;
    Ok(urls)
}

/// Ends what `up` started; the data stays for the next `up`.
pub fn down() -> Result<(), Error> {
    let standing = read()?;
    for (server, signal) in [(&standing.opensearch, "TERM"), (&standing.postgres, "INT")] {
        if let Some(server) = server {
            daemon::stop_detached(server.pid, &server.marker(), signal, STOP_PATIENCE);
        }
    }
    for path in [state_file(), env_file()] {
        if path.exists() {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        }
    }
    Ok(())
}

/// One line a service: its name, and where it is or that it is down.
pub fn status() -> Result<Vec<String>, Error> {
    let standing = read()?;
    let line = |name: &str, chosen: &str, server: &Option<Server>| match (variable(chosen), server) {
        (Some(url), _) => format!("{name}: `{url}`, from `{chosen}`"),
        (None, Some(server)) if server.runs() => format!("{name}: `{}`, process {}", server.url, server.pid),
        (None, Some(server)) => format!("{name}: down, process {} has ended", server.pid),
        (None, None) => format!("{name}: down"),
    };
    Ok(vec![
        line("Postgres", POSTGRES_VARIABLE, &standing.postgres),
        line("OpenSearch", OPENSEARCH_VARIABLE, &standing.opensearch),
    ])
}

/// The file of `export` lines that `up` writes, for a shell to source.
#[must_use]
pub fn env_file() -> PathBuf {
    paths::services().join("env")
}

#[derive(Clone, Copy)]
enum Which {
    Postgres,
    OpenSearch,
}

/// The URL of a service that is running or is started now. It is recorded before the next one is started, so
/// that `down` finds it whatever happens.
fn start(standing: &mut Standing, which: Which) -> Result<String, Error> {
    let place = match which {
        Which::Postgres => &mut standing.postgres,
        Which::OpenSearch => &mut standing.opensearch,
    };
    if let Some(server) = place.as_ref().filter(|server| server.runs()) {
        return Ok(server.url.clone());
    }
    let server = match which {
        Which::Postgres => start_postgres()?,
        Which::OpenSearch => start_opensearch()?,
    };
    let url = place.insert(server).url.clone();
    write(standing)?;
    Ok(url)
}

fn start_postgres() -> Result<Server, Error> {
    let cluster = Cluster::start(&paths::services().join("postgres"), &[])?;
    let (url, folder) = (cluster.url.clone(), cluster.folder.clone());
    let pid = cluster.detach().expect("a cluster that has just started has a process");
    Ok(Server { url, pid, folder })
}

fn start_opensearch() -> Result<Server, Error> {
    let node = Node::start(&paths::services().join("opensearch"), HEAP_MEGABYTES)?;
    let (url, folder) = (node.url.clone(), node.folder.clone());
    let pid = node.detach().expect("a node that has just started has a process");
    Ok(Server { url, pid, folder })
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn state_file() -> PathBuf {
    paths::services().join("standing.json")
}

/// What was written down; a file that cannot be read as such names nothing.
fn read() -> Result<Standing, Error> {
    let path = state_file();
    if !path.exists() {
        return Ok(Standing::default());
    }
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn write(standing: &Standing) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(standing).expect("texts and numbers are JSON");
    let path = state_file();
    fs::create_dir_all(paths::services()).map_err(Error::file("create", &path))?;
    fs::write(&path, text).map_err(Error::file("write", &path))
}

fn write_env(urls: &Urls) -> Result<(), Error> {
    let Urls { postgres, opensearch } = urls;
    let text =
        format!("export {POSTGRES_VARIABLE}='{postgres}'\nexport {OPENSEARCH_VARIABLE}='{opensearch}'\n");
    let path = env_file();
    fs::create_dir_all(paths::services()).map_err(Error::file("create", &path))?;
    fs::write(&path, text).map_err(Error::file("write", &path))
}
