//! A credential that is written out is an error, and nothing that is said repeats it.

use flusso_compiler::diagnostic::{SourceFile, Sources};
use flusso_compiler::{findings, parse};

use crate::rig;

const SECRET: &str = "hunter2-tr0ub4dor";

/// Everything that is said of a project file: messages, labels, helps, notes and fixes.
fn said(project: &str) -> (String, Vec<&'static str>) {
    let file = SourceFile { path: "flusso.yml".to_owned(), text: project.to_owned() };
    let read = parse(file, Vec::new());
    let sources = Sources::new(&read.files);
    let found = findings(&read);
    let text: Vec<String> =
        found.iter().map(|each| format!("{:?} {each:?}", each.to_finding(&sources))).collect();
    (text.join("\n"), found.iter().map(|each| each.lint.name).collect())
}

fn with_source(block: &str) -> String {
    with(block, "  out: { stdout: {} }")
}

fn with(source: &str, sinks: &str) -> String {
    format!(
        "version: 1\nproject: shop\nsource:\n  postgres:\n{source}\nindexes: [indexes/*.yml]\nsinks:\n{sinks}\n"
    )
}

fn with_sink(block: &str) -> String {
    with("    url: \"${DATABASE_URL}\"", &format!("  search:\n    opensearch:\n{block}"))
}

#[test]
fn no_place_takes_or_repeats_a_credential() {
    let source = |line: String| with_source(&format!("    {line}"));
    let sink = |line: String| with_sink(&format!("      url: \"${{URL}}\"\n      {line}"));
    let parts = "host: db\n    database: shop\n    ";
    let projects = [
        source(format!("url: postgres://app:{SECRET}@db/shop")),
        source(format!("url: \"postgres://app:{SECRET}@${{HOST}}/shop\"")),
        source(format!("url: \"postgres://${{USER}}:{SECRET}@db/shop\"")),
        source(format!("url: \"${{URL:-postgres://app:{SECRET}@db/shop}}\"")),
        source(format!("{parts}password: {SECRET}")),
        source(format!("{parts}password: \"${{PASSWORD:-{SECRET}}}\"")),
        source(format!("{parts}slot: postgres://app:{SECRET}@db/shop")),
        source(format!("url: postgres://app:{SECRET}/x@db/shop")),
        source(format!("url: postgres://app:1/{SECRET}@db/shop")),
        source(format!("url: postgres://app:1?{SECRET}@db/shop")),
        source(format!("url: postgres://app:a@{SECRET}@db/shop")),
        source(format!("host: \"app:{SECRET}@db\"\n    database: shop")),
        source(format!("host: \"host=db password={SECRET}\"\n    database: shop")),
        sink(format!("password: {SECRET}")),
        sink(format!("username: https://admin:{SECRET}@search:9200")),
        sink(format!("username: admin:{SECRET}")),
        source(format!("{parts}user: app:{SECRET}")),
        with_source("    url: \"${URL}\"").replace("indexes/*.yml", &format!("https://u:{SECRET}@h/*.yml")),
        format!(
            "{}lints: {{ lossy-kind: {{ level: allow, reason: \"see https://u:1/{SECRET}@wiki\" }} }}\n",
            with_source("    url: \"${URL}\"")
        ),
        format!("{}defaults: {{ \"https://u:{SECRET}@h\": 1 }}\n", with_source("    url: \"${URL}\"")),
        with_sink(&format!("      url: https://admin:{SECRET}@search:9200")),
        with_sink(&format!("      url: \"${{URL:-https://admin:{SECRET}@search:9200}}\"")),
    ];
    for project in projects {
        let (text, lints) = said(&project);
        assert!(!text.contains(SECRET), "{text}");
        assert_eq!(lints, ["literal-secret"], "{project}");
    }
}

#[test]
fn a_user_name_alone_is_no_secret_and_hides_nothing_that_the_catalog_says() {
    for block in [
        "    url: postgres://app@db/shop",
        "    host: db\n    database: shop\n    user: app@tenant\n    password: \"${PASSWORD}\"",
        "    host: db\n    database: shop\n    user: \"${USER:-app}\"",
    ] {
        let file = SourceFile { path: "flusso.yml".to_owned(), text: with_source(block) };
        let read = parse(file, Vec::new());
        assert!(read.connection().is_some(), "{block}: {:?}", findings(&read));
    }
    let (_, lints) = said(&with_sink("      url: \"${URL}\"\n      username: admin"));
    assert!(!lints.contains(&"literal-secret"), "{lints:?}");
}

