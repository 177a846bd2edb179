//! What an operator types: connections, slot, state indexes and aliases of one project, by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use flusso_lints::source::statements::drop_slot;
use flusso_lints::words::connection_name;
use flusso_schemas::lock::{
    Lock, OpenSearchPlan, SecretRef, SinkKind, SourceEndpoint, UrlEndpoint, UserName,
};

use crate::error::Error;
use crate::sink::{Sink, sinks_of};

/// The names that the help of a [`super::DriftCause`] is made of. Connections are named by their environment
/// variables, never by their values.
#[derive(Clone, Debug)]
pub struct Names {
    plan: Arc<Lock>,
    /// The index that holds each sink's state, by the sink's name.
    states: Vec<(String, String)>,
    /// The aliases that each sink's readers query, by the sink's name.
    aliases: Vec<(String, String)>,
}

impl Names {
    /// The names of a plan and of the sinks it was opened with.
    pub fn new(plan: &Arc<Lock>, sink: &Arc<dyn Sink>) -> Self {
        let members = sink.clone().members().into_iter();
        let states = members.filter_map(|(name, member)| Some((name, member.state()?.index_name())));
        let aliases = plan.indexes.iter().flat_map(|index| {
            let alias = |sink_name: String| {
                let alias = sink.alias_name(&sink_name, index).ok()?;
                Some((sink_name, alias))
            };
            sinks_of(index).into_iter().filter_map(alias)
        });
        Self { plan: plan.clone(), states: states.collect(), aliases: aliases.collect() }
    }

    /// The error with the help of its cause, where it has one.
    pub fn explain(&self, error: Error) -> Error {
        match error.cause.clone() {
            Some(cause) if error.help.is_none() => error.with_help(cause.help(self)),
            _ => error,
        }
    }

    /// The slot that the lock names.
    pub fn slot(&self) -> &str {
        &self.plan.source.slot
    }

    /// How the source's connection is called.
    pub fn source(&self) -> String {
        connection_name(&self.plan.source.endpoint)
    }

    /// How a sink's connection is called.
    pub fn sink(&self, sink: &str) -> String {
        match self.opensearch(sink).map(|plan| &plan.url) {
            Some(UrlEndpoint::Url(SecretRef::Env(name))) => format!("`${name}` (sink `{sink}`)"),
            _ => format!("sink `{sink}`"),
        }
    }

    /// Where the state of every sink is.
    pub fn states(&self) -> String {
        let state = |(sink, index): &(String, String)| format!("index `{index}` in {}", self.sink(sink));
        self.states.iter().map(state).collect::<Vec<_>>().join(" and ")
    }

    /// The aliases that a sink's readers query.
    pub fn aliases(&self, sink: &str) -> String {
        listed(self.aliases.iter().filter(|(own, _)| own == sink))
    }

    /// The aliases of every sink.
    pub fn all_aliases(&self) -> String {
        listed(self.aliases.iter())
    }

    /// Drops a slot and every state, and lets apply begin again from another source.
    pub fn accept_new_source(&self, slot: &str) -> String {
        self.then(&self.commands(slot), "flusso apply --accept-new-source")
    }

    /// Drops the slot where it is left behind, then every state, and lets apply begin again on another cluster.
    pub fn move_to_new_cluster(&self, slot: &str) -> String {
        format!(
            "run `{}` on the old cluster, where the slot would keep its log for ever; {}",
            drop_slot(slot),
            self.then(&self.delete_states(), "flusso apply --accept-new-source")
        )
    }

    /// Drops a slot and every state, and lets apply begin again beside what is live.
    pub fn rebuild_everything(&self, slot: &str) -> String {
        self.then_apply(&self.commands(slot))
    }

    fn commands(&self, slot: &str) -> Vec<String> {
        std::iter::once(self.drop_slot(slot)).chain(self.delete_states()).collect()
    }

    fn delete_states(&self) -> Vec<String> {
        self.states.iter().map(|(sink, index)| self.delete(sink, index)).collect()
    }

    /// Drops a slot that no state knows, and lets apply begin.
    pub fn rebuild_from(&self, slot: &str) -> String {
        self.then_apply(&[self.drop_slot(slot)])
    }

    /// Deletes every state where the slot is gone or is not ours, and lets apply begin again.
    pub fn forget_states(&self) -> String {
        self.then_apply(&self.delete_states())
    }

    /// The step of the plan that builds one index again.
    pub fn rebuild_one(&self) -> String {
        format!(
            "stop `flusso run` of project `{}`, then run `flusso apply`: it rebuilds that index beside the live one and then moves the alias",
            self.plan.project
        )
    }

    fn then_apply(&self, commands: &[String]) -> String {
        self.then(commands, "flusso apply")
    }

    fn then(&self, commands: &[String], apply: &str) -> String {
        format!(
            "stop `flusso run` of project `{}`, run {}, then run `{apply}`: it rebuilds beside what is live and then moves the alias",
            self.plan.project,
            commands.join(", ")
        )
    }

    fn drop_slot(&self, slot: &str) -> String {
        let statement = drop_slot(slot);
        match &self.plan.source.endpoint {
            SourceEndpoint::Url(SecretRef::Env(name)) => format!("`psql \"${name}\" -c \"{statement}\"`"),
            _ => format!("`{statement}` in the source database"),
        }
    }

    fn delete(&self, sink: &str, path: &str) -> String {
        let Some(plan) = self.opensearch(sink) else { return format!("`DELETE /{path}` in sink `{sink}`") };
        let user = match (&plan.username, &plan.password) {
            (Some(UserName::Secret(SecretRef::Env(user))), Some(SecretRef::Env(password))) => {
                format!(" -u \"${user}:${password}\"")
            }
            (Some(UserName::Text(user)), Some(SecretRef::Env(password))) => {
                format!(" -u \"{}:${password}\"", in_double_quotes(&user.0))
            }
            _ => String::new(),
        };
        match &plan.url {
            UrlEndpoint::Url(SecretRef::Env(name)) => {
                format!("`curl -X DELETE{user} \"${{{name}%/}}/{path}\"`")
            }
            _ => format!("`DELETE /{path}` in sink `{sink}`"),
        }
    }

    fn opensearch(&self, sink: &str) -> Option<&OpenSearchPlan> {
        self.plan.sinks.iter().find(|own| own.name == sink).and_then(|own| match &own.kind {
            SinkKind::OpenSearch(plan) => Some(plan.as_ref()),
            SinkKind::Stdout { .. } => None,
        })
    }
}

/// Aliases in words, each once.
fn listed<'a>(aliases: impl Iterator<Item = &'a (String, String)>) -> String {
    let names: BTreeSet<String> = aliases.map(|(_, alias)| format!("`{alias}`")).collect();
    let noun = if names.len() == 1 { "alias" } else { "aliases" };
    format!("{noun} {}", Vec::from_iter(names).join(", "))
}

/// Text that a shell takes as it is between double quotes.
fn in_double_quotes(text: &str) -> String {
    let is_special = |letter: char| matches!(letter, '\\' | '"' | '$' | '`');
    let escaped =
        text.chars().flat_map(|letter| is_special(letter).then_some('\\').into_iter().chain([letter]));
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_stays_one_word_of_a_shell() {
        assert_eq!(in_double_quotes("o'brien"), "o'brien");
        assert_eq!(in_double_quotes("a\"b$c`d\\"), "a\\\"b\\$c\\`d\\\\");
    }
}
