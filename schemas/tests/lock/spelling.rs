//! Every key that a lock may hold, as it is spelled, and read back as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use flusso_schemas::lock::{
    self, Acceptance, ColumnFact, Compression, DocumentIdForm, FieldPlan, FieldSource, HttpAddress, Identity,
    JoinPair, LintLevel, Lock, Manage, OnError, OpenSearchPlan, PostgresAddress, SecretRef, SinkKind,
    SinkPlan, SourceEndpoint, SslMode, Template, TlsFiles, UrlEndpoint, UserName,
};
use flusso_schemas::name::{Ident, TableName};
use flusso_schemas::report::Level;
use serde_json::{Value, json};

use crate::common::EXAMPLE;

const HASH: &str = "0123456789abcdef";

/// The example, changed to something that the rest of it allows.
fn changed(change: impl FnOnce(&mut Lock)) -> (Lock, String) {
    let mut lock = lock::read(EXAMPLE).expect("the example is a lock");
    change(&mut lock);
    let text = lock::write(&lock);
    match lock::read(&text) {
        Ok(read) => assert_eq!(read, lock, "{text}"),
        Err(error) => panic!("{error}\n{text}"),
    }
    (lock, text)
}

/// Whether these lines stand one after the other.
fn assert_lines(text: &str, lines: &str) {
    assert!(text.contains(&format!("\n{lines}\n")), "missing:\n{lines}\nin:\n{text}");
}

fn template(text: &str) -> Template {
    Template(text.to_owned())
}

#[test]
fn a_source_in_parts_with_tls_and_every_kind_of_reference() {
    let (_, text) = changed(|lock| {
        lock.source.endpoint = SourceEndpoint::Parts(PostgresAddress {
            host: template("127.0.0.1"),
            port: template("${PORT:-5432}"),
            database: template("shop"),
            user: Some(UserName::Secret(SecretRef::File(PathBuf::from("/run/secrets/user")))),
            password: Some(SecretRef::Command(vec!["aws".to_owned(), "token".to_owned()])),
        });
        lock.source.tls = TlsFiles {
            sslmode: Some(SslMode::VerifyFull),
            ssl_root_cert: Some(template("/etc/ca.pem")),
            ssl_cert: Some(template("${CERT}")),
            ssl_key: Some(template("${KEY}")),
        };
        lock.source.manage = BTreeSet::from([Manage::Slot]);
        lock.source.settings = BTreeMap::new();
    });
    assert_lines(
        &text,
        r#"url = { host = "127.0.0.1", port = "${PORT:-5432}", database = "shop", user = { file = "/run/secrets/user" }, password = { command = ["aws", "token"] } }
sslmode = "verify-full"
ssl_root_cert = "/etc/ca.pem"
ssl_cert = "${CERT}"
ssl_key = "${KEY}"
publication = "flusso_shop"
slot = "flusso_shop"
manage = ["slot"]
server_version_min = ["15.13", "16.9", "17.5", "18.0"]
settings = {}"#,
    );
}

#[test]
fn sinks_with_everything_set_and_with_nothing() {
    let (_, text) = changed(|lock| {
        let opensearch = OpenSearchPlan {
            url: UrlEndpoint::Parts(HttpAddress {
                scheme: template("https"),
                host: template("${HOST}"),
                port: template(""),
                path: template("/search"),
            }),
            username: Some(UserName::Text(Template("admin".to_owned()))),
            password: Some(SecretRef::Env("PASSWORD".to_owned())),
            client_cert: Some(template("c.pem")),
            client_key: Some(template("k.pem")),
            ca_cert: Some(template("ca.pem")),
            tls_verify: false,
            index_prefix: template("${PREFIX:-dev}-"),
            index_settings: BTreeMap::from([
                ("number_of_replicas".to_owned(), template("${REPLICAS:-1}")),
                ("index.blocks.write".to_owned(), template("false")),
            ]),
            bulk_documents_max: u64::MAX,
            bulk_bytes_max: 1,
            bulk_requests_in_flight: 1,
            bulk_timeout_ms: 1,
            bulk_compress: Compression::None,
            bulk_gzip_level: 9,
        };
        let sink = |name: &str, kind| SinkPlan { name: name.to_owned(), inputs: HASH.to_owned(), kind };
        lock.sinks = vec![
            sink("plain", SinkKind::Stdout { pretty: false }),
            sink("pretty", SinkKind::Stdout { pretty: true }),
            sink("search", SinkKind::OpenSearch(Box::new(opensearch))),
        ];
    });
    assert_lines(
        &text,
        r#"url = { scheme = "https", host = "${HOST}", port = "", path = "/search" }
username = "admin"
password = { env = "PASSWORD" }
client_cert = "c.pem"
client_key = "k.pem"
ca_cert = "ca.pem"
index_prefix = "${PREFIX:-dev}-"
index_settings = { "index.blocks.write" = "false", number_of_replicas = "${REPLICAS:-1}" }
bulk_documents_max = 18446744073709551615
bulk_bytes_max = 1
bulk_requests_in_flight = 1
bulk_timeout_ms = 1
bulk_compress = "none"
bulk_gzip_level = 9"#,
    );
    assert!(text.contains("kind = \"stdout\"\ninputs = \"0123456789abcdef\"\ndigest = \""));
    assert!(text.contains("\"\npretty = true\n\n[[sink]]\n"));
}

