//! The sections of the script, in the order in which they have to be run: a table gets its replica identity before it
//! is published, or updates and deletes of the application on it fail in between.

use std::collections::BTreeSet;

use flusso_schemas::facts::{CatalogFacts, RelationFacts};
use flusso_schemas::lock::{Identity, Manage, TablePlan};
use flusso_schemas::name::{TableName, quote_literal};
use flusso_schemas::report::Finding;

use super::super::server::{self, PublicationGap};
use super::super::{SourceNeeds, identity, judge, publication, statements, tables};
use super::blocks::{
    cases, grant_connect_here, has_row_security, identity_is_none_of, identity_is_not_index, is_narrowed,
    is_unpublished, leaves_operations_out, no_publication, no_role, only_if,
};
use super::{Request, SETTLED, Section};
use crate::role_cannot_replicate::SERVICE_ROLES;
use crate::words::listed;
use crate::{child_delete_unseen, unusable_replica_identity};

/// By how much a limit that is reached is raised: a slot of ours, and some for those who come next.
const LIMIT_STEP: u64 = 4;

/// Every section, empty ones too; and findings that none of them settles.
pub(super) fn all(request: &Request<'_>, needs: &SourceNeeds<'_>) -> (Vec<Section>, Vec<Finding>) {
    let section = Sections { request, needs };
    let sections = vec![
        section.server(),
        section.role(),
        section.grants(),
        section.logged(),
        section.identity_indexes(),
        section.identities(),
        section.publication(),
        section.slot(),
    ];
    (sections, section.unsettled())
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
        if self.role_facts().is_none() {
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

    /// Tables whose identity has to be set, by somebody else than flusso.
    fn identities_to_set(&self) -> Vec<&'a TablePlan> {
        let is_needed = |(plan, readers): &&(&TablePlan, Vec<&str>)| {
            let Some(facts) = self.request.facts else { return true };
            let Some(relation) = facts.relations.get(&plan.name) else { return false };
            let is_ordinary =
                relation.persistence == "u" || tables::not_an_ordinary_table(&plan.name, relation).is_none();
            is_ordinary
                && tables::replica_identity(self.needs.source, plan, readers, relation, facts).is_some()
                && (identity::obstacle(plan, relation).is_none() || self.can_create_index(plan, relation))
        };
        self.needs.tables.iter().filter(is_needed).map(|(plan, _)| *plan).collect()
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
            title: "Indexes for replica identities",
            notes: vec!["These do not block writers, and cannot run inside a transaction.".to_owned()],
            statements: plans.filter_map(create).collect(),
        }
    }

    fn identities(&self) -> Section {
        let mut section = Section { title: "Replica identities", ..Section::default() };
        section.notes.push(
            "Each takes a lock on its table for an instant. Should one time out, run it again.".to_owned(),
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
        let mut section = Section { title: "Publication", ..Section::default() };
        let all = server::names(self.needs);
        let exists = self.request.facts.map(|facts| publication::of(facts, name).is_some());
        let gap = self.request.facts.and_then(|facts| server::publication_gap(self.needs, facts));
        let is_created = matches!(gap, Some(PublicationGap::Unmanaged | PublicationGap::ForeignTables(_)));
        if exists.is_none() || is_created {
            section.statements.push(only_if(no_publication(name), vec![publication::create(name, &all)]));
        }
        if exists.is_none() || matches!(gap, Some(PublicationGap::Operations(_))) {
            section
                .statements
                .push(only_if(leaves_operations_out(name), vec![publication::publish_all(name)]));
        }
        if exists != Some(false) {
            section.statements.extend(all.iter().flat_map(|table| self.membership(table)));
        }
        section
    }

    /// Puts a table into the publication as a whole.
    fn membership(&self, table: &TableName) -> Vec<String> {
        let name = &self.needs.source.publication;
        let (add, remove) = (publication::add(name, &[table]), publication::remove(name, table));
        let missing = (is_unpublished(name, table), vec![add.clone()]);
        let narrowed = (is_narrowed(name, table), vec![remove, add]);
        let Some(facts) = self.request.facts else { return vec![cases(&[missing, narrowed])] };
        let plan = self.needs.tables.iter().map(|(plan, _)| *plan).find(|plan| plan.name == *table);
        let found = plan
            .zip(facts.relations.get(table))
            .and_then(|(plan, relation)| tables::published(self.needs.source, plan, relation, facts));
        match (found, publication::membership(facts, name, table)) {
            (None, _) => Vec::new(),
            (Some(_), None) => vec![cases(&[missing])],
            (Some(_), Some(_)) => vec![cases(&[narrowed])],
        }
    }

    fn slot(&self) -> Section {
        let source = self.needs.source;
        let exists = self
            .request
            .facts
            .is_some_and(|facts| facts.server.slots.iter().flatten().any(|slot| slot.name == source.slot));
        let mut section = Section {
            title: "Replication slot",
            notes: vec![
                "It waits for every transaction that is open now. From then on the server keeps its log until flusso"
                    .to_owned(),
                "has read it: run `flusso apply` soon.".to_owned(),
            ],
            statements: Vec::new(),
        };
        if !source.manage.contains(&Manage::Slot) && !exists {
            let slot = quote_literal(&source.slot);
            let unless =
                format!("where not exists (select from pg_replication_slots where slot_name = {slot})");
            section.statements.push(format!("{}\n  {unless}", statements::create_slot(&source.slot)));
        }
        section
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

    /// The facts, where they are the role's.
    fn role_facts(&self) -> Option<&'a CatalogFacts> {
        self.request.facts.filter(|_| self.request.is_role_known)
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
