//! What somebody with a superuser's rights must run before flusso can follow a source, as one script in order.
//!
//! Without facts every statement is there; with them only those that something is missing without, judged by the same
//! functions as the findings of `flusso check`. Every statement asks the catalog itself whether it is needed, so that a
//! second run changes nothing: a needless ALTER PUBLICATION would make indexes stale.

mod blocks;
mod sections;
#[cfg(test)]
mod tests;

use flusso_schemas::facts::{CatalogFacts, MembershipFacts, PublicationFacts, RoleFacts, SlotFacts};
use flusso_schemas::lock::{Lock, SourcePlan};

use super::SourceNeeds;
use super::server::PLUGIN;
use crate::{
    child_delete_unseen, missing_select_privilege, no_free_slot, no_free_wal_sender, publication_column_list,
    publication_missing_operation, publication_not_ours_to_change, publication_row_filter,
    role_cannot_replicate, row_level_security, table_not_published, unlogged_table,
    unusable_replica_identity, wal_level_not_logical,
};

/// Lints whose findings a statement of the script settles.
const SETTLED: [&str; 14] = [
    child_delete_unseen::LINT.name,
    missing_select_privilege::LINT.name,
    no_free_slot::LINT.name,
    no_free_wal_sender::LINT.name,
    publication_column_list::LINT.name,
    publication_missing_operation::LINT.name,
    publication_not_ours_to_change::LINT.name,
    publication_row_filter::LINT.name,
    role_cannot_replicate::LINT.name,
    row_level_security::LINT.name,
    table_not_published::LINT.name,
    unlogged_table::LINT.name,
    unusable_replica_identity::LINT.name,
    wal_level_not_logical::LINT.name,
];

/// Titles of the sections that depend on what a plan wants an old row to hold.
const IDENTITY_INDEXES: &str = "Indexes for replica identities";
const IDENTITIES: &str = "Replica identities";
const PUBLICATION: &str = "Publication";

/// Makes psql end at a statement that fails: those after it may rely on it.
const STOP: &str = "\\set ON_ERROR_STOP on\n";

/// What a script is for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The plan whose source is prepared.
    pub lock: &'a Lock,
    /// The role that flusso connects as.
    pub role: &'a str,
    /// What the source says, as far as that role sees it; without it every statement is printed.
    pub facts: Option<&'a CatalogFacts>,
    /// Whether the facts are those of the role; else it is created, and granted everything.
    pub is_role_known: bool,
    /// Whether every statement is printed, whatever the facts say.
    pub is_whole: bool,
    /// Functions that the queries call and the role may not: their schema and their signature, quoted.
    pub functions: &'a [Function],
}

/// A function that a role may not call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// The schema, on which the role needs `USAGE` too.
    pub schema: String,
    /// Schema, name and types of its arguments, as a statement names it.
    pub signature: String,
}

/// A script in sections; a section without statements is omitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What no statement settles, in words.
    pub unsettled: Vec<String>,
    /// The sections in the order in which they have to be run.
    pub sections: Vec<Section>,
}

/// Statements about one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// What a reader must know, a line each.
    pub notes: Vec<String>,
    /// The statements, without their final semicolon.
    pub statements: Vec<String>,
}

/// The script for a source.
pub fn script(request: &Request<'_>) -> Script {
    let needs = SourceNeeds::of(request.lock);
    let strangers =
        request.facts.filter(|_| !request.is_role_known).map(|facts| of_stranger(facts, request.role));
    let request = Request { facts: strangers.as_ref().or(request.facts), ..*request };
    let unsettled = sections::unsettled(&request, &needs);
    let printed = match request.is_whole {
        true => Request { facts: None, is_role_known: false, ..request },
        false => request,
    };
    let sections = sections::all(&printed, &needs);
    Script { unsettled, sections: sections.into_iter().filter(|section| !section.is_empty()).collect() }
}

/// The facts as a role would see them that owns nothing and may nothing.
fn of_stranger(facts: &CatalogFacts, role: &str) -> CatalogFacts {
    let mut facts = facts.clone();
    facts.server.role = RoleFacts { name: role.to_owned(), ..RoleFacts::default() };
    facts.server.publications.iter_mut().flatten().for_each(|publication| publication.owned = false);
    for relation in facts.relations.values_mut() {
        (relation.owned, relation.usage, relation.select) = (false, false, false);
    }
    facts
}

/// The facts as they will be once the script was run, with a slot of ours: what a project is planned over whose role may
/// not even look.
pub fn settled(facts: &CatalogFacts, source: &SourcePlan) -> CatalogFacts {
    let mut facts = facts.clone();
    let server = &mut facts.server;
    server.role = RoleFacts { superuser: true, ..server.role.clone() };
    for setting in ["max_replication_slots", "max_wal_senders"] {
        server.settings.remove(setting);
    }
    server.settings.insert("wal_level".to_owned(), Some("logical".to_owned()));
    server.slots = Some(vec![SlotFacts {
        name: source.slot.clone(),
        plugin: Some(PLUGIN.to_owned()),
        slot_type: "logical".to_owned(),
        database: Some(server.database.clone()),
        ..SlotFacts::default()
    }]);
    let name = source.publication.clone();
    let (insert, update, delete, truncate) = (true, true, true, true);
    server.publications = Some(vec![PublicationFacts {
        name: name.clone(),
        owned: true,
        insert,
        update,
        delete,
        truncate,
        ..PublicationFacts::default()
    }]);
    for relation in facts.relations.values_mut() {
        (relation.owned, relation.usage, relation.select, relation.rls_active) = (true, true, true, false);
        relation.identity = "f".to_owned();
        relation.published =
            vec![MembershipFacts { publication: name.clone(), ..MembershipFacts::default() }];
        relation.columns.iter_mut().for_each(|column| column.select = true);
        if relation.persistence == "u" {
            relation.persistence = "p".to_owned();
        }
    }
    facts
}

impl Section {
    fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

impl Script {
    /// Without the sections that publish and set replica identities: a table must not be published before the identity
    /// that it needs is known, or updates and deletes of the application on it may fail.
    pub fn without_publication(mut self) -> Self {
        self.sections.retain(|section| ![IDENTITY_INDEXES, IDENTITIES, PUBLICATION].contains(&section.title));
        self
    }

    /// Whether there is nothing to run; something may be unsettled.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The script as text: comments, and statements that end with a semicolon.
    pub fn text(&self, project: &str) -> String {
        let mut text = String::new();
        comment(&mut text, &format!("What Postgres needs before flusso can follow project {project}."));
        comment(
            &mut text,
            "Run it with psql in that database, as a superuser and not inside a transaction. It ends at the first",
        );
        comment(&mut text, "statement that fails. Running it twice changes nothing.");
        for message in &self.unsettled {
            comment(&mut text, &format!("No statement here settles this: {message}"));
        }
        text += STOP;
        for section in &self.sections {
            text.push('\n');
            comment(&mut text, &format!("{}:", section.title));
            section.notes.iter().for_each(|note| comment(&mut text, note));
            for statement in &section.statements {
                text += statement;
                text += ";\n";
            }
        }
        text
    }
}

/// A name may hold a line feed, after which it would be a statement.
fn comment(text: &mut String, line: &str) {
    *text += &format!("-- {}\n", line.replace(['\n', '\r'], " "));
}
