//! Whose an alias is: what it points to beside what the state calls live.

use flusso_lints::alias_points_elsewhere::{self, OtherDatabase};
use flusso_lints::words::connection_name;
use flusso_lints::{alias_is_an_index, alias_missing};
use flusso_schemas::lock::{IndexPlan, Lock};
use flusso_schemas::ownership::{OWNERSHIP_VERSION, Ownership};
use flusso_schemas::report::Finding;
use flusso_schemas::state::{GenerationPhase, GenerationState};

use crate::error::{Error, ErrorKind, Result};
use crate::session::start::SessionStart;
use crate::session::state::{SinkState, of_sink};
use crate::sink::{AliasState, AliasTarget, Owner, sinks_of};
use crate::source::SourceIdentity;

/// The mark that a generation of this plan carries.
pub fn mark(plan: &Lock, identity: &SourceIdentity, index: &str, generation: &str) -> Ownership {
    Ownership {
        version: OWNERSHIP_VERSION,
        project: plan.project.clone(),
        index: index.to_owned(),
        generation: generation.to_owned(),
        source: source_of(identity),
    }
}

fn source_of(identity: &SourceIdentity) -> String {
    source_mark(&identity.system_identifier, &identity.database)
}

/// A source as a mark names it.
pub fn source_mark(system_identifier: &str, database: &str) -> String {
    format!("{system_identifier}/{database}")
}

/// The index that an alias is judged for.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The index in the lock.
    pub index: &'a str,
    /// The source that an index must have been built from for its alias to be taken over; `None` if any
    /// will do.
    pub source: Option<Source<'a>>,
    /// The generation that the state calls live; `None` if there is none, or no state was read.
    pub live: Option<&'a str>,
}

/// The source of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// As a mark names it, `<system identifier>/<database>`.
    pub mark: &'a str,
    /// How its connection is called, for words.
    pub connection: &'a str,
}

/// What an alias means to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It points to the live generation; or there is none, and nothing has its name.
    Right,
    /// Nothing is live in the state, and it points to earlier generations of this very index.
    Earlier(Vec<String>),
    /// It keeps queries from our documents.
    Wrong(Trouble),
}

/// A problem with an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is a live generation, and nothing has the alias' name.
    Missing {
        /// The alias as it must be.
        alias: String,
    },
    /// An index has its name.
    IsAnIndex {
        /// The name that an index has.
        alias: String,
    },
    /// It points to something that is not ours to take it from.
    Elsewhere {
        /// The alias as it must be.
        alias: String,
        /// The index that it points to, in words.
        whose: String,
        /// The generation that it should point to, where there is one.
        live: Option<String>,
    },
    /// Nothing is live in the state, and it points to earlier generations of this very index that were
    /// built from another database.
    OtherSource(OtherSource),
}

/// An alias over a generation that was built from another database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSource {
    alias: String,
    /// One of what it points to.
    target: String,
    /// The source of that, as its mark names it.
    recorded: String,
    /// Ours, as a mark names it.
    current: String,
    /// How our connection is called.
    connection: String,
}

impl OtherSource {
    fn facts(&self) -> OtherDatabase<'_> {
        OtherDatabase {
            alias: &self.alias,
            target: &self.target,
            recorded: database_of(&self.recorded),
            is_other_cluster: cluster_of(&self.recorded) != cluster_of(&self.current),
            current: database_of(&self.current),
            connection: &self.connection,
        }
    }
}

impl Trouble {
    /// It as a finding.
    pub fn finding(&self) -> Finding {
        match self {
            Self::Missing { alias } => alias_missing::finding(alias),
            Self::IsAnIndex { alias } => alias_is_an_index::finding(alias),
            Self::Elsewhere { alias, whose, live: Some(live) } => {
                alias_points_elsewhere::not_live(alias, whose, live)
            }
            Self::Elsewhere { alias, whose, live: None } => alias_points_elsewhere::not_ours(alias, whose),
            Self::OtherSource(other) => other.facts().stops(),
        }
    }

    /// It as a finding where no alias is to be moved yet.
    pub fn finding_before_apply(&self) -> Finding {
        match self {
            Self::OtherSource(other) => other.facts().will_stop(),
            Self::Missing { alias } => alias_missing::before_apply(alias),
            trouble => trouble.finding(),
        }
    }

