//! The server, our role, the slot and the publication itself.

use flusso_schemas::facts::{CatalogFacts, SlotFacts};
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
pub(super) const PLUGIN: &str = "pgoutput";

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
    wrong_wal_level(facts).map(wal_level_not_logical::finding)
}

/// The `wal_level`, where it is too low.
pub(super) fn wrong_wal_level(facts: &CatalogFacts) -> Option<&str> {
    let level = facts.server.settings.get("wal_level").and_then(Option::as_deref).unwrap_or("unknown");
    Some(level).filter(|level| *level != "logical")
}

fn role(facts: &CatalogFacts) -> Option<Finding> {
    (!can_replicate(facts)).then(|| role_cannot_replicate::finding(&facts.server.role.name))
}

/// Whether our role may read changes, by itself or through a managed service's role.
pub(super) fn can_replicate(facts: &CatalogFacts) -> bool {
    let role = &facts.server.role;
    let through = |name: &String| role_cannot_replicate::SERVICE_ROLES.contains(&name.as_str());
    role.superuser || role.replication || role.member_of.iter().flatten().any(through)
}

fn slot(source: &SourcePlan, facts: &CatalogFacts) -> Option<Finding> {
    let mut slots = facts.server.slots.iter().flatten();
    match slots.find(|slot| slot.name == source.slot) {
        Some(slot) => conflict(source, slot, facts).or_else(|| lost(slot)),
        None if !source.manage.contains(&Manage::Slot) => Some(no_slot::finding(&source.slot)),
        None => slots_in_use(facts).map(no_free_slot::finding),
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

/// The limit of slots, where it is reached.
pub(super) fn slots_in_use(facts: &CatalogFacts) -> Option<u64> {
    let most = limit(facts, "max_replication_slots")?;
    let used = facts.server.slots.iter().flatten().count() as u64;
    (used >= most).then_some(most)
}

fn wal_senders(source: &SourcePlan, facts: &CatalogFacts) -> Option<Finding> {
    wal_senders_in_use(source, facts).map(no_free_wal_sender::finding)
}

/// The limit of walsenders, where it is reached by others than our own follower.
pub(super) fn wal_senders_in_use(source: &SourcePlan, facts: &CatalogFacts) -> Option<u64> {
    let most = limit(facts, "max_wal_senders")?;
    let mut slots = facts.server.slots.iter().flatten();
    // Our own follower holds one, and gives it up.
    let is_held = slots.any(|slot| slot.name == source.slot && slot.active);
    (facts.server.wal_senders >= most && !is_held).then_some(most)
}

fn limit(facts: &CatalogFacts, setting: &str) -> Option<u64> {
    facts.server.settings.get(setting)?.as_deref()?.parse().ok()
}

/// What a publication as a whole lacks that flusso may not give it.
#[derive(Clone, Debug)]
pub(super) enum PublicationGap<'a> {
    /// It does not exist, and `manage` leaves it out.
    Unmanaged,
    /// It does not exist, and only the owner of these tables can create it.
    ForeignTables(Vec<&'a TableName>),
    /// It does not exist, and the role may create nothing in the database.
    NoCreate,
    /// It does not send these operations.
    Operations(Vec<&'static str>),
}

/// What the publication lacks, apart from tables.
pub(super) fn publication_gap<'a>(
    needs: &SourceNeeds<'a>,
    facts: &CatalogFacts,
) -> Option<PublicationGap<'a>> {
    let is_managed = needs.source.manage.contains(&Manage::Publication);
    if let Some(found) = publication::of(facts, &needs.source.publication) {
        let missing = publication::missing_operations(found);
        let is_ours = is_managed && found.owned;
        return (!missing.is_empty() && !is_ours).then_some(PublicationGap::Operations(missing));
    }
    let role = &facts.server.role;
    let is_foreign = |table: &&TableName| facts.relations.get(*table).is_some_and(|facts| !facts.owned);
    let foreign: Vec<&TableName> = names(needs).into_iter().filter(is_foreign).collect();
    match (is_managed, role.superuser) {
        (false, _) => Some(PublicationGap::Unmanaged),
        (true, true) => None,
        (true, false) if !foreign.is_empty() => Some(PublicationGap::ForeignTables(foreign)),
        (true, false) => (!role.create_in_database).then_some(PublicationGap::NoCreate),
    }
}

/// Names of the captured tables.
pub(super) fn names<'a>(needs: &SourceNeeds<'a>) -> Vec<&'a TableName> {
    needs.tables.iter().map(|(table, _)| &table.name).collect()
}

fn publication_itself(needs: &SourceNeeds<'_>, facts: &CatalogFacts) -> Option<Finding> {
    let (name, role) = (&needs.source.publication, &facts.server.role.name);
    let create = || publication::create(name, &names(needs));
    Some(match publication_gap(needs, facts)? {
        PublicationGap::Unmanaged => table_not_published::none(name, &create()),
        PublicationGap::ForeignTables(foreign) => {
            publication_not_ours_to_change::create_for(role, name, &foreign, &create())
        }
        PublicationGap::NoCreate => {
            publication_not_ours_to_change::create(role, name, &facts.server.database)
        }
        PublicationGap::Operations(missing) => {
            publication_missing_operation::finding(name, &missing, &publication::publish_all(name))
        }
    })
}