#[test]
fn what_cannot_be_read_is_not_repeated_either() {
    let source = |line: String| with_source(&format!("    {line}"));
    for project in [
        source(format!("url: {SECRET}")),
        source(format!("url: [{SECRET}]")),
        source(format!("url: {{ file: [{SECRET}] }}")),
        source(format!("url: \"postgres://${{USER}}:${{{SECRET}!}}@db/shop\"")),
        source(format!("url: mysql://app:{SECRET}@db/shop")),
        source(format!("password: \"{SECRET}")),
        source(format!("pasword: {SECRET}")),
        with_sink(&format!("      password: [{SECRET}]")),
        with_sink(&format!("      password: {{ env: {SECRET} }}")),
    ] {
        let (text, lints) = said(&project);
        assert!(!text.contains(SECRET), "{text}");
        assert!(!lints.is_empty(), "{project}");
    }
}

#[test]
fn a_part_of_a_sinks_url_that_no_request_carries_is_refused() {
    for (url, expected) in [
        ("http://h:9200/p", None),
        ("http://${HOST:-a?b#c}/${PATH:-x?y}", None),
        ("http://h:9200/?pretty", Some("wrong-type")),
        ("http://h:9200?pretty", Some("wrong-type")),
        ("http://h:9200/#frag", Some("wrong-type")),
        ("http://h:9200#frag", Some("wrong-type")),
        ("http://h#frag", Some("wrong-type")),
        ("http://h:9200/?api_key=${API_KEY}", Some("wrong-type")),
    ] {
        let (text, lints) = said(&with_sink(&format!("      url: \"{url}\"")));
        assert_eq!(lints, Vec::from_iter(expected), "{url}\n{text}");
    }
}

