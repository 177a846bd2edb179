//! Everything that would keep a plan from running in a sink, found without changing anything.

use std::collections::BTreeMap;

use flusso_lints::invalid_index_name::too_long_behind_resolved_prefix;
use flusso_lints::{
    alias_is_an_index, body_refused, bulk_over_http_limit, cluster_version_unsupported,
    default_pipeline_missing, index_blocked,
};
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::ownership::{Ours, Source, Standing, judge, live_of, source_mark};
use flusso_runtime::sink::AliasState;
use flusso_runtime::state_store::StateStore as _;
use flusso_schemas::index_name::index_bytes_max;
use flusso_schemas::lock::IndexPlan;
use flusso_schemas::report::Finding;
use flusso_schemas::state::{GenerationState, ProjectState};
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alias;
use crate::client::Client;
use crate::facts;
use crate::names;
use crate::owner::OwnerQuery;
use crate::pipelines;
use crate::settings::IndexSettings;
use crate::state::{self, StateIndex};
use crate::templates::Templates;
use crate::transport::segment;

/// What the server calls the block of an index that someone closed.
const INDEX_CLOSED: &str = "index closed";
/// The lowest major version that is known to answer as we expect.
const MAJOR_MIN: u64 = 2;

/// Most indexes that are judged at once. The server merges a body in memory, on one core each; more only wait there.
const INDEXES_AT_ONCE_MAX: usize = 8;

/// What a sink is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preflight<'a> {
    pub(crate) sink: &'a str,
    pub(crate) client: &'a Client,
    pub(crate) prefix: &'a str,
    pub(crate) project: &'a str,
    pub(crate) bulk_bytes_max: u64,
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) state: &'a StateIndex,
    /// Where documents will be built from, where that is known.
    pub(crate) source: Option<Source<'a>>,
}

#[derive(Deserialize)]
struct Root {
    version: Version,
    #[serde(default)]
    cluster_uuid: String,
}

#[derive(Deserialize)]
struct Version {
    distribution: Option<String>,
    number: String,
}

/// Reaches the server and says whether it is one that is known to work.
pub(crate) async fn greet(client: &Client) -> Result<Option<Finding>> {
    let answered = client.get("/").await?;
    let root: Root = answered.json("a greeting").map_err(|_| not_opensearch(client))?;
    let Version { distribution, number } = root.version;
    let distribution = distribution.unwrap_or_else(|| "elasticsearch".to_owned());
    let major = number.split('.').next().and_then(|major| major.parse::<u64>().ok());
    let is_known = distribution == "opensearch" && major.is_some_and(|major| major >= MAJOR_MIN);
    let shown = client.transport().shown();
    Ok((!is_known).then(|| cluster_version_unsupported::finding(shown, &distribution, &number, MAJOR_MIN)))
}

/// Identity of the cluster.
pub(crate) async fn cluster_uuid(client: &Client) -> Result<String> {
    let root: Root = client.get("/").await?.json("a greeting").map_err(|_| not_opensearch(client))?;
    Ok(root.cluster_uuid)
}

fn not_opensearch(client: &Client) -> Error {
    not_opensearch_at(client.transport().shown(), client.transport().path())
}

/// A path is mostly a mistake: an index or a page of the server that was copied with its address.
fn not_opensearch_at(shown: &str, path: &str) -> Error {
    let message = format!("{shown}{path} is not an OpenSearch server");
    let help = match path {
        "" => "check the sink's `url`".to_owned(),
        path => format!("write scheme, host and port only in the sink's `url`, without `{path}`"),
    };
    Error::new(ErrorKind::Misconfigured, message).with_help(help)
}

