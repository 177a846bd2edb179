//! Documents from current rows: one reading transaction a call, its rows spliced as they come.
//!
//! Rule *query-errors* of docs/correctness.md.

pub(crate) mod compose;
mod condition;
mod fault;
mod field;
mod key_rows;
mod one_line;
mod parameter;
mod pool;
mod reads;
mod relied;
mod seen;
mod sources;
mod splice;
mod transaction;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use flusso_runtime::backends::RunOptions;
use flusso_runtime::documents::{Built, Key, Selection, Snapshot};
use flusso_runtime::error::Result;
use flusso_runtime::limits::{CHUNK_BYTES_MAX, DOCUMENT_BYTES_MAX};
use flusso_runtime::source::{Aftermath, DocumentBuilder, ResolveRequest, Resolved};
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::name::TableName;
use flusso_schemas::state::CatalogRecord;

use crate::connect::ConnectPlan;
use crate::session::Bond;
use compose::Rows;
use fault::Fault;
use field::Suspects;
use key_rows::{KeyRows, missing};
use parameter::Parameter;
use reads::Reads;
use seen::Seen;
use sources::Sources;
use splice::{Limits, Splicer};

/// The bounds of one splice.
const LIMITS: Limits = Limits { chunk_bytes_max: CHUNK_BYTES_MAX, document_bytes_max: DOCUMENT_BYTES_MAX };

/// Builds documents from a Postgres database.
#[derive(Debug)]
pub struct PostgresDocuments {
    reads: Reads,
}

impl PostgresDocuments {
    /// Opens the connections that documents are read in: one for each of a backfill's readers and one
    /// for changes. They belong to the session of `bond` and never reconnect.
    ///
    /// An error is [`flusso_runtime::ErrorKind::Unreachable`].
    pub async fn new(plan: &ConnectPlan, bond: &Bond, options: &RunOptions) -> Result<Self> {
        Ok(Self { reads: Reads::open(plan, bond, options).await? })
    }

    async fn built(
        &self,
        index: &IndexPlan,
        selection: &Selection,
        must_see: &[u32],
    ) -> Result<Built, Fault> {
        let sources = Sources::of_nodes(index);
        let reading = sources.selected(selection, must_see)?;
        let mut splicer = Splicer::new(index, LIMITS)?;
        let snapshot = self.reads.read(&sources, &reading, &mut splicer).await?;
        let documents = splicer.into_documents();
        let missing = missing(selection, documents.iter().map(|document| document.key))?;
        Ok(Built { documents, missing, snapshot })
    }

    /// The same fault, with the field where it is about one document.
    async fn blamed(&self, index: &IndexPlan, selection: &Selection, fault: Fault) -> Fault {
        match (fault, selection) {
            (fault @ Fault::Query { .. }, Selection::Keys(keys)) if keys.len() == 1 => {
                match fault.is_about_a_privilege() {
                    true => fault,
                    false => self.reads.blamed(index, &keys[0], fault).await,
                }
            }
            (Fault::Null { node, .. }, Selection::Keys(keys)) if keys.len() == 1 => {
                let field = Suspects::promised(index, &node).named();
                Fault::Null { node, field }
            }
            (fault, _) => fault,
        }
    }

    async fn existing(
        &self,
        index: &IndexPlan,
        selection: &Selection,
    ) -> Result<(Vec<Key>, Snapshot), Fault> {
        let sources = Sources::of_keys(index)?;
        self.key_rows(&sources, sources.selected(selection, &[])?).await
    }

    async fn resolved(&self, request: ResolveRequest<'_>) -> Result<Resolved, Fault> {
        let edge = &request.index.edges[request.edge];
        let sources = Sources::of_resolve(request.index, edge)?;
        let mut parameters = Parameter::of_keys(request.keys, edge.navigation.len())?;
        parameters.push(Parameter::number(request.limit as u64)?);
        let range = Rows::Range { after: request.after, up_to: None };
        let reading = sources.reading(range, parameters, request.must_see)?;
        let (keys, snapshot) = self.key_rows(&sources, reading).await?;
        Ok(Resolved { keys, snapshot })
    }