/// What stands in backticks in everything that is said of a project file.
fn quoted(project: &str) -> Vec<String> {
    let file = SourceFile { path: "flusso.yml".to_owned(), text: project.to_owned() };
    let found = findings(&parse(file, Vec::new()));
    let texts = found.into_iter().flat_map(|each| [Some(each.message), each.help]).flatten();
    texts.flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn words_of_a_file_without_a_credential_are_quoted() {
    for folder in [rig::folders("projects"), rig::folders("lints")].concat() {
        let Ok(project) = std::fs::read_to_string(folder.join("flusso.yml")) else { continue };
        if !folder.ends_with("literal-secret") {
            assert!(!quoted(&project).iter().any(|word| word == "…"), "{}", folder.display());
        }
    }
    let source = |line: &str| with_source(&format!("    url: \"${{URL}}\"\n    {line}"));
    let sink = |line: &str| with_sink(&format!("      url: \"${{URL}}\"\n      {line}"));
    for (project, word) in [
        (with("    url: \"${URL}\"", "  search: { elasticsearch: { url: \"${URL}\" } }"), "elasticsearch"),
        (with("    url: \"${URL}\"", "  search: { opensearc: { url: \"${URL}\" } }"), "opensearc"),
        (with("    url: \"${URL}\"", "  search: { opensearch: { urll: \"${URL}\" } }"), "urll"),
        (sink("index_settings: { number_of_replicas: many }"), "many"),
        (sink("bulk: { documents_mx: 5 }"), "documents_mx"),
        (source("sslmode: requre"), "requre"),
        (source("manage: [publications]"), "publications"),
        (format!("lints: {{ lossy-kind: denied }}\n{}", source("schema: shop")), "deny"),
        (format!("defaults: {{ on_eror: stop }}\n{}", source("schema: shop")), "on_error"),
    ] {
        let quoted = quoted(&project);
        assert!(quoted.iter().any(|each| each.contains(word)), "`{word}` is not in {quoted:?}");
        assert!(!quoted.iter().any(|each| each == "…"), "{project}: {quoted:?}");
    }
}

/// Names of what is found in an index file of a project, and everything said of it.
fn of_index(text: &str) -> (Vec<&'static str>, String) {
    let project = SourceFile { path: "flusso.yml".to_owned(), text: with_source("    url: \"${URL}\"") };
    let read = parse(project, vec![SourceFile { path: "users.yml".to_owned(), text: text.to_owned() }]);
    let found = findings(&read);
    let sources = Sources::new(&read.files);
    let finding = |each: &flusso_compiler::diagnostic::Diagnostic| {
        let finding = each.to_finding(&sources);
        let labels: Vec<String> = finding.labels.iter().map(|label| label.text.clone()).collect();
        format!("{} {:?} {:?} {:?} {labels:?}", finding.message, finding.help, finding.notes, finding.fix)
    };
    let said: Vec<String> = found.iter().map(finding).collect();
    let shown: Vec<String> =
        flusso_compiler::mask::shown(&read.files).into_iter().map(|file| file.text).collect();
    (found.iter().map(|each| each.lint.name).collect(), [said, shown].concat().join("\n"))
}

const INDEX: &str = "version: 1\nindex: users\ntable: users\nfields:\n  id: long\n";

#[test]
fn a_credential_of_any_form_is_refused_in_an_index_file() {
    let sql = |text: &str| format!("{INDEX}  it: {{ kind: keyword, sql: \"{text}\" }}\n");
    for text in [
        sql(&format!("f('https://u:a/{SECRET}@h')")),
        sql(&format!("f('https://u:a?{SECRET}@h')")),
        sql(&format!("f('https://u:a#{SECRET}@h')")),
        sql(&format!("f('https://u:${{PW:-{SECRET}}}@h')")),
        sql(&format!("dblink('host=h password={SECRET}')")),
        sql(&format!("dblink('host=h password=''{SECRET}''')")),
        sql(&format!("f('https://h/x?api_key={SECRET}')")),
        format!("{INDEX}where: {{ id: \"https://h/x?api_key={SECRET}\" }}\n"),
        format!("{INDEX}where: {{ sql: \"id = f('password={SECRET}')\" }}\n"),
        format!("{INDEX}  # flusso: allow(lossy-kind) password: {SECRET}\n"),
        format!("{INDEX}  # flusso: allow(lossy-kind) X-Api-Key: {SECRET}\n"),
    ] {
        let (lints, said) = of_index(&text);
        assert!(!said.contains(SECRET), "{text}\n{said}");
        assert_eq!(lints, ["literal-secret"], "{text}");
    }
    let reason = format!("lints: {{ lossy-kind: {{ level: allow, reason: \"password: {SECRET}\" }} }}\n");
    let (text, lints) = said(&format!("{}{reason}", with_source("    url: \"${URL}\"")));
    assert_eq!(lints, ["literal-secret"], "{text}");
}

/// What has the form of a credential can have its place in a file, where nobody could lower the finding.
#[test]
fn patterns_placeholders_and_prose_of_an_index_file_are_not_credentials() {
    for field in [
        "kind: keyword, sql: \"regexp_replace(url, '://[^:]*:[^@]*@', '://***@')\"",
        "kind: keyword, sql: \"case when token = other1token then password = 'hunter22' end\"",
        "kind: keyword, description: \"https://user:password@host/path\"",
        "kind: keyword, description: \"https://USER:PASS@host, password: only its hash\"",
    ] {
        let text = format!("{INDEX}  it: {{ {field} }}\n");
        let (lints, said) = of_index(&text);
        assert!(!lints.contains(&"literal-secret"), "{text}\n{said}");
    }
    let filter = "settings: { analysis: { char_filter: { f: { type: pattern_replace, pattern: \"://[^:]+:[^@]+@\" }, \
                  g: { type: mapping, mappings: [\"http://a:b@c => x\"] } } } }\n";
    for text in [
        format!("{INDEX}{filter}"),
        format!("{INDEX}where: {{ id: {{ like: \"http://%:%@%\" }} }}\n"),
        format!("{INDEX}  # flusso: allow(lossy-kind) see https://medium.com/@team/post\n"),
        format!("{INDEX}  # flusso: allow(lossy-kind) auth = handled elsewhere, author = the first one\n"),
    ] {
        let (lints, said) = of_index(&text);
        assert!(!lints.contains(&"literal-secret"), "{text}\n{said}");
    }
}

/// Every text of an index file with a URL in its place: what flusso does not take as a credential it must not carry on.
#[test]
fn no_text_of_an_index_file_takes_or_repeats_a_url_with_a_password() {
    let url = format!("https://u:{SECRET}@h/x");
    let index = INDEX;
    for text in [
        index.replace("index: users", &format!("index: \"{url}\"")),
        index.replace("table: users", &format!("table: \"{url}\"")),
        index.replace("id: long", &format!("id: {{ kind: long, column: \"{url}\" }}")),
        index.replace("id: long", &format!("id: {{ kind: \"{url}\" }}")),
        index.replace("id: long", &format!("\"{url}\": long")),
        index.replace("id: long", &format!("id: {{ kind: keyword, sql: \"f('{url}')\" }}")),
        format!("{index}  home: {{ value: \"{url}\" }}\n"),
        format!("{index}where: {{ id: \"{url}\" }}\n"),
        format!("{index}options: {{ _meta: {{ from: \"{url}\" }} }}\n"),
        format!("{index}description: \"{url}\"\n"),
        format!("{index}sinks: [\"{url}\"]\n"),
        format!("{index}  # flusso: allow(lossy-kind) see {url}\n"),
    ] {
        let (lints, said) = of_index(&text);
        assert!(!said.contains(SECRET), "{text}\n{said}");
        assert!(lints.contains(&"literal-secret"), "{text}\n{lints:?}");
    }
}
