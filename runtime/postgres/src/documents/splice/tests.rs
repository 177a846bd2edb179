//! Documents from rows that no server sent.

use std::collections::BTreeMap;

use flusso_schemas::lock::{DocumentIdForm, KeyColumn, OnError};
use flusso_schemas::name::Ident;
use serde_json::Value;

use super::*;

type Cell = Option<&'static str>;

impl Cells for &[Cell] {
    fn count(&self) -> usize {
        self.len()
    }

    fn cell(&self, at: usize) -> Result<Option<&[u8]>, Fault> {
        Ok(self[at].map(str::as_bytes))
    }
}

const GENEROUS: Limits = Limits { chunk_bytes_max: 10_000, document_bytes_max: 1_000 };

fn list(path: &str, slots: &[&str]) -> Node {
    let texts = ["[", ",", "]", "[]"].map(str::to_owned);
    let [open, separator, close, empty] = texts;
    let slots = slots.iter().map(|slot| (*slot).to_owned()).collect();
    Node { path: path.to_owned(), open, separator, close, empty: Some(empty), slots, sql: String::new() }
}

fn single(path: &str, empty: &str) -> Node {
    let empty = Some(empty.to_owned());
    Node { open: String::new(), separator: String::new(), close: String::new(), empty, ..list(path, &[]) }
}

fn root(slots: &[&str]) -> Node {
    Node { empty: None, ..list(".", slots) }
}

fn index(key_parts: usize, nodes: Vec<Node>) -> IndexPlan {
    let part = KeyColumn { column: Ident::new("id"), pg_type: "bigint".to_owned() };
    IndexPlan {
        name: "orders".to_owned(),
        alias: "orders".to_owned(),
        sinks: Vec::new(),
        on_error: OnError::Stop,
        key: vec![part; key_parts],
        document_id: DocumentIdForm::Key,
        search_path: Vec::new(),
        inputs: String::new(),
        accepted: Vec::new(),
        rendering: BTreeMap::new(),
        condition: None,
        settings: BTreeMap::new(),
        body: Value::Null,
        bound: String::new(),
        enums: BTreeMap::new(),
        unique: BTreeMap::new(),
        fields: BTreeMap::new(),
        nodes,
        edges: Vec::new(),
    }
}

/// Splices the rows of each node; gives keys and documents.
fn splice(
    index: &IndexPlan,
    limits: Limits,
    rows: &[&[&[Cell]]],
) -> Result<Vec<(Vec<String>, String)>, Fault> {
    let mut splicer = Splicer::new(index, limits)?;
    for (node, rows) in rows.iter().enumerate() {
        for row in *rows {
            splicer.take(node, row)?;
        }
        splicer.end(node)?;
    }
    let documents = splicer.into_documents();
    let text = |json: &[u8]| String::from_utf8(json.to_vec()).expect("tests print text");
    Ok(documents.iter().map(|document| (document.key.0.clone(), text(document.json))).collect())
}

fn internal<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Internal(message)) => message,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn children_are_spliced_at_any_depth_by_their_groups_bytes() {
    let index = index(1, vec![list("items.tags", &[]), list("items", &["items.tags"]), root(&["items"])]);
    let tags: &[&[Cell]] = &[&[Some("p"), Some("1")], &[Some("p"), Some("2")], &[Some("q"), Some("3")]];
    let items: &[&[Cell]] = &[
        &[Some("7"), Some("{\"t\":"), Some("p"), Some("}")],
        &[Some("7"), Some("{\"t\":"), Some("nothing"), Some("}")],
        &[Some("8"), Some("{\"t\":"), Some("p"), Some("}")],
        &[Some("9"), Some("{\"p\":null"), None, Some("}")],
    ];
    let roots: &[&[Cell]] = &[
        &[Some("7"), Some("{\"i\":"), Some("7"), Some("}")],
        &[Some("9"), Some("{\"i\":"), Some("9"), Some("}")],
        &[Some("5"), Some("{\"i\":"), Some("5"), Some("}")],
    ];
    let documents = splice(&index, GENEROUS, &[tags, items, roots]).expect("spliced");
    let documents: Vec<(&str, &str)> = documents.iter().map(|(key, json)| (&*key[0], &**json)).collect();
    assert_eq!(
        documents,
        [("7", "{\"i\":[{\"t\":[1,2]},{\"t\":[]}]}"), ("9", "{\"i\":[{\"p\":null}]}"), ("5", "{\"i\":[]}")]
    );
}

#[test]
fn a_composite_key_stands_in_front_of_the_roots_segments() {
    let index = index(2, vec![root(&[])]);
    let documents = splice(&index, GENEROUS, &[&[&[Some("a|b"), Some(""), Some("{}")]]]).expect("spliced");
    assert_eq!(documents, [(vec!["a|b".to_owned(), String::new()], "{}".to_owned())]);
}

