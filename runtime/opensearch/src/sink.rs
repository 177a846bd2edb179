//! The sink: its parts put together behind the runtime's contract.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flusso_lints::invalid_index_name;
use flusso_runtime::backends::RunOptions;
use flusso_runtime::claims::{Claim, Purpose};
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::ownership::Source;
use flusso_runtime::sink::{
    AliasState, Answer, Belongings, Generation, GenerationIdentity, ShardMarks, Sink, StoredDocument,
    WriteBatch,
};
use flusso_runtime::state_store::StateStore;
use flusso_schemas::lock::{Compression, IndexPlan, Lock, OpenSearchPlan};
use flusso_schemas::ownership::Ownership;
use flusso_schemas::report::Finding;

use crate::bulk::Limits;
use crate::client::Client;
use crate::listing::Listings;
use crate::owner::OwnerQuery;
use crate::preflight::{self, Preflight};
use crate::settings::IndexSettings;
use crate::shape::{self, Shapes};
use crate::state::StateIndex;
use crate::throttle::Throttle;
use crate::transport::Encoding;
use crate::write::Bulk;
use crate::{alias, documents, endpoint, facts, finish, generation, marks, names, pipelines};

/// One OpenSearch cluster under one prefix.
#[derive(Debug)]
struct OpenSearchSink {
    name: String,
    project: String,
    prefix: String,
    client: Arc<Client>,
    environment: BTreeMap<String, String>,
    limits: Limits,
    throttle: Throttle,
    shapes: Shapes,
    listings: Listings,
    state: Arc<StateIndex>,
}

/// Connects to the sink of a plan. [`ErrorKind::Misconfigured`] where a reference cannot be resolved,
/// [`ErrorKind::Unreachable`] where the server cannot be reached; later it reconnects by itself.
pub async fn sink(
    name: &str,
    plan: &OpenSearchPlan,
    project: &str,
    options: &RunOptions,
) -> Result<Arc<dyn Sink>> {
    let sink = OpenSearchSink::new(name, plan, project, options)?;
    if let Some(finding) = preflight::greet(&sink.client).await? {
        let error = Error::new(ErrorKind::Findings, finding.message.clone());
        return Err(error.with_findings(vec![finding]));
    }
    Ok(Arc::new(sink))
}

impl OpenSearchSink {
    fn new(name: &str, plan: &OpenSearchPlan, project: &str, options: &RunOptions) -> Result<Self> {
        let resolver = facts::resolver(name, options.allow_commands);
        let transport = endpoint::transport(plan, &resolver)?;
        let timeout = Duration::from_millis(plan.bulk_timeout_ms);
        let (progress, shutdown) = (options.progress.clone(), options.shutdown.clone());
        let client = Arc::new(Client::new(transport, timeout, progress, shutdown));
        let prefix = resolver.template(&plan.index_prefix)?;
        usable(name, &prefix, project)?;
        let resolve = |(setting, value)| Ok((String::clone(setting), resolver.template(value)?));
        let limits = limits(plan);
        Ok(Self {
            name: name.to_owned(),
            project: project.to_owned(),
            state: Arc::new(StateIndex::new(client.clone(), &prefix, project)),
            prefix,
            environment: plan.index_settings.iter().map(resolve).collect::<Result<_>>()?,
            throttle: Throttle::new(clamp(plan.bulk_requests_in_flight), limits.documents_max),
            limits,
            shapes: Shapes::default(),
            listings: Listings::default(),
            client,
        })
    }

    fn index_settings(&self, index: &IndexPlan) -> IndexSettings {
        IndexSettings::of(&index.whole_body(), &self.environment)
    }
}

/// Names are judged once references are resolved, before anything is sent or made.
fn usable(sink: &str, prefix: &str, project: &str) -> Result<()> {
    let Some(problem) = names::prefix_problem(prefix, project) else { return Ok(()) };
    let finding = invalid_index_name::resolved_prefix(sink, problem);
    Err(Error::new(ErrorKind::Findings, finding.message.clone()).with_findings(vec![finding]))
}

fn limits(plan: &OpenSearchPlan) -> Limits {
    let encoding = match plan.bulk_compress {
        Compression::Gzip => Encoding::Gzip,
        Compression::None => Encoding::Plain,
    };
    let (documents_max, bytes_max) = (clamp(plan.bulk_documents_max), clamp(plan.bulk_bytes_max));
    // The lock says 1 to 9; a number of a lock written by hand must not panic in the encoder.
    let gzip_level = u32::try_from(plan.bulk_gzip_level.clamp(1, 9)).unwrap_or(1);
    Limits { documents_max, bytes_max, encoding, gzip_level }
}

/// A limit of the plan as this machine counts; its largest number where it does not fit.
fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[async_trait]
impl Sink for OpenSearchSink {
    fn members(self: Arc<Self>) -> Vec<(String, Arc<dyn Sink>)> {
        vec![(self.name.clone(), self)]
    }

    async fn preflight(&self, plan: &Lock, source: Option<Source<'_>>) -> Result<Vec<Finding>> {
        let indexes: Vec<&IndexPlan> =
            plan.indexes.iter().filter(|index| index.sinks.contains(&self.name)).collect();
        let preflight = Preflight {
            sink: &self.name,
            client: &self.client,
            prefix: &self.prefix,
            project: &self.project,
            bulk_bytes_max: u64::try_from(self.limits.bytes_max).unwrap_or(u64::MAX),
            environment: &self.environment,
            state: &self.state,
            source,
        };
        preflight.run(&indexes).await
    }

