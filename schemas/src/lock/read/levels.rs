//! Reads `[levels]` and the lists of accepted findings.

use super::super::levels::{Acceptance, LEVELS, LintLevel};
use super::item::{Item, follows};
use super::problem::{Problem, Result};

/// One entry of `[levels]`.
pub(super) fn level(item: Item<'_>) -> Result<(String, LintLevel)> {
    let name = lint_name(item.key_at, item.name.clone())?;
    let mut keys = item.table(format!("level of `{name}`"))?;
    let level = keys.required("level")?.one_of(&LEVELS)?;
    let reason = keys.optional_string("reason")?;
    keys.finish()?;
    Ok((name, LintLevel { level, reason }))
}

/// `accepted`, sorted; absent where nothing is.
pub(super) fn accepted(item: Option<Item<'_>>) -> Result<Vec<Acceptance>> {
    let mut accepted: Vec<Acceptance> = Vec::new();
    for item in item.map_or(Ok(Vec::new()), Item::list)? {
        let at = item.at;
        let next = acceptance(item)?;
        let order = |each: &Acceptance| format!("{} of {}", each.lint, each.about);
        follows(at, accepted.last().map(order).as_ref(), &order(&next))?;
        accepted.push(next);
    }
    Ok(accepted)
}

fn acceptance(item: Item<'_>) -> Result<Acceptance> {
    let mut keys = item.table("an item of `accepted`")?;
    let lint = keys.required("lint")?;
    let lint = lint_name(lint.at, lint.string()?)?;
    let about = keys.required("about")?.filled_string()?;
    let reason = keys.required("reason")?.filled_string()?;
    keys.finish()?;
    Ok(Acceptance { lint, about, reason })
}

/// Lint names are kebab-case; which lints there are is not known here.
fn lint_name(at: usize, name: String) -> Result<String> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && name.bytes().all(is_part) {
        return Ok(name);
    }
    Err(Problem::new(at, format!("`{name}` is not the name of a lint: expected kebab-case")))
}
