//! Every word of the server's grammar as the name of a schema, table, column, type, label and field, in every
//! place of a query.

use std::collections::BTreeSet;

use super::judged::{judged, run};
use super::rig::Rig;

/// All that are not free to be names, and those that the grammar reads in another way where a certain word follows.
const WORDS: &str = "select word from pg_get_keywords() where catcode <> 'U' or word in ('at', 'filter', 'first',
    'format', 'key', 'keys', 'last', 'nulls', 'of', 'over', 'parents', 'range', 'row', 'rows', 'sql', 'time', 'value',
    'within', 'without', 'zone') union all select unnest(array['element', 'parents', 'exists', 'j', 'g', 'k1'])";

/// An index over what has the name of a word, written `W`; its initials are the word too. Names of tables are
/// text of YAML in double quotes.
const INDEX: &str = r#"index: t
table: "W.W"
key: ["W"]
where: WHERE
fields:
  W: integer
  next_: { kind: long, sql: "\"W\" + 1" }
  label_: { kind: keyword, column: l }
  lists_: { has_many: "W.I", via: { "W": "W" }, order_by: [{ "W": { order: desc, nulls: first } }], fields: { "W": integer } }
  cut_: { has_many: "W.I", via: { "W": "W" }, order_by: [{ "W": desc }], limit: 2, value: "W", kind: integer }
  once_: { has_many: "W.I", via: { "W": "W" }, value: "W", kind: keyword, distinct: true, limit: 2 }
  up_: { belongs_to: "W.W", via: { up: "W" }, fields: { "W": integer, below_: { has_many: "W.I", via: { "W": "W" }, value: "W", kind: integer } } }
  last_: { has_one: "W.I", via: { "W": "W" }, order_by: [{ "W": desc }], where: WHERE, fields: { "W": integer } }
  most_: { max: "W.I", via: { "W": "W" }, of: "W", kind: integer }
  many_: { count: "W.I", via: { "W": "W" }, of: "W", distinct: true }
"#;

/// A condition over the column. Words of the language's own conditions name no column there.
fn condition(word: &str) -> &'static str {
    match word {
        "all" | "any" | "exists" | "not" | "sql" => r#"{ sql: "\"W\" between 1 and 9" }"#,
        _ => r#"{ any: [{ "W": { between: [1, 9] } }, { "W": [1, 2, null], sql: "\"W\" > 0" }] }"#,
    }
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

/// `not` as `n_o_t`: the short name that a query gives to the table is the word.
fn spread(word: &str) -> String {
    let letters: Vec<String> = word.chars().filter(char::is_ascii_alphabetic).map(String::from).collect();
    letters.join("_")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_of_the_grammar_may_be_any_name() {
    let mut rig = Rig::new();
    let words: BTreeSet<String> =
        rig.sql.query(WORDS).expect(WORDS).into_iter().flatten().flatten().collect();
    assert!(words.len() > 150, "{words:?}");
    let session = rig.pinned_session().await;
    let mut wrong = Vec::new();
    for word in &words {
        let spread = spread(word);
        // A table's row type has its name, so the enum's is another.
        let table = if spread == *word { format!("{word}2") } else { spread };
        let (w, t, e) = (quoted(word), quoted(&table), quoted(&format!("{word} ")));
        rig.run(&[
            "set client_min_messages = error",
            &format!("create schema {w}"),
            &format!("create type {w}.{e} as enum ('{word}', 'b')"),
            &format!("create table {w}.{w} ({w} int primary key, up int references {w}.{w}, l {w}.{e})"),
            &format!("insert into {w}.{w} values (1, 1, '{word}'), (2, 1, 'b')"),
        ]);
        rig.run(&[
            &format!("create table {w}.{t} (id int primary key, {w} int references {w}.{w})"),
            &format!("insert into {w}.{t} values (1, 1), (2, 1), (3, null)"),
        ]);
        let builder = rig.builder().await;
        let index = INDEX
            .replace("WHERE", condition(word))
            .replace("W.I", &format!("{word}.{table}"))
            .replace('W', word);
        // An item of an order with the key `sql` is an expression.
        let index = match word.as_str() {
            "sql" => index
                .replace(r#"{ "sql": { order: desc, nulls: first } }"#, "sql")
                .replace(r#"{ "sql": desc }"#, "sql"),
            _ => index,
        };
        let judged = judged(&session, &index).await;
        match &judged.lock {
            None => wrong.push(format!("{word}: {:?}", judged.words())),
            Some(lock) => {
                let failed = run(&builder, &lock.indexes[0], "1").await;
                wrong.extend(failed.into_iter().map(|words| format!("{word}: {words}")));
            }
        }
        rig.run(&[&format!("drop schema {w} cascade")]);
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), words.len());
}
