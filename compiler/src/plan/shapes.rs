//! Shapes that the example does not have, each by what is peculiar to its SQL.

use std::sync::Arc;

use flusso_schemas::facts::IndexFacts;
use flusso_schemas::lock::{Identity, IndexPlan, Node};
use flusso_schemas::name::Ident;

use super::build::*;
use crate::model::{Field, Form, Function, Join, OrderItem, Shape, Table, ValueSource, Verb};
use crate::suppress::Decisions;

fn planned(table: &Arc<Table>, fields: Vec<Field>) -> IndexPlan {
    super::lock(&project(vec![index(table, fields)]), &Decisions::default()).indexes.remove(0)
}

fn node<'a>(plan: &'a IndexPlan, path: &str) -> &'a Node {
    plan.nodes.iter().find(|node| node.path == path).expect("the node is there")
}

/// Accounts with a composite key, codes whose equal values differ in text, and a reserved word's initials.
struct World {
    accounts: Arc<Table>,
    settings: Arc<Table>,
    uses: Arc<Table>,
    log: Arc<Table>,
}

impl World {
    fn new() -> Self {
        let accounts = ["region text not null", "no integer not null", "code numeric", "parent_no integer"];
        let settings = ["id integer not null", "region text", "no smallint", "value text", "prio integer"];
        Self {
            accounts: Arc::new(table("accounts", &accounts, &["region", "no"])),
            settings: Arc::new(table("account_settings", &settings, &["id"])),
            uses: Arc::new(table(
                "code_uses",
                &["id integer not null", "code numeric", "label text"],
                &["id"],
            )),
            log: Arc::new(table("log", &["region text not null", "no integer not null", "line text"], &[])),
        }
    }

    fn to_settings(&self) -> Vec<Join> {
        vec![join(&self.settings, &["no = no", "region = region"], false)]
    }
}

#[test]
fn a_composite_key_is_reached_in_its_own_order_and_null_groups_are_kept_out() {
    let world = World::new();
    let count =
        aggregate(Function::Count, world.to_settings(), None, scalar(&world.settings, "integer", "id"));
    let plan = planned(&world.accounts, vec![field("n", Form::Aggregate(count))]);
    let sql = "select row(as2.no::text, as2.region::text)::text,\n  '\"n\":' || count(*)\nfrom shop.account_settings as2\n\
               where {rows:as2.region, as2.no} and as2.no is not null and as2.region is not null\ngroup by as2.no, as2.region\n";
    assert_eq!(node(&plan, "n").sql, sql);
    let root = "select a.region::text,\n  a.no::text,\n  '{',\n  row(a.no::text, a.region::text)::text,\n  '}'\nfrom shop.accounts a\n\
                where {rows:a.region, a.no}\n";
    assert_eq!(node(&plan, ".").sql, root);
    let edge = plan.edges.iter().find(|edge| edge.roles == ["n"]).expect("an edge");
    assert_eq!(edge.navigation, [Ident::new("region"), Ident::new("no")]);
    assert_eq!(edge.resolve, None);
}

#[test]
fn where_equal_values_may_differ_in_text_the_parents_rendering_decides() {
    let world = World::new();
    let path = vec![join(&world.uses, &["code = code"], false)];
    let labels =
        relation(Verb::HasMany, path, Shape::Value(Box::new(scalar(&world.uses, "keyword", "label"))));
    let plan = planned(&world.accounts, vec![field("labels", Form::Relation(labels))]);
    let sql = "select parents.g,\n  to_json(cu.label)::text\nfrom (\n  \
               select distinct a.code as j, row(a.code::text)::text as g\n  from shop.accounts a\n  \
               where {rows:a.region, a.no}\n) parents\njoin shop.code_uses cu on cu.code = parents.j\n\
               where cu.label is not null\norder by parents.g, cu.label collate \"C\", cu.id\n";
    assert_eq!(node(&plan, "labels").sql, sql);
    let edge = plan.edges.iter().find(|edge| edge.roles == ["labels"]).expect("an edge");
    let resolve = edge.resolve.as_deref().expect("a way to the root");
    assert!(
        resolve.contains("from unnest($1::numeric[]) keys(k1)\njoin shop.accounts a on a.code = keys.k1\n"),
        "{resolve}"
    );
}

