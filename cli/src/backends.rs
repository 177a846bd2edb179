//! The composition root: the only file that names Postgres and OpenSearch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flusso_compiler::Connection;
use flusso_postgres::facts::catalog_facts_of;
use flusso_postgres::probe::probe;
use flusso_runtime::{Backends, FanOut, Result, RunOptions, Sink, SourceParts, StdoutSink};
use flusso_schemas::facts::{CatalogFacts, Probe, ProbeOutcome};
use flusso_schemas::lock::{Lock, SinkKind, SinkPlan};
use flusso_schemas::name::TableName;

/// The name of the sink that stands in where a project configures none.
const STDOUT: &str = "stdout";

/// The servers that a lock's references lead to from here.
#[derive(Clone, Copy, Debug)]
pub struct Live;

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
pub async fn sink(plan: &SinkPlan, project: &str, options: &RunOptions) -> Result<Arc<dyn Sink>> {
    match &plan.kind {
        SinkKind::OpenSearch(opensearch) => {
            flusso_opensearch::sink(&plan.name, opensearch, project, options).await
        }
        SinkKind::Stdout { pretty } => Ok(Arc::new(StdoutSink::new(&plan.name, *pretty))),
    }
}

/// Asks a source what it knows of the tables, then to judge the statements that follow from that.
pub async fn ask_source(
    connection: &Connection,
    allow_commands: bool,
    tables: &[TableName],
    probes: impl FnOnce(&CatalogFacts) -> Vec<Probe>,
) -> Result<(CatalogFacts, Vec<ProbeOutcome>)> {
    let timeout = Duration::from_millis(connection.statement_timeout_ms);
    let (endpoint, tls) = (&connection.endpoint, &connection.tls);
    let (facts, session) = catalog_facts_of(endpoint, tls, timeout, allow_commands, tables).await?;
    let outcomes = probe(&session, &probes(&facts)).await?;
    Ok((facts, outcomes))
}
