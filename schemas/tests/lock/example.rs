//! The hand-written lock, proven by execution: it reads, writes back byte for byte, and its hashes
//! are those that other tools give.

use flusso_schemas::hash::short_hash;
use flusso_schemas::lock::{self, FieldSource, JoinPair};
use flusso_schemas::name::TableName;

use crate::common::EXAMPLE;

#[test]
fn the_example_writes_back_byte_for_byte() {
    let lock = lock::read(EXAMPLE).expect("the example is a lock");
    assert_eq!(lock::write(&lock), EXAMPLE);
    assert_eq!(lock.digest(), short_hash(EXAMPLE));
}

#[test]
fn its_fingerprints_are_those_that_stand_there() {
    let lock = lock::read(EXAMPLE).expect("the example is a lock");
    assert_eq!(lock::index_fingerprint(&lock.indexes[0]), "c3e08dae44d6dd27");
    assert_eq!(lock::edges_fingerprint(&lock.indexes[0]), "79d9266f5ad7d5ee");
}

#[test]
fn its_index_block_stands_alone_as_the_state_keeps_it() {
    let lock = lock::read(EXAMPLE).expect("the example is a lock");
    let block = lock::index_text(&lock.indexes[0]);
    assert!(block.starts_with("[[index]]\nname = \"orders\"\n"));
    assert!(EXAMPLE.ends_with(&block));
    assert_eq!(lock::read_index(&block).as_ref(), Ok(&lock.indexes[0]));

    let edited = block.replace("quantity > 0", "quantity > 1");
    let error = lock::read_index(&edited).expect_err("it was edited");
    assert_eq!(error.message, "`[[index]] orders` was edited by hand or badly merged");
}

#[test]
fn pairs_of_a_join_keep_the_order_of_their_path() {
    let lock = lock::read(EXAMPLE).expect("the example is a lock");
    let categories = &lock.indexes[0].fields["items.product.categories"];
    assert_eq!(categories.through, [TableName::new("shop", "product_categories")]);
    assert_eq!(
        categories.source,
        FieldSource::Related { verb: "many_to_many".to_owned(), table: TableName::new("shop", "categories") }
    );
    let pair = |child: &str, parent: &str| JoinPair { child: child.to_owned(), parent: parent.to_owned() };
    assert_eq!(
        categories.join,
        [pair("product_categories.product_id", "id"), pair("id", "product_categories.category_id")]
    );
}

#[test]
fn sql_enters_no_fingerprint_but_every_fact_does() {
    let index = lock::read(EXAMPLE).expect("the example is a lock").indexes.remove(0);
    let hashes = |index: &lock::IndexPlan| (lock::index_fingerprint(index), lock::edges_fingerprint(index));
    let before = hashes(&index);

    let mut other_sql = index.clone();
    other_sql.nodes[0].sql.push_str("-- faster\n");
    other_sql.edges[0].resolve = None;
    other_sql.bound.push_str("-- faster\n");
    assert_eq!(hashes(&other_sql), before);

    let mut other_fact = index.clone();
    other_fact.edges[0].columns.values_mut().next().expect("it has columns").pg_type = "bigint".to_owned();
    assert_eq!(hashes(&other_fact).0, before.0);
    assert_ne!(hashes(&other_fact).1, before.1);

    let mut other_rendering = index.clone();
    other_rendering.rendering.insert("query".to_owned(), 3);
    assert_ne!(hashes(&other_rendering).0, before.0);
    assert_eq!(hashes(&other_rendering).1, before.1);

    let mut other_condition = index.clone();
    other_condition.condition = Some("status <> 'draft'".to_owned());
    assert_ne!(hashes(&other_condition).0, before.0);

    let mut other_dynamic = index.clone();
    other_dynamic.settings.insert("number_of_replicas".to_owned(), "2".to_owned());
    assert_eq!(hashes(&other_dynamic), before);

    let mut other_field = index;
    other_field.fields.get_mut("note").expect("it has a note").required = true;
    assert_ne!(hashes(&other_field).0, before.0);
}
