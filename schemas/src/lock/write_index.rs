//! The canonical writer of one `[[index]]` with its nodes and edges.

use super::body_text::body_text;
use super::fingerprint::{edges_fingerprint, index_fingerprint};
use super::index::{
    DocumentIdForm, Edge, FieldPlan, FieldSource, IndexPlan, JoinPair, KeyColumn, Node, OnError,
};
use super::toml_text as spell;
use super::write::{Block, acceptances};

/// The whole block, its digest to be set.
pub(super) fn index(index: &IndexPlan) -> Block {
    let mut block = Block::new("[[index]]");
    head(&mut block, index);
    if let Some(condition) = &index.condition {
        block.string("condition", condition);
    }
    block.text("body", &body_text(&index.body));
    block.text("bound", &index.bound);
    settings(&mut block, index);
    enums_and_unique(&mut block, index);
    block.line("");
    block.line("[index.fields]");
    for (path, plan) in &index.fields {
        block.entry(path, field(plan));
    }
    index.nodes.iter().for_each(|each| node(&mut block, each));
    index.edges.iter().for_each(|each| edge(&mut block, each));
    block
}

fn head(block: &mut Block, index: &IndexPlan) {
    block.string("name", &index.name);
    block.string("alias", &index.alias);
    block.entry("sinks", spell::strings(&index.sinks));
    block.string(
        "on_error",
        match index.on_error {
            OnError::Stop => "stop",
            OnError::Quarantine => "quarantine",
        },
    );
    block.entry("key", spell::list(index.key.iter().map(key_column)));
    block.string("document_id", document_id(index.document_id));
    block.entry("search_path", spell::strings(&index.search_path));
    block.string("inputs", &index.inputs);
    block.digest();
    block.string("fingerprint", &index_fingerprint(index));
    block.string("edges_fingerprint", &edges_fingerprint(index));
    if !index.rendering.is_empty() {
        let numbers = index.rendering.iter().map(|(kind, number)| (kind.as_str(), number.to_string()));
        block.entry("rendering", spell::table(numbers));
    }
    if !index.accepted.is_empty() {
        block.entry("accepted", acceptances(&index.accepted));
    }
}

/// The form's spelling.
pub(super) fn document_id(form: DocumentIdForm) -> &'static str {
    match form {
        DocumentIdForm::Key => "key",
        DocumentIdForm::Hash => "hash",
    }
}

fn key_column(part: &KeyColumn) -> String {
    spell::table([
        ("column", spell::string(&part.column.to_string())),
        ("type", spell::string(&part.pg_type)),
    ])
}

fn settings(block: &mut Block, index: &IndexPlan) {
    if index.settings.is_empty() {
        return;
    }
    block.line("");
    block.line("[index.settings]");
    for (name, value) in &index.settings {
        block.string(name, value);
    }
}

fn enums_and_unique(block: &mut Block, index: &IndexPlan) {
    if !index.enums.is_empty() {
        block.line("");
        block.line("[index.enums]");
        for (name, labels) in &index.enums {
            block.entry(name, spell::strings(labels));
        }
    }
    if !index.unique.is_empty() {
        block.line("");
        block.line("[index.unique]");
        for (table, lists) in &index.unique {
            block.entry(&table.to_string(), spell::list(lists.iter().map(spell::strings)));
        }
    }
}

fn field(plan: &FieldPlan) -> String {
    let mut entries = vec![("kind", spell::string(&plan.kind))];
    entries.extend(plan.parameters.iter().map(|(name, value)| (name.as_str(), spell::value(value))));
    entries.extend(field_source(&plan.source));
    if !plan.through.is_empty() {
        entries.push(("through", spell::strings(&plan.through)));
    }
    if !plan.join.is_empty() {
        entries.push(("join", join(&plan.join)));
    }
    let texts = [("where", &plan.where_), ("when", &plan.when), ("of", &plan.of), ("value", &plan.value)];
    entries.extend(texts.into_iter().filter_map(|(name, text)| Some((name, spell::string(text.as_ref()?)))));
    if plan.distinct {
        entries.push(("distinct", "true".to_owned()));
    }
    if !plan.order_by.is_empty() {
        entries.push(("order_by", spell::strings(&plan.order_by)));
    }
    entries.extend(plan.limit.map(|limit| ("limit", limit.to_string())));
    entries.extend(plan.default.as_ref().map(|value| ("default", spell::value(value))));
    if plan.required {
        entries.push(("required", "true".to_owned()));
    }
    spell::table(entries)
}

fn field_source(source: &FieldSource) -> Option<(&str, String)> {
    match source {
        FieldSource::Column(column) => Some(("column", spell::string(&column.to_string()))),
        FieldSource::Sql(sql) => Some(("sql", spell::string(sql))),
        FieldSource::Constant(value) => Some(("constant", spell::value(value))),
        FieldSource::SameRow => None,
        FieldSource::Related { verb, table } => Some((verb, spell::string(&table.to_string()))),
    }
}

fn join(pairs: &[JoinPair]) -> String {
    spell::table(pairs.iter().map(|pair| (pair.child.as_str(), spell::string(&pair.parent))))
}

fn node(block: &mut Block, node: &Node) {
    block.line("");
    block.line("[[index.node]]");
    block.string("path", &node.path);
    if !node.is_root() {
        block.string("open", &node.open);
        block.string("separator", &node.separator);
        block.string("close", &node.close);
        block.string("empty", node.empty.as_deref().unwrap_or_default());
    }
    block.entry("slots", spell::strings(&node.slots));
    block.text("sql", &node.sql);
}

fn edge(block: &mut Block, edge: &Edge) {
    block.line("");
    block.line("[[index.edge]]");
    block.string("table", &edge.table.to_string());
    block.entry("roles", spell::strings(&edge.roles));
    block.entry("navigation", spell::strings(&edge.navigation));
    if let Some(resolve) = &edge.resolve {
        block.text("resolve", resolve);
    }
    block.line("[index.edge.columns]");
    for (column, facts) in &edge.columns {
        block.entry(&column.to_string(), spell::string(facts));
    }
}
