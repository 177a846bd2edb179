//! Several sinks as one: each call goes to the member that its generation names.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::report::Finding;

use super::{Answer, Generation, GenerationIdentity, ShardMarks, Sink, StoredDocument, WriteBatch};
use crate::claims::{Claim, collisions};
use crate::error::{Error, ErrorKind, Result};
use crate::state_store::StateStore;

/// Several sinks by name.
#[derive(Debug)]
pub struct FanOut(BTreeMap<String, Arc<dyn Sink>>);

impl FanOut {
    /// A fan-out over members by name.
    pub fn new(members: BTreeMap<String, Arc<dyn Sink>>) -> Self {
        Self(members)
    }

    fn member(&self, name: &str) -> Result<&Arc<dyn Sink>> {
        let unknown = || Error::new(ErrorKind::Internal, format!("no sink is called `{name}`"));
        self.0.get(name).ok_or_else(unknown)
    }
}

#[async_trait]
impl Sink for FanOut {
    fn members(self: Arc<Self>) -> Vec<(String, Arc<dyn Sink>)> {
        self.0.iter().map(|(name, sink)| (name.clone(), sink.clone())).collect()
    }

    async fn preflight(&self, plan: &Lock) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for member in self.0.values() {
            findings.extend(member.preflight(plan).await?);
        }
        findings.extend(collisions(&self.claims(plan).await?));
        Ok(findings)
    }

    async fn claims(&self, plan: &Lock) -> Result<Vec<Claim>> {
        let mut claims = Vec::new();
        for member in self.0.values() {
            claims.extend(member.claims(plan).await?);
        }
        Ok(claims)
    }

    fn state(&self) -> Option<Arc<dyn StateStore>> {
        None
    }

    async fn newest_generation(&self, sink: &str, index: &IndexPlan) -> Result<u64> {
        self.member(sink)?.newest_generation(sink, index).await
    }

    fn generation_name(&self, sink: &str, index: &IndexPlan, number: u64) -> Result<String> {
        self.member(sink)?.generation_name(sink, index, number)
    }

    async fn create_generation(
        &self,
        generation: &Generation,
        index: &IndexPlan,
    ) -> Result<GenerationIdentity> {
        self.member(&generation.sink)?.create_generation(generation, index).await
    }

    async fn identity(&self, generation: &Generation) -> Result<Option<GenerationIdentity>> {
        self.member(&generation.sink)?.identity(generation).await
    }

    async fn check_settings(&self, generation: &Generation, index: &IndexPlan) -> Result<()> {
        self.member(&generation.sink)?.check_settings(generation, index).await
    }

    async fn drop_generation(&self, generation: &Generation) -> Result<()> {
        self.member(&generation.sink)?.drop_generation(generation).await
    }

    async fn finish_generation(&self, generation: &Generation, index: &IndexPlan) -> Result<Option<String>> {
        self.member(&generation.sink)?.finish_generation(generation, index).await
    }

    async fn write(&self, generation: &Generation, batch: WriteBatch<'_>) -> Result<Vec<Answer>> {
        self.member(&generation.sink)?.write(generation, batch).await
    }

    async fn flush(&self, generation: &Generation) -> Result<()> {
        self.member(&generation.sink)?.flush(generation).await
    }

    async fn refresh(&self, generation: &Generation) -> Result<()> {
        self.member(&generation.sink)?.refresh(generation).await
    }

    async fn ids_page(&self, generation: &Generation, after: Option<&str>) -> Result<Vec<String>> {
        self.member(&generation.sink)?.ids_page(generation, after).await
    }

    async fn get_many(&self, generation: &Generation, ids: &[String]) -> Result<Vec<Option<StoredDocument>>> {
        self.member(&generation.sink)?.get_many(generation, ids).await
    }

    async fn shard_marks(&self, generation: &Generation) -> Result<ShardMarks> {
        self.member(&generation.sink)?.shard_marks(generation).await
    }

    async fn alias_targets(&self, sink: &str, index: &IndexPlan) -> Result<Vec<String>> {
        self.member(sink)?.alias_targets(sink, index).await
    }

    async fn swap(&self, generation: &Generation, index: &IndexPlan) -> Result<()> {
        self.member(&generation.sink)?.swap(generation, index).await
    }
}
