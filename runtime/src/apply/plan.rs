//! What an apply will do: one step an index and sink, from the plan and the states. Nothing is changed.

use std::collections::BTreeSet;

use flusso_lints::source::statements;
use flusso_schemas::change::{Change, Effect, IndexChange, compare};
use flusso_schemas::lock::{IndexPlan, edges_fingerprint, index_fingerprint, read_index};
use flusso_schemas::report::{Action, ApplyPlan, IndexStep, SourceChange, StateStep};
use flusso_schemas::state::{GenerationPhase, GenerationState};

use crate::drift::{Compare, Fit, listed};
use crate::error::{Error, ErrorKind, Result};
use crate::ownership::{Standing, Trouble, live_of, standing};
use crate::session::start::SessionStart;
use crate::session::state::{SinkState, of_sink};
use crate::sink::{Generation, sinks_of};

/// The plan of an apply, before anything is changed.
pub(crate) async fn plan_apply(start: &SessionStart) -> Result<ApplyPlan> {
    let mut steps = Vec::new();
    for index in &start.plan.indexes {
        let rows_estimated = start.source.capture.rows_estimated(index).await.unwrap_or(None);
        for sink in sinks_of(index) {
            let mut step = step_of(start, index, &sink).await?;
            step.rows_estimated = rows_estimated;
            steps.push(step);
        }
    }
    for state in start.states.iter() {
        steps.extend(retired(start, state).await);
    }
    let mut source = start.source.capture.provision_plan(&start.plan).await?;
    if !start.is_ready().await {
        source.push(slot_change(&start.plan.source.slot));
    }
    let mut states = Vec::new();
    for state in start.states.iter() {
        if state.project().await.is_none() {
            states.push(StateStep { sink: state.sink.clone(), index: state.index_name() });
        }
    }
    Ok(ApplyPlan { source, states, steps })
}

fn slot_change(slot: &str) -> SourceChange {
    SourceChange {
        what: format!("creates replication slot `{slot}`"),
        statement: statements::create_slot(slot),
    }
}

/// An error that names every step this version does not carry out.
pub(crate) fn refuse_unsupported(plan: &ApplyPlan) -> Result<()> {
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
        format!("cannot {}: not supported in this version; nothing was changed", refused.join(", "));
    Err(Error::new(ErrorKind::Drift, message)
        .with_help("revert that change (restore a removed index file), then run `flusso compile`"))
}

/// Whether two plans do the same. Estimates may differ.
pub(crate) fn is_same_work(one: &ApplyPlan, other: &ApplyPlan) -> bool {
    let work = |plan: &ApplyPlan| -> Vec<(String, String, Action, Option<String>)> {
        let of =
            |step: &IndexStep| (step.index.clone(), step.sink.clone(), step.action, step.generation.clone());
        plan.steps.iter().map(of).collect()
    };
    work(one) == work(other)
}

/// The verb of an action.
pub(crate) fn action_word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Resume => "resume",
        Action::Unchanged => "leave",
        Action::Alias => "restore the alias of",
        Action::Settings => "update the settings of",
        Action::Extend => "extend and refill",
        Action::Refill => "refill",
        Action::Rebuild => "rebuild",
        Action::Retire => "retire",
        Action::Drop => "drop",
    }
}

/// Why a generation cannot be continued under a plan.
#[derive(Clone, Debug)]
struct Obstacle {
    why: String,
    changes: Vec<Change>,
}

impl Obstacle {
    fn of(why: String) -> Self {
        Self { why, changes: Vec::new() }
    }
}

/// What prevents a generation from being continued.
#[derive(Clone, Debug)]
enum Judgement {
    Usable,
    /// Nothing, once every document was compared: why, in words.
    NeedsComparison(String),
    /// It has to be replaced.
    Unusable(Obstacle),
}

impl Judgement {
    /// What forbids going on with it, else what has to be done before.
    fn split(self) -> (Option<Obstacle>, Option<String>) {
        match self {
            Self::Usable => (None, None),
            Self::NeedsComparison(why) => (None, Some(why)),
            Self::Unusable(obstacle) => (Some(obstacle), None),
        }
    }
}