#[test]
fn has_one_takes_the_first_row_of_each_parent_in_a_lateral() {
    let world = World::new();
    let fields = columns(&world.settings, &["value keyword"]);
    let mut latest = objects(Verb::HasOne, world.to_settings(), fields);
    let value = ValueSource::Column("prio".to_owned());
    let item = OrderItem { value, descending: true, nulls_first: false, pg_type: pg_type("integer") };
    latest.order_by.push(item);
    let plan = planned(&world.accounts, vec![field("latest", Form::Relation(latest))]);
    let latest = node(&plan, "latest");
    assert_eq!(
        (latest.open.as_str(), latest.separator.as_str(), latest.empty.as_deref()),
        ("", "", Some("null"))
    );
    assert!(latest.sql.contains("cross join lateral (\n  select "), "{}", latest.sql);
    assert!(
        latest.sql.contains("\n  order by as2.prio desc nulls last, as2.id\n  limit 1\n) as2\n"),
        "{}",
        latest.sql
    );
}

#[test]
fn children_without_a_key_are_told_apart_by_all_that_is_read() {
    let world = World::new();
    let path = vec![join(&world.log, &["region = region", "no = no"], false)];
    let lines = objects(Verb::HasMany, path, columns(&world.log, &["line keyword"]));
    let checked = project(vec![index(&world.accounts, vec![field("log", Form::Relation(lines))])]);
    let plan = super::lock(&checked, &Decisions::default());
    let sql = &node(&plan.indexes[0], "log").sql;
    assert!(sql.ends_with("order by l.region, l.no, l.line::text collate \"C\"\n"), "{sql}");
    assert_eq!(plan.tables[1].identity, Identity::Full);
    assert_eq!(plan.tables[1].key, []);
}

#[test]
fn a_slot_below_a_to_one_that_may_be_null_beside_its_row_is_guarded() {
    let world = World::new();
    let to_uses = vec![join(&world.uses, &["code = code"], false)];
    let labels =
        relation(Verb::HasMany, to_uses, Shape::Value(Box::new(scalar(&world.uses, "keyword", "label"))));
    let to_parent = vec![join(&world.accounts, &["region = region", "no = parent_no"], true)];
    let parent = objects(Verb::BelongsTo, to_parent, vec![field("labels", Form::Relation(labels))]);
    let plan = planned(&world.accounts, vec![field("parent", Form::Relation(parent))]);
    let sql = &node(&plan, ".").sql;
    let guarded = "case when a2.region is null then 'null' else '{\"labels\":' end,\n  \
                   case when a2.region is null then null else row(a2.code::text)::text end,\n  \
                   case when a2.region is null then '' else '}' end";
    assert!(sql.contains(guarded), "{sql}");
}

#[test]
fn the_shortest_index_that_holds_the_navigation_is_the_identity() {
    let world = World::new();
    let unique = |name: &str, columns: &[&str]| IndexFacts {
        name: name.to_owned(),
        unique: true,
        immediate: true,
        valid: true,
        nkeys: columns.len(),
        columns: columns.iter().map(|column| Some((*column).to_owned())).collect(),
        ..IndexFacts::default()
    };
    let chosen = |indexes: Vec<IndexFacts>| {
        let columns = ["id integer not null", "region text not null", "no integer not null", "other integer"];
        let mut child = table("child", &columns, &["id"]);
        child.facts.indexes.extend(indexes);
        let child = Arc::new(child);
        let path = vec![join(&child, &["region = region", "no = no"], false)];
        let count = aggregate(Function::Count, path, None, scalar(&child, "integer", "id"));
        let checked = project(vec![index(&world.accounts, vec![field("n", Form::Aggregate(count))])]);
        super::lock(&checked, &Decisions::default()).tables[1].identity.clone()
    };
    assert_eq!(chosen(Vec::new()), Identity::Full);
    let long = unique("a_long", &["region", "no", "id"]);
    let nullable = unique("nullable", &["region", "no", "other"]);
    let partial = IndexFacts { partial: true, ..unique("partial", &["region", "no"]) };
    let late = IndexFacts { immediate: false, ..unique("late", &["region", "no"]) };
    assert_eq!(chosen(vec![nullable, partial, late, long.clone()]), Identity::Index(Ident::new("a_long")));
    assert_eq!(chosen(vec![long, unique("short", &["no", "region"])]), Identity::Index(Ident::new("short")));
}
