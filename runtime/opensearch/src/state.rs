//! The state's documents, in an index beside the documents they describe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use flusso_lints::source::statements::drop_slot;
use flusso_lints::words::counted;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::recovery::DriftCause;
use flusso_runtime::state_store::{Revision, StateStore, Stored, StoredState};
use flusso_schemas::state::{GenerationState, ProjectState, STATE_VERSION};
use opensearch::indices::{IndicesCreateParts, IndicesRefreshParts};
use opensearch::{CreateParts, DeleteParts, GetParts, IndexParts, SearchParts};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::backoff::random;
use crate::client::{Answered, Client};
use crate::names::{state_index, write_alias};
use crate::server_error::ServerError;

/// Limit of documents in a state: one for each generation, and the project's.
const DOCUMENTS_MAX: usize = 10_000;
/// Id of the project's document.
const PROJECT_ID: &str = "project";

/// One project's state in one sink.
#[derive(Debug)]
pub(crate) struct StateIndex {
    client: Arc<Client>,
    index: String,
    project: String,
    /// Begins every nonce of this store.
    writer: String,
    writes: AtomicU64,
}

/// What a write relies on.
#[derive(Clone, Copy, Debug)]
enum Condition {
    /// The document does not exist.
    Absent,
    /// It is still at this revision.
    At(Revision),
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "_seq_no")]
    sequence: u64,
    #[serde(rename = "_primary_term")]
    term: u64,
}

#[derive(Deserialize)]
struct Listed {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Document>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "_id", default)]
    id: String,
    #[serde(rename = "_seq_no")]
    sequence: u64,
    #[serde(rename = "_primary_term")]
    term: u64,
    #[serde(rename = "_source")]
    source: Value,
}

impl Document {
    fn revision(&self) -> Revision {
        Revision { sequence: self.sequence, term: self.term }
    }

    fn nonce(&self) -> &str {
        self.source.get("nonce").and_then(Value::as_str).unwrap_or_default()
    }
}

impl StateIndex {
    pub(crate) fn new(client: Arc<Client>, prefix: &str, project: &str) -> Self {
        let index = state_index(prefix, project);
        let writer = format!("{:016x}", random());
        Self { client, index, project: project.to_owned(), writer, writes: AtomicU64::new(0) }
    }

    fn nonce(&self) -> String {
        format!("{}-{}", self.writer, self.writes.fetch_add(1, Ordering::Relaxed))
    }

    async fn create_index(&self) -> Result<()> {
        let mut body = body();
        body["aliases"] = json!({ write_alias(&self.index): {} });
        let answered = self.client.put(&IndicesCreateParts::Index(&self.index).url(), &body).await?;
        let error = ServerError::of(&answered.response);
        if error.error_type == "resource_already_exists_exception" {
            return Ok(());
        }
        answered.success(&format!("the creation of index `{}`", self.index))
    }

    /// Every document, read from the primary shard; `None` if the index does not exist.
    async fn list(&self) -> Result<Option<Vec<Document>>> {
        let refresh = IndicesRefreshParts::Index(&[&self.index]).url();
        let refreshed = self.client.post(&refresh, &Value::Null).await?;
        if refreshed.is_missing() {
            return Ok(None);
        }
        refreshed.success("a refresh of the state")?;
        let search = SearchParts::Index(&[&self.index]).url();
        let path = format!(
            "{search}?allow_partial_search_results=false&preference=_primary&seq_no_primary_term=true\
             &size={DOCUMENTS_MAX}&sort=_doc"
        );
        let answered = self.client.get(&path).await?;
        if answered.is_missing() {
            return Ok(None);
        }
        let listed: Listed = answered.json("a read of the state")?;
        if listed.hits.hits.len() == DOCUMENTS_MAX {
            let documents = counted(DOCUMENTS_MAX, "document");
            let message = format!("the state of project `{}` has {documents} or more", self.project);
            return Err(Error::new(ErrorKind::Drift, message));
        }
        Ok(Some(listed.hits.hits))
    }

    async fn put<T: Serialize>(
        &self,
        id: &str,
        value: &T,
        nonce: &str,
        condition: Condition,
    ) -> Result<Revision> {
        // Through the write alias, so that a write does not recreate a state that was deleted.
        let alias = write_alias(&self.index);
        let path = match condition {
            Condition::Absent => {
                format!("{}?require_alias=true", CreateParts::IndexId(&alias, id).url())
            }
            Condition::At(Revision { sequence, term }) => format!(
                "{}?require_alias=true&if_seq_no={sequence}&if_primary_term={term}",
                IndexParts::IndexId(&alias, id).url()
            ),
        };
        let body = serde_json::to_value(value).expect("a state document is always printed");
        // A request whose answer is lost is sent again as it is: where the first one arrived, the
        // second is a conflict with our own nonce.
        let answered = self.client.put(&path, &body).await?;
        if answered.response.status == 409 {
            return self.judge_conflict(id, nonce).await;
        }
        if answered.is_missing() {
            return Err(self.gone());
        }
        let written: Written = answered.json("a write of the state")?;
        Ok(Revision { sequence: written.sequence, term: written.term })
    }

    async fn judge_conflict(&self, id: &str, nonce: &str) -> Result<Revision> {
        match self.read_back(id).await? {
            Some(found) if found.nonce() == nonce => Ok(found.revision()),
            Some(found) if self.is_ours(found.nonce()) => Err(self.outrun()),
            _ => Err(self.foreign()),
        }
    }

