//! What a change of an index is written to: one generation in one sink.

use std::sync::Arc;

use flusso_schemas::lock::{IndexPlan, Lock};

use crate::sink::Generation;

/// A plan with the feeds of a run.
#[derive(Clone, Debug)]
pub struct Feeds {
    /// The plan.
    pub plan: Arc<Lock>,
    feeds: Vec<Feed>,
}

/// One generation that is fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Position of its index in the plan.
    pub index: usize,
    /// The generation.
    pub generation: Generation,
}

impl Feeds {
    /// Feeds of a plan.
    pub fn new(plan: Arc<Lock>, feeds: Vec<Feed>) -> Self {
        Self { plan, feeds }
    }

    /// The index at a position of the plan.
    pub fn index(&self, position: usize) -> &IndexPlan {
        &self.plan.indexes[position]
    }

    /// The feeds of one index.
    pub fn of(&self, index: usize) -> impl Iterator<Item = &Feed> {
        self.feeds.iter().filter(move |feed| feed.index == index)
    }

    /// Every feed.
    pub fn all(&self) -> impl Iterator<Item = &Feed> {
        self.feeds.iter()
    }

    /// Names of the generations in a sink.
    pub fn names_in(&self, sink: &str) -> Vec<String> {
        let in_sink = self.feeds.iter().filter(|feed| feed.generation.sink == sink);
        in_sink.map(|feed| feed.generation.name.clone()).collect()
    }
}
