//! The state of every sink that keeps one, as this run holds it in memory and writes it.
//!
//! Rule *fed-until* of docs/correctness.md.

use std::sync::Arc;

use flusso_schemas::state::{Confirmed, GenerationState, Picked, ProjectState, TransactionStart};
use tokio::sync::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::sink::Sink;
use crate::state_store::{StateStore, Stored, StoredState};

/// One sink's state. Writers of this process take turns; a writer of another process is a conflict.
#[derive(Debug)]
pub struct SinkState {
    /// Name of the sink.
    pub sink: String,
    store: Arc<dyn StateStore>,
    stored: Mutex<Option<StoredState>>,
}

impl SinkState {
    /// The states of every member that keeps one, as they are now.
    pub async fn load_all(sink: &Arc<dyn Sink>) -> Result<Vec<Self>> {
        let mut states = Vec::new();
        for (name, member) in sink.clone().members() {
            if let Some(store) = member.state() {
                let stored = Mutex::new(store.load().await?);
                states.push(Self { sink: name, store, stored });
            }
        }
        Ok(states)
    }

    /// Name of the index that holds it.
    pub fn index_name(&self) -> String {
        self.store.index_name()
    }

    /// Reads the state again, because another process may have written it.
    pub async fn reload(&self) -> Result<()> {
        *self.stored.lock().await = self.store.load().await?;
        Ok(())
    }

    /// The project document; `None` if there is no state yet.
    pub async fn project(&self) -> Option<ProjectState> {
        self.stored.lock().await.as_ref().map(|stored| stored.project.value.clone())
    }

    /// Every generation that the state knows, of all indexes.
    pub async fn generations(&self) -> Vec<GenerationState> {
        let stored = self.stored.lock().await;
        let all = stored.iter().flat_map(|stored| &stored.generations);
        all.map(|generation| generation.value.clone()).collect()
    }

    /// One generation's document by its name.
    pub async fn generation(&self, name: &str) -> Option<GenerationState> {
        let stored = self.stored.lock().await;
        let mut all = stored.iter().flat_map(|stored| &stored.generations);
        all.find(|generation| generation.value.name == name).map(|generation| generation.value.clone())
    }

    /// Writes the first project document; an error if there is one.
    pub async fn create(&self, project: ProjectState) -> Result<()> {
        let mut stored = self.stored.lock().await;
        let revision = self.store.create(&project).await?;
        let project = Stored { value: project, revision };
        *stored = Some(StoredState { project, generations: Vec::new() });
        Ok(())
    }

    /// Changes the project document, durably.
    pub async fn update_project(&self, change: impl FnOnce(&mut ProjectState)) -> Result<()> {
        let mut stored = self.stored.lock().await;
        let document = &mut self.existing(&mut stored)?.project;
        let mut changed = document.value.clone();
        change(&mut changed);
        document.revision = self.store.save_project(&changed, document.revision).await?;
        document.value = changed;
        Ok(())
    }

    /// Adds a generation's document, or replaces it, durably.
    pub async fn put_generation(&self, generation: GenerationState) -> Result<()> {
        self.save(&mut *self.stored.lock().await, generation).await
    }

    async fn save(&self, stored: &mut Option<StoredState>, generation: GenerationState) -> Result<()> {
        let documents = &mut self.existing(stored)?.generations;
        let known = documents.iter_mut().find(|document| document.value.name == generation.name);
        let revision = known.as_ref().map(|document| document.revision);
        let revision = self.store.save_generation(&generation, revision).await?;
        match known {
            Some(document) => *document = Stored { value: generation, revision },
            None => documents.push(Stored { value: generation, revision }),
        }
        Ok(())
    }

