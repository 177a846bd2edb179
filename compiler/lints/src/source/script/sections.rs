//! The sections of the script, in the order in which they have to be run: a table gets its replica identity before it
//! is published, or updates and deletes of the application on it fail in between.

use std::collections::BTreeSet;

use flusso_schemas::facts::{CatalogFacts, RelationFacts};
use flusso_schemas::lock::{Identity, TablePlan};
use flusso_schemas::name::TableName;
use flusso_schemas::report::Finding;

use super::super::server::{self, PublicationGap};
use super::super::{SourceNeeds, identity, judge, publication, statements, tables};
use super::blocks::{
    cases, grant_connect_here, has_row_security, identity_is_none_of, identity_is_not_index, is_narrowed,
    is_unpublished, leaves_operations_out, no_publication, no_role, one_is_unusable, only_if,
    publishes_unusable, refuses,
};
use super::{IDENTITIES, IDENTITY_INDEXES, PUBLICATION, Request, SETTLED, Section};
use crate::role_cannot_replicate::SERVICE_ROLES;
use crate::words::{connection_name, listed};
use crate::{child_delete_unseen, unusable_replica_identity};

/// By how much a limit that is reached is raised: a slot of ours, and some for those who come next.
const LIMIT_STEP: u64 = 4;

/// Every section, empty ones too.
pub(super) fn all(request: &Request<'_>, needs: &SourceNeeds<'_>) -> Vec<Section> {
    let section = Sections { request, needs };
    vec![
        section.server(),
        section.role(),
        section.grants(),
        section.logged(),
        section.identity_indexes(),
        section.identities(),
        section.publication(),
    ]
}

/// What no section settles, in words with what to do.
pub(super) fn unsettled(request: &Request<'_>, needs: &SourceNeeds<'_>) -> Vec<String> {
    let section = Sections { request, needs };
    section.missing_tables().into_iter().chain(section.unsettled().into_iter().map(in_words)).collect()
}

struct Sections<'a> {
    request: &'a Request<'a>,
    needs: &'a SourceNeeds<'a>,
}

impl<'a> Sections<'a> {
    fn server(&self) -> Section {
        let mut section = Section { title: "Server settings", ..Section::default() };
        section.notes.push(
            "Restart the server after this section, then run the rest. Managed services have switches of their own"
                .to_owned(),
        );
        section.notes.push("(Amazon RDS: set rds.logical_replication to 1).".to_owned());
        let Some(facts) = self.request.facts else {
            section.notes.push(
                "One replication slot and one walsender must be free: raise max_replication_slots and"
                    .to_owned(),
            );
            section.notes.push("max_wal_senders here where they are all in use.".to_owned());
            section.statements.push(statements::LOGICAL_WAL.to_owned());
            return section;
        };
        if server::wrong_wal_level(facts).is_some() {
            section.statements.push(statements::LOGICAL_WAL.to_owned());
        }
        let source = self.needs.source;
        let has_slot = facts.server.slots.iter().flatten().any(|slot| slot.name == source.slot);
        let slots = server::slots_in_use(facts).filter(|_| !has_slot);
        let limits = [
            ("max_replication_slots", slots),
            ("max_wal_senders", server::wal_senders_in_use(source, facts)),
        ];
        for (setting, reached) in limits {
            section
                .statements
                .extend(reached.map(|limit| statements::set_limit(setting, limit + LIMIT_STEP)));
        }
        section
    }