impl Preflight<'_> {
    /// Every finding, about the server and about each index that goes to this sink.
    pub(crate) async fn run(self, indexes: &[&IndexPlan]) -> Result<Vec<Finding>> {
        let unsupported = greet(self.client).await?;
        if unsupported.is_some() {
            // Nothing else that it answers would be reliable.
            return Ok(unsupported.into_iter().collect());
        }
        let mut findings: Vec<Finding> = self.body_limit().await?.into_iter().collect();
        findings.extend(self.blocks(indexes).await?);
        let state = names::state_index(self.prefix, self.project);
        let templates = Templates::new(self.client);
        let own = self.generations().await;
        findings.extend(templates.interference(&state, &state::body()).await?);
        let mut judgements = Vec::new();
        for index in indexes {
            judgements.push(self.index(index, &templates, &own));
        }
        // `buffered` keeps the order of the plan, whichever answer comes first.
        let mut judged = stream::iter(judgements).buffered(INDEXES_AT_ONCE_MAX);
        while let Some(found) = judged.next().await {
            findings.extend(found?);
        }
        Ok(findings)
    }

    /// The generations that the state names. None if the state is another database's, whose aliases are not ours to
    /// judge by it, or cannot be read: a closed index has its own finding, and a state of another version stops
    /// `apply`, but must not keep `compile` from writing the lock that `apply` needs.
    async fn generations(self) -> Vec<GenerationState> {
        let Ok(Some(stored)) = self.state.load().await else { return Vec::new() };
        let project: &ProjectState = &stored.project.value;
        let origin = source_mark(&project.system_identifier, &project.database);
        if self.source.is_some_and(|source| source.mark != origin) {
            return Vec::new();
        }
        stored.generations.into_iter().map(|generation| generation.value).collect()
    }

    async fn index(
        self,
        index: &IndexPlan,
        templates: &Templates<'_>,
        own: &[GenerationState],
    ) -> Result<Vec<Finding>> {
        if names::too_long(self.prefix, &index.name) {
            let bytes_max = index_bytes_max(self.prefix.len());
            return Ok(vec![too_long_behind_resolved_prefix(&index.name, self.sink, bytes_max)]);
        }
        let mut findings = Vec::new();
        findings.extend(self.alias(index, own).await?);
        let body = index.whole_body();
        let settings = IndexSettings::of(&body, self.environment);
        if let Some(reason) = facts::judge(self.client, &sent(&body, &settings)).await? {
            findings.push(body_refused::finding(&index.name, &reason));
        }
        findings.extend(self.pipelines(index, &settings).await?);
        let name = names::generation(self.prefix, index, 1);
        findings.extend(templates.interference(&name, &body).await?);
        Ok(findings)
    }

    /// What has the alias' name and would lose it in the swap.
    async fn alias(self, index: &IndexPlan, own: &[GenerationState]) -> Result<Option<Finding>> {
        let Self { client, prefix, project, .. } = self;
        let alias = names::alias(prefix, index);
        let query = OwnerQuery { client, prefix, project, index: &index.name };
        let found = alias::state(query, &alias).await?;
        let live = live_of(own, &index.name, &found).map(|live| live.name.as_str());
        let AliasState::Targets(targets) = found else {
            return Ok(Some(alias_is_an_index::finding(&alias).about(format!("index:{}", index.name))));
        };
        let ours = Ours { project, index: &index.name, source: self.source, live };
        Ok(match judge(&alias, &targets, ours) {
            Standing::Wrong(trouble) => {
                Some(trouble.finding_before_apply().about(format!("index:{}", index.name)))
            }
            Standing::Right | Standing::Earlier(_) => None,
        })
    }

    async fn pipelines(self, index: &IndexPlan, settings: &IndexSettings) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for setting in pipelines::SETTINGS {
            let Some(name) = pipelines::named(settings.get(setting)) else { continue };
            if self.client.get(&format!("/_ingest/pipeline/{}", segment(name))).await?.is_missing() {
                findings.push(default_pipeline_missing::finding(&index.name, setting, name));
            }
        }
        Ok(findings)
    }

    /// The smallest of all nodes' limits of a request, which counts what was unpacked.
    async fn body_limit(self) -> Result<Option<Finding>> {
        let path = "/_nodes/http?filter_path=nodes.*.http.max_content_length_in_bytes";
        let nodes: Nodes = self.client.get(path).await?.json("the nodes' limits")?;
        let limits = nodes.nodes.into_values().filter_map(|node| node.http?.max_content_length_in_bytes);
        let limit = limits.min().filter(|limit| *limit < self.bulk_bytes_max);
        Ok(limit.map(|limit| bulk_over_http_limit::finding(limit, self.bulk_bytes_max)))
    }

    /// Blocks on the cluster and on indexes of ours: a full disk, or a person.
    async fn blocks(self, indexes: &[&IndexPlan]) -> Result<Vec<Finding>> {
        let state: Blocks = self.client.get("/_cluster/state/blocks").await?.json("the cluster's blocks")?;
        let is_ours = |name: &String| {
            *name == names::state_index(self.prefix, self.project)
                || indexes
                    .iter()
                    .any(|index| names::generation_number(self.prefix, &index.name, name).is_some())
        };
        let cluster = state.blocks.global.into_values().map(|block| (None, block));
        let own = state.blocks.indices.into_iter().filter(|(name, _)| is_ours(name));
        let own =
            own.flat_map(|(name, blocks)| blocks.into_values().map(move |block| (Some(name.clone()), block)));
        let stopping = cluster.chain(own).filter(|(_, block)| block.stops_writing());
        Ok(stopping.map(|(index, block)| block.finding(index.as_deref())).collect())
    }
}

/// The body as it is sent at creation, as a template.
fn sent(body: &Value, settings: &IndexSettings) -> Value {
    json!({ "settings": settings.filling(), "mappings": body.get("mappings").cloned().unwrap_or_default() })
}

#[derive(Deserialize)]
struct Nodes {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    max_content_length_in_bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Blocks {
    blocks: BlockLists,
}

#[derive(Deserialize)]
struct BlockLists {
    #[serde(default)]
    global: BTreeMap<String, Block>,
    #[serde(default)]
    indices: BTreeMap<String, BTreeMap<String, Block>>,
}

#[derive(Deserialize)]
struct Block {
    description: String,
    #[serde(default)]
    levels: Vec<String>,
}

impl Block {
    fn stops_writing(&self) -> bool {
        self.levels.iter().any(|level| matches!(level.as_str(), "write" | "metadata_write" | "create_index"))
    }

    fn finding(&self, index: Option<&str>) -> Finding {
        match (index, self.description.as_str()) {
            (None, reason) => index_blocked::cluster(reason),
            (Some(index), INDEX_CLOSED) => index_blocked::closed(index, INDEX_CLOSED),
            (Some(index), reason) => index_blocked::index(index, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_to_no_opensearch_is_shown_and_told_to_leave_out() {
        let error = not_opensearch_at("http://search:9200", "/orders");
        assert!(error.message.starts_with("http://search:9200/orders is not"), "{error}");
        let help = "write scheme, host and port only in the sink's `url`, without `/orders`";
        assert_eq!(error.help.as_deref(), Some(help));
        assert_eq!(not_opensearch_at("http://h:1", "").help.as_deref(), Some("check the sink's `url`"));
    }
}
