//! A source and sinks in memory: the seam's second pair of implementations, for tests of the pipeline.
//!
//! [`World`] is a server with commits, a log, snapshots and a slot; [`Cluster`] keeps documents by
//! external version, loses what was not flushed, and holds the state. A [`Process`] is one run of
//! flusso over both, which can be killed: from then on none of its calls returns.

mod calls;
mod capture;
mod catalog;
mod cluster;
mod index;
mod plan;
mod reads;
mod sink;
mod store;
mod stream;
mod tables;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use flusso_schemas::lock::Lock;

use flusso_runtime::backends::{Backends, RunOptions, SourceParts};
use flusso_runtime::error::Result;
use flusso_runtime::sink::{FanOut, Sink};

pub(crate) use calls::{Call, Process};
pub(crate) use cluster::{Cluster, Fate, Servers};
pub(crate) use index::Index;
pub(crate) use plan::lock_for;
pub(crate) use tables::{Change, Row, Table, key_of};
pub(crate) use world::{Slot, World};

/// What one process connects to.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBackends {
    /// The source.
    pub world: Arc<World>,
    /// The sinks, by name.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// The process that connects.
    pub process: Arc<Process>,
}

#[async_trait]
impl Backends for MemoryBackends {
    async fn source(&self, _plan: &Lock, options: &RunOptions) -> Result<SourceParts> {
        self.process.reach(Call::Connect).await?;
        let session = self.world.connect(&self.process, options);
        Ok(SourceParts {
            capture: Arc::new(capture::MemoryCapture::new(session.clone())),
            documents: Arc::new(reads::MemoryDocuments::new(session)),
        })
    }

    async fn sink(&self, _plan: &Lock, _options: &RunOptions) -> Result<Arc<dyn Sink>> {
        let mut members: BTreeMap<String, Arc<dyn Sink>> = BTreeMap::new();
        for (name, cluster) in &self.clusters {
            let sink = sink::MemorySink::new(name, cluster.clone(), self.process.clone());
            members.insert(name.clone(), Arc::new(sink));
        }
        match members.len() {
            1 => Ok(members.into_values().next().expect("there is one")),
            _ => Ok(Arc::new(FanOut::new(members))),
        }
    }
}