async fn step_of(start: &SessionStart, index: &IndexPlan, sink: &str) -> Result<IndexStep> {
    let step = |action, generation: Option<&GenerationState>, reason, changes| IndexStep {
        index: index.name.clone(),
        sink: sink.to_owned(),
        action,
        generation: generation.map(|generation| generation.name.clone()),
        rows_estimated: None,
        reason,
        changes,
    };
    let Some(state) = of_sink(&start.states, sink) else {
        return Ok(step(Action::Create, None, None, Vec::new()));
    };
    let alias = start.sink.alias(sink, index).await?;
    let own = state.generations().await;
    let live = live_of(&own, &index.name, &alias);
    let begun = own.iter().find(|own| {
        own.index == index.name && is_begun(own) && live.is_none_or(|live| live.name != own.name)
    });
    let (not_live, first) = obstacle(start, state, live, index).await?.split();
    if let (Some(live), None) = (live, &not_live) {
        let (lacking, settings) = (lacking(start, state, live, index).await?, settings(start, live, index)?);
        let action = match (&lacking, settings.is_empty()) {
            (Some(_), _) => Action::Alias,
            (None, false) => Action::Settings,
            (None, true) => Action::Unchanged,
        };
        return Ok(step(action, Some(live), joined([lacking, first]), settings));
    }
    let (not_begun, first) = obstacle(start, state, begun, index).await?.split();
    Ok(match (live, begun) {
        (_, Some(begun)) if not_begun.is_none() => {
            let (why, changes) = not_live.map(|found| (found.why, found.changes)).unzip();
            step(Action::Resume, Some(begun), joined([why, first]), changes.unwrap_or_default())
        }
        (Some(live), _) => {
            let Obstacle { why, changes } = not_live.unwrap_or_else(|| Obstacle::of(String::new()));
            let fate =
                format!("{why}: a new index is built beside it, and the live one is not updated meanwhile");
            step(Action::Rebuild, Some(live), Some(fate), changes)
        }
        (None, Some(_)) => {
            let why = not_begun.map(|found| format!("{}: it is dropped", found.why));
            step(Action::Create, None, why, Vec::new())
        }
        (None, None) => step(Action::Create, None, taken_over(start, state, index).await?, Vec::new()),
    })
}

/// Whether an apply has begun it and not completed it.
pub(crate) fn is_begun(generation: &GenerationState) -> bool {
    matches!(generation.phase, GenerationPhase::Filling | GenerationPhase::Swapping)
}

/// Both reasons in one cell of the plan.
fn joined(reasons: [Option<String>; 2]) -> Option<String> {
    reasons.into_iter().flatten().reduce(|one, other| format!("{one}; {other}"))
}

/// Whether a generation can be continued; one that does not exist can.
async fn obstacle(
    start: &SessionStart,
    state: &SinkState,
    generation: Option<&GenerationState>,
    index: &IndexPlan,
) -> Result<Judgement> {
    let Some(generation) = generation else { return Ok(Judgement::Usable) };
    if let Some(changed) = changed(generation, index) {
        return Ok(Judgement::Unusable(changed));
    }
    if let Some(stale) = &generation.stale {
        let why = format!("`{}` may have missed changes: {}", generation.name, stale.reason);
        return Ok(Judgement::Unusable(Obstacle::of(why)));
    }
    if !state.has_missed_nothing(generation).await {
        let why = format!("`{}` has missed changes", generation.name);
        return Ok(Judgement::Unusable(Obstacle::of(why)));
    }
    match start.check_generation(generation, Compare::All).await {
        Err(error) if error.kind == ErrorKind::Drift => Ok(Judgement::Unusable(Obstacle::of(error.message))),
        checked => checked.map(|fit| match fit {
            Fit::Same | Fit::Renewed(_) => Judgement::Usable,
            Fit::NeedsComparison(rewrite) => Judgement::NeedsComparison(format!(
                "{}: every document is compared",
                listed(&rewrite.differences)
            )),
        }),
    }
}

