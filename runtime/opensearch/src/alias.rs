//! The alias that applications query: where it points, who owns that, and its move.

use flusso_lints::alias_is_an_index;
use flusso_runtime::error::{Error, ErrorKind, Result};
use flusso_runtime::sink::AliasState;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answered, Client};
use crate::owner::OwnerQuery;
use crate::server_error::ServerError;
use crate::transport::segment;

/// How often moving an alias is retried because its targets changed meanwhile.
const ATTEMPTS_MAX: u32 = 5;

#[derive(Deserialize)]
struct Resolved {
    #[serde(default)]
    indices: Vec<Named>,
    #[serde(default)]
    aliases: Vec<Alias>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Alias {
    name: String,
    indices: Vec<String>,
}

/// What has the name of an alias.
pub(crate) async fn state(asked: OwnerQuery<'_>, alias: &str) -> Result<AliasState> {
    Ok(match targets(asked.client, alias).await? {
        None => AliasState::Index,
        Some(names) => AliasState::Targets(asked.targets(alias, names).await?),
    })
}

/// The indexes an alias points to, sorted; `None` if an index has its name.
pub(crate) async fn targets(client: &Client, alias: &str) -> Result<Option<Vec<String>>> {
    let path = format!("/_resolve/index/{}?expand_wildcards=all", segment(alias));
    let answered = client.get(&path).await?;
    if answered.is_missing() {
        return Ok(Some(Vec::new()));
    }
    let resolved: Resolved = answered.json("a lookup of an alias")?;
    if resolved.indices.iter().any(|index| index.name == alias) {
        return Ok(None);
    }
    let found = resolved.aliases.into_iter().find(|found| found.name == alias);
    let mut targets = found.map(|found| found.indices).unwrap_or_default();
    targets.sort();
    Ok(Some(targets))
}

/// Moves the alias to one generation and away from `from`, in one step. Any other index keeps it, and
/// is an error: it belongs to someone else.
pub(crate) async fn swap(client: &Client, alias: &str, generation: &str, from: &[String]) -> Result<()> {
    for attempt in 1..=ATTEMPTS_MAX {
        let Some(targets) = targets(client, alias).await? else {
            let finding = alias_is_an_index::finding(alias);
            return Err(Error::new(ErrorKind::Findings, finding.message.clone()).with_findings(vec![finding]));
        };
        let is_foreign = |target: &&String| *target != generation && !from.contains(target);
        if let Some(foreign) = targets.iter().find(is_foreign) {
            let message = format!("alias `{alias}` was moved to `{foreign}` by someone else");
            return Err(Error::new(ErrorKind::Foreign, message)
                .with_help("find who moved it, then run `flusso apply` again"));
        }
        if targets == [generation] {
            return Ok(());
        }
        let answered = client.post("/_aliases", &actions(alias, generation, &targets)).await?;
        if !is_outdated(&answered) {
            answered.success(&format!("the move of alias `{alias}`"))?;
        }
        // Always read again: only the alias itself says where it points.
        if attempt > 1 {
            client.pause(attempt).await?;
        }
    }
    let message = format!("someone else keeps moving alias `{alias}` away from `{generation}`");
    Err(Error::new(ErrorKind::Foreign, message))
}

/// Whether an index or alias that was to be removed is gone already.
fn is_outdated(answered: &Answered) -> bool {
    answered.is_missing() && ServerError::of(&answered.response).error_type == "aliases_not_found_exception"
}

fn actions(alias: &str, generation: &str, targets: &[String]) -> Value {
    let others = targets.iter().filter(|target| *target != generation);
    let mut actions: Vec<Value> =
        others.map(|index| json!({ "remove": { "index": index, "alias": alias } })).collect();
    actions.push(json!({ "add": { "index": generation, "alias": alias } }));
    json!({ "actions": actions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_index_loses_the_alias_in_the_same_step() {
        let targets = ["a".to_owned(), "new".to_owned(), "b".to_owned()];
        let expected = json!({"actions": [
            {"remove": {"index": "a", "alias": "x"}},
            {"remove": {"index": "b", "alias": "x"}},
            {"add": {"index": "new", "alias": "x"}},
        ]});
        assert_eq!(actions("x", "new", &targets), expected);
    }
}
