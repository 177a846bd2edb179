//! The composition root: the only file that names Postgres and OpenSearch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flusso_compiler::{Compiled, Connection, ParsedProject, Resolved, judge, levels, lock, resolve};
use flusso_lints::source::script::Function;
use flusso_postgres::connect::ConnectPlan;
use flusso_postgres::facts::{catalog_facts, catalog_facts_of};
use flusso_postgres::privileges::{denied_functions, facts_as};
use flusso_postgres::probe::{probe, refused_queries};
use flusso_postgres::session::Session;
use flusso_runtime::{Backends, FanOut, Result, RunOptions, Sink, SourceParts, StdoutSink};
use flusso_schemas::facts::{CatalogFacts, ProbeOutcome};
use flusso_schemas::lock::{Lock, SinkKind, SinkPlan};
use flusso_schemas::name::TableName;

/// Name of the sink used when a project configures none.
const STDOUT: &str = "stdout";

/// The servers that a lock's references lead to from here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live;

#[async_trait]
impl Backends for Live {
    async fn source(&self, plan: &Lock, options: &RunOptions) -> Result<SourceParts> {
        flusso_postgres::source_parts(plan, options).await
    }

    async fn sink(&self, plan: &Lock, options: &RunOptions) -> Result<Arc<dyn Sink>> {
        let mut members = BTreeMap::new();
        for each in &plan.sinks {
            members.insert(each.name.clone(), sink(each, &plan.project, options).await?);
        }
        Ok(match members.len() {
            0 => Arc::new(StdoutSink::new(STDOUT, false)),
            1 => members.into_values().next().expect("there is one"),
            _ => Arc::new(FanOut::new(members)),
        })
    }
}

/// Connects to one sink.
pub(crate) async fn sink(plan: &SinkPlan, project: &str, options: &RunOptions) -> Result<Arc<dyn Sink>> {
    match &plan.kind {
        SinkKind::OpenSearch(opensearch) => {
            flusso_opensearch::sink(&plan.name, opensearch, project, options).await
        }
        SinkKind::Stdout { pretty } => Ok(Arc::new(StdoutSink::new(&plan.name, *pretty))),
    }
}

/// What a source says of a role: for the script that prepares it.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The role that was asked about, which need not exist.
    pub role: String,
    /// Whether the facts are what that role sees.
    pub is_role_known: bool,
    pub facts: CatalogFacts,
    session: Session,
}

impl Prepared {
    /// Asks a source about a role, or about the one that it connects as.
    pub(crate) async fn ask(
        connection: &Connection,
        allow_commands: bool,
        role: Option<&str>,
        tables: &[TableName],
    ) -> Result<Self> {
        let (facts, session) = ask_catalog(connection, allow_commands, tables).await?;
        let role = role.map_or_else(|| facts.server.role.name.clone(), str::to_owned);
        if role == facts.server.role.name {
            return Ok(Self { role, is_role_known: true, facts, session });
        }
        match facts_as(&session, &role, tables).await? {
            Some(facts) => Ok(Self { role, is_role_known: true, facts, session }),
            None => Ok(Self { role, is_role_known: false, facts, session }),
        }
    }

    /// What the server says of a project's expressions, as if it were prepared.
    pub(crate) async fn answers(&self, resolved: &Resolved<'_>) -> Result<Vec<ProbeOutcome>> {
        probe(&self.session, resolved.probes()).await
    }

    /// Functions that the lock's queries call and the role may not.
    pub(crate) async fn denied_functions(&self, lock: &Lock) -> Result<Vec<Function>> {
        denied_functions(&self.session, lock, self.is_role_known.then_some(self.role.as_str())).await
    }
}

/// The role that a connection names, where its references can be resolved here.
pub(crate) fn role_of(connection: &Connection, allow_commands: bool) -> Option<String> {
    let timeout = Duration::from_millis(connection.statement_timeout_ms);
    let plan =
        ConnectPlan::of_endpoint(&connection.endpoint, &connection.tls, timeout, allow_commands).ok()?;
    Some(plan.user().to_owned()).filter(|user| !user.is_empty())
}

/// A project as its source judged it.
#[derive(Debug)]
pub(crate) struct SourceAnswers {
    pub facts: CatalogFacts,
    /// What was found, and the lock whose every query the server has prepared.
    pub compiled: Compiled,
}

/// Asks a source in two rounds: what it knows of the tables and says of the project's expressions, then
/// whether it can prepare every query of the lock.
pub(crate) async fn ask_source(
    connection: &Connection,
    allow_commands: bool,
    project: &ParsedProject,
) -> Result<SourceAnswers> {
    let tables = project.facts_needed();
    let (facts, session) = ask_catalog(connection, allow_commands, &tables).await?;
    let (compiled, is_refused) = compile(&session, project, &facts).await?;
    if !is_refused {
        return Ok(SourceAnswers { facts, compiled });
    }
    // A table may have been altered between reading the facts and preparing the queries.
    let facts = catalog_facts(&session, &tables).await?;
    let (compiled, _) = compile(&session, project, &facts).await?;
    Ok(SourceAnswers { facts, compiled })
}

/// Connects to a source and reads its catalog.
async fn ask_catalog(
    Connection { endpoint, tls, statement_timeout_ms }: &Connection,
    allow_commands: bool,
    tables: &[TableName],
) -> Result<(CatalogFacts, Session)> {
    let timeout = Duration::from_millis(*statement_timeout_ms);
    catalog_facts_of(endpoint, tls, timeout, allow_commands, tables).await
}

/// Compiles a project over these facts; also, whether the server refused a query of the lock.
async fn compile(
    session: &Session,
    project: &ParsedProject,
    facts: &CatalogFacts,
) -> Result<(Compiled, bool)> {
    let resolved = resolve(project, facts);
    let answers = probe(session, resolved.probes()).await?;
    let judged = judge(resolved, &answers);
    let compiled = lock(levels(&judged, &[]));
    let refusals = match &compiled.lock {
        Some(lock) => refused_queries(session, lock).await?,
        None => Vec::new(),
    };
    if refusals.is_empty() {
        return Ok((compiled, false));
    }
    Ok((lock(levels(&judged, &refusals)), true))
}