#[test]
fn an_aggregate_prints_its_members_or_those_of_an_empty_relation() {
    let index = index(1, vec![single("n", "\"n\":0"), root(&["n"])]);
    let roots: &[&[Cell]] =
        &[&[Some("1"), Some("{"), Some("1"), Some("}")], &[Some("2"), Some("{"), Some("2"), Some("}")]];
    let documents = splice(&index, GENEROUS, &[&[&[Some("1"), Some("\"n\":4")]], roots]).expect("spliced");
    assert_eq!((&*documents[0].1, &*documents[1].1), ("{\"n\":4}", "{\"n\":0}"));
}

#[test]
fn a_row_without_the_text_of_its_fields_names_its_node() {
    let lists = index(1, vec![list("items", &[]), root(&["items"])]);
    let null = |node: &str| Err(Fault::Null { node: node.to_owned(), field: None });
    assert_eq!(splice(&lists, GENEROUS, &[&[&[Some("1"), None]]]), null("items"));
    let rows: &[&[Cell]] = &[&[Some("1"), None, None, Some("}")]];
    assert_eq!(splice(&lists, GENEROUS, &[&[], rows]), null("."));
}

#[test]
fn what_a_query_may_never_print_is_an_internal_error() {
    let lists = index(1, vec![list("items", &[]), root(&["items"])]);
    let one = index(1, vec![single("n", "null"), root(&["n"])]);
    let rows: [(&IndexPlan, &[&[Cell]], &str); 4] = [
        (&lists, &[&[Some("1"), Some("a")], &[Some("2"), Some("b")], &[Some("1"), Some("c")]], "one piece"),
        (&lists, &[&[None, Some("a")]], "without a group"),
        (&lists, &[&[Some("1"), Some("a"), Some("b")]], "number of columns"),
        (&one, &[&[Some("1"), Some("a")], &[Some("1"), Some("b")]], "room for one"),
    ];
    for (index, rows, message) in rows {
        let refused = internal(splice(index, GENEROUS, &[rows]));
        assert!(refused.contains(message), "{refused}");
    }
    let key_null: &[&[Cell]] = &[&[None, Some("{"), None, Some("}")]];
    assert!(internal(splice(&lists, GENEROUS, &[&[], key_null])).contains("key"));
    let later = index(1, vec![root(&["items"]), list("items", &[])]);
    assert!(internal(Splicer::new(&later, GENEROUS)).contains("come before"));
}

#[test]
fn a_line_break_stays_inside_its_document_and_control_characters_are_refused() {
    let index = index(1, vec![root(&[])]);
    let documents = splice(&index, GENEROUS, &[&[&[Some("1"), Some("{\n\"a\":\r\n1}")]]]).expect("spliced");
    assert_eq!(documents[0].1, "{ \"a\":  1}");
    let refused = splice(&index, GENEROUS, &[&[&[Some("1"), Some("\u{1}")]]]);
    assert_eq!(refused, Err(Fault::ControlByte(1)));
}

#[test]
fn a_line_break_in_a_key_reaches_no_document() {
    let index = index(1, vec![root(&[])]);
    let documents = splice(&index, GENEROUS, &[&[&[Some("a\nb"), Some("{}")]]]).expect("spliced");
    assert_eq!(documents, [(vec!["a\nb".to_owned()], "{}".to_owned())]);
}

#[test]
fn bytes_are_bounded_for_a_document_and_for_the_chunk() {
    let index = index(1, vec![list("items", &[]), root(&["items"])]);
    let document: &[&[Cell]] = &[&[Some("1"), Some("{"), None, Some("12345678}")]];
    let small = Limits { document_bytes_max: 9, ..GENEROUS };
    assert_eq!(splice(&index, small, &[&[], document]), Err(Fault::Oversized));
    assert!(splice(&index, Limits { document_bytes_max: 10, ..GENEROUS }, &[&[], document]).is_ok());
    let items: &[&[Cell]] = &[&[Some("1"), Some("a")], &[Some("2"), Some("b")], &[Some("3"), Some("c")]];
    let chunk = Limits { chunk_bytes_max: 2 * (1 + GROUP_OVERHEAD_BYTES), ..GENEROUS };
    assert_eq!(splice(&index, chunk, &[items]), Err(Fault::Oversized));
}

#[test]
fn a_transaction_that_begins_again_prints_nothing_twice() {
    let index = index(1, vec![list("items", &[]), root(&["items"])]);
    let mut splicer = Splicer::new(&index, GENEROUS).expect("a plan");
    let item: &[Cell] = &[Some("1"), Some("a")];
    let document: &[Cell] = &[Some("1"), Some("{"), Some("1"), Some("}")];
    for _ in 0..2 {
        splicer.clear();
        splicer.take(0, &item).expect("taken");
        splicer.end(0).expect("ended");
        splicer.take(1, &document).expect("taken");
        splicer.end(1).expect("ended");
    }
    let documents = splicer.into_documents();
    assert_eq!(documents.iter().map(|document| document.json.to_vec()).collect::<Vec<_>>(), [b"{[a]}"]);
}
