//! Whose an alias is: what it points to beside what the state calls live.

use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::ownership::{OWNERSHIP_VERSION, Ownership};
use flusso_schemas::report::{Finding, Level};
use flusso_schemas::state::{GenerationPhase, GenerationState};

use crate::error::{Error, ErrorKind, Result};
use crate::opening::Opening;
use crate::planning::sinks_of;
use crate::sink::{AliasState, AliasTarget};
use crate::source::SourceIdentity;
use crate::state::{SinkState, of_sink};

/// The mark that a generation of this plan carries.
pub fn mark(plan: &Lock, identity: &SourceIdentity, index: &str, generation: &str) -> Ownership {
    Ownership {
        version: OWNERSHIP_VERSION,
        project: plan.project.clone(),
        index: index.to_owned(),
        generation: generation.to_owned(),
        source: format!("{}/{}", identity.system_identifier, identity.database),
    }
}

/// What an alias means to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It points to the live generation; or there is none, and nothing has its name.
    Right,
    /// There is a live generation, and nothing has its name.
    Missing,
    /// Nothing is live in the state, and it points to earlier generations of this very index.
    Earlier(Vec<String>),
    /// It points to something that is not ours to move: what, in words.
    Elsewhere(String),
}

/// Judges an alias. `ours` is the mark of any generation of the index.
pub fn judge(name: &str, alias: &AliasState, live: Option<&str>, ours: &Ownership) -> Standing {
    let AliasState::Targets(targets) = alias else {
        return Standing::Elsewhere(format!("`{name}` is an index, not an alias"));
    };
    match (targets.as_slice(), live) {
        ([], None) => Standing::Right,
        ([], Some(_)) => Standing::Missing,
        ([target], Some(live)) if target.name == live => Standing::Right,
        (all, None) if all.iter().all(|target| is_earlier(target, ours)) => {
            Standing::Earlier(all.iter().map(|target| target.name.clone()).collect())
        }
        (all, live) => {
            let whose: Vec<String> = all.iter().map(|target| described(target, ours)).collect();
            let instead = live.map_or_else(String::new, |live| format!(", and `{live}` is live"));
            Standing::Elsewhere(format!("alias `{name}` points to {}{instead}", whose.join(" and ")))
        }
    }
}

fn is_earlier(target: &AliasTarget, ours: &Ownership) -> bool {
    let is_it = |mark: &Ownership| mark.is_same_index(ours) && mark.generation == target.name;
    target.ownership.as_ref().is_some_and(is_it)
}

fn described(target: &AliasTarget, ours: &Ownership) -> String {
    let name = &target.name;
    match &target.ownership {
        None => format!("`{name}`, which flusso did not create"),
        Some(mark) if mark.generation != *name => format!("`{name}`, a copy of `{}`", mark.generation),
        Some(mark) if mark.project != ours.project => {
            format!("`{name}` of project `{}`", mark.project)
        }
        Some(mark) if mark.source != ours.source => {
            format!("`{name}`, which was built from another database (`{}`)", mark.source)
        }
        Some(mark) if mark.index != ours.index => format!("`{name}` of index `{}`", mark.index),
        Some(_) => format!("`{name}`"),
    }
}

/// The generation that an index's alias has to point to: a swap that was interrupted asks the alias.
pub fn live_of<'a>(
    own: &'a [GenerationState],
    index: &str,
    alias: &AliasState,
) -> Option<&'a GenerationState> {
    let mut own = own.iter().filter(|own| own.index == index);
    let is_target = |name: &str| match alias {
        AliasState::Targets(targets) => targets.iter().any(|target| target.name == name),
        AliasState::Index => false,
    };
    let is_swapped = |own: &&GenerationState| own.phase == GenerationPhase::Swapping && is_target(&own.name);
    let swapped = own.clone().find(is_swapped);
    swapped.or_else(|| own.find(|own| own.phase == GenerationPhase::Live))
}

/// What the alias of an index means in a sink that keeps a state.
pub async fn standing(opening: &Opening, state: &SinkState, index: &IndexPlan) -> Result<Standing> {
    let alias = opening.sink.alias(&state.sink, index).await?;
    let name = opening.sink.alias_name(&state.sink, index)?;
    let own = state.generations().await;
    let live = live_of(&own, &index.name, &alias).map(|live| live.name.as_str());
    let ours = mark(&opening.plan, &opening.identity, &index.name, live.unwrap_or_default());
    Ok(judge(&name, &alias, live, &ours))
}