    async fn read_back(&self, id: &str) -> Result<Option<Document>> {
        let path = format!("{}?realtime=true", GetParts::IndexId(&self.index, id).url());
        let answered = self.client.get(&path).await?;
        if answered.is_missing() { Ok(None) } else { answered.json("a read of the state").map(Some) }
    }

    fn is_ours(&self, nonce: &str) -> bool {
        nonce.strip_prefix(self.writer.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }

    /// An earlier write of this very store, given up as unanswered, arrived after all.
    fn outrun(&self) -> Error {
        let message = format!("an earlier write of the state of project `{}` arrived late", self.project);
        Error::new(ErrorKind::Unanswered, message)
    }

    fn foreign(&self) -> Error {
        let message = format!("another runner wrote the state of project `{}`", self.project);
        Error::new(ErrorKind::Foreign, message).with_help("stop all but one of the runners of this project")
    }

    fn gone(&self) -> Error {
        DriftCause::StateGone { project: self.project.clone() }.error()
    }

    fn decode<T: DeserializeOwned>(&self, document: Document) -> Result<Stored<T>> {
        let revision = document.revision();
        let value = serde_json::from_value(document.source).map_err(|error| {
            let message =
                format!("document `{}` of index `{}` is not a flusso state", document.id, self.index);
            Error::new(ErrorKind::Drift, message).with_source(error)
        })?;
        Ok(Stored { value, revision })
    }

    /// Version 1 was never released: what it holds cannot be read, and nothing converts it.
    fn check_version(&self, document: &Document) -> Result<()> {
        let version = document.source.get("state_version").and_then(Value::as_u64).unwrap_or_default();
        if version == u64::from(STATE_VERSION) {
            return Ok(());
        }
        let message = format!(
            "index `{}` holds the state of project `{}` in version {version}, and this flusso reads version \
             {STATE_VERSION}",
            self.index, self.project
        );
        let help = if version > u64::from(STATE_VERSION) {
            "use the flusso that wrote it, or a newer one".to_owned()
        } else {
            let slot = document.source.get("slot").and_then(Value::as_str).unwrap_or("flusso");
            format!(
                "stop every flusso of project `{}`, run `{}` in the source database and `DELETE /{}` at {}, then \
                 `flusso apply`",
                self.project,
                drop_slot(slot),
                self.index,
                self.client.transport().shown()
            )
        };
        Err(Error::new(ErrorKind::Drift, message).with_help(help))
    }
}

#[async_trait]
impl StateStore for StateIndex {
    fn index_name(&self) -> String {
        self.index.clone()
    }

    async fn load(&self) -> Result<Option<StoredState>> {
        let Some(mut documents) = self.list().await? else { return Ok(None) };
        let Some(at) = documents.iter().position(|document| document.id == PROJECT_ID) else {
            return Ok(None);
        };
        let project = documents.swap_remove(at);
        self.check_version(&project)?;
        let project: Stored<ProjectState> = self.decode(project)?;
        let mut generations: Vec<Stored<GenerationState>> =
            documents.into_iter().map(|document| self.decode(document)).collect::<Result<_>>()?;
        generations.sort_by(|one, other| one.value.name.cmp(&other.value.name));
        Ok(Some(StoredState { project, generations }))
    }

    async fn create(&self, project: &ProjectState) -> Result<Revision> {
        self.create_index().await?;
        let project = ProjectState { nonce: self.nonce(), ..project.clone() };
        self.put(PROJECT_ID, &project, &project.nonce, Condition::Absent).await
    }

    async fn save_project(&self, project: &ProjectState, revision: Revision) -> Result<Revision> {
        let project = ProjectState { nonce: self.nonce(), ..project.clone() };
        self.put(PROJECT_ID, &project, &project.nonce, Condition::At(revision)).await
    }

    async fn save_generation(
        &self,
        generation: &GenerationState,
        revision: Option<Revision>,
    ) -> Result<Revision> {
        let generation = GenerationState { nonce: self.nonce(), ..generation.clone() };
        let condition = revision.map_or(Condition::Absent, Condition::At);
        self.put(&generation_id(&generation.name), &generation, &generation.nonce, condition).await
    }

    async fn delete_generation(&self, name: &str, revision: Revision) -> Result<()> {
        let Revision { sequence, term } = revision;
        let document = DeleteParts::IndexId(&self.index, &generation_id(name)).url();
        let path = format!("{document}?if_seq_no={sequence}&if_primary_term={term}");
        let answered: Answered = self.client.delete(&path).await?;
        match answered.response.status {
            404 => Ok(()),
            // The first request, whose answer was lost, may have removed it.
            409 if self.read_back(&generation_id(name)).await?.is_none() => Ok(()),
            409 => Err(self.foreign()),
            _ => answered.success("a removal from the state"),
        }
    }
}

/// Settings and mappings of the index.
pub(crate) fn body() -> Value {
    json!({
        "settings": {
            "index.number_of_shards": 1,
            "index.auto_expand_replicas": "0-1",
            "index.translog.durability": "request",
        },
        // Nothing is searched by content, and no document may be refused for it.
        "mappings": { "dynamic": false },
    })
}

fn generation_id(name: &str) -> String {
    format!("generation:{name}")
}
