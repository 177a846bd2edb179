//! One case: a world, its rows, a config, its lock and what the lock's queries give against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use flusso_runtime::documents::{Key, Selection};
use flusso_runtime::source::{DocumentBuilder as _, ResolveRequest};
use flusso_schemas::lock::{Edge, IndexPlan};
use serde_json::Value;

use super::compile::compiled;
use super::config::{Config, Maker};
use super::data;
use super::index;
use super::json::{Json, parse};
use super::random::Random;
use super::schema::{World, quoted};
use super::truth;
use crate::service::documents::rig::{Builder, Rig, texts};

/// How a case ended where it was not wrong.
#[derive(Debug)]
pub(super) enum Ended {
    /// Lints that refused the config.
    Refused(BTreeSet<String>),
    /// Documents compared.
    Right { documents: usize },
}

/// Documents by key, as meaning.
type Documents = BTreeMap<Key, Json>;

/// Rows of a table as text, projected to some columns, with how often each occurs.
type Rows = BTreeMap<Vec<Option<String>>, i64>;

/// A case in the making.
pub(super) struct Case<'a> {
    seed: u64,
    rig: &'a mut Rig,
    builder: &'a Builder,
    world: World,
    statements: Vec<String>,
    config: Config,
    written: Value,
    index: Option<IndexPlan>,
}

impl<'a> Case<'a> {
    /// Makes the tables, their rows and a config, all from the seed.
    pub(super) fn new(seed: u64, rig: &'a mut Rig, builder: &'a Builder) -> Self {
        let mut random = Random::new(seed);
        let schema = if random.chance(50) { "differential" } else { "Differ ential" };
        for schema in ["differential", "Differ ential"] {
            rig.run(&[
                "set client_min_messages = error",
                &format!("drop schema if exists {} cascade", quoted(schema)),
            ]);
        }
        let world = World::new(&mut random, schema);
        let statements = world.ddl(&mut random);
        for statement in &statements {
            rig.sql.query(statement).unwrap_or_else(|error| panic!("seed {seed}: {statement}: {error}"));
        }
        data::fill(&world, &mut random, &mut rig.sql);
        let config = Maker::new(&world, &mut random).config();
        let written = config.written(&world, "differential");
        Self { seed, rig, builder, world, statements, config, written, index: None }
    }

    /// Compiles it and compares its documents, before and after changes.
    pub(super) async fn run(&mut self) -> Ended {
        let url = self.rig.url_file();
        let lock = match compiled(&url, &self.world.schema, &self.written).await {
            Ok(lock) => lock,
            Err(refusals) => {
                // A query of ours that the server refuses is never the config's fault.
                if let Some((_, message)) = refusals.iter().find(|(lint, _)| lint == "refused-query") {
                    self.fail(message);
                }
                return Ended::Refused(
                    refusals.into_iter().map(|(lint, message)| format!("{lint}: {message}")).collect(),
                );
            }
        };
        self.index = lock.indexes.into_iter().next();
        let mut random = Random::new(self.seed ^ 0x5eed);
        let mut before = self.truth();
        let mut documents = before.len();
        let chunk = u64::try_from(random.between(1, 6)).expect("a small number");
        let built = self.by_range(chunk).await;
        self.compare("by range", &before, &built);
        let all: BTreeSet<Key> = before.keys().cloned().collect();
        let built = self.by_key(&all).await;
        self.compare("by key", &before, &built);
        for _ in 0..2 {
            let rows_before = self.edge_rows();
            let changes = data::change(&self.world, &mut random, &mut self.rig.sql);
            self.statements.extend(changes.clone());
            let after = self.truth();
            let found = self.led_to(&rows_before).await;
            for key in before.keys().chain(after.keys()) {
                if before.get(key) != after.get(key) && !found.contains(key) {
                    let text =
                        format!("document {key:?} changed, and no edge leads to it after {changes:#?}");
                    self.fail(&text);
                }
            }
            let wanted: Documents = after
                .iter()
                .filter(|(key, _)| found.contains(*key))
                .map(|(key, json)| (key.clone(), json.clone()))
                .collect();
            let built = self.by_key(&found).await;
            self.compare("after changes", &wanted, &built);
            documents += wanted.len();
            before = after;
        }
        Ended::Right { documents }
    }

