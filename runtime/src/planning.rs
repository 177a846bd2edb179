//! What an apply will do: one step an index and sink, from the plan and the states.

use std::collections::BTreeSet;

use flusso_schemas::lock::{IndexPlan, edges_fingerprint, index_fingerprint, read_index};
use flusso_schemas::report::{Action, ApplyPlan, IndexStep};
use flusso_schemas::state::{GenerationPhase, GenerationState};

use crate::error::{Error, ErrorKind, Result};
use crate::opening::Opening;
use crate::state::{SinkState, of_sink};

/// Name of the sink that stands in where a plan has none.
pub const STDOUT: &str = "stdout";

/// The plan of an apply, before anything is changed.
pub async fn plan_apply(opening: &Opening) -> Result<ApplyPlan> {
    let mut steps = Vec::new();
    for index in &opening.plan.indexes {
        let rows_estimated = opening.source.capture.rows_estimated(index).await.unwrap_or(None);
        for sink in sinks_of(index) {
            let mut step = step_of(opening, index, &sink).await?;
            step.rows_estimated = rows_estimated;
            steps.push(step);
        }
    }
    for state in opening.states.iter() {
        steps.extend(retired(opening, state).await);
    }
    let source = opening.source.capture.provision_plan(&opening.plan).await?;
    Ok(ApplyPlan { source, steps })
}

/// Names of the sinks an index goes to.
pub fn sinks_of(index: &IndexPlan) -> Vec<String> {
    match index.sinks.is_empty() {
        true => vec![STDOUT.to_owned()],
        false => index.sinks.clone(),
    }
}

/// An error that names every step this version does not carry out.
pub fn refuse_unsupported(plan: &ApplyPlan) -> Result<()> {
    let refused = |step: &&IndexStep| !step.action.is_supported();
    let words = |step: &IndexStep| {
        let reason = step.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{} `{}` in sink `{}`{reason}", action_word(step.action), step.index, step.sink)
    };
    let refused: Vec<String> = plan.steps.iter().filter(refused).map(words).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let message =
        format!("this version of flusso does not {} yet; nothing was changed", refused.join(", nor "));
    Err(Error::new(ErrorKind::Drift, message).with_help("take the change back and run `flusso compile`"))
}

/// The verb of an action.
pub fn action_word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Resume => "resume",
        Action::Unchanged => "leave",
        Action::UpdateSettings => "update the settings of",
        Action::Extend => "extend and refill",
        Action::Refill => "refill",
        Action::Rebuild => "rebuild",
        Action::Retire => "retire",
    }
}

async fn step_of(opening: &Opening, index: &IndexPlan, sink: &str) -> Result<IndexStep> {
    let step = |action, generation: Option<&GenerationState>, reason: Option<String>| IndexStep {
        index: index.name.clone(),
        sink: sink.to_owned(),
        action,
        generation: generation.map(|generation| generation.name.clone()),
        rows_estimated: None,
        reason,
    };
    let Some(state) = of_sink(&opening.states, sink) else {
        return Ok(step(
            Action::Create,
            None,
            Some("stdout keeps nothing: every document is printed".to_owned()),
        ));
    };
    let generations = state.generations().await;
    let own: Vec<&GenerationState> = generations.iter().filter(|own| own.index == index.name).collect();
    let has_meaning_of = |generation: &GenerationState| {
        generation.fingerprint == index_fingerprint(index)
            && generation.edges_fingerprint == edges_fingerprint(index)
    };
    let live = own.iter().find(|generation| generation.phase == GenerationPhase::Live);
    let begun =
        own.iter().find(|own| matches!(own.phase, GenerationPhase::Filling | GenerationPhase::Swapping));
    Ok(match (live, begun) {
        (Some(live), _)
            if has_meaning_of(live)
                && !changed_settings(live, index).is_empty()
                && has_missed_nothing(state, live).await =>
        {
            let names = changed_settings(live, index).join("`, `");
            step(Action::UpdateSettings, Some(live), Some(format!("`{names}` changed")))
        }
        (Some(live), _) if has_meaning_of(live) && has_missed_nothing(state, live).await => {
            step(Action::Unchanged, Some(live), None)
        }
        (Some(live), _) if live.fingerprint != index_fingerprint(index) => {
            step(Action::Rebuild, Some(live), Some("its mapping, key or fields changed".to_owned()))
        }
        (Some(live), _) if !has_meaning_of(live) => {
            step(Action::Refill, Some(live), Some("it depends on other tables or columns now".to_owned()))
        }
        (_, Some(begun))
            if has_meaning_of(begun)
                && changed_settings(begun, index).is_empty()
                && has_missed_nothing(state, begun).await =>
        {
            step(Action::Resume, Some(begun), None)
        }
        (_, Some(begun)) => {
            let reason =
                format!("`{}` was begun under another plan or has missed changes: it is dropped", begun.name);
            step(Action::Create, None, Some(reason))
        }
        (Some(live), None) => {
            let reason = format!("`{}` has missed changes: another one is built beside it", live.name);
            step(Action::Create, None, Some(reason))
        }
        (None, None) => step(Action::Create, None, existing_target(opening, index, sink).await?),
    })
}

/// Dynamic settings that differ from those a generation was made with: they are outside the fingerprints.
fn changed_settings(generation: &GenerationState, index: &IndexPlan) -> Vec<String> {
    // A plan of another version never has equal fingerprints, so that it is not asked for its settings.
    let before = read_index(&generation.plan).map(|plan| plan.settings).unwrap_or_default();
    let names: BTreeSet<&String> = before.keys().chain(index.settings.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != index.settings.get(*name)).cloned().collect()
}

/// Rule *fed-until*: a generation that was fed up to the confirmed position, and is not marked, has missed
/// nothing.
pub async fn has_missed_nothing(state: &SinkState, generation: &GenerationState) -> bool {
    if generation.stale.is_some() {
        return false;
    }
    let Some(project) = state.project().await else { return false };
    let Some(confirmed) = project.confirmed else { return false };
    project.fed.get(&generation.name).is_some_and(|fed| *fed >= confirmed.position)
}

async fn existing_target(opening: &Opening, index: &IndexPlan, sink: &str) -> Result<Option<String>> {
    let targets = opening.sink.alias_targets(sink, index).await?;
    Ok(match targets.is_empty() {
        true => None,
        false => {
            Some(format!("alias `{}` points to `{}`, which is left alone", index.alias, targets.join("`, `")))
        }
    })
}

async fn retired(opening: &Opening, state: &SinkState) -> Vec<IndexStep> {
    let is_planned = |generation: &GenerationState| {
        let named = |index: &&IndexPlan| index.name == generation.index;
        opening.plan.indexes.iter().find(named).is_some_and(|index| sinks_of(index).contains(&state.sink))
    };
    let generations = state.generations().await.into_iter();
    let gone =
        generations.filter(|generation| generation.phase != GenerationPhase::Kept && !is_planned(generation));
    gone.map(|generation| IndexStep {
        index: generation.index,
        sink: state.sink.clone(),
        action: Action::Retire,
        generation: Some(generation.name),
        rows_estimated: None,
        reason: Some("the lock no longer has it".to_owned()),
    })
    .collect()
}