    /// Whether the alias has to be left alone.
    fn is_not_ours(&self) -> bool {
        !matches!(self, Self::Missing { .. })
    }
}

fn database_of(mark: &str) -> &str {
    mark.split_once('/').map_or(mark, |(_, database)| database)
}

fn cluster_of(mark: &str) -> &str {
    mark.split_once('/').map_or("", |(cluster, _)| cluster)
}

/// Judges what an alias points to: the one rule of whose an alias is.
pub fn judge(alias: &str, targets: &[AliasTarget], ours: Ours<'_>) -> Standing {
    match (targets, ours.live) {
        ([], None) => Standing::Right,
        ([], Some(_)) => Standing::Wrong(Trouble::Missing { alias: alias.to_owned() }),
        ([target], Some(live)) if target.name == live => Standing::Right,
        (all, None) if all.iter().all(|target| is_earlier(target, ours)) => {
            if let Some(trouble) = all.iter().find_map(|target| other_source(alias, target, ours)) {
                return Standing::Wrong(trouble);
            }
            Standing::Earlier(all.iter().map(|target| target.name.clone()).collect())
        }
        (all, live) => {
            let whose: Vec<String> = all.iter().map(|target| described(target, ours)).collect();
            Standing::Wrong(Trouble::Elsewhere {
                alias: alias.to_owned(),
                whose: whose.join(" and "),
                live: live.map(str::to_owned),
            })
        }
    }
}

/// What forbids taking an alias from a generation of this index: it was built from another database.
fn other_source(alias: &str, target: &AliasTarget, ours: Ours<'_>) -> Option<Trouble> {
    let recorded = target.owner.as_ref()?.source.as_ref()?;
    let source = ours.source.filter(|source| source.mark != recorded)?;
    Some(Trouble::OtherSource(OtherSource {
        alias: alias.to_owned(),
        target: target.name.clone(),
        recorded: recorded.clone(),
        current: source.mark.to_owned(),
        connection: source.connection.to_owned(),
    }))
}

/// Whether it is a generation of this very index, of whatever source.
pub fn is_earlier(target: &AliasTarget, ours: Ours<'_>) -> bool {
    target.owner.as_ref().is_some_and(|owner| {
        owner.project == ours.project
            && owner.index.as_deref() == Some(ours.index)
            && owner.generation.as_ref().is_none_or(|generation| *generation == target.name)
    })
}

