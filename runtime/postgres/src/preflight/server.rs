//! Findings about the server, our role, the slot and the publication itself.

use flusso_schemas::facts::{CatalogFacts, PublicationFacts, SlotFacts};
use flusso_schemas::lock::{Lock, Manage};
use flusso_schemas::report::Finding;

use super::{Live, deny};
use crate::publication;

/// Roles by which managed services let a role replicate that may not by itself.
const REPLICATION_ROLES: [&str; 3] = ["rds_replication", "azure_pg_admin", "alloydbsuperuser"];
/// What a slot of ours decodes with.
const PLUGIN: &str = "pgoutput";

/// The finding of a server that only replays another one's log.
pub(crate) const STANDBY: &str = "replica-server";

/// Findings that end a session before its first walsender.
pub(super) fn before_walsender(plan: &Lock, facts: &CatalogFacts) -> Vec<Finding> {
    version(plan, facts).into_iter().chain(replica(facts)).chain(role(facts)).collect()
}

/// Findings that concern no single table.
pub(super) fn findings(plan: &Lock, facts: &CatalogFacts, live: &Live) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(version(plan, facts));
    found.extend(replica(facts));
    found.extend(encoding(facts));
    found.extend(settings(plan, live));
    found.extend(role(facts));
    found.extend(slot(plan, facts));
    found.extend(wal_senders(plan, facts, live));
    found.extend(publication(plan, facts));
    found
}

fn version(plan: &Lock, facts: &CatalogFacts) -> Option<Finding> {
    let (version, minima) = (facts.server.version, &plan.source.server_version_min);
    let minima = minima.iter().filter_map(|text| Some((text, version_number(text)?)));
    let mut known = minima.clone().filter(|(_, minimum)| minimum / 10_000 == version / 10_000);
    let lowest = minima.clone().min_by_key(|(_, minimum)| *minimum);
    let (text, minimum) = known.next().or_else(|| lowest.filter(|(_, minimum)| version < *minimum))?;
    (version < minimum).then(|| {
        let is = format!("{}.{}", version / 10_000, version % 10_000);
        let message =
            format!("Postgres {is} may leave out changes of a table that is added to a publication");
        deny("server-too-old", message).with_help(format!("update the server to {text} or later"))
    })
}

/// `15.13` as the server numbers it, 150013.
fn version_number(text: &str) -> Option<u32> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    Some(major.parse::<u32>().ok()? * 10_000 + minor.parse::<u32>().ok()?)
}

fn replica(facts: &CatalogFacts) -> Option<Finding> {
    facts.server.in_recovery.then(|| {
        deny(
            STANDBY,
            "the server is a standby: it may show older rows than the changes that the primary sends",
        )
        .with_help("name the primary in the source's connection")
    })
}

fn encoding(facts: &CatalogFacts) -> Option<Finding> {
    (facts.server.encoding == "SQL_ASCII").then(|| {
        let message = format!("database `{}` does not know how its text is encoded", facts.server.database);
        deny("unsupported-encoding", message)
            .with_note("its encoding is `SQL_ASCII`")
            .with_help("move it to a database with encoding `UTF8`")
    })
}

fn settings(plan: &Lock, live: &Live) -> Vec<Finding> {
    let differs = |(name, value): &(&String, &String)| live.settings.get(*name) != Some(*value);
    let finding = |(name, value): (&String, &String)| {
        let is = live.settings.get(name).map_or("unknown", String::as_str);
        if name == "wal_level" {
            deny("wal-level-not-logical", format!("`wal_level` is `{is}`: Postgres keeps no changes of rows"))
                .with_help("run `alter system set wal_level = logical` and restart the server")
        } else {
            deny("setting-differs", format!("`{name}` is `{is}` and the lock relies on `{value}`"))
        }
    };
    plan.source.settings.iter().filter(differs).map(finding).collect()
}