    async fn claims(&self, plan: &Lock) -> Result<Vec<Claim>> {
        let cluster = preflight::cluster_uuid(&self.client).await?;
        let claim =
            |name, purpose| Claim { sink: self.name.clone(), cluster: cluster.clone(), name, purpose };
        let ours = plan.indexes.iter().filter(|index| index.sinks.contains(&self.name));
        let aliases =
            ours.map(|index| claim(names::alias(&self.prefix, index), Purpose::Alias(index.name.clone())));
        let state = claim(names::state_index(&self.prefix, &self.project), Purpose::State);
        Ok(aliases.chain([state]).collect())
    }

    fn state(&self) -> Option<Arc<dyn StateStore>> {
        Some(self.state.clone())
    }

    async fn newest_generation(&self, _sink: &str, index: &IndexPlan) -> Result<u64> {
        generation::newest(&self.client, &self.prefix, &index.name).await
    }

    fn generation_name(&self, _sink: &str, index: &IndexPlan, number: u64) -> Result<String> {
        Ok(names::generation(&self.prefix, index, number))
    }

    async fn create_generation(
        &self,
        generation: &Generation,
        index: &IndexPlan,
        ownership: &Ownership,
    ) -> Result<GenerationIdentity> {
        let name = &generation.name;
        generation::create(&self.client, name, index, &self.index_settings(index), ownership).await?;
        self.shapes.forget(name);
        let gone = || crate::answer::gone(name);
        generation::identity(&self.client, name).await?.ok_or_else(gone)
    }

    async fn belongings(&self, generation: &Generation) -> Result<Option<Belongings>> {
        generation::belongings(&self.client, &generation.name).await
    }

    async fn restore_belongings(&self, generation: &Generation, ownership: &Ownership) -> Result<()> {
        generation::restore_belongings(&self.client, &generation.name, ownership).await
    }

    async fn identity(&self, generation: &Generation) -> Result<Option<GenerationIdentity>> {
        generation::identity(&self.client, &generation.name).await
    }

    async fn check_settings(&self, generation: &Generation, index: &IndexPlan) -> Result<()> {
        pipelines::check(&self.client, &generation.name, &self.index_settings(index)).await
    }

    async fn drop_generation(&self, generation: &Generation) -> Result<()> {
        self.shapes.forget(&generation.name);
        generation::drop(&self.client, &generation.name).await
    }

    async fn finish_generation(&self, generation: &Generation, index: &IndexPlan) -> Result<Option<String>> {
        self.shapes.forget(&generation.name);
        finish::finish(&self.client, &generation.name, &self.index_settings(index)).await
    }

    fn settings(&self, _sink: &str, index: &IndexPlan) -> Result<BTreeMap<String, String>> {
        Ok(self.index_settings(index).dynamic())
    }

    async fn set_settings(
        &self,
        generation: &Generation,
        settings: &BTreeMap<String, Option<String>>,
    ) -> Result<()> {
        finish::set(&self.client, &generation.name, settings).await
    }

    async fn write(&self, generation: &Generation, batch: WriteBatch<'_>) -> Result<Vec<Answer>> {
        let bulk = Bulk {
            client: &self.client,
            throttle: &self.throttle,
            limits: self.limits,
            generation: &generation.name,
        };
        bulk.write(&batch).await
    }

    async fn flush(&self, generation: &Generation) -> Result<()> {
        let shape = self.shapes.of(&self.client, &generation.name).await?;
        if shape.durable {
            // Each acknowledged request is on disk already.
            return Ok(());
        }
        shape::broadcast(&self.client, &self.shapes, &generation.name, "_flush").await
    }

    async fn refresh(&self, generation: &Generation) -> Result<()> {
        shape::broadcast(&self.client, &self.shapes, &generation.name, "_refresh").await
    }

    async fn ids_page(&self, generation: &Generation, after: Option<&str>) -> Result<Vec<String>> {
        self.listings.page(&self.client, &generation.name, after).await
    }

    async fn get_many(&self, generation: &Generation, ids: &[String]) -> Result<Vec<Option<StoredDocument>>> {
        documents::get_many(&self.client, &generation.name, ids).await
    }

    async fn shard_marks(&self, generation: &Generation) -> Result<ShardMarks> {
        marks::read(&self.client, &self.shapes, &generation.name).await
    }

    async fn alias(&self, _sink: &str, index: &IndexPlan) -> Result<AliasState> {
        let asked = OwnerQuery {
            client: &self.client,
            prefix: &self.prefix,
            project: &self.project,
            index: &index.name,
        };
        alias::state(asked, &names::alias(&self.prefix, index)).await
    }

    fn alias_name(&self, _sink: &str, index: &IndexPlan) -> Result<String> {
        Ok(names::alias(&self.prefix, index))
    }

    async fn swap(&self, generation: &Generation, index: &IndexPlan, from: &[String]) -> Result<()> {
        alias::swap(&self.client, &names::alias(&self.prefix, index), &generation.name, from).await
    }
}
