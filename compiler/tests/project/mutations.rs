//! Single-place mutations of the fixture projects: every key, value and list of an index file is removed,
//! replaced and added to.

use crate::yaml::{Node, Path};

/// Keys with a value that are set on every mapping, whatever it is; what does not fit is refused.
const ADDITIONS: &[(&str, &str)] = &[
    ("as", "text"),
    ("column_case", "snake"),
    ("constant", "7"),
    ("constant", "[a, b]"),
    ("default", "0"),
    ("default", "x"),
    ("default", "[]"),
    ("default", "{}"),
    ("distinct", "true"),
    ("dynamic", "\"false\""),
    ("key", "[id, number]"),
    ("limit", "2"),
    ("limit", "3"),
    ("on_error", "stop"),
    ("options", "{ index: false }"),
    ("options", "{ doc_values: false }"),
    ("options", "{ null_value: \"0\" }"),
    ("order", "desc"),
    ("precision", "1"),
    ("required", "true"),
    ("scale", "1"),
    ("settings", "{ number_of_shards: 3 }"),
    ("settings", "{ number_of_replicas: 0 }"),
    ("sql", "1"),
    ("sql", "\"'x'\""),
    ("subfields", "{}"),
    ("subfields", "{ words: text }"),
    ("value", "{ sql: \"1\" }"),
    ("where", "{ sql: \"1 < 2\" }"),
    ("when", "{ sql: \"1 < 2\" }"),
    ("where", "{ all: [{ sql: \"1 < 2\" }, { sql: \"2 < 3\" }] }"),
    ("where", "{ any: [{ sql: \"1 < 2\" }, { sql: \"2 < 3\" }] }"),
    ("where", "{ not: { sql: \"1 < 2\" } }"),
];

/// Keys that take a column, set to each column of the vocabulary.
const OF_COLUMNS: &[&str] = &["column", "of", "order_by", "value", "via", "key"];

/// Conditions over each column of the vocabulary.
const CONDITIONS: &[&str] = &[
    "{ COLUMN: null }",
    "{ COLUMN: { not: null } }",
    "{ COLUMN: { ne: null } }",
    "{ COLUMN: { gt: 1 } }",
    "{ COLUMN: { gte: 1 } }",
    "{ COLUMN: { lt: 9 } }",
    "{ COLUMN: { between: [1, 9] } }",
    "{ COLUMN: { in: [1, 2] } }",
    "{ COLUMN: x }",
    "{ COLUMN: true }",
    "{ COLUMN: [a, b] }",
    "{ COLUMN: { ne: x } }",
    "{ COLUMN: { not_in: [a, b] } }",
    "{ COLUMN: { like: \"a%\" } }",
    "{ COLUMN: { ilike: \"a%\" } }",
    "{ COLUMN: { starts_with: a } }",
];

/// Words that stand for one another, as keys or as values.
const SYNONYMS: &[&[&str]] = &[
    &["has_many", "has_one", "belongs_to", "many_to_many", "count", "exists", "sum", "avg", "min", "max"],
    &["gt", "gte", "lt", "lte", "ne", "eq"],
    &["where", "when"],
    &["in", "not_in"],
    &["all", "any", "not"],
    &["asc", "desc"],
    &["first", "last"],
    &["true", "false"],
    &[
        "auto",
        "keyword",
        "text",
        "long",
        "integer",
        "short",
        "byte",
        "double",
        "float",
        "half_float",
        "boolean",
        "date",
        "timestamp",
        "time",
        "interval",
        "uuid",
        "enum",
        "decimal",
        "json",
        "identifier",
        "search_as_you_type",
        "token_count",
        "ip",
        "binary",
    ],
];

/// Scalars that replace every other.
const SCALARS: &[&str] = &["0", "1", "7", "2.5", "-1", "x", "\"\"", "null", "[]", "{}", "'a''b'"];