fn described(target: &AliasTarget, ours: Ours<'_>) -> String {
    let name = &target.name;
    let Some(owner) = &target.owner else { return format!("`{name}`, which flusso did not create") };
    let Owner { project, index, generation, source } = owner;
    if let Some(original) = generation.as_ref().filter(|generation| *generation != name) {
        return format!("`{name}`, a copy of `{original}`");
    }
    if project != ours.project {
        return format!("`{name}` of project `{project}`");
    }
    if let Some(source) =
        source.as_ref().filter(|source| ours.source.is_some_and(|ours| ours.mark != **source))
    {
        return format!("`{name}`, which was built from another database (`{}`)", database_of(source));
    }
    match index.as_ref().filter(|index| *index != ours.index) {
        Some(index) => format!("`{name}` of index `{index}`"),
        None => format!("`{name}`"),
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
pub async fn standing(start: &SessionStart, state: &SinkState, index: &IndexPlan) -> Result<Standing> {
    let found = start.sink.alias(&state.sink, index).await?;
    let alias = start.sink.alias_name(&state.sink, index)?;
    let own = state.generations().await;
    let live = live_of(&own, &index.name, &found).map(|live| live.name.as_str());
    let AliasState::Targets(targets) = found else {
        return Ok(Standing::Wrong(Trouble::IsAnIndex { alias }));
    };
    let source = source_of(&start.identity);
    let connection = connection_name(&start.plan.source.endpoint);
    let source = Source { mark: &source, connection: &connection };
    // What the state calls live was written from this source: that is compared before.
    let source = Some(source).filter(|_| !start.accepts_new_source);
    let ours = Ours { project: &start.plan.project, index: &index.name, source, live };
    Ok(judge(&alias, &targets, ours))
}

/// An error that names every alias that is not ours to move.
pub async fn check_aliases(start: &SessionStart) -> Result<()> {
    let troubles = troubles(start).await?;
    let findings: Vec<Finding> =
        troubles.iter().filter(|trouble| trouble.is_not_ours()).map(Trouble::finding).collect();
    if findings.is_empty() {
        return Ok(());
    }
    let message = "an alias of this project points to another index; nothing was changed";
    Err(Error::new(ErrorKind::Drift, message).with_findings(findings))
}

/// Problems with aliases, for a run that only reports them.
pub async fn alias_findings(start: &SessionStart) -> Result<Vec<Finding>> {
    Ok(troubles(start).await?.iter().map(Trouble::finding).collect())
}

async fn troubles(start: &SessionStart) -> Result<Vec<Trouble>> {
    let mut troubles = Vec::new();
    for index in &start.plan.indexes {
        for sink in sinks_of(index) {
            let Some(state) = of_sink(&start.states, &sink) else { continue };
            if let Standing::Wrong(trouble) = standing(start, state, index).await? {
                troubles.push(trouble);
            }
        }
    }
    Ok(troubles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, change: impl FnOnce(&mut Owner)) -> AliasTarget {
        let mut owner = Owner {
            project: "shop".to_owned(),
            index: Some("orders".to_owned()),
            generation: Some(name.to_owned()),
            source: Some("7/shop".to_owned()),
        };
        change(&mut owner);
        AliasTarget { name: name.to_owned(), owner: Some(owner) }
    }

    fn judged(targets: Vec<AliasTarget>, live: Option<&str>) -> Standing {
        let source = Some(Source { mark: "7/shop", connection: "`$URL`" });
        judge("a", &targets, Ours { project: "shop", index: "orders", source, live })
    }

    fn message(targets: Vec<AliasTarget>, live: Option<&str>) -> String {
        match judged(targets, live) {
            Standing::Wrong(trouble) => trouble.finding().message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_alias_is_right_where_it_points_to_the_live_generation_alone() {
        assert_eq!(judged(vec![target("o-1", |_| {})], Some("o-1")), Standing::Right);
        assert_eq!(judged(Vec::new(), None), Standing::Right);
        assert_eq!(message(Vec::new(), Some("o-1")), "alias `a` does not exist: queries find nothing");
        let both = message(vec![target("o-1", |_| {}), target("o-2", |_| {})], Some("o-1"));
        assert_eq!(both, "alias `a` points to `o-1` and `o-2`, and `o-1` is live");
    }

    #[test]
    fn without_a_live_generation_only_earlier_ones_of_this_index_may_be_taken_over() {
        let earlier = Standing::Earlier(vec!["o-1".to_owned()]);
        assert_eq!(judged(vec![target("o-1", |_| {})], None), earlier);
        let moved = vec![target("o-1", |owner| owner.source = Some("8/shop".to_owned()))];
        assert_eq!(
            message(moved.clone(), None),
            "alias `a` points to `o-1`, which was built from database `shop` of another Postgres cluster: apply would \
             lead it to the rows of database `shop`"
        );
        let any = Ours { project: "shop", index: "orders", source: None, live: None };
        assert_eq!(judge("a", &moved, any), earlier, "the database moved");
        // Only a state says whose it is: its mark was removed.
        let unmarked =
            judged(vec![target("o-1", |owner| (owner.generation, owner.source) = (None, None))], None);
        assert_eq!(unmarked, earlier);
        let words = |change: fn(&mut Owner)| message(vec![target("o-1", change)], None);
        let end = ": apply would take it away";
        let of_project = words(|owner| owner.project = "other".to_owned());
        assert_eq!(of_project, format!("alias `a` points to `o-1` of project `other`{end}"));
        let of_index = words(|owner| owner.index = Some("users".to_owned()));
        assert_eq!(of_index, format!("alias `a` points to `o-1` of index `users`{end}"));
        let copied = words(|owner| owner.generation = Some("o-0".to_owned()));
        assert_eq!(copied, format!("alias `a` points to `o-1`, a copy of `o-0`{end}"));
        let by_hand = message(vec![AliasTarget { name: "x".to_owned(), owner: None }], None);
        assert_eq!(by_hand, format!("alias `a` points to `x`, which flusso did not create{end}"));
    }
}
