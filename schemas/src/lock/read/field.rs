//! Reads one line of `[index.fields]`.

use std::collections::BTreeMap;

use super::super::index::{FieldPlan, FieldSource, JoinPair};
use super::item::Item;
use super::keys::Keys;
use super::problem::Result;

/// Relations and aggregates; the value says whether it reads something with `of`.
const VERBS: [(&str, bool); 10] = [
    ("avg", true),
    ("belongs_to", false),
    ("count", true),
    ("exists", false),
    ("has_many", false),
    ("has_one", false),
    ("many_to_many", false),
    ("max", true),
    ("min", true),
    ("sum", true),
];

/// One field. What is no key of every field is a parameter of its kind: kinds are not known here.
pub(super) fn field(item: Item<'_>) -> Result<FieldPlan> {
    let what = format!("field `{}`", item.name);
    let mut keys = item.table(what)?;
    let kind = keys.required("kind")?.string()?;
    let (source, takes_of) = source(&mut keys)?;
    let mut plan = FieldPlan {
        kind,
        parameters: BTreeMap::new(),
        source,
        through: keys.optional_list("through", Item::parsed)?,
        join: keys.optional("join").map_or(Ok(Vec::new()), join)?,
        where_: keys.optional_string("where")?,
        when: keys.optional_string("when")?,
        // Kind `map` has a parameter of the same name.
        of: if takes_of { keys.optional_string("of")? } else { None },
        value: keys.optional_string("value")?,
        distinct: keys.flag("distinct")?,
        order_by: keys.optional_list("order_by", Item::string)?,
        limit: keys.optional("limit").map(Item::integer).transpose()?,
        default: keys.optional("default").map(Item::json).transpose()?,
        required: keys.flag("required")?,
    };
    for item in keys.in_text_order() {
        plan.parameters.insert(item.name.clone(), item.json()?);
    }
    Ok(plan)
}

/// What fills it, and whether it takes `of`.
fn source(keys: &mut Keys<'_>) -> Result<(FieldSource, bool)> {
    let mut found = (FieldSource::SameRow, false);
    let mut names = Vec::new();
    for (verb, takes_of) in VERBS {
        if let Some(item) = keys.optional(verb) {
            names.push(verb);
            found = (FieldSource::Related { verb: verb.to_owned(), table: item.parsed()? }, takes_of);
        }
    }
    if let Some(item) = keys.optional("column") {
        names.push("column");
        found = (FieldSource::Column(item.parsed()?), false);
    }
    if let Some(sql) = keys.optional_string("sql")? {
        names.push("sql");
        found = (FieldSource::Sql(sql), false);
    }
    if let Some(item) = keys.optional("constant") {
        names.push("constant");
        found = (FieldSource::Constant(item.json()?), false);
    }
    match names.as_slice() {
        [] | [_] => Ok(found),
        several => {
            Err(keys.problem(format!("has `{}`, of which one fills a field", several.join("` and `"))))
        }
    }
}

/// Pairs in the order of the text, which is that of the path.
fn join(item: Item<'_>) -> Result<Vec<JoinPair>> {
    let pairs = item.table("`join`")?.in_text_order().into_iter();
    pairs.map(|pair| Ok(JoinPair { child: pair.name.clone(), parent: pair.string()? })).collect()
}