/// What lies between the plan that a generation was built by and this one, where its documents are not
/// right for it.
fn changed(generation: &GenerationState, index: &IndexPlan) -> Option<Obstacle> {
    let is_same_meaning = generation.fingerprint == index_fingerprint(index)
        && generation.edges_fingerprint == edges_fingerprint(index);
    let found = match read_index(&generation.plan) {
        _ if is_same_meaning => return None,
        Ok(built_by) => compare(&built_by, index),
        // Written by another version: all that is known is that it differs.
        Err(_) => IndexChange { effect: Effect::Rebuild, changes: Vec::new() },
    };
    let is_right = found.effect <= Effect::Settings && generation.fingerprint == index_fingerprint(index);
    let why = || format!("`{}` was built from another plan", generation.name);
    (!is_right).then(|| Obstacle { why: why(), changes: found.changes })
}

/// Dynamic settings that are not as an apply set them last.
fn settings(start: &SessionStart, live: &GenerationState, index: &IndexPlan) -> Result<Vec<Change>> {
    let wanted = start.sink.settings(&live.sink, index)?;
    let names: BTreeSet<&String> = wanted.keys().chain(live.settings.keys()).collect();
    let change = |name: &String| Change {
        path: format!("settings.{name}"),
        from: live.settings.get(name).cloned(),
        to: wanted.get(name).cloned(),
    };
    Ok(names.into_iter().map(change).filter(|change| change.from != change.to).collect())
}

/// The alias or write alias that a live generation lacks, in words.
async fn lacking(
    start: &SessionStart,
    state: &SinkState,
    live: &GenerationState,
    index: &IndexPlan,
) -> Result<Option<String>> {
    if let Standing::Wrong(Trouble::Missing { .. }) = standing(start, state, index).await? {
        let name = start.sink.alias_name(&state.sink, index)?;
        return Ok(Some(format!("alias `{name}` does not exist: it is restored")));
    }
    let generation = Generation { sink: state.sink.clone(), name: live.name.clone() };
    let belongings = start.sink.belongings(&generation).await?;
    Ok(belongings
        .is_some_and(|belongings| !belongings.has_write_alias)
        .then(|| "its write alias does not point to it alone: it is restored".to_owned()))
}

/// Indexes that an alias is taken from, in words.
async fn taken_over(start: &SessionStart, state: &SinkState, index: &IndexPlan) -> Result<Option<String>> {
    let Standing::Earlier(names) = standing(start, state, index).await? else { return Ok(None) };
    let alias = start.sink.alias_name(&state.sink, index)?;
    let names = names.join("`, `");
    Ok(Some(format!("alias `{alias}` moves here from `{names}`, which is kept as it is")))
}

/// The steps of indexes that the lock no longer has: what never was live is dropped, so that a new index whose first
/// apply failed can be taken back.
pub(crate) async fn retired(start: &SessionStart, state: &SinkState) -> Vec<IndexStep> {
    let is_planned = |generation: &GenerationState| {
        let named = |index: &&IndexPlan| index.name == generation.index;
        start.plan.indexes.iter().find(named).is_some_and(|index| sinks_of(index).contains(&state.sink))
    };
    let generations = state.generations().await;
    let may_be_read = |index: &str| {
        use GenerationPhase::{Live, Swapping};
        generations.iter().any(|other| other.index == index && matches!(other.phase, Live | Swapping))
    };
    let gone = generations
        .iter()
        .filter(|generation| generation.phase != GenerationPhase::Kept && !is_planned(generation));
    gone.map(|generation| {
        let (action, reason) = match may_be_read(&generation.index) {
            true => (Action::Retire, "it is no longer in the lock"),
            false => (Action::Drop, "it is no longer in the lock, and it was never live"),
        };
        IndexStep {
            index: generation.index.clone(),
            sink: state.sink.clone(),
            action,
            generation: Some(generation.name.clone()),
            rows_estimated: None,
            reason: Some(reason.to_owned()),
            changes: Vec::new(),
        }
    })
    .collect()
}