    fn role(&self) -> Section {
        let role = self.request.role;
        let mut section = Section { title: "The role that flusso connects as", ..Section::default() };
        let tables = server::names(self.needs);
        match self.role_facts() {
            None => {
                section.notes.push(format!("Then give it a password, in psql: \\password {role}"));
                let alter = format!("{} login", statements::allow_replication(role));
                let create = (no_role(role), vec![statements::create_role(role)]);
                section.statements.push(cases(&[create, ("true".to_owned(), vec![alter])]));
                let bypass = vec![statements::bypass_row_security(role)];
                section.statements.push(only_if(has_row_security(&tables), bypass));
            }
            Some(facts) => {
                if !facts.server.role.login {
                    section.statements.push(statements::allow_login(role));
                }
                if !server::can_replicate(facts) {
                    section.statements.push(statements::allow_replication(role));
                }
                let is_hidden = |relation: &RelationFacts| relation.rls_active;
                if facts.relations.values().any(is_hidden) {
                    section.statements.push(statements::bypass_row_security(role));
                }
            }
        }
        let services = listed(&SERVICE_ROLES, "or").replace('`', "");
        section.notes.push(format!(
            "Without a superuser, grant it your service's replication role instead ({services})."
        ));
        section
    }

    fn grants(&self) -> Section {
        let role = self.request.role;
        let mut section = Section { title: "What it reads", ..Section::default() };
        let facts = self.request.facts;
        if self.role_facts().is_none_or(|facts| !facts.server.role.connect) {
            let known = facts.map(|facts| statements::grant_connect(&facts.server.database, role));
            section.statements.push(known.unwrap_or_else(|| grant_connect_here(role)));
        }
        let relation = |table: &TableName| facts.and_then(|facts| facts.relations.get(table));
        let lacks = |table: &TableName, may: fn(&RelationFacts) -> bool| match facts {
            Some(_) => relation(table).is_some_and(|relation| !may(relation)),
            None => true,
        };
        let tables = server::names(self.needs);
        let mut schemas: BTreeSet<&str> = tables
            .iter()
            .filter(|table| lacks(table, |relation| relation.usage))
            .map(|table| table.schema.as_str())
            .collect();
        schemas.extend(self.request.functions.iter().map(|function| function.schema.as_str()));
        section.statements.extend(schemas.into_iter().map(|schema| statements::grant_usage(schema, role)));
        let unread = tables.into_iter().filter(|table| lacks(table, |relation| relation.select));
        section.statements.extend(unread.map(|table| statements::grant_select(table, role)));
        let functions = self.request.functions.iter();
        section
            .statements
            .extend(functions.map(|function| statements::grant_execute(&function.signature, role)));
        let gap = facts.and_then(|facts| server::publication_gap(self.needs, facts));
        if let (Some(PublicationGap::NoCreate), Some(facts)) = (gap, facts) {
            section.statements.push(statements::grant_create(&facts.server.database, role));
        }
        section
    }

    fn logged(&self) -> Section {
        let unlogged = |table: &&TableName| {
            let relation = self.request.facts.and_then(|facts| facts.relations.get(*table));
            relation.is_some_and(|relation| relation.kind == "r" && relation.persistence == "u")
        };
        let tables = server::names(self.needs).into_iter().filter(unlogged);
        Section {
            title: "Unlogged tables",
            notes: vec!["This rewrites the table under a lock that blocks readers and writers.".to_owned()],
            statements: tables.map(statements::set_logged).collect(),
        }
    }

