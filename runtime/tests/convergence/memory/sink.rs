//! One process' connection to a sink's server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use flusso_schemas::lock::{IndexPlan, Lock, index_fingerprint};
use flusso_schemas::ownership::Ownership;
use flusso_schemas::report::Finding;

use super::calls::{Call, Process};
use super::cluster::{Cluster, Request, Servers};
use super::index::{Entry, Index};
use super::store::MemoryStore;
use flusso_runtime::claims::{Claim, Purpose};
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::ownership::Source;
use flusso_runtime::sink::{
    AliasState, AliasTarget, Answer, Belongings, Generation, GenerationIdentity, Owner, ShardMarks, Sink,
    StoredDocument, WriteBatch,
};
use flusso_runtime::state_store::StateStore;

/// Ids in one page of a listing: few, so that tests see several pages.
const PAGE_IDS: usize = 7;

#[derive(Clone, Debug)]
pub(super) struct MemorySink {
    name: String,
    cluster: Arc<Cluster>,
    process: Arc<Process>,
}

impl MemorySink {
    pub(super) fn new(name: &str, cluster: Arc<Cluster>, process: Arc<Process>) -> Self {
        Self { name: name.to_owned(), cluster, process }
    }

    async fn reach(&self, call: Call) -> Result<()> {
        self.process.reach(call).await?;
        reachable(&self.cluster)
    }

    fn index<T>(&self, generation: &Generation, look: impl FnOnce(&mut Index) -> T) -> Result<T> {
        let gone = || Error::new(ErrorKind::Internal, format!("there is no index `{}`", generation.name));
        self.cluster.with(|servers| servers.indexes.get_mut(&generation.name).map(look)).ok_or_else(gone)
    }
}

/// An error where nothing answers.
pub(super) fn reachable(cluster: &Cluster) -> Result<()> {
    match cluster.with(|servers| servers.is_down) {
        true => Err(Error::new(ErrorKind::Unreachable, "the memory sink is down")),
        false => Ok(()),
    }
}

fn number_of(name: &str, prefix: &str) -> Option<u64> {
    name.strip_prefix(prefix)?.rsplit_once('-')?.1.parse().ok()
}

fn add_index(servers: &mut Servers, name: &str, ownership: &Ownership) -> GenerationIdentity {
    servers.sequence += 1;
    let mut index = Index::new(format!("uuid-{}", servers.sequence));
    index.ownership = Some(ownership.clone());
    let identity = GenerationIdentity {
        index_uuid: index.uuid.clone(),
        history_uuids: vec![index.history_uuid.clone()],
    };
    servers.indexes.insert(name.to_owned(), index);
    identity
}

fn request_of(generation: &Generation, batch: &WriteBatch<'_>) -> Request {
    let entry = |json| Entry { version: batch.version, json };
    let documents = batch.documents.iter();
    let documents = documents.map(|item| (item.key.document_id(), entry(Some(item.json.to_vec()))));
    let deletes = batch.deletes.iter().map(|key| (key.document_id(), entry(None)));
    Request {
        generation: generation.name.clone(),
        cause: batch.cause,
        items: documents.chain(deletes).collect(),
    }
}

#[async_trait]
impl Sink for MemorySink {
    fn members(self: Arc<Self>) -> Vec<(String, Arc<dyn Sink>)> {
        vec![(self.name.clone(), self)]
    }

    async fn preflight(&self, _plan: &Lock, _source: Option<Source<'_>>) -> Result<Vec<Finding>> {
        reachable(&self.cluster)?;
        Ok(Vec::new())
    }

    async fn claims(&self, plan: &Lock) -> Result<Vec<Claim>> {
        let cluster = format!("{:p}", Arc::as_ptr(&self.cluster));
        let claim = |name: &str, purpose| Claim {
            sink: self.name.clone(),
            cluster: cluster.clone(),
            name: name.to_owned(),
            purpose,
        };
        let aliases =
            plan.indexes.iter().map(|index| claim(&index.alias, Purpose::Alias(index.name.clone())));
        Ok(aliases.chain([claim("state", Purpose::State)]).collect())
    }

    fn state(&self) -> Option<Arc<dyn StateStore>> {
        if self.cluster.with(|servers| servers.keeps_nothing) {
            return None;
        }
        Some(Arc::new(MemoryStore::new(self.cluster.clone(), self.process.clone())))
    }

    async fn newest_generation(&self, _sink: &str, index: &IndexPlan) -> Result<u64> {
        reachable(&self.cluster)?;
        let prefix = format!("{}-", index.name);
        let newest =
            |servers: &mut Servers| servers.indexes.keys().filter_map(|name| number_of(name, &prefix)).max();
        Ok(self.cluster.with(newest).unwrap_or(0))
    }

    fn generation_name(&self, _sink: &str, index: &IndexPlan, number: u64) -> Result<String> {
        Ok(format!("{}-{}-{number}", index.name, &index_fingerprint(index)[..8]))
    }

    async fn create_generation(
        &self,
        generation: &Generation,
        _: &IndexPlan,
        ownership: &Ownership,
    ) -> Result<GenerationIdentity> {
        self.reach(Call::CreateGeneration).await?;
        let identity = self.cluster.with(|servers| add_index(servers, &generation.name, ownership));
        self.reach(Call::CreateGenerationDone).await?;
        Ok(identity)
    }

