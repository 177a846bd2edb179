//! Who made a concrete index: what its mapping says, else whose state holds it.

use flusso_runtime::error::{ErrorKind, Result};
use flusso_runtime::sink::{AliasTarget, Owner};
use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::names;
use crate::ownership;

/// In every state's name before the project's.
const STATE_MARK: &str = "flusso-state-";

#[derive(Deserialize)]
struct Found {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_source", default)]
    generation: StateOwner,
}

/// What a state says of a generation.
#[derive(Default, Deserialize)]
struct StateOwner {
    index: Option<String>,
}

/// The alias of an index, and who would take it over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnerQuery<'a> {
    pub(crate) client: &'a Client,
    pub(crate) prefix: &'a str,
    pub(crate) project: &'a str,
    pub(crate) index: &'a str,
}

impl OwnerQuery<'_> {
    /// The indexes behind the alias with who made them. What an index says of itself wins: a state may be
    /// gone.
    pub(crate) async fn targets(self, alias: &str, names: Vec<String>) -> Result<Vec<AliasTarget>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut marked = ownership::owners(self.client, alias).await?;
        let mut targets = Vec::with_capacity(names.len());
        for name in names {
            let owner = match marked.remove(&name) {
                Some(owner) => Some(owner),
                None => self.held(&name).await?,
            };
            let owner = owner.map(|owner| self.completed(owner, &name));
            targets.push(AliasTarget { name, owner });
        }
        Ok(targets)
    }

    /// A name that only our index gives its generations says which index it is of.
    fn completed(self, mut owner: Owner, name: &str) -> Owner {
        let is_of_index = names::generation_number(self.prefix, self.index, name).is_some();
        owner.index = owner.index.or_else(|| is_of_index.then(|| self.index.to_owned()));
        owner
    }

    /// The project whose state holds a generation of this name, under whatever prefix; ours before others.
    async fn held(self, generation: &str) -> Result<Option<Owner>> {
        let path = format!("/*{STATE_MARK}*/_search?expand_wildcards=all&size=10");
        let query = json!({
            "_source": ["index"],
            "query": { "ids": { "values": [format!("generation:{generation}")] } },
        });
        let answered = match self.client.post(&path, &query).await {
            // A role that may read only its own indexes: the owner is unknown.
            Err(error) if error.kind == ErrorKind::Misconfigured => return Ok(None),
            answered => answered?,
        };
        let found: Found = answered.json("a search of the states")?;
        let owner = |hit: Hit| {
            let project = hit.index.split_once(STATE_MARK)?.1.to_owned();
            Some(Owner { project, index: hit.generation.index, generation: None, source: None })
        };
        let mut owners: Vec<Owner> = found.hits.hits.into_iter().filter_map(owner).collect();
        owners.sort_by_key(|owner| owner.project != self.project);
        Ok(owners.into_iter().next())
    }
}
