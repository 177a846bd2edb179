//! OpenSearch put together from the jars that its makers publish on Maven Central.
//!
//! One Maven run over generated projects fetches everything: one project for the server's `lib`,
//! one for each module. A module keeps the jars that `lib` lacks and gets its descriptor.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::paths;
use crate::services::{Error, daemon, publish_folder};

/// The version of the server.
pub const VERSION: &str = "3.8.0";

/// What goes into `lib`, as `group:artifact:version`. The last two are optional to the server's own
/// project, but without them one polygon ends the node.
const LIBRARIES: [&str; 6] = [
    "org.opensearch:opensearch:3.8.0",
    "org.opensearch:opensearch-agent-bootstrap:3.8.0",
    "org.opensearch:opensearch-plugin-classloader:3.8.0",
    "org.apache.logging.log4j:log4j-core:2.25.3",
    "org.locationtech.jts:jts-core:1.15.0",
    "org.locationtech.spatial4j:spatial4j:0.7",
];

/// A plugin that the server's own archive ships as a module.
struct Module {
    artifact: &'static str,
    name: &'static str,
    class: &'static str,
    extends: &'static str,
}

const fn module(
    artifact: &'static str,
    name: &'static str,
    class: &'static str,
    extends: &'static str,
) -> Module {
    Module { artifact, name, class, extends }
}

/// The modules, of the group `org.opensearch.plugin`.
const MODULES: [Module; 9] = [
    module(
        "analysis-common",
        "analysis-common",
        "org.opensearch.analysis.common.CommonAnalysisModulePlugin",
        "lang-painless",
    ),
    module("geo", "geo", "org.opensearch.geo.GeoModulePlugin", ""),
    module(
        "ingest-common",
        "ingest-common",
        "org.opensearch.ingest.common.IngestCommonModulePlugin",
        "lang-painless",
    ),
    module("lang-painless", "lang-painless", "org.opensearch.painless.PainlessModulePlugin", ""),
    module(
        "mapper-extras-client",
        "mapper-extras",
        "org.opensearch.index.mapper.MapperExtrasModulePlugin",
        "",
    ),
    module("parent-join-client", "parent-join", "org.opensearch.join.ParentJoinModulePlugin", ""),
    module("percolator-client", "percolator", "org.opensearch.percolator.PercolatorModulePlugin", ""),
    module("reindex-client", "reindex", "org.opensearch.index.reindex.ReindexModulePlugin", "lang-painless"),
    module("transport-netty4-client", "transport-netty4", "org.opensearch.transport.Netty4ModulePlugin", ""),
];

/// The server's folder, from the cache or put together into it.
pub(super) fn assembled() -> Result<PathBuf, Error> {
    let cached = paths::services_cache().join(format!("opensearch-{VERSION}"));
    if !cached.exists() {
        eprintln!("fetching OpenSearch {VERSION} from Maven Central");
        publish_folder(&cached, assemble)?;
    }
    Ok(cached)
}

/// The server's folder where its account can reach it: itself, or a copy.
pub(super) fn copied(home: &Path, reachable: PathBuf) -> Result<PathBuf, Error> {
    let home = std::path::absolute(home).map_err(Error::file("resolve", home))?;
    if home != reachable && !reachable.exists() {
        publish_folder(&reachable, |folder| {
            daemon::run(Command::new("cp").arg("-R").arg(home.join(".")).arg(folder)).map(drop)
        })?;
    }
    Ok(reachable)
}

fn assemble(folder: &Path) -> Result<(), Error> {
    let build = folder.join("build");
    write_projects(&build)?;
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"]);
    maven.args(["-DincludeScope=runtime", "-DoutputDirectory=${project.basedir}/jars"]);
    daemon::run(maven.current_dir(&build)).map_err(without_maven)?;
    let library = folder.join("lib");
    move_folder(&build.join("lib/jars"), &library)?;
    let shared = names_in(&library)?;
    for module in &MODULES {
        install(module, &build, folder, &shared)?;
    }
    // The server would make these itself, but it runs under an account that may not.
    for name in ["bin", "extensions", "plugins"] {
        let empty = folder.join(name);
        fs::create_dir(&empty).map_err(Error::file("create", &empty))?;
    }
    fs::remove_dir_all(&build).map_err(Error::file("remove", &build))
}

/// A parent project and, below it, one for `lib` and one for each module.
fn write_projects(build: &Path) -> Result<(), Error> {
    let mut names = vec!["lib"];
    write_project(&build.join("lib"), "lib", &LIBRARIES)?;
    for Module { artifact, name, .. } in &MODULES {
        let dependency = format!("org.opensearch.plugin:{artifact}:{VERSION}");
        write_project(&build.join(name), name, &[&dependency])?;
        names.push(name);
    }
    let modules: String = names.iter().map(|name| format!("<module>{name}</module>")).collect();
    let body = format!("<packaging>pom</packaging><modules>{modules}</modules>");
    write_pom(build, "server", &body)
}

fn write_project(folder: &Path, name: &str, dependencies: &[&str]) -> Result<(), Error> {
    let dependencies: String = dependencies.iter().map(|text| dependency(text)).collect();
    write_pom(folder, name, &format!("<dependencies>{dependencies}</dependencies>"))
}

fn dependency(coordinates: &str) -> String {
    let [group, artifact, version] = coordinates.split(':').collect::<Vec<_>>()[..] else {
        unreachable!("coordinates are constants of three parts");
    };
    format!(
        "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
    )
}

fn write_pom(folder: &Path, name: &str, body: &str) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    let path = folder.join("pom.xml");
    let text = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>flusso.services</groupId><artifactId>{name}</artifactId><version>1</version>{body}</project>\n"
    );
    fs::write(&path, text).map_err(Error::file("write", &path))
}

fn install(module: &Module, build: &Path, home: &Path, shared: &HashSet<OsString>) -> Result<(), Error> {
    let folder = home.join("modules").join(module.name);
    move_folder(&build.join(module.name).join("jars"), &folder)?;
    for name in names_in(&folder)?.intersection(shared) {
        let jar = folder.join(name);
        fs::remove_file(&jar).map_err(Error::file("remove", &jar))?;
    }
    let path = folder.join("plugin-descriptor.properties");
    fs::write(&path, descriptor(module)).map_err(Error::file("write", &path))
}

fn descriptor(Module { name, class, extends, .. }: &Module) -> String {
    format!(
        "description={name}\nversion={VERSION}\nname={name}\nclassname={class}\njava.version=21\n\
         opensearch.version={VERSION}\nextended.plugins={extends}\nhas.native.controller=false\n"
    )
}

fn move_folder(from: &Path, to: &Path) -> Result<(), Error> {
    if let Some(above) = to.parent() {
        fs::create_dir_all(above).map_err(Error::file("create", above))?;
    }
    fs::rename(from, to).map_err(Error::file("move", from))
}

fn names_in(folder: &Path) -> Result<HashSet<OsString>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::file("list", folder))?;
    Ok(entries.flatten().map(|entry| entry.file_name()).collect())
}

fn without_maven(error: Error) -> Error {
    match error {
        Error::Spawn { .. } => Error::missing(
            "OpenSearch",
            "install Maven (`mvn`), which fetches it, or set `FLUSSO_TEST_OPENSEARCH_URL` to a server that is there",
        ),
        other => other,
    }
}
