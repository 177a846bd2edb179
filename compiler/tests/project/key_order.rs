//! The order of a map's keys has no meaning, so it never changes a byte of the lock.

use flusso_compiler::syntax::tree::{Content, Entry, Mapping, Node};
use flusso_compiler::syntax::yaml;
use flusso_schemas::lock::write;

use crate::rig::Project;

/// How the entries of each map are ordered.
#[derive(Clone, Copy, Debug)]
enum Order {
    Written,
    Reversed,
    ByName,
    /// From the middle on.
    Turned,
}

/// A file with the entries of every map in another order.
fn ordered(text: &str, order: Order) -> String {
    let tree = yaml::parse(0, text);
    let mut out = String::new();
    mapping(&mut out, &tree.root.expect("it is read"), order, 0);
    out
}

fn mapping(out: &mut String, mapping: &Mapping, order: Order, depth: usize) {
    let mut entries: Vec<&Entry> = mapping.entries.iter().collect();
    match order {
        Order::Written => {}
        Order::Reversed => entries.reverse(),
        Order::ByName => entries.sort_by(|one, other| one.key.cmp(&other.key)),
        Order::Turned => entries.rotate_left(mapping.entries.len() / 2),
    }
    for entry in entries {
        out.push_str(&format!("{}{:?}:", "  ".repeat(depth), entry.key));
        value(out, &entry.value, order, depth + 1);
    }
}

fn value(out: &mut String, node: &Node, order: Order, depth: usize) {
    match &node.content {
        Content::Scalar { text, plain: true } => out.push_str(&format!(" {text}\n")),
        Content::Scalar { text, plain: false } => {
            out.push_str(&format!(" {}\n", serde_json::Value::from(text.as_str())));
        }
        Content::Map(inner) if inner.entries.is_empty() => out.push_str(" {}\n"),
        Content::Map(inner) => {
            out.push('\n');
            mapping(out, inner, order, depth);
        }
        Content::List(items) if items.is_empty() => out.push_str(" []\n"),
        Content::List(items) => {
            out.push('\n');
            for item in items {
                out.push_str(&format!("{}-", "  ".repeat(depth)));
                value(out, item, order, depth + 1);
            }
        }
    }
}

fn lock(project: &str, index: &str, order: Order) -> String {
    let found = Project::alone(&ordered(project, order), &ordered(index, order)).compile();
    let findings = found.diagnostics;
    write(&found.lock.unwrap_or_else(|| panic!("{order:?}: {findings:?}\n{index}")))
}

fn assert_order_is_free(project: &str, index: &str) {
    let written = lock(project, index, Order::Written);
    for order in [Order::Reversed, Order::ByName, Order::Turned] {
        assert_eq!(lock(project, index, order), written, "{order:?}");
    }
}

#[test]
fn the_keys_of_every_fixture_project_may_stand_in_any_order() {
    for name in ["shop", "chinook", "northwind"] {
        let project = Project::of_folder(name);
        let lock = |order| {
            let files = project.read.files.iter();
            let files = files.map(|file| (file.path.clone(), ordered(&file.text, order))).collect();
            let found = project.with_files(files).compile();
            write(&found.lock.unwrap_or_else(|| panic!("{name} {order:?}: {:?}", found.diagnostics)))
        };
        let written = lock(Order::Written);
        for order in [Order::Reversed, Order::ByName, Order::Turned] {
            assert_eq!(lock(order), written, "{name} {order:?}");
        }
    }
}

#[test]
fn the_keys_of_conditions_joins_options_and_settings_may_stand_in_any_order() {
    let project = "
version: 1
project: it
source: { postgres: { url: \"${URL}\", schema: shop, manage: [publication, slot, replica_identity] } }
sinks:
  search: { opensearch: { url: \"${URL}\", index_settings: { priority: 3, max_result_window: 20000 } } }
  audit: { stdout: {} }
indexes: [indexes/it.yml]
lints: { lossy-kind: allow, enum-order-incomplete: warn }
defaults:
  settings: { shards: 2, refresh_interval: 5s }
  analysis: { analyzer: { prose: { tokenizer: standard, filter: [lowercase, stems], type: custom } }, filter: { stems: { type: stemmer, language: english } } }
";
    let index = "
version: 1
index: it
table: orders
where:
  status: [paid, shipped]
  number: { starts_with: A, like: \"A%\", ne: AB }
  sql: length(number) > 2
  any: [{ note: x, number: y }, { not: { user_id: 3, note: null } }]
  all: [{ id: { gt: 3, lt: 900 }, placed_at: { ne: null } }]
settings: { sort: { order: desc, field: number }, max_terms_count: 99, codec: default }
options: { date_detection: false, _meta: { b: 1, a: { d: 1, c: 2 } } }
fields:
  number: keyword
  id: long
  note: { kind: text, options: { store: true, analyzer: prose, meta: { b: x, a: y } }, subfields: { z: keyword, a: { kind: text, options: { store: true, norms: false } } } }
  state: { kind: enum, sql: \"coalesce(note, 'type=integer')\", labels: { 2: b, 10: c, 1: a } }
  extra: { kind: json, sql: \"coalesce(note, 'type=jsonb')\", default: { b: 1, a: { d: 1, c: [{ f: 1, e: 2 }] } } }
  joined: { has_many: order_items, via: { order_id: id, line: user_id }, where: { quantity: 3, line: { lte: 4, gte: 1 } }, fields: { line: integer, quantity: integer } }
  flag: { constant: web, kind: keyword, when: { number: x, note: y } }
  b_count: { count: order_items, where: { quantity: 3, line: 4 } }
  a_count: { count: order_items, where: { line: 4, quantity: 3 } }
";
    assert_order_is_free(project, index);
}
