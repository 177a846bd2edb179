//! Names that a lock makes in its sinks: no two of them may be one name on one cluster.

use std::collections::{BTreeMap, BTreeSet};

use flusso_lints::duplicate_alias::{self, Use};
use flusso_schemas::report::Finding;

/// A name that a sink makes for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the sink.
    pub sink: String,
    /// Identity of its cluster, whatever URL leads there.
    pub cluster: String,
    /// Name of the index or alias.
    pub name: String,
    /// The purpose of the name.
    pub purpose: Purpose,
}

/// The purpose of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The alias of an index.
    Alias(String),
    /// The state of the project.
    State,
}

/// A finding for each name that is claimed twice on one cluster. Of sinks that would share their state only
/// that is said: all their aliases collide by the same cause.
pub fn collisions(claims: &[Claim]) -> Vec<Finding> {
    let mut by_name: BTreeMap<(&str, &str), Vec<&Claim>> = BTreeMap::new();
    for claim in claims {
        by_name.entry((&claim.cluster, &claim.name)).or_default().push(claim);
    }
    let doubled: Vec<Vec<&Claim>> = by_name.into_values().filter(|claims| claims.len() > 1).collect();
    let sinks_of = |claims: &[&Claim]| claims.iter().map(|claim| claim.sink.clone()).collect::<BTreeSet<_>>();
    let is_state = |claims: &[&Claim]| claims.iter().all(|claim| claim.purpose == Purpose::State);
    let shared: Vec<BTreeSet<String>> =
        doubled.iter().filter(|claims| is_state(claims)).map(|claims| sinks_of(claims)).collect();
    let is_caused =
        |claims: &[&Claim]| !is_state(claims) && shared.iter().any(|sinks| sinks_of(claims).is_subset(sinks));
    doubled
        .iter()
        .filter(|claims| !is_caused(claims))
        .map(|claims| finding(claims, is_state(claims)))
        .collect()
}

fn finding(claims: &[&Claim], is_state: bool) -> Finding {
    let [first, second, ..] = claims else { unreachable!("a collision has two sides") };
    if is_state {
        return duplicate_alias::states(&first.sink, &second.sink);
    }
    duplicate_alias::name(&first.name, first.user(), second.user())
}

impl Claim {
    /// The sink, and what it uses the name for.
    fn user(&self) -> (&str, Use<'_>) {
        let purpose = match &self.purpose {
            Purpose::Alias(index) => Use::Alias(index),
            Purpose::State => Use::State,
        };
        (&self.sink, purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(sink: &str, cluster: &str, prefix: &str, indexes: &[&str]) -> Vec<Claim> {
        let claim = |name: String, purpose| Claim {
            sink: sink.to_owned(),
            cluster: cluster.to_owned(),
            name,
            purpose,
        };
        let aliases = indexes
            .iter()
            .map(|index| claim(format!("{prefix}{index}"), Purpose::Alias((*index).to_owned())));
        aliases.chain([claim(format!("{prefix}flusso-state-shop"), Purpose::State)]).collect()
    }

    fn messages(claims: [Vec<Claim>; 2]) -> Vec<String> {
        collisions(&claims.concat()).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn one_name_on_one_cluster_is_claimed_once() {
        let ours = || claims("a", "1", "", &["orders", "users"]);
        assert_eq!(messages([ours(), claims("b", "2", "", &["orders"])]), [""; 0]);
        assert_eq!(messages([ours(), claims("b", "1", "b-", &["orders"])]), [""; 0]);
        let shared = messages([ours(), claims("b", "1", "", &["orders", "users"])]);
        assert_eq!(
            shared,
            [
                "sinks `a` and `b` write to one cluster with one `index_prefix`: each would overwrite the other's indexes"
            ]
        );
        let crossed = messages([claims("a", "1", "", &["b-orders"]), claims("b", "1", "b-", &["orders"])]);
        assert_eq!(
            crossed,
            [
                "the alias of index `b-orders` in sink `a` and the alias of index `orders` in sink `b` are both `b-orders` on one cluster: each would take it from the other"
            ]
        );
        let state = messages([claims("a", "1", "", &["x-flusso-state-shop"]), claims("b", "1", "x-", &[])]);
        assert_eq!(state.len(), 1);
    }
}