    /// Changes a generation's document, durably. Nobody else changes it in between: a backfill closes
    /// ranges while the pipeline marks the same generation.
    pub async fn update_generation(
        &self,
        name: &str,
        change: impl FnOnce(&mut GenerationState),
    ) -> Result<()> {
        let mut stored = self.stored.lock().await;
        let documents = &self.existing(&mut stored)?.generations;
        let known = documents.iter().find(|document| document.value.name == name);
        let missing = || Error::new(ErrorKind::Internal, format!("the state has no generation `{name}`"));
        let mut generation = known.ok_or_else(missing)?.value.clone();
        change(&mut generation);
        self.save(&mut stored, generation).await
    }

    /// Removes a generation's document and what was fed to it.
    pub async fn remove_generation(&self, name: &str) -> Result<()> {
        {
            let mut stored = self.stored.lock().await;
            let documents = &mut self.existing(&mut stored)?.generations;
            if let Some(at) = documents.iter().position(|document| document.value.name == name) {
                self.store.delete_generation(name, documents[at].revision).await?;
                documents.remove(at);
            }
        }
        self.update_project(|project| {
            project.fed.remove(name);
        })
        .await
    }

    /// Records that the first transaction after what is confirmed is about to be written here, and how it was
    /// picked, unless that is recorded already.
    pub async fn mark_written(&self, transaction: TransactionStart, picked: &Picked) -> Result<()> {
        let is_marked = |stored: &StoredState| stored.project.value.written.is_some();
        if self.stored.lock().await.as_ref().is_some_and(is_marked) {
            return Ok(());
        }
        self.update_project(|project| {
            project.written = Some(transaction);
            project.picked = Some(picked.clone());
        })
        .await
    }

    /// Records that everything below a position is durable here, in one write with what was fed to each
    /// generation and how the changes were picked.
    pub async fn confirm(&self, confirmation: &Confirmation<'_>, fed: &[String]) -> Result<()> {
        let Confirmation { confirmed, picked, written } = *confirmation;
        self.update_project(|project| {
            project.confirmed = Some(confirmed);
            project.written = written;
            project.picked = Some(picked.clone());
            for name in fed {
                project.fed.insert(name.clone(), confirmed.position);
            }
        })
        .await
    }

    /// Whether a generation was fed up to the confirmed position and is not marked: then it has missed nothing.
    pub async fn has_missed_nothing(&self, generation: &GenerationState) -> bool {
        if generation.stale.is_some() {
            return false;
        }
        let Some(project) = self.project().await else { return false };
        let Some(confirmed) = project.confirmed else { return false };
        project.fed.get(&generation.name).is_some_and(|fed| *fed >= confirmed.position)
    }

    fn existing<'a>(&self, stored: &'a mut Option<StoredState>) -> Result<&'a mut StoredState> {
        let missing = || Error::new(ErrorKind::Internal, format!("sink `{}` has no state yet", self.sink));
        stored.as_mut().ok_or_else(missing)
    }
}

/// The record that is written when a position is confirmed.
#[derive(Clone, Copy, Debug)]
pub struct Confirmation<'a> {
    pub confirmed: Confirmed,
    /// How the changes below it were picked.
    pub picked: &'a Picked,
    /// The first transaction above it whose documents were sent, if any.
    pub written: Option<TransactionStart>,
}

/// The state of a sink by its name, where it keeps one (stdout does not).
pub(crate) fn of_sink<'a>(states: &'a [SinkState], sink: &str) -> Option<&'a SinkState> {
    states.iter().find(|state| state.sink == sink)
}

/// The lowest confirmed position over sinks that keep a state; `None` if none has one.
pub(crate) async fn lowest_confirmed(states: &[SinkState]) -> Option<Confirmed> {
    Some(lowest_project(states).await?.0)
}

