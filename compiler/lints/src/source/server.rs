//! The server, our role, the slot and the publication itself.

use flusso_schemas::facts::{CatalogFacts, PublicationFacts, SlotFacts};
use flusso_schemas::lock::{Manage, SourcePlan};
use flusso_schemas::name::TableName;
use flusso_schemas::report::Finding;

use super::{SourceNeeds, publication};
use crate::words::connection_name;
use crate::{
    no_free_slot, no_free_wal_sender, no_slot, publication_missing_operation, publication_not_ours_to_change,
    replica_server, role_cannot_replicate, server_too_old, slot_conflict, slot_lost, table_not_published,
    unsupported_encoding, wal_level_not_logical,
};

/// What a slot of ours decodes with.
const PLUGIN: &str = "pgoutput";

/// What keeps a walsender from starting: judged before one is tried, whose refusal would name no remedy.
pub fn before_walsender(source: &SourcePlan, facts: &CatalogFacts) -> Vec<Finding> {
    version(source, facts).into_iter().chain(replica(facts)).chain(role(facts)).collect()
}

/// Findings that concern no single table.
pub(super) fn findings(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Vec<Finding> {
    let source = needs.source;
    let mut found = before_walsender(source, facts);
    found.extend(encoding(facts));
    found.extend(wal_level(facts));
    found.extend(slot(source, facts));
    found.extend(wal_senders(source, facts));
    found.extend(publication_itself(needs, facts));
    found
}

fn version(source: &SourcePlan, facts: &CatalogFacts) -> Option<Finding> {
    let (version, minima) = (facts.server.version, &source.server_version_min);
    let minima = minima.iter().filter_map(|text| Some((text, version_number(text)?)));
    let mut same_major = minima.clone().filter(|(_, minimum)| minimum / 10_000 == version / 10_000);
    let lowest = minima.min_by_key(|(_, minimum)| *minimum);
    let (text, minimum) = same_major.next().or_else(|| lowest.filter(|(_, minimum)| version < *minimum))?;
    (version < minimum).then(|| server_too_old::finding(version, text))
}

/// `15.13` as the server numbers it, 150013.
fn version_number(text: &str) -> Option<u32> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    Some(major.parse::<u32>().ok()? * 10_000 + minor.parse::<u32>().ok()?)
}

fn replica(facts: &CatalogFacts) -> Option<Finding> {
    facts.server.in_recovery.then(replica_server::finding)
}

fn encoding(facts: &CatalogFacts) -> Option<Finding> {
    (facts.server.encoding == "SQL_ASCII").then(|| unsupported_encoding::finding(&facts.server.database))
}

fn wal_level(facts: &CatalogFacts) -> Option<Finding> {
    let level = facts.server.settings.get("wal_level").and_then(Option::as_deref).unwrap_or("unknown");
    (level != "logical").then(|| wal_level_not_logical::finding(level))
}

fn role(facts: &CatalogFacts) -> Option<Finding> {
    let role = &facts.server.role;
    let through = |name: &String| role_cannot_replicate::SERVICE_ROLES.contains(&name.as_str());
    let may = role.superuser || role.replication || role.member_of.iter().flatten().any(through);
    (!may).then(|| role_cannot_replicate::finding(&role.name))
}

fn slot(source: &SourcePlan, facts: &CatalogFacts) -> Option<Finding> {
    let mut slots = facts.server.slots.iter().flatten();
    match slots.find(|slot| slot.name == source.slot) {
        Some(slot) => conflict(source, slot, facts).or_else(|| lost(slot)),
        None if !source.manage.contains(&Manage::Slot) => Some(no_slot::finding(&source.slot)),
        None => no_free(facts),
    }
}

fn conflict(source: &SourcePlan, slot: &SlotFacts, facts: &CatalogFacts) -> Option<Finding> {
    if slot.slot_type != "logical" || slot.plugin.as_deref() != Some(PLUGIN) {
        let plugin = slot.plugin.as_deref().unwrap_or(&slot.slot_type);
        return Some(slot_conflict::of_plugin(&slot.name, plugin));
    }
    let database = slot.database.as_deref().unwrap_or_default();
    let (current, connection) = (&facts.server.database, connection_name(&source.endpoint));
    (database != current).then(|| slot_conflict::of_database(&slot.name, database, current, &connection))
}

fn lost(slot: &SlotFacts) -> Option<Finding> {
    (slot.wal_status.as_deref() == Some("lost")).then(|| slot_lost::finding(&slot.name))
}

fn no_free(facts: &CatalogFacts) -> Option<Finding> {
    let most = limit(facts, "max_replication_slots")?;
    let used = facts.server.slots.iter().flatten().count() as u64;
    (used >= most).then(|| no_free_slot::finding(most))
}

fn wal_senders(source: &SourcePlan, facts: &CatalogFacts) -> Option<Finding> {
    let most = limit(facts, "max_wal_senders")?;
    let mut slots = facts.server.slots.iter().flatten();
    // Our own follower holds one, and gives it up.
    let is_held = slots.any(|slot| slot.name == source.slot && slot.active);
    (facts.server.wal_senders >= most && !is_held).then(|| no_free_wal_sender::finding(most))
}

fn limit(facts: &CatalogFacts, setting: &str) -> Option<u64> {
    facts.server.settings.get(setting)?.as_deref()?.parse().ok()
}

fn publication_itself(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Option<Finding> {
    let name = &needs.source.publication;
    let is_managed = needs.source.manage.contains(&Manage::Publication);
    match publication::of(facts, name) {
        Some(found) => operations(found, is_managed),
        None if !is_managed => {
            let tables: Vec<&TableName> = needs.tables.iter().map(|(table, _)| &table.name).collect();
            Some(table_not_published::none(name, &publication::create(name, &tables)))
        }
        None => {
            let (role, database) = (&facts.server.role, &facts.server.database);
            let is_foreign =
                |table: &&TableName| facts.relations.get(*table).is_some_and(|facts| !facts.owned);
            let tables: Vec<&TableName> = needs.tables.iter().map(|(table, _)| &table.name).collect();
            let foreign: Vec<&TableName> = tables.iter().copied().filter(is_foreign).collect();
            match (role.superuser, foreign.is_empty()) {
                (true, _) => None,
                (_, false) => {
                    let create = publication::create(name, &tables);
                    Some(publication_not_ours_to_change::create_for(&role.name, name, &foreign, &create))
                }
                (_, true) => (!role.create_in_database)
                    .then(|| publication_not_ours_to_change::create(&role.name, name, database)),
            }
        }
    }
}

fn operations(found: &PublicationFacts, is_managed: bool) -> Option<Finding> {
    let missing = publication::missing_operations(found);
    let is_ours = is_managed && found.owned;
    (!missing.is_empty() && !is_ours).then(|| {
        publication_missing_operation::finding(&found.name, &missing, &publication::publish_all(&found.name))
    })
}
