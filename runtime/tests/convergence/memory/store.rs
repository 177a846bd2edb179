//! The state's documents in a sink's server: every write is conditional.

use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::state::{GenerationState, ProjectState};

use super::calls::{Call, Process};
use super::cluster::{Cluster, Servers};
use super::sink::reachable;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::state_store::{Revision, StateStore, Stored, StoredState};

#[derive(Debug)]
pub(super) struct MemoryStore {
    cluster: Arc<Cluster>,
    process: Arc<Process>,
}

impl MemoryStore {
    pub(super) fn new(cluster: Arc<Cluster>, process: Arc<Process>) -> Self {
        Self { cluster, process }
    }

    async fn reach(&self, call: Call) -> Result<()> {
        self.process.reach(call).await?;
        reachable(&self.cluster)
    }
}

/// The revision of the next write, where a document is still at the expected one.
fn next(servers: &mut Servers, now: Option<Revision>, expected: Option<Revision>) -> Result<Revision> {
    if now != expected {
        return Err(Error::new(ErrorKind::Foreign, "another runner wrote the state"));
    }
    servers.sequence += 1;
    Ok(Revision { sequence: servers.sequence, term: 1 })
}

#[async_trait]
impl StateStore for MemoryStore {
    fn index_name(&self) -> String {
        "state".to_owned()
    }

    async fn load(&self) -> Result<Option<StoredState>> {
        reachable(&self.cluster)?;
        Ok(self.cluster.with(|servers| {
            let generations = servers.generations.values().cloned().collect();
            Some(StoredState { project: servers.project.clone()?, generations })
        }))
    }

    async fn create(&self, project: &ProjectState) -> Result<Revision> {
        self.reach(Call::StateCreate).await?;
        let revision = self.cluster.with(|servers| {
            let now = servers.project.as_ref().map(|stored| stored.revision);
            let revision = next(servers, now, None)?;
            servers.project = Some(Stored { value: project.clone(), revision });
            Ok(revision)
        })?;
        self.reach(Call::StateCreateDone).await?;
        Ok(revision)
    }

    async fn save_project(&self, project: &ProjectState, revision: Revision) -> Result<Revision> {
        self.reach(Call::StateProject).await?;
        let revision = self.cluster.with(|servers| {
            let now = servers.project.as_ref().map(|stored| stored.revision);
            let revision = next(servers, now, Some(revision))?;
            servers.project = Some(Stored { value: project.clone(), revision });
            Ok(revision)
        })?;
        self.reach(Call::StateProjectDone).await?;
        Ok(revision)
    }

    async fn save_generation(
        &self,
        generation: &GenerationState,
        revision: Option<Revision>,
    ) -> Result<Revision> {
        self.reach(Call::StateGeneration).await?;
        let revision = self.cluster.with(|servers| {
            let now = servers.generations.get(&generation.name).map(|stored| stored.revision);
            let revision = next(servers, now, revision)?;
            let stored = Stored { value: generation.clone(), revision };
            servers.generations.insert(generation.name.clone(), stored);
            Ok(revision)
        })?;
        self.reach(Call::StateGenerationDone).await?;
        Ok(revision)
    }

    async fn delete_generation(&self, name: &str, revision: Revision) -> Result<()> {
        self.reach(Call::StateGeneration).await?;
        self.cluster.with(|servers| {
            let now = servers.generations.get(name).map(|stored| stored.revision);
            next(servers, now, Some(revision))?;
            servers.generations.remove(name);
            Ok(())
        })
    }
}
