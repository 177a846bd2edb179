//! The rule book over one plan and the facts that fit it, each fact changed alone.

use flusso_schemas::facts::{
    ColumnFacts, IndexFacts, MembershipFacts, PublicationFacts, RelationFacts, RoleFacts, ServerFacts,
};
use flusso_schemas::lock::{Identity, Manage};

use flusso_schemas::facts::SlotFacts;
use flusso_schemas::name::TableName;
use flusso_test_locks as locks;

use super::*;

pub(super) fn table() -> TableName {
    TableName::new("shop", "orders")
}

pub(super) fn plan(manage: &[Manage]) -> Lock {
    let mut index = locks::index("orders");
    index.edges = vec![locks::edge(
        "shop.orders",
        &["."],
        &["id"],
        &["id bigint not null", "total numeric(12,2) not null"],
    )];
    let mut lock = locks::lock("shop", vec![index]);
    lock.source.manage = manage.iter().copied().collect();
    lock.source.server_version_min = ["15.13", "16.9", "17.5", "18.0"].map(str::to_owned).to_vec();
    lock.tables = vec![locks::table("shop.orders", Identity::Default, &["id"])];
    lock
}

pub(super) fn facts() -> CatalogFacts {
    let setting = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let server = ServerFacts {
        version: 150_018,
        database: "shop".to_owned(),
        encoding: "UTF8".to_owned(),
        settings: [
            setting("max_replication_slots", "10"),
            setting("max_wal_senders", "10"),
            setting("wal_level", "logical"),
        ]
        .into(),
        role: RoleFacts {
            name: "sync".to_owned(),
            login: true,
            connect: true,
            replication: true,
            create_in_database: true,
            ..RoleFacts::default()
        },
        publications: Some(vec![PublicationFacts {
            name: "flusso_shop".to_owned(),
            owned: true,
            insert: true,
            update: true,
            delete: true,
            truncate: true,
            ..PublicationFacts::default()
        }]),
        ..ServerFacts::default()
    };
    CatalogFacts { server, relations: [(table(), relation())].into(), ..CatalogFacts::default() }
}

fn relation() -> RelationFacts {
    let column = |name: &str, pg_type: &str| ColumnFacts {
        name: name.to_owned(),
        pg_type: pg_type.to_owned(),
        not_null: true,
        ..ColumnFacts::default()
    };
    let key = IndexFacts {
        name: "orders_pkey".to_owned(),
        primary: true,
        unique: true,
        immediate: true,
        valid: true,
        nkeys: 1,
        columns: vec![Some("id".to_owned())],
        ..IndexFacts::default()
    };
    RelationFacts {
        kind: "r".to_owned(),
        persistence: "p".to_owned(),
        identity: "d".to_owned(),
        owned: true,
        usage: true,
        select: true,
        columns: vec![column("id", "bigint"), column("total", "numeric(12,2)")],
        indexes: vec![key],
        published: vec![MembershipFacts {
            publication: "flusso_shop".to_owned(),
            ..MembershipFacts::default()
        }],
        ..RelationFacts::default()
    }
}

/// The only finding, as `lint: message`; empty without a finding.
pub(super) fn only(findings: Vec<Finding>) -> String {
    let all: Vec<String> = findings.iter().map(|each| format!("{}: {}", each.lint, each.message)).collect();
    assert!(all.len() <= 1, "{all:#?}");
    all.into_iter().next().unwrap_or_default()
}

fn judged(plan: &Lock, facts: &CatalogFacts) -> String {
    only(judge(&SourceNeeds::of(plan), facts))
}

#[test]
fn a_plan_that_fits_has_no_finding() {
    assert_eq!(judged(&plan(&[Manage::Slot]), &facts()), "");
    let managed = plan(&[Manage::Publication, Manage::ReplicaIdentity, Manage::Slot]);
    let mut unpublished = facts();
    unpublished.server.publications = None;
    unpublished.relations.values_mut().for_each(|relation| relation.published.clear());
    assert_eq!(judged(&managed, &unpublished), "");
}

fn with_slot(slot: SlotFacts) -> String {
    let mut facts = facts();
    facts.server.slots = Some(vec![slot]);
    judged(&plan(&[Manage::Slot]), &facts)
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
    assert_eq!(
        with_slot(elsewhere),
        "slot-conflict: slot `flusso_shop` belongs to database `billing`, and the connection leads to database `shop`"
    );
    let other = SlotFacts { plugin: Some("wal2json".to_owned()), ..ours() };
    assert!(with_slot(other).starts_with("slot-conflict: "));
    let lost = SlotFacts { wal_status: Some("lost".to_owned()), ..ours() };
    assert!(with_slot(lost).starts_with("slot-lost: "));
}

#[test]
fn each_major_version_has_its_own_minimum() {
    let of_version = |version| {
        let mut facts = facts();
        facts.server.version = version;
        judged(&plan(&[Manage::Slot]), &facts)
    };
    for fine in [150_013, 160_009, 170_005, 180_000, 190_000] {
        assert_eq!(of_version(fine), "", "{fine}");
    }
    for old in [150_012, 160_008, 140_020] {
        assert!(of_version(old).starts_with("server-too-old: "), "{old}");
    }
}