/// The lowest confirmed position, and what else that state holds; `None` if a sink has none.
pub(crate) async fn lowest_project(states: &[SinkState]) -> Option<(Confirmed, ProjectState)> {
    let mut lowest: Option<(Confirmed, ProjectState)> = None;
    for state in states {
        let project = state.project().await?;
        let confirmed = project.confirmed?;
        if lowest.as_ref().is_none_or(|(known, _)| confirmed.position < known.position) {
            lowest = Some((confirmed, project));
        }
    }
    lowest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use flusso_schemas::lsn::Lsn;
    use flusso_schemas::state::{CatalogRecord, GenerationPhase, STATE_VERSION, SlotPhase};

    use super::*;
    use crate::state_store::Revision;

    /// Takes a moment for each write, and refuses one that another write overtook.
    #[derive(Debug, Default)]
    struct SlowStore(Mutex<u64>);

    #[async_trait::async_trait]
    impl StateStore for SlowStore {
        fn index_name(&self) -> String {
            String::new()
        }

        async fn load(&self) -> Result<Option<StoredState>> {
            Ok(None)
        }

        async fn create(&self, _project: &ProjectState) -> Result<Revision> {
            Ok(Revision { sequence: 0, term: 1 })
        }

        async fn save_project(&self, _project: &ProjectState, revision: Revision) -> Result<Revision> {
            Ok(revision)
        }

        async fn save_generation(
            &self,
            _generation: &GenerationState,
            revision: Option<Revision>,
        ) -> Result<Revision> {
            tokio::task::yield_now().await;
            let mut newest = self.0.lock().await;
            assert_eq!(revision.map_or(0, |revision| revision.sequence), *newest, "a write was overtaken");
            *newest += 1;
            Ok(Revision { sequence: *newest, term: 1 })
        }

        async fn delete_generation(&self, _name: &str, _revision: Revision) -> Result<()> {
            Ok(())
        }
    }

    fn project() -> ProjectState {
        ProjectState {
            state_version: STATE_VERSION,
            project: "shop".to_owned(),
            system_identifier: "7".to_owned(),
            timeline: 1,
            database: "shop".to_owned(),
            database_oid: 5,
            publication_oid: 6,
            slot: "flusso_shop".to_owned(),
            slot_phase: SlotPhase::Ready,
            lock_digest: None,
            confirmed: None,
            picked: None,
            fed: BTreeMap::new(),
            written: None,
            generations: BTreeMap::new(),
            nonce: String::new(),
        }
    }

    fn generation(name: &str) -> GenerationState {
        GenerationState {
            name: name.to_owned(),
            index: "orders".to_owned(),
            sink: "search".to_owned(),
            plan: String::new(),
            plan_version: 1,
            fingerprint: String::new(),
            edges_fingerprint: String::new(),
            phase: GenerationPhase::Filling,
            first_position: Lsn::ZERO,
            read_from: None,
            ranges: Vec::new(),
            index_uuid: None,
            history_uuids: Vec::new(),
            settings: BTreeMap::new(),
            catalog: CatalogRecord::default(),
            stale: None,
            nonce: String::new(),
        }
    }

    async fn state_with(name: &str) -> SinkState {
        let store = Arc::new(SlowStore::default());
        let state = SinkState { sink: "search".to_owned(), store, stored: Mutex::new(None) };
        state.create(project()).await.expect("created");
        state.put_generation(generation(name)).await.expect("saved");
        state
    }

    /// The backfill closes ranges while the pipeline marks the same generation.
    #[tokio::test(start_paused = true)]
    async fn changes_of_one_generation_at_once_are_both_kept() {
        let state = state_with("orders-1").await;
        let finish = state.update_generation("orders-1", |own| own.phase = GenerationPhase::Live);
        let mark = state.update_generation("orders-1", |own| own.nonce.push('x'));
        let close = state.update_generation("orders-1", |own| own.index_uuid = Some("7".to_owned()));
        let (finished, marked, closed) = tokio::join!(finish, mark, close);
        finished.and(marked).and(closed).expect("saved");
        let own = state.generation("orders-1").await.expect("it is there");
        assert_eq!(
            (own.phase, own.nonce.as_str(), own.index_uuid.as_deref()),
            (GenerationPhase::Live, "x", Some("7"))
        );
    }
}
