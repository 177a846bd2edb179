//! `flusso sql`: prints what somebody with a superuser's rights must run in Postgres.

use std::sync::Arc;

use clap::Args;
use flusso_compiler::diagnostic::{Diagnostic, Sources};
use flusso_compiler::{Connection, ParsedProject, judge, levels, lock, resolve};
use flusso_lints::source::script::{self, Request, Script};
use flusso_lints::words::counted;
use flusso_schemas::lock::{Identity, Lock, Manage, SourcePlan, TablePlan};
use flusso_schemas::name::{NAME_BYTES_MAX, TableName};

use crate::arguments::{Common, parse_switch};
use crate::backends::{Prepared, role_of};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::locks;
use crate::project;
use crate::report;

/// The role that is created where neither the command line nor a connection names one.
const ROLE_DEFAULT: &str = "flusso";

#[derive(Debug, Args)]
pub(crate) struct SqlArguments {
    /// Print every statement, not only those that something is missing without
    #[arg(long, env = "FLUSSO_ALL", value_parser = parse_switch, hide_env_values = true)]
    all: bool,
    /// The role that flusso connects as; else that of the connection
    #[arg(long, value_name = "ROLE", env = "FLUSSO_ROLE", value_parser = parse_role, hide_env_values = true)]
    role: Option<String>,
}

/// Reads the name of a role that can be created and connected as.
fn parse_role(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a role has a name".to_owned());
    }
    if text.len() > NAME_BYTES_MAX {
        let (most, found) = (counted(NAME_BYTES_MAX, "byte"), text.len());
        return Err(format!("Postgres allows a name {most}, found {found}"));
    }
    match ["public", "none"].contains(&text) || text.starts_with("pg_") {
        true => Err("Postgres keeps this name for itself".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// Prints the script: from the lock where there is a current one, else from the project's files and the catalog.
pub(crate) async fn sql(options: &SqlArguments, common: &Common, console: &Console) -> Result<Exit, Failure> {
    match locks::read(common) {
        Ok(lock) => of_lock(lock, options, common, console).await,
        Err(Failure::NotFound { .. } | Failure::NoLock(_) | Failure::Stale { .. }) => {
            of_project(options, common, console).await
        }
        Err(other) => Err(other),
    }
}

async fn of_lock(
    lock: Arc<Lock>,
    options: &SqlArguments,
    common: &Common,
    console: &Console,
) -> Result<Exit, Failure> {
    let connection = Connection::of(&lock.source);
    let tables: Vec<_> = lock.tables.iter().map(|table| table.name.clone()).collect();
    let allow = common.allow_commands;
    match Prepared::ask(&connection, allow, options.role.as_deref(), &tables).await {
        Ok(prepared) => print(&script_for(&lock, &prepared, options).await?, &lock, console),
        Err(error) => {
            console.say(&format!("every statement is printed, because Postgres could not be asked: {error}"));
            let role = options.role.clone().or_else(|| role_of(&connection, allow));
            let role = role.as_deref().unwrap_or(ROLE_DEFAULT);
            let request = Request {
                lock: &lock,
                role,
                facts: None,
                is_role_known: false,
                is_whole: true,
                functions: &[],
            };
            print(&script::script(&request), &lock, console)
        }
    }
}

async fn of_project(options: &SqlArguments, common: &Common, console: &Console) -> Result<Exit, Failure> {
    let project = project::read_all(common)?;
    let (Some(connection), Some(source)) = (project.connection(), project.source()) else {
        return Ok(refuse(&project, flusso_compiler::findings(&project), console));
    };
    let tables = project.facts_needed();
    let role = options.role.as_deref();
    let prepared = Prepared::ask(&connection, common.allow_commands, role, &tables).await?;
    // Planned as if the script had been run: what it settles must not prevent it.
    let settled = script::settled(&prepared.facts, source);
    let resolved = resolve(&project, &settled);
    let answers = prepared.answers(&resolved).await?;
    let compiled = lock(levels(&judge(resolved, &answers), &[]));
    if let Some(lock) = compiled.lock {
        return print(&script_for(&lock, &prepared, options).await?, &lock, console);
    }
    let relations = prepared.facts.relations.values();
    if relations.clone().all(|relation| relation.usage && relation.select) {
        return Ok(refuse(&project, compiled.diagnostics, console));
    }
    let lock = access_only(&project, source, tables);
    let mut script = script_for(&lock, &prepared, options).await?.without_publication();
    script.unsettled.push(
        "the rest depends on what Postgres says of the project's expressions, which this role may not ask yet; \
         run `flusso sql` again after this"
            .to_owned(),
    );
    print(&script, &lock, console)
}

/// A plan that needs every table that is named to be read, and nothing else that depends on the catalog.
fn access_only(project: &ParsedProject, source: &SourcePlan, tables: Vec<TableName>) -> Lock {
    let table =
        |name| TablePlan { name, key: Vec::new(), identity: Identity::Default, identity_holds: Vec::new() };
    let mut source = source.clone();
    source.manage.extend(Manage::WORDS.map(|(_, manage)| manage));
    Lock {
        project: project.project_name().unwrap_or_default().to_owned(),
        inputs: String::new(),
        levels: Default::default(),
        accepted: Vec::new(),
        source,
        sinks: Vec::new(),
        tables: tables.into_iter().map(table).collect(),
        indexes: Vec::new(),
    }
}

async fn script_for(lock: &Lock, prepared: &Prepared, options: &SqlArguments) -> Result<Script, Failure> {
    let functions = prepared.denied_functions(lock).await?;
    let Prepared { role, is_role_known, facts, .. } = prepared;
    Ok(script::script(&Request {
        lock,
        role,
        facts: Some(facts),
        is_role_known: *is_role_known,
        is_whole: options.all,
        functions: &functions,
    }))
}

fn print(script: &Script, lock: &Lock, console: &Console) -> Result<Exit, Failure> {
    for message in &script.unsettled {
        console.insist(&format!("no statement settles this: {message}"));
    }
    match (script.is_empty(), script.unsettled.is_empty()) {
        (true, true) => console.say("nothing is missing"),
        (true, false) => {}
        (false, _) => report::print(&script.text(&lock.project))?,
    }
    Ok(if script.unsettled.is_empty() { Exit::Done } else { Exit::Findings })
}

fn refuse(project: &ParsedProject, diagnostics: Vec<Diagnostic>, console: &Console) -> Exit {
    let sources = Sources::new(&project.files);
    let findings: Vec<_> = diagnostics.iter().map(|each| each.to_finding(&sources)).collect();
    report::live(&findings, console);
    Exit::Findings
}
