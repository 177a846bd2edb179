//! Checked models built by hand, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use flusso_schemas::facts::{ColumnFacts, IndexFacts, RelationFacts};
use flusso_schemas::lock::{
    DocumentIdForm, OnError, SecretRef, SinkKind, SinkPlan, SourceEndpoint, SourcePlan, UrlEndpoint,
};
use flusso_schemas::name::TableName;
use serde_json::json;

use crate::condition::{Condition, Literal, Test};
use crate::kinds;
use crate::model::{
    Aggregate, Checked, Field, Form, Function, Index, Join, Pair, Relation, Scalar, Shape, Table,
    ValueSource, Verb,
};
use crate::non_empty::NonEmpty;
use crate::pg_type::PgType;
use crate::sql_text::SqlText;

/// A table of schema `shop`: columns as `name type[ not null]`, and its primary key.
pub(super) fn table(name: &str, columns: &[&str], key: &[&str]) -> Table {
    let primary = IndexFacts {
        name: format!("{name}_pkey"),
        primary: true,
        unique: true,
        immediate: true,
        valid: true,
        nkeys: key.len(),
        columns: key.iter().map(|column| Some((*column).to_owned())).collect(),
        ..IndexFacts::default()
    };
    let labels = ["draft", "paid", "shipped", "delivered", "cancelled"].map(str::to_owned).to_vec();
    let facts = RelationFacts {
        columns: columns.iter().map(|column| column_facts(column)).collect(),
        indexes: if key.is_empty() { Vec::new() } else { vec![primary] },
        enums: Some(BTreeMap::from([("shop.order_status".to_owned(), labels)])),
        ..RelationFacts::default()
    };
    Table { name: TableName::new("shop", name), facts }
}

fn column_facts(text: &str) -> ColumnFacts {
    let (name, rest) = text.split_once(' ').expect("a name and a type");
    let pg_type = rest.strip_suffix(" not null").unwrap_or(rest);
    ColumnFacts {
        name: name.to_owned(),
        pg_type: pg_type.to_owned(),
        base: pg_type.to_owned(),
        base_kind: if pg_type == "shop.order_status" { "e" } else { "b" }.to_owned(),
        type_schema: if pg_type.starts_with("shop.") { "shop" } else { "pg_catalog" }.to_owned(),
        not_null: rest.ends_with(" not null"),
        collation_deterministic: true,
        ..ColumnFacts::default()
    }
}

/// A column of a table as a value of a kind.
pub(super) fn scalar(table: &Table, kind: &str, column: &str) -> Scalar {
    let facts = table.column(column).expect("the column is there");
    let pg_type = PgType::of_column(facts, table.facts.enums.as_ref());
    Scalar { nullable: !facts.not_null, ..value(kind, ValueSource::Column(column.to_owned()), pg_type) }
}

/// A value of a type and kind.
pub(super) fn value(kind: &str, value: ValueSource, pg_type: PgType) -> Scalar {
    let kind = kinds::find(kind).expect("the kind is there");
    Scalar {
        kind,
        parameters: kind.complete(&pg_type, &BTreeMap::new()),
        options: BTreeMap::new(),
        subfields: None,
        value,
        pg_type,
        nullable: true,
        default: None,
        required: false,
    }
}

/// A field of that form; its path is set by [`named`].
pub(super) fn field(key: &str, form: Form) -> Field {
    Field { key: key.to_owned(), path: String::new(), when: None, form }
}

/// Fields over columns of the same name, as `name kind`.
pub(super) fn columns(table: &Table, fields: &[&str]) -> Vec<Field> {
    let one = |text: &&str| {
        let (name, kind) = text.split_once(' ').expect("a name and a kind");
        field(name, Form::Scalar(scalar(table, kind, name)))
    };
    fields.iter().map(one).collect()
}

/// One step of a path; pairs as `child = parent`.
pub(super) fn join(table: &Arc<Table>, pairs: &[&str], to_one: bool) -> Join {
    let pair = |text: &&str| {
        let (child, parent) = text.split_once(" = ").expect("child = parent");
        Pair { child: child.to_owned(), parent: parent.to_owned() }
    };
    Join { table: Arc::clone(table), pairs: pairs.iter().map(pair).collect(), condition: None, to_one }
}