    async fn belongings(&self, generation: &Generation) -> Result<Option<Belongings>> {
        reachable(&self.cluster)?;
        Ok(self.cluster.with(|servers| {
            let index = servers.indexes.get(&generation.name)?;
            let to_it = servers.aliases.iter().filter(|(_, target)| **target == generation.name);
            Some(Belongings {
                ownership: index.ownership.clone(),
                has_write_alias: index.has_write_alias,
                aliases: to_it.map(|(alias, _)| alias.clone()).collect(),
            })
        }))
    }

    async fn restore_belongings(&self, generation: &Generation, ownership: &Ownership) -> Result<()> {
        reachable(&self.cluster)?;
        self.index(generation, |index| {
            index.ownership = Some(ownership.clone());
            index.has_write_alias = true;
        })
    }

    async fn identity(&self, generation: &Generation) -> Result<Option<GenerationIdentity>> {
        reachable(&self.cluster)?;
        Ok(self
            .index(generation, |index| GenerationIdentity {
                index_uuid: index.uuid.clone(),
                history_uuids: vec![index.history_uuid.clone()],
            })
            .ok())
    }

    async fn check_settings(&self, _: &Generation, _: &IndexPlan) -> Result<()> {
        Ok(())
    }

    async fn drop_generation(&self, generation: &Generation) -> Result<()> {
        self.cluster.with(|servers| servers.indexes.remove(&generation.name));
        self.reach(Call::DropGenerationDone).await
    }

    async fn finish_generation(&self, _: &Generation, _: &IndexPlan) -> Result<Option<String>> {
        self.reach(Call::Finish).await?;
        Ok(None)
    }

    fn settings(&self, _sink: &str, index: &IndexPlan) -> Result<BTreeMap<String, String>> {
        Ok(index.settings.clone())
    }

    async fn set_settings(
        &self,
        generation: &Generation,
        settings: &BTreeMap<String, Option<String>>,
    ) -> Result<()> {
        reachable(&self.cluster)?;
        self.index(generation, |index| index.settings.extend(settings.clone()))
    }

    async fn write(&self, generation: &Generation, batch: WriteBatch<'_>) -> Result<Vec<Answer>> {
        batch.lease.check()?;
        self.reach(Call::Write).await?;
        let request = request_of(generation, &batch);
        let answers = match Instant::now() > batch.deadline {
            true => vec![Answer::Unanswered; request.items.len()],
            false => self.cluster.receive(request),
        };
        self.reach(Call::WriteDone).await?;
        Ok(answers)
    }

    async fn flush(&self, generation: &Generation) -> Result<()> {
        self.reach(Call::Flush).await?;
        if !self.cluster.with(|servers| servers.keeps_nothing) {
            self.index(generation, Index::flush)?;
        }
        self.reach(Call::FlushDone).await
    }

    async fn refresh(&self, generation: &Generation) -> Result<()> {
        self.reach(Call::Refresh).await?;
        self.index(generation, Index::refresh)
    }

    async fn ids_page(&self, generation: &Generation, after: Option<&str>) -> Result<Vec<String>> {
        self.reach(Call::Ids).await?;
        self.index(generation, |index| index.page(after, PAGE_IDS))
    }

    async fn get_many(&self, generation: &Generation, ids: &[String]) -> Result<Vec<Option<StoredDocument>>> {
        self.reach(Call::Get).await?;
        let stored =
            |entry: &Entry| Some(StoredDocument { version: entry.version, json: entry.json.clone()? });
        self.index(generation, |index| ids.iter().map(|id| index.entry(id).and_then(stored)).collect())
    }

    async fn shard_marks(&self, generation: &Generation) -> Result<ShardMarks> {
        self.reach(Call::Marks).await?;
        self.index(generation, |index| ShardMarks(BTreeMap::from([(0, (index.term, "node".to_owned()))])))
    }

    async fn alias(&self, _sink: &str, index: &IndexPlan) -> Result<AliasState> {
        reachable(&self.cluster)?;
        Ok(AliasState::Targets(self.cluster.with(|servers| {
            let name = servers.aliases.get(&index.alias).cloned();
            let ownership =
                |name: &String| servers.indexes.get(name).and_then(|index| index.ownership.clone());
            name.into_iter()
                .map(|name| AliasTarget { owner: ownership(&name).map(Owner::from), name })
                .collect()
        })))
    }

    fn alias_name(&self, _sink: &str, index: &IndexPlan) -> Result<String> {
        Ok(index.alias.clone())
    }

    async fn swap(&self, generation: &Generation, index: &IndexPlan, from: &[String]) -> Result<()> {
        self.reach(Call::Swap).await?;
        self.cluster.with(|servers| {
            let now = servers.aliases.get(&index.alias);
            if now.is_some_and(|now| *now != generation.name && !from.contains(now)) {
                return Err(Error::new(ErrorKind::Foreign, "the alias was moved by someone else"));
            }
            servers.aliases.insert(index.alias.clone(), generation.name.clone());
            Ok(())
        })?;
        self.reach(Call::SwapDone).await
    }
}
