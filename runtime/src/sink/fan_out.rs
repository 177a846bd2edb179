//! Several sinks as one: each call goes to the member that its generation names.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::ownership::Ownership;
use flusso_schemas::report::Finding;

use super::{
    AliasState, Answer, Belongings, Generation, GenerationIdentity, ShardMarks, Sink, StoredDocument,
    WriteBatch,
};
use crate::claims::{Claim, collisions};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::Source;
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

    async fn preflight(&self, plan: &Lock, source: Option<Source<'_>>) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for member in self.0.values() {
            findings.extend(member.preflight(plan, source).await?);
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
        ownership: &Ownership,
    ) -> Result<GenerationIdentity> {
        self.member(&generation.sink)?.create_generation(generation, index, ownership).await
    }

    async fn belongings(&self, generation: &Generation) -> Result<Option<Belongings>> {
        self.member(&generation.sink)?.belongings(generation).await
    }

    async fn restore_belongings(&self, generation: &Generation, ownership: &Ownership) -> Result<()> {
        self.member(&generation.sink)?.restore_belongings(generation, ownership).await
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

    fn settings(&self, sink: &str, index: &IndexPlan) -> Result<BTreeMap<String, String>> {
        self.member(sink)?.settings(sink, index)
    }

    async fn set_settings(
        &self,
        generation: &Generation,
        settings: &BTreeMap<String, Option<String>>,
    ) -> Result<()> {
        self.member(&generation.sink)?.set_settings(generation, settings).await
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

    async fn alias(&self, sink: &str, index: &IndexPlan) -> Result<AliasState> {
        self.member(sink)?.alias(sink, index).await
    }

    fn alias_name(&self, sink: &str, index: &IndexPlan) -> Result<String> {
        self.member(sink)?.alias_name(sink, index)
    }

    async fn swap(&self, generation: &Generation, index: &IndexPlan, from: &[String]) -> Result<()> {
        self.member(&generation.sink)?.swap(generation, index, from).await
    }
}