#[test]
fn what_the_server_lacks_is_reported() {
    let manage = [Manage::Slot];
    let mut facts = facts();
    facts.server.settings.insert("max_replication_slots".to_owned(), Some("0".to_owned()));
    assert!(judged(&plan(&manage), &facts).starts_with("no-free-slot: "));
    facts = self::facts();
    facts.server.wal_senders = 10;
    assert!(judged(&plan(&manage), &facts).starts_with("no-free-wal-sender: "));
    facts.server.wal_senders = 0;
    facts.server.settings.insert("wal_level".to_owned(), Some("replica".to_owned()));
    assert!(judged(&plan(&manage), &facts).starts_with("wal-level-not-logical: `wal_level` is `replica`"));
    facts.server.settings.insert("wal_level".to_owned(), Some("logical".to_owned()));
    facts.server.role.replication = false;
    assert!(judged(&plan(&manage), &facts).starts_with("role-cannot-replicate: "));
    facts.server.role.member_of = Some(vec!["rds_replication".to_owned()]);
    assert_eq!(judged(&plan(&manage), &facts), "");
}

#[test]
fn a_publication_that_leaves_out_operations_is_altered_or_reported() {
    let mut facts = facts();
    facts.server.publications.iter_mut().flatten().for_each(|each| each.delete = false);
    let manage = [Manage::Slot];
    let found = judged(&plan(&manage), &facts);
    assert!(found.starts_with("publication-missing-operation: "), "{found}");
    assert_eq!(judged(&plan(&[Manage::Slot, Manage::Publication]), &facts), "");
    facts.server.publications = None;
    assert!(judged(&plan(&manage), &facts).starts_with("table-not-published: "));
}

/// An `alter publication` could not run: there is nothing to alter.
#[test]
fn a_publication_that_cannot_be_created_is_one_finding_with_the_whole_statement() {
    let mut facts = facts();
    facts.server.publications = Some(Vec::new());
    let relation = facts.relations.get_mut(&table()).expect("the table");
    (relation.owned, relation.published) = (false, Vec::new());
    let plan = plan(&[Manage::Publication, Manage::Slot]);
    let found = judge(&SourceNeeds::of(&plan), &facts);
    assert_eq!(found.len(), 1, "{found:?}");
    let help = found[0].help.as_deref().expect("it says what to run");
    assert!(
        help.ends_with("run `create publication \"flusso_shop\" for table \"shop\".\"orders\"`"),
        "{help}"
    );
}

fn judged_table(manage: &[Manage], change: impl FnOnce(&mut RelationFacts)) -> String {
    let mut facts = facts();
    change(facts.relations.get_mut(&table()).expect("the table"));
    judged(&plan(&[manage, &[Manage::Slot]].concat()), &facts)
}

#[test]
fn only_plain_tables_are_followed() {
    for (kind, persistence, lint) in [
        ("v", "p", "relation-not-a-table"),
        ("m", "p", "relation-not-a-table"),
        ("f", "p", "relation-not-a-table"),
        ("p", "p", "not-supported-yet"),
        ("r", "u", "unlogged-table"),
    ] {
        let found = judged_table(&[], |relation| {
            relation.kind = kind.to_owned();
            relation.persistence = persistence.to_owned();
        });
        assert!(found.starts_with(&format!("{lint}: ")), "{found}");
    }
    assert!(judged_table(&[], |relation| relation.inherits = true).starts_with("inherited-table: "));
    assert!(judged_table(&[], |relation| relation.is_partition = true).starts_with("not-supported-yet: "));
}

#[test]
fn rows_that_we_may_not_see_are_reported() {
    let unreadable = judged_table(&[], |relation| relation.select = false);
    assert_eq!(
        unreadable,
        "missing-select-privilege: role `sync` may not read `shop.orders`, so no document can be built from it"
    );
    assert!(judged_table(&[], |relation| relation.rls_active = true).starts_with("row-level-security: "));
}

#[test]
fn an_identity_that_is_too_weak_is_set_or_reported() {
    let nothing = |relation: &mut RelationFacts| relation.identity = "n".to_owned();
    assert!(judged_table(&[], nothing).starts_with("unusable-replica-identity: publishing `shop.orders`"));
    assert_eq!(judged_table(&[Manage::ReplicaIdentity], nothing), "");
    let other_key =
        |relation: &mut RelationFacts| relation.indexes[0].columns = vec![Some("total".to_owned())];
    assert!(judged_table(&[], other_key).starts_with("child-delete-unseen: "));
    assert!(
        judged_table(&[Manage::ReplicaIdentity], other_key)
            .starts_with("unusable-replica-identity: the `REPLICA IDENTITY`")
    );
    let not_owned = |relation: &mut RelationFacts| {
        relation.identity = "n".to_owned();
        relation.owned = false;
    };
    let found = judged_table(&[Manage::ReplicaIdentity], not_owned);
    assert!(found.starts_with("publication-not-ours-to-change: "), "{found}");
}

#[test]
fn a_table_must_be_published_as_a_whole() {
    let unpublished = |relation: &mut RelationFacts| relation.published.clear();
    assert!(judged_table(&[], unpublished).starts_with("table-not-published: "));
    assert_eq!(judged_table(&[Manage::Publication], unpublished), "");
    let filtered = |relation: &mut RelationFacts| relation.published[0].filtered = true;
    assert!(judged_table(&[], filtered).starts_with("publication-row-filter: "));
    let listed = |relation: &mut RelationFacts| relation.published[0].columns = Some(vec!["id".to_owned()]);
    assert!(judged_table(&[], listed).starts_with("publication-column-list: "));
    let someone_elses = |relation: &mut RelationFacts| {
        relation.published.clear();
        relation.owned = false;
    };
    assert!(
        judged_table(&[Manage::Publication], someone_elses).starts_with("publication-not-ours-to-change: ")
    );
}
