//! Following changes: what the server, the publication and each table's replica identity must be so that no
//! change is missed and nobody's write fails.

use std::collections::BTreeSet;

use flusso_schemas::facts::{PublicationFacts, RelationFacts};
use flusso_schemas::lock::{Identity, Manage, SourcePlan};
use flusso_schemas::name::{Ident, TableName};

use super::Checker;
use crate::diagnostic::{Diagnostic, Place};
use crate::model::Checked;
use crate::plan::{self, NeededIdentity};
use flusso_lints::words::listed;

/// Lowest server version that is followed, as `server_version_num` says it.
const SERVER_VERSION_MIN: u32 = 150_000;

/// Roles of managed services whose members may replicate.
const REPLICATING_ROLES: [&str; 3] = ["rds_replication", "azure_pg_admin", "cloudsqlsuperuser"];

impl Checker<'_> {
    /// What stands in the way of following the changes of a project that is otherwise right.
    pub(super) fn capture(&mut self, checked: &Checked, source_place: &Place) {
        let source = &checked.source;
        let mut found = self.server(source_place);
        let publication = self.publication(&source.publication);
        found.extend(publication_state(source, publication, source_place));
        for (table, needed) in plan::needed_identities(checked) {
            let Some(facts) = self.facts.relations.get(&table) else { continue };
            let place = self.places.get(&table).cloned().unwrap_or_else(|| source_place.clone());
            found.extend(self.generated_identity(&table, facts, &needed, &place));
            found.extend(self.identity(source, &table, facts, &needed, &place));
            found.extend(self.membership(source, &table, facts, &place));
        }
        self.diagnostics.append(&mut found);
    }

    fn server(&self, place: &Place) -> Vec<Diagnostic> {
        let server = &self.facts.server;
        let deny = |lint, message: String| Diagnostic::deny(lint, place.clone(), message);
        let mut found = Vec::new();
        if server.version > 0 && server.version < SERVER_VERSION_MIN {
            let message = format!("postgres {} is too old to be followed", server.version / 10_000);
            found.push(deny("server-too-old", message).help("use postgres 15 or newer"));
        }
        if server.in_recovery {
            let message = "the server is a standby, and a publication is made on a primary".to_owned();
            found.push(deny("replica-server", message).help("connect to the primary"));
        }
        let wal_level = server.settings.get("wal_level").cloned().flatten();
        if let Some(level) = wal_level.filter(|level| level != "logical") {
            let message = format!("`wal_level` is `{level}`: postgres keeps no row changes");
            let help = "run `alter system set wal_level = logical` and restart (managed services have a switch: `rds.logical_replication` on RDS)";
            found.push(deny("wal-level-not-logical", message).help(help));
        }
        found.extend(self.replication_right(place));
        found
    }

    fn replication_right(&self, place: &Place) -> Option<Diagnostic> {
        let role = &self.facts.server.role;
        let members = role.member_of.as_deref().unwrap_or_default();
        let may = role.replication
            || role.superuser
            || members.iter().any(|role| REPLICATING_ROLES.contains(&role.as_str()));
        if may || role.name.is_empty() {
            return None;
        }
        let message = format!("role `{}` may not replicate, so no change would be read", role.name);
        let help = format!("run `alter role {} replication`", Ident::new(&role.name));
        Some(Diagnostic::deny("role-cannot-replicate", place.clone(), message).help(help))
    }

    fn publication(&self, name: &str) -> Option<&PublicationFacts> {
        self.facts.server.publications.as_deref().unwrap_or_default().iter().find(|each| each.name == name)
    }

    /// A generated column is no part of the stream before Postgres 18, whatever the identity says.
    fn generated_identity(
        &self,
        table: &TableName,
        facts: &RelationFacts,
        needed: &NeededIdentity,
        place: &Place,
    ) -> Option<Diagnostic> {
        let is_generated = |name: &Ident| {
            facts.columns.iter().any(|column| column.name == name.as_str() && !column.generated.is_empty())
        };
        let column = needed.holds.iter().find(|name| is_generated(name))?;
        let short = self.short(table);
        let message = format!(
            "updates and deletes of `{short}` arrive without `{}`: it is a generated column",
            column.as_str()
        );
        Some(
            Diagnostic::deny("generated-identity", place.clone(), message)
                .help("lead to its documents by columns that are stored as they are written"),
        )
    }

    /// The replica identity as it is against what it must hold.
    fn identity(
        &self,
        source: &SourcePlan,
        table: &TableName,
        facts: &RelationFacts,
        needed: &NeededIdentity,
        place: &Place,
    ) -> Option<Diagnostic> {
        let held = held(facts);
        let is_enough = held.as_ref().is_some_and(|held| held.holds(&needed.holds));
        if is_enough {
            return None;
        }
        let short = self.short(table);
        let statement = format!("alter table {table} replica identity {}", spelled(&needed.identity));
        if source.manage.contains(&Manage::ReplicaIdentity) {
            return (!facts.owned && !self.facts.server.role.superuser).then(|| {
                let role = &self.facts.server.role.name;
                let message = format!(
                    "role `{role}` cannot set the replica identity of `{short}`: it does not own the table"
                );
                Diagnostic::deny("publication-not-ours-to-change", place.clone(), message)
                    .help(format!("let its owner run `{statement}`"))
            });
        }
        Some(match held {
            None => {
                let message = format!(
                    "publishing `{short}` would make every update and delete on it fail in your application: it has no replica identity that can be used"
                );
                Diagnostic::deny("unusable-replica-identity", place.clone(), message)
            }
            Some(held) => child_delete_unseen(&short, &held, needed, place),
        }
        .help(format!("let its owner run `{statement}`, or add `replica_identity` to `manage`")))
    }

    /// A table that is not published yet: flusso adds it where it may.
    fn unpublished(
        &self,
        name: &str,
        table: &TableName,
        facts: &RelationFacts,
        manages: bool,
        place: &Place,
    ) -> Option<Diagnostic> {
        let (short, role) = (self.short(table), &self.facts.server.role);
        let exists = self.publication(name).is_some();
        let statement = match exists {
            true => format!("alter publication {} add table {table}", Ident::new(name)),
            false => format!("create publication {} for table {table}", Ident::new(name)),
        };
        let deny = |lint, message: String| Diagnostic::deny(lint, place.clone(), message);
        if !manages {
            let why = if exists { "does not contain it" } else { "does not exist" };
            let message = format!("changes of `{short}` would never arrive: publication `{name}` {why}");
            return Some(deny("table-not-published", message).help(format!("run `{statement}`")));
        }
        if facts.owned || role.superuser {
            return None;
        }
        let message = format!(
            "role `{}` cannot add `{short}` to publication `{name}`: it does not own the table",
            role.name
        );
        Some(deny("publication-not-ours-to-change", message).help(format!("let its owner run `{statement}`")))
    }

    /// Whether the publication sends the table's changes whole.
    fn membership(
        &self,
        source: &SourcePlan,
        table: &TableName,
        facts: &RelationFacts,
        place: &Place,
    ) -> Option<Diagnostic> {
        let ours = facts.published.iter().find(|each| each.publication == source.publication);
        let manages = source.manage.contains(&Manage::Publication);
        let (short, name) = (self.short(table), &source.publication);
        let deny = |lint, message: String| Diagnostic::deny(lint, place.clone(), message);
        match ours {
            None => self.unpublished(name, table, facts, manages, place),
            Some(membership) if membership.filtered => {
                let message = format!(
                    "publication `{name}` hides rows of `{short}`: they would go missing from documents"
                );
                Some(deny("publication-row-filter", message).help("take its WHERE out of the publication"))
            }
            Some(membership) if membership.columns.is_some() && !manages => {
                let message = format!(
                    "publication `{name}` has a column list for `{short}`: a change of its replica identity would make updates fail in your application"
                );
                Some(
                    deny("publication-column-list", message)
                        .help("name the table in the publication without a list of columns"),
                )
            }
            Some(_) => None,
        }
    }
}

