//! The default sink: prints every write as a line on standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::ownership::Ownership;
use flusso_schemas::report::Finding;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    AliasState, Answer, Belongings, Generation, GenerationIdentity, ShardMarks, Sink, StoredDocument,
    WriteBatch,
};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Source;
use crate::state_store::StateStore;

/// Prints `{"_index", "_id", "version", "document"}`, or `"deleted": true` instead of a document, a line
/// each. Keeps nothing: what follows from a state (resuming, verification, swaps) does not happen.
#[derive(Clone, Debug)]
pub struct StdoutSink {
    name: String,
    pretty: bool,
}

impl StdoutSink {
    /// Name of the sink used when a project configures none.
    pub const DEFAULT_NAME: &str = "stdout";

    /// A sink of that name; `pretty` prints each object on several lines.
    pub fn new(name: impl Into<String>, pretty: bool) -> Self {
        Self { name: name.into(), pretty }
    }

    fn print(&self, out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
        match self.pretty {
            true => serde_json::to_writer_pretty(&mut *out, line)?,
            false => serde_json::to_writer(&mut *out, line)?,
        }
        out.write_all(b"\n")
    }

    fn print_batch(&self, index: &str, batch: &WriteBatch<'_>) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let version = batch.version;
        for item in &batch.documents {
            let document = Some(serde_json::from_slice(item.json)?);
            self.print(
                &mut out,
                &Line { index, id: item.key.document_id(), version, document, deleted: None },
            )?;
        }
        for key in &batch.deletes {
            let (id, deleted) = (key.document_id(), Some(true));
            self.print(&mut out, &Line { index, id, version, document: None, deleted })?;
        }
        out.flush()
    }
}

/// One line. The document stays as it was built: its numbers keep their digits.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "_index")]
    index: &'a str,
    #[serde(rename = "_id")]
    id: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
}

#[async_trait]
impl Sink for StdoutSink {
    fn members(self: Arc<Self>) -> Vec<(String, Arc<dyn Sink>)> {
        vec![(self.name.clone(), self)]
    }

    async fn preflight(&self, _plan: &Lock, _source: Option<Source<'_>>) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    fn state(&self) -> Option<Arc<dyn StateStore>> {
        None
    }

    async fn newest_generation(&self, _sink: &str, _index: &IndexPlan) -> Result<u64> {
        Ok(0)
    }

    fn generation_name(&self, _sink: &str, index: &IndexPlan, _number: u64) -> Result<String> {
        Ok(index.name.clone())
    }

    async fn create_generation(
        &self,
        _: &Generation,
        _: &IndexPlan,
        _: &Ownership,
    ) -> Result<GenerationIdentity> {
        Ok(GenerationIdentity { index_uuid: String::new(), history_uuids: Vec::new() })
    }

    async fn belongings(&self, _generation: &Generation) -> Result<Option<Belongings>> {
        Ok(None)
    }

    async fn restore_belongings(&self, _: &Generation, _: &Ownership) -> Result<()> {
        Ok(())
    }

    async fn identity(&self, _generation: &Generation) -> Result<Option<GenerationIdentity>> {
        Ok(None)
    }

    async fn check_settings(&self, _: &Generation, _: &IndexPlan) -> Result<()> {
        Ok(())
    }

    async fn drop_generation(&self, _generation: &Generation) -> Result<()> {
        Ok(())
    }

    async fn finish_generation(&self, _: &Generation, _: &IndexPlan) -> Result<Option<String>> {
        Ok(None)
    }

    fn settings(&self, _sink: &str, _index: &IndexPlan) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }

    async fn set_settings(&self, _: &Generation, _: &BTreeMap<String, Option<String>>) -> Result<()> {
        Ok(())
    }

    async fn write(&self, generation: &Generation, batch: WriteBatch<'_>) -> Result<Vec<Answer>> {
        batch.lease.check()?;
        let broken = |error| {
            Error::new(
                ErrorKind::Busy,
                "cannot write to standard output; nothing past this line was confirmed",
            )
            .with_source(error)
        };
        self.print_batch(&generation.name, &batch).map_err(broken)?;
        Ok(vec![Answer::Done; batch.documents.len() + batch.deletes.len()])
    }

    async fn flush(&self, _generation: &Generation) -> Result<()> {
        Ok(()) // Every batch ends with a flush.
    }

    async fn refresh(&self, _generation: &Generation) -> Result<()> {
        Ok(())
    }

    async fn ids_page(&self, _generation: &Generation, _after: Option<&str>) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn get_many(&self, _: &Generation, ids: &[String]) -> Result<Vec<Option<StoredDocument>>> {
        Ok(ids.iter().map(|_| None).collect())
    }

    async fn shard_marks(&self, _generation: &Generation) -> Result<ShardMarks> {
        Ok(ShardMarks(BTreeMap::new()))
    }

    async fn alias(&self, _sink: &str, _index: &IndexPlan) -> Result<AliasState> {
        Ok(AliasState::Targets(Vec::new()))
    }

    fn alias_name(&self, _sink: &str, index: &IndexPlan) -> Result<String> {
        Ok(index.alias.clone())
    }

    async fn swap(&self, _: &Generation, _: &IndexPlan, _from: &[String]) -> Result<()> {
        Ok(())
    }
}