/// An error that names every alias that is not ours to move.
pub async fn check_aliases(opening: &Opening) -> Result<()> {
    let mut findings = Vec::new();
    for (_, words) in troubles(opening).await?.into_iter().filter(|(is_missing, _)| !is_missing) {
        findings.push(
            Finding::live("alias-points-elsewhere", Level::Deny, words).with_help(
                "point the alias back to the live index, or remove it: `flusso apply` puts it back",
            ),
        );
    }
    if findings.is_empty() {
        return Ok(());
    }
    let message = "an alias of this project points to another index; nothing was changed";
    Err(Error::new(ErrorKind::Drift, message).with_findings(findings))
}

/// What is wrong with aliases, for a run that only reports it.
pub async fn alias_findings(opening: &Opening) -> Result<Vec<Finding>> {
    let finding = |(is_missing, words): (bool, String)| {
        let lint = if is_missing { "alias-missing" } else { "alias-points-elsewhere" };
        let help = match is_missing {
            true => "run `flusso apply`: it puts the alias back",
            false => "find who moved the alias, then run `flusso apply --dry-run`",
        };
        Finding::live(lint, Level::Deny, words).with_help(help)
    };
    Ok(troubles(opening).await?.into_iter().map(finding).collect())
}

/// Aliases that are missing (true) or point elsewhere, in words.
async fn troubles(opening: &Opening) -> Result<Vec<(bool, String)>> {
    let mut troubles = Vec::new();
    for index in &opening.plan.indexes {
        for sink in sinks_of(index) {
            let Some(state) = of_sink(&opening.states, &sink) else { continue };
            match standing(opening, state, index).await? {
                Standing::Missing => {
                    let name = opening.sink.alias_name(&sink, index)?;
                    troubles.push((true, format!("alias `{name}` does not exist: queries find nothing")));
                }
                Standing::Elsewhere(words) => troubles.push((false, words)),
                Standing::Right | Standing::Earlier(_) => {}
            }
        }
    }
    Ok(troubles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ownership {
        Ownership {
            version: OWNERSHIP_VERSION,
            project: "shop".to_owned(),
            index: "orders".to_owned(),
            generation: String::new(),
            source: "7/shop".to_owned(),
        }
    }

    fn target(name: &str, change: impl FnOnce(&mut Ownership)) -> AliasTarget {
        let mut ownership = Ownership { generation: name.to_owned(), ..ours() };
        change(&mut ownership);
        AliasTarget { name: name.to_owned(), ownership: Some(ownership) }
    }

    fn judged(targets: Vec<AliasTarget>, live: Option<&str>) -> Standing {
        judge("a", &AliasState::Targets(targets), live, &ours())
    }

    #[test]
    fn an_alias_is_right_where_it_points_to_the_live_generation_alone() {
        assert_eq!(judged(vec![target("o-1", |_| {})], Some("o-1")), Standing::Right);
        assert_eq!(judged(Vec::new(), None), Standing::Right);
        assert_eq!(judged(Vec::new(), Some("o-1")), Standing::Missing);
        let both = judged(vec![target("o-1", |_| {}), target("o-2", |_| {})], Some("o-1"));
        let words = "alias `a` points to `o-1` and `o-2`, and `o-1` is live".to_owned();
        assert_eq!(both, Standing::Elsewhere(words));
    }

    #[test]
    fn without_a_live_generation_only_earlier_ones_of_this_index_may_be_taken_over() {
        let earlier = judged(vec![target("o-1", |_| {})], None);
        assert_eq!(earlier, Standing::Earlier(vec!["o-1".to_owned()]));
        let words = |targets| match judged(targets, None) {
            Standing::Elsewhere(words) => words,
            other => panic!("{other:?}"),
        };
        let of_project = words(vec![target("o-1", |mark| mark.project = "other".to_owned())]);
        assert_eq!(of_project, "alias `a` points to `o-1` of project `other`");
        let moved = judged(vec![target("o-1", |mark| mark.source = "8/shop".to_owned())], None);
        assert_eq!(moved, Standing::Earlier(vec!["o-1".to_owned()]), "the database moved");
        let copied = words(vec![target("o-1", |mark| mark.generation = "o-0".to_owned())]);
        assert_eq!(copied, "alias `a` points to `o-1`, a copy of `o-0`");
        let by_hand = words(vec![AliasTarget { name: "x".to_owned(), ownership: None }]);
        assert_eq!(by_hand, "alias `a` points to `x`, which flusso did not create");
    }
}