/// Every tree that differs from this one in one place. Made one by one: all of them together take 7 GB.
pub(crate) fn mutations<'a>(root: &'a Node, columns: &'a [String]) -> impl Iterator<Item = Node> + 'a {
    let mutants = root.paths().into_iter().flat_map(move |path| {
        let changes = match root.clone().at(&path) {
            Node::Scalar(text) => scalars(text, columns),
            Node::List(items) => lists(items),
            Node::Map(entries) => maps(entries, columns),
        };
        changes.into_iter().map(move |change| replaced(root, &path, change))
    });
    mutants.filter(move |mutant| mutant != root)
}

fn replaced(root: &Node, path: &Path, by: Node) -> Node {
    let mut mutant = root.clone();
    *mutant.at(path) = by;
    mutant
}

fn scalar(text: &str) -> Node {
    Node::parse(text)
}

fn scalars(text: &str, columns: &[String]) -> Vec<Node> {
    let plain = text.trim_matches('"');
    let synonyms = SYNONYMS.iter().filter(|words| words.contains(&plain)).flat_map(|words| words.iter());
    let mut found: Vec<Node> = synonyms.map(|word| scalar(word)).collect();
    found.extend(SCALARS.iter().map(|text| scalar(text)));
    found.extend(columns.iter().map(|column| Node::Scalar(crate::yaml::quoted(column))));
    // Another text of the same form: an expression stays one, a name becomes another.
    if plain.len() > 1 {
        found.push(Node::Scalar(crate::yaml::quoted(
            &plain.replacen(" + ", " - ", 1).replacen(" * ", " + ", 1),
        )));
        found.push(Node::Scalar(crate::yaml::quoted(&format!("({plain})"))));
        found.push(Node::Scalar(crate::yaml::quoted(&format!("{plain} "))));
    }
    found.push(Node::List(vec![Node::Scalar(text.to_owned()); 2]));
    if let Ok(number) = plain.parse::<i64>() {
        found.push(Node::Scalar((number + 1).to_string()));
    }
    found
}

fn lists(items: &[Node]) -> Vec<Node> {
    let without = (0..items.len()).map(|at| {
        let mut rest = items.to_vec();
        rest.remove(at);
        Node::List(rest)
    });
    let turned = items.iter().rev().cloned().collect();
    let doubled = items.iter().chain(items.first()).cloned().collect();
    without.chain([Node::List(turned), Node::List(doubled)]).collect()
}

fn maps(entries: &[(String, Node)], columns: &[String]) -> Vec<Node> {
    let mut found = Vec::new();
    let with = |key: &str, value: Node| {
        let mut changed = entries.to_vec();
        match changed.iter_mut().find(|(other, _)| other == key) {
            Some(entry) => entry.1 = value,
            None => changed.push((key.to_owned(), value)),
        }
        Node::Map(changed)
    };
    for (at, (key, _)) in entries.iter().enumerate() {
        let mut rest = entries.to_vec();
        rest.remove(at);
        found.push(Node::Map(rest));
        for word in
            SYNONYMS.iter().filter(|words| words.contains(&key.as_str())).flat_map(|words| words.iter())
        {
            let mut renamed = entries.to_vec();
            renamed[at].0 = (*word).to_owned();
            found.push(Node::Map(renamed));
        }
        for column in columns {
            let mut renamed = entries.to_vec();
            renamed[at].0.clone_from(column);
            found.push(Node::Map(renamed));
        }
    }
    found.push(Node::Map(entries.iter().rev().cloned().collect()));
    found.extend(ADDITIONS.iter().map(|(key, value)| with(key, scalar(value))));
    for column in columns {
        let name = crate::yaml::quoted(column);
        found.extend(OF_COLUMNS.iter().map(|key| with(key, Node::Scalar(name.clone()))));
        found.push(with("order_by", scalar(&format!("[{{ {name}: desc }}]"))));
        for condition in CONDITIONS {
            let condition = condition.replace("COLUMN", &name);
            found.push(with("where", scalar(&condition)));
            found.push(with("when", scalar(&condition)));
        }
    }
    found
}
