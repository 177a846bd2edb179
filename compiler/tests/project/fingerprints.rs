//! A fingerprint is the meaning: whenever a query of the lock differs, a fingerprint differs, so that
//! `apply` never says "unchanged" about an index whose documents are other ones.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::lock::{self, IndexPlan};

use crate::mutations::mutations;
use crate::rig::Project;
use crate::yaml::Node;

/// One in so many mutations is tried; the whole corpus takes half an hour.
const STEP: usize = 31;

/// What the runtime executes for an index.
type Queries = Vec<String>;

fn queries(index: &IndexPlan) -> Queries {
    let nodes = index.nodes.iter().flat_map(|node| {
        let texts = [&node.path, &node.open, &node.separator, &node.close, &node.sql].map(Clone::clone);
        texts.into_iter().chain(node.empty.clone()).chain(node.slots.iter().cloned())
    });
    let resolves = index.edges.iter().flat_map(|edge| {
        let navigation = edge.navigation.iter().map(ToString::to_string);
        std::iter::once(edge.table.to_string()).chain(navigation).chain(edge.resolve.clone())
    });
    std::iter::once(index.bound.clone()).chain(nodes).chain(resolves).collect()
}

/// Names of the columns that any query of an index could be about.
fn columns(project: &Project) -> Vec<String> {
    let names: BTreeSet<String> = project.columns().collect();
    names.into_iter().collect()
}

/// Every index of a project with the queries of all its mutants by their fingerprints.
struct Corpus {
    tried: usize,
    compiled: usize,
    changed: usize,
    violations: Vec<String>,
}

fn judge(name: &str, corpus: &mut Corpus) {
    let project = Project::of_folder(name);
    for file in project.index_files() {
        let columns = columns(&project.only_index(&file, project.text(&file)));
        let root = Node::parse(project.text(&file));
        let mut known: BTreeMap<(String, String), (Queries, String)> = BTreeMap::new();
        let mutants = mutations(&root, &columns).step_by(STEP);
        for mutant in std::iter::once(root.clone()).chain(mutants) {
            corpus.tried += 1;
            let text = mutant.text();
            let alone = project.only_index(&file, &text);
            let Some(lock) = alone.compile_guessing().lock else { continue };
            corpus.compiled += 1;
            let index = &lock.indexes[0];
            let hashes = (lock::index_fingerprint(index), lock::edges_fingerprint(index));
            let queries = queries(index);
            match known.get(&hashes) {
                None => {
                    corpus.changed += 1;
                    known.insert(hashes, (queries, text));
                }
                Some((same, _)) if *same == queries => {}
                Some((other, first)) => {
                    let differ = other.iter().zip(&queries).find(|(one, other)| one != other);
                    corpus
                        .violations
                        .push(format!("{first}\nand\n{text}\nhave equal fingerprints, but: {differ:#?}"));
                }
            }
        }
    }
}

#[test]
fn whenever_a_query_differs_a_fingerprint_differs() {
    let mut corpus = Corpus { tried: 0, compiled: 0, changed: 0, violations: Vec::new() };
    for name in ["shop", "chinook", "northwind", "shapes"] {
        judge(name, &mut corpus);
    }
    let Corpus { tried, compiled, changed, violations } = &corpus;
    println!("{tried} mutations, {compiled} compile, {changed} of them with fingerprints of their own");
    assert!(violations.is_empty(), "{} violations, the first:\n{}", violations.len(), violations[0]);
    assert!(*changed > 300, "the corpus is too small to say anything: {changed} of {tried}");
}

#[test]
fn a_root_condition_enters_the_fingerprint() {
    let shop = Project::of_folder("shop");
    let of = |text: &str| {
        let lock =
            shop.only_index("indexes/products.yml", text).compile_guessing().lock.expect("it compiles");
        lock::index_fingerprint(&lock.indexes[0])
    };
    let text = shop.text("indexes/products.yml");
    let condition = |by: &str| of(&text.replace("where: { active: true }", by));
    let all = [
        of(text),
        condition(""),
        condition("where: { active: false }"),
        condition("where: { sql: \"stock > 0\" }"),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
}