/// Related rows as objects, lists as nested.
pub(super) fn objects(verb: Verb, path: Vec<Join>, fields: Vec<Field>) -> Relation {
    let shape = Shape::Object { fields, nested: verb.is_to_many(), options: BTreeMap::new() };
    relation(verb, path, shape)
}

/// A relation without order, limit and other options.
pub(super) fn relation(verb: Verb, path: Vec<Join>, shape: Shape) -> Relation {
    let path = NonEmpty::new(path).expect("a test's path has a join");
    Relation { verb, path, order_by: Vec::new(), limit: None, distinct: false, required: false, shape }
}

/// An aggregate of that kind and type.
pub(super) fn aggregate(
    function: Function,
    path: Vec<Join>,
    of: Option<ValueSource>,
    result: Scalar,
) -> Aggregate {
    let path = NonEmpty::new(path).expect("a test's path has a join");
    Aggregate { function, path, of, distinct: false, result }
}

/// A type by its spelling.
pub(super) fn pg_type(text: &str) -> PgType {
    PgType::of_text(text, &BTreeMap::new())
}

/// An expression over a table's row.
pub(super) fn sql(table: &Table, text: &str) -> ValueSource {
    let columns: Vec<&str> = table.facts.columns.iter().map(|column| column.name.as_str()).collect();
    ValueSource::Sql(Box::new(SqlText::new(text, &columns).expect("an expression")))
}

/// The condition `column operator number`.
pub(super) fn compare(column: &str, operator: &'static str, number: &str) -> Condition {
    let test = Test::Compare(operator, Literal::Number(number.to_owned()));
    Condition::Column { column: column.to_owned(), nullable: false, test }
}

/// An index over a table, with paths set and fields sorted.
pub(super) fn index(table: &Arc<Table>, mut fields: Vec<Field>) -> Index {
    named(&mut fields, "");
    Index {
        name: table.name.name.as_str().to_owned(),
        inputs: "12ab365310e36955".to_owned(),
        sinks: vec!["search".to_owned()],
        on_error: OnError::Stop,
        table: Arc::clone(table),
        key: table.primary_key().expect("a root has a key").into_iter().map(str::to_owned).collect(),
        document_id: DocumentIdForm::Key,
        condition: None,
        search_path: vec!["pg_catalog".to_owned()],
        settings: BTreeMap::from([
            ("number_of_replicas".to_owned(), json!(1)),
            ("number_of_shards".to_owned(), json!(1)),
        ]),
        analysis: BTreeMap::new(),
        dynamic: json!("strict"),
        options: BTreeMap::new(),
        fields,
    }
}

fn named(fields: &mut [Field], prefix: &str) {
    fields.sort_by(|one, other| one.key.cmp(&other.key));
    for field in fields {
        field.path = format!("{prefix}{}", field.key);
        let prefix = format!("{}.", field.path);
        match &mut field.form {
            Form::SameRow { fields, .. } => named(fields, &prefix),
            Form::Relation(Relation { shape: Shape::Object { fields, .. }, .. }) => named(fields, &prefix),
            _ => {}
        }
    }
}

/// The project of the lock's example around these indexes.
pub(super) fn project(indexes: Vec<Index>) -> Checked {
    let url = UrlEndpoint::Url(SecretRef::Env("OPENSEARCH_URL".to_owned()));
    let opensearch = flusso_test_locks::opensearch(url, "");
    Checked {
        project: "shop".to_owned(),
        inputs: "125f92ace4032ad1".to_owned(),
        source: SourcePlan {
            endpoint: SourceEndpoint::Url(SecretRef::Env("SHOP_DATABASE_URL".to_owned())),
            manage: flusso_test_locks::manage_all(),
            server_version_min: ["15.13", "16.9", "17.5", "18.0"].map(str::to_owned).to_vec(),
            settings: BTreeMap::from([("wal_level".to_owned(), "logical".to_owned())]),
            statement_timeout_ms: 30_000,
            ..flusso_test_locks::source("flusso_shop")
        },
        sinks: vec![SinkPlan {
            name: "search".to_owned(),
            inputs: "13705398126a1665".to_owned(),
            kind: SinkKind::OpenSearch(Box::new(opensearch)),
        }],
        indexes,
    }
}
