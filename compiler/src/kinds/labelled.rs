//! `enum`: one of a few labels, with their order.

use std::collections::BTreeMap;

use flusso_schemas::hash::short_hash;
use flusso_schemas::name::quote_literal;
use serde_json::{Value, json};

use super::common::{KEYWORD_OPTIONS, exact_mapping, never, text};
use super::{Acceptance, FieldMapping, Kind, MappingContext, Rendered};
use crate::grammar::Value::{Labels, NumberedLabels};
use crate::grammar::{Key, key};
use crate::pg_type::{BaseType, PgType};

/// The kind `enum`: labels that sort in an order of their own.
#[derive(Debug)]
pub(super) struct Enum;

impl Kind for Enum {
    fn name(&self) -> &'static str {
        "enum"
    }

    fn docs(&self) -> &'static str {
        "One of a few labels, sorted by their order rather than by their letters.\n\n\
         The order is the Postgres enum's own, or `order` as written; `labels` gives integers their labels. \
         A subfield `.sort` holds the rank; a label that is not listed sorts last. A text \
         without `order` has no rank: it is sorted by its letters.\n\n\
         Example: `status: enum`, `{ kind: enum, order: [draft, paid, shipped] }`"
    }

    fn is_auto_for(&self, base: &BaseType) -> bool {
        matches!(base, BaseType::Enum { .. })
    }

    fn own_keys(&self) -> &'static [Key] {
        const {
            &[
                key("labels", NumberedLabels, "Labels of integers, in the order of the integers.")
                    .without(&["order"]),
                key("order", Labels, "Labels in the order they sort.").default("that of the Postgres enum"),
            ]
        }
    }

    fn options(&self) -> &'static [&'static str] {
        KEYWORD_OPTIONS
    }

    fn accepts(&self, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Acceptance {
        match &pg_type.base {
            BaseType::Enum { .. } => Acceptance::Exact,
            base if base.is_integer() && parameters.contains_key("labels") => {
                Acceptance::Lossy("an integer without a label sorts last".to_owned())
            }
            base if base.is_integer() => Acceptance::NeedsKey {
                key: "labels",
                why: "an integer means nothing to someone who searches for a word".to_owned(),
            },
            base if base.is_text() && parameters.contains_key("order") => {
                Acceptance::Lossy("a text that is not in `order` sorts last".to_owned())
            }
            base if base.is_text() => Acceptance::Exact,
            BaseType::Boolean => never("a boolean needs no labels", "`boolean`"),
            BaseType::Uuid => never("expected labels, found a UUID", "`uuid`"),
            _ => never("expected an enum type, text or an integer", "`keyword`"),
        }
    }

    fn mapping(&self, field: &MappingContext<'_>) -> FieldMapping {
        let labels = ordered_labels(field.pg_type, field.parameters);
        let mut mapping = exact_mapping(field.pg_type);
        if labels.is_empty() {
            return mapping;
        }
        let name = normalizer_name(field.path);
        let mut rank = json!({ "type": "keyword", "normalizer": name.clone() });
        if let Some(longest) = mapping.parameters.get("ignore_above") {
            rank["ignore_above"] = longest.clone();
        }
        mapping.subfields = BTreeMap::from([("sort".to_owned(), rank)]);
        mapping.analysis = analysis(&name, &labels);
        mapping
    }

    fn render(&self, expression: &str, pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Rendered {
        let labels = integer_labels(parameters);
        if labels.is_empty() || !pg_type.base.is_integer() {
            return text(expression, pg_type);
        }
        let whens: String = labels
            .iter()
            .map(|(value, label)| format!(" when {value} then {}", quote_literal(&json!(label).to_string())))
            .collect();
        Rendered::Text(format!("case {expression}{whens} else to_json({expression}::text)::text end"))
    }
}

/// Name of a field's normalizer, unique for its path: dots become two underscores, and a path that has underscores
/// of its own at such places gets its hash appended.
fn normalizer_name(path: &str) -> String {
    let name = format!("flusso_{}", path.replace('.', "__"));
    let is_plain =
        path.split('.').all(|part| !part.contains("__") && !part.starts_with('_') && !part.ends_with('_'));
    if is_plain { name } else { format!("{name}_{}", short_hash(path.as_bytes())) }
}

/// The labels in the order they sort, none where the letters decide.
fn ordered_labels(pg_type: &PgType, parameters: &BTreeMap<String, Value>) -> Vec<String> {
    if let Some(order) = parameters.get("order").and_then(Value::as_array) {
        return order.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    match &pg_type.base {
        BaseType::Enum { labels, .. } => labels.clone(),
        _ => integer_labels(parameters).into_iter().map(|(_, label)| label).collect(),
    }
}

/// `labels`, sorted by the integer.
fn integer_labels(parameters: &BTreeMap<String, Value>) -> Vec<(i64, String)> {
    let written = parameters.get("labels").and_then(Value::as_object);
    let mut labels: Vec<(i64, String)> = written
        .into_iter()
        .flatten()
        .filter_map(|(value, label)| Some((value.parse().ok()?, label.as_str()?.to_owned())))
        .collect();
    labels.sort_unstable();
    labels
}

/// A normalizer that replaces each whole label by U+0001 and its rank, so that others sort last.
///
/// One anchored `pattern_replace` a label: a `mapping` filter would replace `paid` within `unpaid`.
fn analysis(name: &str, labels: &[String]) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
    let filter_name = |rank: usize| format!("{name}_{rank}");
    let filters: Vec<String> = (1..=labels.len()).map(filter_name).collect();
    let char_filters = labels.iter().zip(1..).map(|(label, rank)| {
        let pattern = format!("^{}$", escape_pattern(label));
        let replacement = format!("\u{1}{rank:04}");
        let filter = json!({ "type": "pattern_replace", "pattern": pattern, "replacement": replacement });
        (filter_name(rank), filter)
    });
    let normalizer = json!({ "type": "custom", "char_filter": filters });
    BTreeMap::from([
        ("char_filter", char_filters.collect()),
        ("normalizer", BTreeMap::from([(name.to_owned(), normalizer)])),
    ])
}

/// A label as a Java pattern that matches it and nothing else.
fn escape_pattern(label: &str) -> String {
    let special = |character: char| r"\^$.|?*+()[]{}".contains(character);
    label.chars().flat_map(|each| special(each).then_some('\\').into_iter().chain([each])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pg_type::Enums;

    #[test]
    fn no_two_fields_share_a_normalizer() {
        let paths = ["a.b", "a__b", "a_.b", "a._b", "a", "a_b", "a_", "_a"];
        let names: std::collections::BTreeSet<String> = paths.map(normalizer_name).into_iter().collect();
        assert_eq!(names.len(), paths.len(), "{names:?}");
        assert_eq!(normalizer_name("order.status"), "flusso_order__status");
    }

    #[test]
    fn a_text_of_any_length_leaves_the_document_in_the_index() {
        let order = BTreeMap::from([("order".to_owned(), json!(["draft", "paid"]))]);
        for (name, has_limit) in [("text", true), ("character varying(40000)", true), ("integer", false)] {
            let pg_type = PgType::of_text(name, &Enums::new());
            let field = MappingContext { path: "state", pg_type: &pg_type, parameters: &order };
            let mapping = Enum.mapping(&field);
            assert_eq!(mapping.parameters.contains_key("ignore_above"), has_limit, "{name}");
            assert_eq!(mapping.subfields["sort"].get("ignore_above").is_some(), has_limit, "{name}");
        }
    }

    #[test]
    fn special_characters_of_a_label_match_themselves() {
        assert_eq!(escape_pattern("a.b (c)"), r"a\.b \(c\)");
        assert_eq!(escape_pattern("paid"), "paid");
    }

    #[test]
    fn integers_print_their_label_in_the_order_of_the_integers() {
        let parameters = BTreeMap::from([("labels".to_owned(), json!({ "10": "it's", "2": "paid" }))]);
        let integer = PgType::of_text("integer", &Enums::new());
        let rendered = Enum.render("o.state", &integer, &parameters);
        let sql = r#"case o.state when 2 then '"paid"' when 10 then '"it''s"' else to_json(o.state::text)::text end"#;
        assert_eq!(rendered, Rendered::Text(sql.to_owned()));
    }
}