fn role(facts: &CatalogFacts) -> Option<Finding> {
    let role = &facts.server.role;
    let through = |name: &String| REPLICATION_ROLES.contains(&name.as_str());
    let may = role.superuser || role.replication || role.member_of.iter().flatten().any(through);
    (!may).then(|| {
        deny("role-cannot-replicate", format!("role `{}` has no `REPLICATION` attribute: it cannot read changes", role.name))
            .about("server")
            .with_help(format!(
                "run `alter role \"{}\" replication`, or grant it your service's replication role (`rds_replication`, \
                 `azure_pg_admin`, `alloydbsuperuser`)",
                role.name
            ))
    })
}

fn slot(plan: &Lock, facts: &CatalogFacts) -> Option<Finding> {
    let name = &plan.source.slot;
    let mut slots = facts.server.slots.iter().flatten();
    match slots.find(|slot| slot.name == *name) {
        Some(slot) => conflict(slot, facts).or_else(|| lost(slot)),
        None if !plan.source.manage.contains(&Manage::Slot) => Some(
            deny(
                "no-slot",
                format!("slot `{name}` does not exist, and `manage` does not let flusso create it"),
            )
            .with_help(format!(
                "run `select pg_create_logical_replication_slot('{name}', '{PLUGIN}')`, or manage `slot`"
            )),
        ),
        None => no_free_slot(facts),
    }
}

fn conflict(slot: &SlotFacts, facts: &CatalogFacts) -> Option<Finding> {
    let name = &slot.name;
    let message = if slot.slot_type != "logical" || slot.plugin.as_deref() != Some(PLUGIN) {
        let is = slot.plugin.as_deref().unwrap_or(&slot.slot_type);
        format!("slot `{name}` was not created by flusso: its plugin is `{is}`")
    } else if slot.database.as_ref() != Some(&facts.server.database) {
        format!("slot `{name}` belongs to database `{}`", slot.database.as_deref().unwrap_or_default())
    } else {
        return None;
    };
    Some(
        deny("slot-conflict", message)
            .with_help("set `source.postgres.slot` to a name that is free, then run `flusso compile`"),
    )
}

fn lost(slot: &SlotFacts) -> Option<Finding> {
    (slot.wal_status.as_deref() == Some("lost")).then(|| {
        deny("slot-lost", format!("slot `{}` is lost: Postgres removed log that it still needed", slot.name))
            .with_help(format!(
                "raise `max_slot_wal_keep_size`, run `select pg_drop_replication_slot('{}')`, delete the project's \
                 state index, then run `flusso apply`",
                slot.name
            ))
    })
}

fn no_free_slot(facts: &CatalogFacts) -> Option<Finding> {
    let (used, most) =
        (facts.server.slots.iter().flatten().count() as u64, limit(facts, "max_replication_slots")?);
    (used >= most).then(|| {
        deny("no-free-slot", format!("all {most} replication slots of the server are in use"))
            .with_help("drop a slot that nobody needs, or raise `max_replication_slots` and restart")
    })
}

fn wal_senders(plan: &Lock, facts: &CatalogFacts, live: &Live) -> Option<Finding> {
    let most = limit(facts, "max_wal_senders")?;
    let mut slots = facts.server.slots.iter().flatten();
    let is_held = slots.any(|slot| slot.name == plan.source.slot && slot.active);
    (live.wal_senders >= most && !is_held).then(|| {
        deny("no-free-wal-sender", format!("all {most} senders of the server's log are in use"))
            .with_help("end a replication that nobody needs, or raise `max_wal_senders` and restart")
    })
}

fn limit(facts: &CatalogFacts, setting: &str) -> Option<u64> {
    facts.server.settings.get(setting)?.as_deref()?.parse().ok()
}

fn publication(plan: &Lock, facts: &CatalogFacts) -> Option<Finding> {
    let name = &plan.source.publication;
    let is_managed = plan.source.manage.contains(&Manage::Publication);
    match publication::of(facts, name) {
        Some(found) => operations(found, is_managed),
        None if !is_managed => Some(
            deny(
                "table-not-published",
                format!("publication `{name}` does not exist: no change would arrive"),
            )
            .with_help(publication::create(
                name,
                &plan.tables.iter().map(|table| &table.name).collect::<Vec<_>>(),
            )),
        ),
        None => (!facts.server.role.create_in_database && !facts.server.role.superuser).then(|| {
            let (role, database) = (&facts.server.role.name, &facts.server.database);
            let message = format!("role `{role}` cannot make publication `{name}` in database `{database}`");
            deny("publication-not-ours-to-change", message)
                .with_help(format!("run `grant create on database {database} to {role}`"))
        }),
    }
}