    /// Why the index refuses documents of the case, if it does; none where the config itself is refused.
    pub(super) async fn refused_by_the_index(&mut self) -> Vec<String> {
        let url = self.rig.url_file();
        let Ok(lock) = compiled(&url, &self.world.schema, &self.written).await else { return Vec::new() };
        self.index = lock.indexes.into_iter().next();
        let all = Selection::Range { after: None, up_to: None };
        let built = self.builder.documents.build(self.index(), &all, &[]).await;
        let built = texts(&built.unwrap_or_else(|error| self.fail(&error.to_string())));
        let name = format!("differential_{}_{}", std::process::id(), self.seed);
        index::refusals(&name, self.index(), built.iter())
    }

    fn index(&self) -> &IndexPlan {
        self.index.as_ref().expect("it was compiled")
    }

    fn truth(&mut self) -> Documents {
        let query = truth::documents(&self.world, &self.config);
        let rows = match self.rig.sql.query(&query) {
            Ok(rows) => rows,
            Err(error) => self.fail(&format!("the truth's own query fails: {error}\n{query}")),
        };
        let mut documents = Documents::new();
        for mut row in rows {
            let text = row.pop().flatten().expect("a document");
            let key = Key(row.into_iter().map(|part| part.expect("a key is not null")).collect());
            let json = parse(&text)
                .unwrap_or_else(|error| self.fail(&format!("the truth of {key:?}: {error}: {text}")));
            documents.insert(key, json);
        }
        documents
    }

    /// In chunks of so many rows, as a backfill reads them.
    async fn by_range(&self, rows: u64) -> Documents {
        let mut all = Documents::new();
        let mut after = None;
        loop {
            let bound = self.builder.documents.bound(self.index(), after.as_ref(), rows).await;
            let up_to = bound.unwrap_or_else(|error| self.fail(&format!("bound after {after:?}: {error}")));
            let selection = Selection::Range { after: after.clone(), up_to: up_to.clone() };
            all.extend(self.build(&selection).await);
            match up_to {
                Some(last) => after = Some(last),
                None => return all,
            }
        }
    }

    async fn by_key(&self, keys: &BTreeSet<Key>) -> Documents {
        if keys.is_empty() {
            return Documents::new();
        }
        self.build(&Selection::Keys(keys.iter().cloned().collect())).await
    }

    async fn build(&self, selection: &Selection) -> Documents {
        let built = self.builder.documents.build(self.index(), selection, &[]).await;
        let built = built.unwrap_or_else(|error| self.fail(&format!("{selection:?}: {error}")));
        let parsed = texts(&built).into_iter().map(|(key, text)| {
            let json = parse(&text).unwrap_or_else(|error| self.fail(&format!("{key:?}: {error}: {text}")));
            (key, json)
        });
        parsed.collect()
    }

    fn compare(&self, how: &str, truth: &Documents, built: &Documents) {
        for (key, wanted) in truth {
            match built.get(key) {
                None => self.fail(&format!("{how}: document {key:?} is missing")),
                Some(found) if found != wanted => {
                    let mut places = Vec::new();
                    differences("", wanted, found, &mut places);
                    self.fail(&format!("{how}: document {key:?} differs:\n{}", places.join("\n")));
                }
                Some(_) => {}
            }
        }
        if let Some(key) = built.keys().find(|key| !truth.contains_key(key)) {
            self.fail(&format!("{how}: document {key:?} should not be there"));
        }
    }

    /// The rows of each edge's table, as far as the edge looks at them.
    fn edge_rows(&mut self) -> Vec<Rows> {
        let edges: Vec<Edge> = self.index().edges.clone();
        edges.iter().map(|edge| rows_of(self.rig, edge)).collect()
    }

