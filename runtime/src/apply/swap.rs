//! Moving an alias to a generation that is filled and verified, and finding out how far an interrupted
//! move came.
//!
//! Rule *swap* of docs/correctness.md.

use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::state::{GenerationPhase, GenerationState, StaleMark};

use crate::drift::{Compare, Difference, differences, listed};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::ownership::{Ours, is_earlier};
use crate::session::Session;
use crate::session::start::SessionStart;
use crate::session::state::SinkState;
use crate::sink::{AliasState, Generation};

/// The move of one alias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swap<'a> {
    pub session: &'a Session,
    pub state: &'a SinkState,
    pub generation: &'a Generation,
    pub index: &'a IndexPlan,
}

impl Swap<'_> {
    /// Moves it, if the catalog is what the generation was filled under: before, and once more after,
    /// because an ALTER that rewrites rows sends no changes.
    pub(crate) async fn run(self) -> Result<()> {
        let before = self.catalog_differences().await?;
        if !before.is_empty() {
            return Err(self.changed(&before));
        }
        let sink = self.session.writer.sink();
        let from = self.from().await?;
        self.set_phase(GenerationPhase::Swapping).await?;
        failpoint::reach("swapping");
        sink.swap(self.generation, self.index, &from).await?;
        failpoint::reach("swapped");
        let after = self.catalog_differences().await?;
        if !after.is_empty() {
            return Err(self.take_back(&from, &after).await?);
        }
        go_live(self.state, &self.generation.name, &self.index.name).await?;
        failpoint::reach("live");
        Ok(())
    }

    /// What the alias points to now: it was looked at when the plan was made, and a move away from
    /// anything else is refused.
    async fn from(self) -> Result<Vec<String>> {
        let live = |own: &GenerationState| own.index == self.index.name && own.phase == GenerationPhase::Live;
        let live = self.state.generations().await.into_iter().find(live).map(|live| live.name);
        let sink = self.session.writer.sink();
        let AliasState::Targets(targets) = sink.alias(&self.generation.sink, self.index).await? else {
            return Ok(Vec::new());
        };
        let ours = Ours {
            project: &self.session.targets.plan.project,
            index: &self.index.name,
            source: None,
            live: None,
        };
        let may_move = targets.into_iter().filter(|target| match &live {
            Some(live) => target.name == *live,
            None => is_earlier(target, ours),
        });
        Ok(may_move.map(|target| target.name).collect())
    }

    /// The generation is marked stale before anything calls it live, or before an apply is complete. A
    /// mere doubt needs no mark: its record goes on to differ, so that the next apply compares every document.
    async fn mark_stale(self, differences: &[Difference]) -> Result<()> {
        if differences.iter().all(Difference::needs_comparison) {
            return Ok(());
        }
        let since = self.session.confirmed.borrow().position;
        let mark = StaleMark { since, cause: differences[0].cause, reason: listed(differences) };
        self.state.update_generation(&self.generation.name, |document| document.stale = Some(mark)).await
    }

    async fn catalog_differences(self) -> Result<Vec<Difference>> {
        let missing = || Error::new(ErrorKind::Internal, "the state lost a generation that is being filled");
        let own = self.state.generation(&self.generation.name).await.ok_or_else(missing)?;
        let now = self.session.source.capture.settled_catalog_record(self.index).await?;
        Ok(differences(&own.catalog, &now, Compare::All))
    }

    /// The generation is marked stale, then the alias goes back to what it pointed to.
    async fn take_back(self, from: &[String], differences: &[Difference]) -> Result<Error> {
        self.mark_stale(differences).await?;
        if let [old] = from {
            let old = Generation { sink: self.generation.sink.clone(), name: old.clone() };
            let new = [self.generation.name.clone()];
            self.session.writer.sink().swap(&old, self.index, &new).await?;
        }
        Ok(self.changed(differences))
    }

    fn changed(self, differences: &[Difference]) -> Error {
        if differences.iter().all(Difference::needs_comparison) {
            let message =
                format!("`{}` was compared only in part: {}", self.generation.name, listed(differences));
            return Error::new(ErrorKind::Busy, message)
                .with_help("run `flusso apply` again: it compares every document of that index");
        }
        let message = format!(
            "the catalog changed while `{}` was filled, so its documents may be wrong: {}",
            self.generation.name,
            listed(differences)
        );
        Error::new(ErrorKind::Drift, message)
            .with_help("run `flusso apply` again: it rebuilds that index from the start")
    }

    async fn set_phase(self, phase: GenerationPhase) -> Result<()> {
        set_phase(self.state, &self.generation.name, phase).await
    }
}

/// The catalog is what every generation that is fed was built under, at the end of an apply too: while one
/// index was filled, rows of another may have been rewritten.
pub(crate) async fn check_catalogs(session: &Session) -> Result<()> {
    for (position, index) in session.targets.plan.indexes.iter().enumerate() {
        for target in session.targets.of(position) {
            let Some(state) = session.state_of(target) else { continue };
            let built = Swap { session, state, generation: &target.generation, index };
            let differences = built.catalog_differences().await?;
            if !differences.is_empty() {
                built.mark_stale(&differences).await?;
                return Err(built.changed(&differences));
            }
        }
    }
    Ok(())
}

/// A generation found swapping asks the alias: live where the alias points to it, else still filling.
pub(crate) async fn settle_swaps(start: &SessionStart, plan: &Lock) -> Result<()> {
    for state in start.states.iter() {
        for generation in state.generations().await {
            let Some(index) = plan.indexes.iter().find(|index| index.name == generation.index) else {
                continue;
            };
            if generation.phase != GenerationPhase::Swapping {
                continue;
            }
            let is_it = match start.sink.alias(&state.sink, index).await? {
                AliasState::Targets(targets) => targets.iter().any(|target| target.name == generation.name),
                AliasState::Index => false,
            };
            match is_it {
                true => go_live(state, &generation.name, &index.name).await?,
                false => set_phase(state, &generation.name, GenerationPhase::Filling).await?,
            }
        }
    }
    Ok(())
}

/// The alias points to a generation: what was live before is kept, which is written first.
async fn go_live(state: &SinkState, name: &str, index: &str) -> Result<()> {
    for other in state.generations().await {
        if other.index == index && other.name != name && other.phase == GenerationPhase::Live {
            set_phase(state, &other.name, GenerationPhase::Kept).await?;
        }
    }
    set_phase(state, name, GenerationPhase::Live).await
}

async fn set_phase(state: &SinkState, name: &str, phase: GenerationPhase) -> Result<()> {
    state.update_generation(name, |document| document.phase = phase).await
}