fn operations(found: &PublicationFacts, is_managed: bool) -> Option<Finding> {
    let missing = publication::missing_operations(found);
    if missing.is_empty() || (is_managed && found.owned) {
        return None;
    }
    let (name, missing) = (&found.name, missing.join(", "));
    let message = format!("publication `{name}` does not send {missing}: documents would miss these changes");
    Some(deny("publication-missing-operation", message).with_help(publication::publish_all(name)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{facts, live, only, plan};
    use super::*;

    fn with_slot(slot: SlotFacts) -> String {
        let mut facts = facts();
        facts.server.slots = Some(vec![slot]);
        only(findings(&plan(&[Manage::Slot]), &facts, &live()))
    }

    fn ours() -> SlotFacts {
        SlotFacts {
            name: "flusso_shop".to_owned(),
            plugin: Some("pgoutput".to_owned()),
            slot_type: "logical".to_owned(),
            database: Some("shop".to_owned()),
            ..SlotFacts::default()
        }
    }

    #[test]
    fn a_slot_must_be_ours_and_whole() {
        assert_eq!(with_slot(ours()), "");
        let elsewhere = SlotFacts { database: Some("billing".to_owned()), ..ours() };
        assert_eq!(with_slot(elsewhere), "slot-conflict: slot `flusso_shop` belongs to database `billing`");
        let other = SlotFacts { plugin: Some("wal2json".to_owned()), ..ours() };
        assert!(with_slot(other).starts_with("slot-conflict: "));
        let lost = SlotFacts { wal_status: Some("lost".to_owned()), ..ours() };
        assert!(with_slot(lost).starts_with("slot-lost: "));
    }

    #[test]
    fn each_major_version_has_its_own_minimum() {
        let judged = |version| {
            let mut facts = facts();
            facts.server.version = version;
            only(findings(&plan(&[Manage::Slot]), &facts, &live()))
        };
        for fine in [150_013, 160_009, 170_005, 180_000, 190_000] {
            assert_eq!(judged(fine), "", "{fine}");
        }
        for old in [150_012, 160_008, 140_020] {
            assert!(judged(old).starts_with("server-too-old: "), "{old}");
        }
    }

    #[test]
    fn what_the_server_lacks_is_told() {
        let manage = [Manage::Slot];
        let mut facts = facts();
        facts.server.settings.insert("max_replication_slots".to_owned(), Some("0".to_owned()));
        assert!(only(findings(&plan(&manage), &facts, &live())).starts_with("no-free-slot: "));
        facts = super::super::tests::facts();
        let busy = Live { wal_senders: 10, ..live() };
        assert!(only(findings(&plan(&manage), &facts, &busy)).starts_with("no-free-wal-sender: "));
        let replica = Live { settings: [("wal_level".to_owned(), "replica".to_owned())].into(), ..live() };
        let found = only(findings(&plan(&manage), &facts, &replica));
        assert_eq!(
            found,
            "wal-level-not-logical: `wal_level` is `replica`: Postgres keeps no changes of rows"
        );
        facts.server.role.replication = false;
        assert!(only(findings(&plan(&manage), &facts, &live())).starts_with("role-cannot-replicate: "));
        facts.server.role.member_of = Some(vec!["rds_replication".to_owned()]);
        assert_eq!(only(findings(&plan(&manage), &facts, &live())), "");
    }

    #[test]
    fn a_publication_that_leaves_out_operations_is_altered_or_told() {
        let mut facts = facts();
        facts.server.publications.iter_mut().flatten().for_each(|each| each.delete = false);
        let manage = [Manage::Slot];
        let found = only(findings(&plan(&manage), &facts, &live()));
        assert!(found.starts_with("publication-missing-operation: "), "{found}");
        assert_eq!(only(findings(&plan(&[Manage::Slot, Manage::Publication]), &facts, &live())), "");
        facts.server.publications = None;
        assert!(only(findings(&plan(&manage), &facts, &live())).starts_with("table-not-published: "));
    }
}