    /// The keys of every document that the rows which came and went lead to.
    async fn led_to(&mut self, before: &[Rows]) -> BTreeSet<Key> {
        let after = self.edge_rows();
        let mut found = BTreeSet::new();
        for (place, (before, after)) in before.iter().zip(&after).enumerate() {
            let parts = self.index().edges[place].navigation.len();
            let rows: BTreeSet<&Vec<Option<String>>> = before.keys().chain(after.keys()).collect();
            let changed = rows.into_iter().filter(|row| before.get(*row) != after.get(*row));
            let values = changed.filter_map(|row| row[..parts].iter().cloned().collect::<Option<Vec<_>>>());
            let values: BTreeSet<Key> = values.map(Key).collect();
            if self.index().edges[place].resolve.is_none() {
                found.extend(values);
            } else if !values.is_empty() {
                found.extend(self.resolved(place, &values).await);
            }
        }
        found
    }

    async fn resolved(&self, edge: usize, values: &BTreeSet<Key>) -> Vec<Key> {
        const PAGE: usize = 3;
        let keys: Vec<Key> = values.iter().cloned().collect();
        let mut found: Vec<Key> = Vec::new();
        loop {
            let request = ResolveRequest {
                index: self.index(),
                edge,
                keys: &keys,
                after: found.last(),
                limit: PAGE,
                must_see: &[],
            };
            let page = self.builder.documents.resolve(request).await;
            let page =
                page.unwrap_or_else(|error| self.fail(&format!("edge {edge} over {keys:?}: {error}"))).keys;
            let is_last = page.len() < PAGE;
            found.extend(page);
            if is_last {
                return found;
            }
        }
    }

    /// Everything that is needed to see what is wrong.
    fn fail(&self, what: &str) -> ! {
        let mut text = format!("seed {}: {what}\n\n", self.seed);
        let config = serde_json::to_string_pretty(&self.written).expect("JSON is text");
        let _ = writeln!(text, "{config}\n\n{};\n", self.statements.join(";\n"));
        for node in self.index.iter().flat_map(|index| &index.nodes) {
            let _ = writeln!(text, "-- {}\n{}", node.path, node.sql);
        }
        for edge in self.index.iter().flat_map(|index| &index.edges) {
            let _ = writeln!(
                text,
                "-- edge {} {:?} {:?}\n{}",
                edge.table,
                edge.roles,
                edge.navigation,
                edge.resolve.as_deref().unwrap_or("is the key")
            );
        }
        panic!("{text}\nrepeat it with FLUSSO_DIFFERENTIAL_SEED={}", self.seed);
    }
}

fn rows_of(rig: &mut Rig, edge: &Edge) -> Rows {
    let navigation = edge.navigation.iter();
    let others = edge.columns.keys().filter(|column| !edge.navigation.contains(column));
    let names: Vec<String> = navigation.chain(others).map(|name| format!("t.{name}")).collect();
    let mut rows = Rows::new();
    for row in
        rig.sql.query(&format!("select {} from {} t", names.join(", "), edge.table)).expect("a table of ours")
    {
        *rows.entry(row).or_default() += 1;
    }
    rows
}

/// Where two values differ.
fn differences(path: &str, wanted: &Json, found: &Json, places: &mut Vec<String>) {
    match (wanted, found) {
        (Json::Object(one), Json::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let name = String::from_utf16_lossy(key);
                let (left, right) = (one.get(key), other.get(key));
                match (left, right) {
                    (Some(left), Some(right)) => differences(&format!("{path}.{name}"), left, right, places),
                    _ => places.push(format!("{path}.{name}: wanted {left:?}, found {right:?}")),
                }
            }
        }
        (Json::List(one), Json::List(other)) if one.len() == other.len() => {
            for (place, (left, right)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}[{place}]"), left, right, places);
            }
        }
        _ if wanted == found => {}
        _ => places.push(format!("{path}: wanted {wanted:?}, found {found:?}")),
    }
}