#[test]
fn identities_and_names_that_postgres_quotes() {
    let (_, text) = changed(|lock| {
        lock.tables[0].identity = Identity::Full;
        lock.tables[1].identity = Identity::Index(Ident::new("Order Items"));
        lock.tables[2].key = vec![Ident::new("a.b"), Ident::new("id")];
        let edge = &mut lock.indexes[0].edges[0];
        edge.columns.insert(Ident::new("Name"), ColumnFact { pg_type: "text".to_owned(), not_null: false });
    });
    assert_lines(&text, "key = [\"id\"]\nidentity = \"full\"\nidentity_holds = [\"id\"]");
    assert_lines(&text, "identity = { index = '\"Order Items\"' }");
    assert_lines(&text, "key = ['\"a.b\"', \"id\"]");
    assert_lines(
        &text,
        "[index.edge.columns]\n'\"Name\"' = { type = \"text\" }\nid = { type = \"integer\", not_null = true }",
    );
}

#[test]
fn an_index_with_every_key() {
    let (_, text) = changed(|lock| {
        let index = &mut lock.indexes[0];
        index.on_error = OnError::Quarantine;
        index.document_id = DocumentIdForm::Hash;
        index.rendering = BTreeMap::from([("date".to_owned(), 2), ("query".to_owned(), 3)]);
        index.accepted = vec![acceptance("lossy-kind", "column:shop.orders.id")];
        index.condition = Some("status <> 'draft'".to_owned());
        index.settings = BTreeMap::from(
            [("gc_deletes", "2m"), ("search.idle.after", "5s")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        index.unique = BTreeMap::from([(
            TableName::new("shop", "users"),
            vec![vec![Ident::new("a"), Ident::new("b")], vec![Ident::new("c")]],
        )]);
        index.body = json!({"settings": {}, "mappings": {"a'''b": 1.5}});
        index.bound = "select 1 where {range:o.id}".to_owned();
    });
    assert_lines(&text, "on_error = \"quarantine\"");
    assert_lines(&text, "document_id = \"hash\"");
    assert_lines(
        &text,
        r#"rendering = { date = 2, query = 3 }
accepted = [{ lint = "lossy-kind", about = "column:shop.orders.id", reason = "it is small" }]
condition = "status <> 'draft'""#,
    );
    assert_lines(&text, "\n[index.settings]\ngc_deletes = \"2m\"\n\"search.idle.after\" = \"5s\"\n");
    assert!(text.contains(
        "\nbody = \"\"\"\n{\n  \"settings\": {},\n  \"mappings\": { \"a'''b\": 1.5 }\n}\n\"\"\"\n"
    ));
    assert_lines(&text, "bound = '''\nselect 1 where {range:o.id}'''");
    assert_lines(&text, "\n[index.unique]\n\"shop.users\" = [[\"a\", \"b\"], [\"c\"]]\n\n[index.fields]");
}

fn acceptance(lint: &str, about: &str) -> Acceptance {
    Acceptance { lint: lint.to_owned(), about: about.to_owned(), reason: "it is small".to_owned() }
}

#[test]
fn decisions_about_lints_stand_in_the_header() {
    let (_, text) = changed(|lock| {
        let level = |level, reason: Option<&str>| LintLevel { level, reason: reason.map(str::to_owned) };
        lock.levels = BTreeMap::from([
            ("lossy-kind".to_owned(), level(Level::Deny, None)),
            ("inherited-table".to_owned(), level(Level::Allow, Some("no children write"))),
        ]);
        lock.accepted = vec![acceptance("tls-verification-off", "sink:search")];
    });
    assert_lines(
        &text,
        r#"accepted = [{ lint = "tls-verification-off", about = "sink:search", reason = "it is small" }]

[levels]
inherited-table = { level = "allow", reason = "no children write" }
lossy-kind = { level = "deny" }

[source]"#,
    );
}

#[test]
fn a_hop_of_a_relation_may_add_its_number_to_the_role() {
    let (_, text) = changed(|lock| {
        lock.indexes[0].edges[0].roles = vec!["items.product.categories#12".to_owned()];
    });
    assert_lines(&text, "roles = [\"items.product.categories#12\"]");
}

/// A field with nothing set but these.
fn field(kind: &str, source: FieldSource) -> FieldPlan {
    FieldPlan {
        kind: kind.to_owned(),
        parameters: BTreeMap::new(),
        source,
        through: Vec::new(),
        join: Vec::new(),
        where_: None,
        when: None,
        of: None,
        value: None,
        distinct: false,
        order_by: Vec::new(),
        limit: None,
        default: None,
        required: false,
    }
}

fn related(verb: &str) -> FieldSource {
    FieldSource::Related { verb: verb.to_owned(), table: TableName::new("shop", "users") }
}

/// How a field of this plan is spelled, after it was read back.
fn spelled(plan: FieldPlan) -> String {
    let (_, text) = changed(|lock| {
        lock.indexes[0].fields.insert("x".to_owned(), plan);
    });
    text.lines().find_map(|line| line.strip_prefix("x = ")).expect("it is one line").to_owned()
}

#[test]
fn a_field_with_every_key_is_one_line() {
    let mut plan = field("keyword", related("has_many"));
    plan.parameters = BTreeMap::from([
        ("labels".to_owned(), json!({"b": "B", "a": [1, -1, 1.5, true, {"c": 0}]})),
        ("of".to_owned(), json!("long")),
    ]);
    plan.through = vec![TableName::new("shop", "a"), TableName::new("shop", "b")];
    plan.join =
        ["z", "a.b"].map(|name| JoinPair { child: name.to_owned(), parent: "id".to_owned() }).to_vec();
    plan.where_ = Some("a = 'x' and \"B\" = '\\'".to_owned());
    plan.when = Some("not deleted".to_owned());
    plan.value = Some("lower(a)\n|| b".to_owned());
    plan.distinct = true;
    plan.order_by = vec!["a".to_owned(), "b desc".to_owned()];
    plan.limit = Some(20);
    plan.default = Some(json!([]));
    plan.required = true;
    assert_eq!(
        spelled(plan),
        r#"{ kind = "keyword", labels = { b = "B", a = [1, -1, 1.5, true, { c = 0 }] }, of = "long", has_many = "shop.users", through = ["shop.a", "shop.b"], join = { z = "id", "a.b" = "id" }, where = "a = 'x' and \"B\" = '\\'", when = "not deleted", value = "lower(a)\n|| b", distinct = true, order_by = ["a", "b desc"], limit = 20, default = [], required = true }"#
    );
}

#[test]
fn each_source_of_a_field() {
    let constant = |value: Value| FieldSource::Constant(value);
    for (source, line) in [
        (FieldSource::SameRow, r#"{ kind = "k" }"#),
        (FieldSource::Column(Ident::new("B")), r#"{ kind = "k", column = '"B"' }"#),
        (FieldSource::Sql("a || '\"'".to_owned()), r#"{ kind = "k", sql = "a || '\"'" }"#),
        (constant(json!("web")), r#"{ kind = "k", constant = "web" }"#),
        (constant(json!(false)), r#"{ kind = "k", constant = false }"#),
        (constant(json!([1, 2.0])), r#"{ kind = "k", constant = [1, 2.0] }"#),
        (constant(json!(u64::MAX)), r#"{ kind = "k", constant = 18446744073709551615 }"#),
        (related("exists"), r#"{ kind = "k", exists = "shop.users" }"#),
    ] {
        assert_eq!(spelled(field("k", source)), line);
    }
    for verb in ["avg", "count", "max", "min", "sum"] {
        let mut plan = field("double", related(verb));
        plan.of = Some("price".to_owned());
        plan.default = Some(json!(0));
        let line = format!(r#"{{ kind = "double", {verb} = "shop.users", of = "price", default = 0 }}"#);
        assert_eq!(spelled(plan), line);
    }
}

#[test]
fn integers_that_jcs_would_round_keep_their_digits_in_the_fingerprint() {
    let fingerprint = |value: u64| {
        let mut index = lock::read(EXAMPLE).expect("the example is a lock").indexes.remove(0);
        index.fields.insert("x".to_owned(), field("long", FieldSource::Constant(json!(value))));
        lock::index_fingerprint(&index)
    };
    assert_ne!(fingerprint(1 << 53), fingerprint((1 << 53) + 1));
}