    /// Tables whose identity has to be set by somebody else than flusso, or before the script publishes them.
    fn identities_to_set(&self) -> Vec<&'a TablePlan> {
        let is_needed = |(plan, readers): &&(&TablePlan, Vec<&str>)| {
            let Some(facts) = self.request.facts else { return true };
            let Some(relation) = facts.relations.get(&plan.name) else { return false };
            let is_wrong = tables::replica_identity(self.needs.source, plan, readers, relation, facts)
                .is_some()
                || identity::carried(relation).is_none() && self.is_to_publish(plan, relation, facts);
            is_ordinary(plan, relation)
                && is_wrong
                && (identity::obstacle(plan, relation).is_none() || self.can_create_index(plan, relation))
        };
        self.needs.tables.iter().filter(is_needed).map(|(plan, _)| *plan).collect()
    }

    /// Whether the script publishes a table that is not published yet, if it can be.
    fn is_to_publish(&self, plan: &TablePlan, relation: &RelationFacts, facts: &CatalogFacts) -> bool {
        self.is_publication_created() || tables::published(self.needs.source, plan, relation, facts).is_some()
    }

    /// Whether the publication is missing, and flusso may not create it.
    fn is_publication_created(&self) -> bool {
        let gap = self.request.facts.and_then(|facts| server::publication_gap(self.needs, facts));
        matches!(gap, Some(PublicationGap::Unmanaged | PublicationGap::ForeignTables(_)))
    }

    /// Tables that can be published without making the application's updates and deletes fail.
    fn publishable(&self) -> Vec<&'a TableName> {
        let set: BTreeSet<&TableName> = self.identities_to_set().iter().map(|plan| &plan.name).collect();
        let can_be = |plan: &TablePlan| match self.request.facts {
            None => true,
            Some(facts) => facts.relations.get(&plan.name).is_some_and(|relation| {
                let is_usable = identity::carried(relation).is_some() || set.contains(&plan.name);
                is_ordinary(plan, relation) && is_usable
            }),
        };
        let plans = self.needs.tables.iter().map(|(plan, _)| *plan);
        plans.filter(|plan| can_be(plan)).map(|plan| &plan.name).collect()
    }

    /// Whether the index of the plan's identity is missing, and can be made from the key: a replica identity takes only
    /// columns that are NOT NULL.
    fn can_create_index(&self, plan: &TablePlan, relation: &RelationFacts) -> bool {
        let Identity::Index(name) = &plan.identity else { return false };
        let is_missing = relation.indexes.iter().all(|index| index.name != name.as_str());
        let is_not_null =
            |column: &&str| relation.columns.iter().any(|each| each.name == **column && each.not_null);
        is_missing && !plan.key.is_empty() && index_columns(plan).iter().all(is_not_null)
    }

    fn identity_indexes(&self) -> Section {
        let create = |plan: &TablePlan| match &plan.identity {
            Identity::Index(name) if !plan.key.is_empty() => {
                Some(statements::create_identity_index(&plan.name, name.as_str(), &index_columns(plan)))
            }
            _ => None,
        };
        let is_missing = |plan: &&TablePlan| match self.request.facts {
            Some(facts) => {
                facts.relations.get(&plan.name).is_some_and(|relation| self.can_create_index(plan, relation))
            }
            None => true,
        };
        let plans = self.identities_to_set().into_iter().filter(is_missing);
        Section {
            title: IDENTITY_INDEXES,
            notes: vec!["These do not block writers, and cannot run inside a transaction.".to_owned()],
            statements: plans.filter_map(create).collect(),
        }
    }

    fn identities(&self) -> Section {
        let mut section = Section { title: IDENTITIES, ..Section::default() };
        section.notes.push(
            "Each takes a lock on its table for an instant. Should one time out, run the script again."
                .to_owned(),
        );
        for plan in self.identities_to_set() {
            let condition = match &plan.identity {
                Identity::Full => identity_is_none_of(&plan.name, &["f"]),
                Identity::Default => identity_is_none_of(&plan.name, &["d", "f"]),
                Identity::Index(name) => identity_is_not_index(&plan.name, name.as_str()),
            };
            section.statements.push(only_if(condition, vec![identity::statement(plan)]));
        }
        if !section.statements.is_empty() {
            section.statements.insert(0, "set lock_timeout = '3s'".to_owned());
            section.statements.push("reset lock_timeout".to_owned());
        }
        section
    }

    fn publication(&self) -> Section {
        let name = &self.needs.source.publication;
        let mut section = Section { title: PUBLICATION, ..Section::default() };
        let tables = self.publishable();
        let exists = self.request.facts.map(|facts| publication::of(facts, name).is_some());
        let gap = self.request.facts.and_then(|facts| server::publication_gap(self.needs, facts));
        if !tables.is_empty() && (exists.is_none() || self.is_publication_created()) {
            let missing = no_publication(name);
            let refused = refuses(&missing, &one_is_unusable(&tables), name);
            section.statements.push(cases(&[refused, (missing, vec![publication::create(name, &tables)])]));
        }
        if exists.is_none() || matches!(gap, Some(PublicationGap::Operations(_))) {
            let incomplete = leaves_operations_out(name);
            let refused = refuses(&incomplete, &publishes_unusable(name), name);
            section.statements.push(cases(&[refused, (incomplete, vec![publication::publish_all(name)])]));
        }
        if exists != Some(false) {
            section.statements.extend(tables.iter().flat_map(|table| self.membership(table)));
        }
        section
    }

    /// Puts a table into the publication as a whole.
    fn membership(&self, table: &TableName) -> Vec<String> {
        let name = &self.needs.source.publication;
        let (add, remove) = (publication::add(name, &[table]), publication::remove(name, table));
        let unpublished = is_unpublished(name, table);
        let refused = refuses(&unpublished, &one_is_unusable(&[table]), name);
        let missing = (unpublished, vec![add.clone()]);
        let narrowed = (is_narrowed(name, table), vec![remove, add]);
        let Some(facts) = self.request.facts else { return vec![cases(&[refused, missing, narrowed])] };
        let plan = self.needs.tables.iter().map(|(plan, _)| *plan).find(|plan| plan.name == *table);
        let found = plan
            .zip(facts.relations.get(table))
            .and_then(|(plan, relation)| tables::published(self.needs.source, plan, relation, facts));
        match (found, publication::membership(facts, name, table)) {
            (None, _) => Vec::new(),
            (Some(_), None) => vec![cases(&[refused, missing])],
            (Some(_), Some(_)) => vec![cases(&[narrowed])],
        }
    }

    fn unsettled(&self) -> Vec<Finding> {
        let found = self.request.facts.map(|facts| judge(self.needs, facts)).unwrap_or_default();
        let set: BTreeSet<String> =
            self.identities_to_set().iter().map(|plan| format!("table:{}", plan.name)).collect();
        let of_identities = [child_delete_unseen::LINT.name, unusable_replica_identity::LINT.name];
        let is_settled = |finding: &Finding| match &finding.about {
            Some(about) if of_identities.contains(&finding.lint.as_str()) => set.contains(about),
            _ => SETTLED.contains(&finding.lint.as_str()),
        };
        found.into_iter().filter(|finding| !is_settled(finding)).collect()
    }

    /// The captured tables that the database does not have: most likely it is the wrong one.
    fn missing_tables(&self) -> Option<String> {
        let facts = self.request.facts?;
        let is_missing = |table: &&TableName| !facts.relations.contains_key(*table);
        let missing: Vec<String> =
            server::names(self.needs).into_iter().filter(is_missing).map(TableName::to_string).collect();
        let (noun, verb) = match missing.len() {
            0 => return None,
            1 => ("table", "does"),
            _ => ("tables", "do"),
        };
        let (names, database) = (listed(&missing, "and"), &facts.server.database);
        let connection = connection_name(&self.needs.source.endpoint);
        Some(format!(
            "{noun} {names} {verb} not exist in database `{database}`; create what is missing, or point {connection} \
             at the database that has it"
        ))
    }

    /// The facts, where they are the role's.
    fn role_facts(&self) -> Option<&'a CatalogFacts> {
        self.request.facts.filter(|_| self.request.is_role_known)
    }
}

/// Whether it can be captured, once it writes WAL.
fn is_ordinary(plan: &TablePlan, relation: &RelationFacts) -> bool {
    relation.persistence == "u" || tables::not_an_ordinary_table(&plan.name, relation).is_none()
}

fn in_words(finding: Finding) -> String {
    match finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message,
    }
}

/// The key, which makes them unique, with the columns that an old row must hold.
fn index_columns(plan: &TablePlan) -> Vec<&str> {
    let mut columns: Vec<&str> = plan.key.iter().map(|column| column.as_str()).collect();
    for column in &plan.identity_holds {
        if !columns.contains(&column.as_str()) {
            columns.push(column.as_str());
        }
    }
    columns
}