fn publication_state(
    source: &SourcePlan,
    publication: Option<&PublicationFacts>,
    place: &Place,
) -> Option<Diagnostic> {
    let publication = publication?;
    let sends = [
        ("inserts", publication.insert),
        ("updates", publication.update),
        ("deletes", publication.delete),
        ("truncates", publication.truncate),
    ];
    let missing: Vec<&str> = sends.iter().filter(|(_, sent)| !sent).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return None;
    }
    let name = &source.publication;
    let message = format!(
        "publication `{name}` does not send {}: documents would keep what is gone",
        missing.join(" and ")
    );
    Some(Diagnostic::deny("publication-missing-operation", place.clone(), message).help(format!(
        "run `alter publication {} set (publish = 'insert, update, delete, truncate')`",
        Ident::new(name)
    )))
}

/// What an old row carries under a replica identity.
enum Held<'a> {
    Everything,
    Columns(BTreeSet<&'a str>),
}

impl Held<'_> {
    fn holds(&self, wanted: &BTreeSet<Ident>) -> bool {
        match self {
            Self::Everything => true,
            Self::Columns(columns) => wanted.iter().all(|column| columns.contains(column.as_str())),
        }
    }
}

/// What a table's identity holds today; none where it has none that the server could use.
fn held(facts: &RelationFacts) -> Option<Held<'_>> {
    let index = match facts.identity.as_str() {
        "f" => return Some(Held::Everything),
        "d" => facts.indexes.iter().find(|index| index.primary && index.immediate && index.valid),
        "i" => facts.indexes.iter().find(|index| index.identity && index.valid),
        _ => None,
    }?;
    Some(Held::Columns(index.columns.iter().take(index.nkeys).flatten().map(String::as_str).collect()))
}

fn spelled(identity: &Identity) -> String {
    match identity {
        Identity::Default => "default".to_owned(),
        Identity::Full => "full".to_owned(),
        Identity::Index(name) => format!("using index {name}"),
    }
}

fn child_delete_unseen(short: &str, held: &Held<'_>, needed: &NeededIdentity, place: &Place) -> Diagnostic {
    let has: Vec<&str> = match held {
        Held::Everything => Vec::new(),
        Held::Columns(columns) => columns.iter().copied().collect(),
    };
    let lacks: Vec<&str> =
        needed.holds.iter().map(Ident::as_str).filter(|column| !has.contains(column)).collect();
    let message = format!(
        "a deleted or moved row of `{short}` would leave documents stale: of an old row the change stream holds {}, not {}",
        listed(&has, "and"),
        listed(&lacks, "and")
    );
    let indexes: Vec<&String> = needed.indexes.iter().collect();
    Diagnostic::deny("child-delete-unseen", place.clone(), message)
        .note(format!("index {} shows its rows", listed(&indexes, "and")))
}