    async fn boundary(
        &self,
        index: &IndexPlan,
        after: Option<&Key>,
        rows: u64,
    ) -> Result<Option<Key>, Fault> {
        let sources = Sources::of_bound(index);
        let parameters = vec![Parameter::number(rows.saturating_sub(1))?];
        let reading = sources.reading(Rows::Range { after, up_to: None }, parameters, &[])?;
        Ok(self.key_rows(&sources, reading).await?.0.pop())
    }

    async fn key_rows(
        &self,
        sources: &Sources<'_>,
        reading: transaction::Reading<'_>,
    ) -> Result<(Vec<Key>, Snapshot), Fault> {
        let mut rows = KeyRows::new(sources.index.key.len());
        let snapshot = self.reads.read(sources, &reading, &mut rows).await?;
        Ok((rows.keys, snapshot))
    }
}

#[async_trait]
impl DocumentBuilder for PostgresDocuments {
    fn rely_on(&self, records: BTreeMap<String, CatalogRecord>) -> Result<()> {
        self.reads.rely_on(records)
    }

    async fn resolve(&self, request: ResolveRequest<'_>) -> Result<Resolved> {
        let narrowable = request.keys.len() > 1;
        let what = || {
            let table = &request.index.edges[request.edge].table;
            format!(
                "finding the documents of index `{}` that a change of `{table}` affects",
                request.index.name
            )
        };
        self.resolved(request).await.map_err(|fault| fault.into_error(&what(), narrowable))
    }

    async fn build(&self, index: &IndexPlan, selection: &Selection, must_see: &[u32]) -> Result<Built> {
        match self.built(index, selection, must_see).await {
            Ok(built) => Ok(built),
            Err(fault) => {
                let fault = self.blamed(index, selection, fault).await;
                let what = match &fault {
                    // Not always the requested document.
                    Fault::Condition { key, .. } => document_in(index, key),
                    _ => documents_in(index, selection),
                };
                Err(fault.into_error(&what, is_many(selection)))
            }
        }
    }

    async fn keys(&self, index: &IndexPlan, selection: &Selection) -> Result<(Vec<Key>, Snapshot)> {
        let existing = self.existing(index, selection).await;
        existing.map_err(|fault| fault.into_error(&documents_of(index), is_many(selection)))
    }

    async fn bound(&self, index: &IndexPlan, after: Option<&Key>, rows: u64) -> Result<Option<Key>> {
        let boundary = self.boundary(index, after, rows).await;
        boundary.map_err(|fault| fault.into_error(&documents_of(index), rows > 1))
    }

    async fn aftermath(&self, snapshot: &Snapshot) -> Result<Aftermath> {
        let tables: Vec<TableName> = snapshot.file_nodes.iter().map(|(table, _)| table.clone()).collect();
        let now = self.reads.see(&tables).await;
        now.map(|now| aftermath(snapshot, &now)).map_err(|fault| fault.into_error("looking back", false))
    }
}

/// The document being built, by its id.
fn documents_in(index: &IndexPlan, selection: &Selection) -> String {
    match selection {
        Selection::Keys(keys) if keys.len() == 1 => document_in(index, &keys[0]),
        _ => documents_of(index),
    }
}

fn document_in(index: &IndexPlan, key: &Key) -> String {
    format!("document `{}` of index `{}` cannot be built", key.document_id(), index.name)
}

/// Whose reading an error is about.
fn documents_of(index: &IndexPlan) -> String {
    format!("index `{}`", index.name)
}

fn aftermath(then: &Snapshot, now: &Seen) -> Aftermath {
    let both = then.file_nodes.iter().zip(&now.file_nodes);
    let changed = both.filter(|((_, before), after)| before != *after);
    // If a clock was set back there is no age; our own deadline still applies.
    let age_us = u64::try_from(now.clock_us - then.source_clock_us).unwrap_or_default();
    Aftermath {
        age: Duration::from_micros(age_us),
        rewritten: changed.map(|((table, _), _)| table.clone()).collect(),
    }
}

/// Whether the request can be made smaller.
fn is_many(selection: &Selection) -> bool {
    match selection {
        Selection::Keys(keys) => keys.len() > 1,
        Selection::Range { .. } => true,
    }
}
