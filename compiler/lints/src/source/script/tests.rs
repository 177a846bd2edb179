//! The script over one plan and facts of which one is changed at a time.

use flusso_schemas::facts::{MembershipFacts, RelationFacts};
use flusso_schemas::lock::{Identity, Manage};
use flusso_schemas::name::{Ident, TableName};

use super::super::tests::{facts, plan, table};
use super::*;

/// A plan whose source somebody else prepares, all of it there but the slot.
fn prepared() -> (Lock, CatalogFacts) {
    (plan(&[Manage::Slot]), facts())
}

fn script_of(lock: &Lock, facts: Option<&CatalogFacts>) -> Script {
    script(&Request { lock, role: "sync", facts, is_role_known: true, is_whole: false, functions: &[] })
}

fn relation(facts: &mut CatalogFacts) -> &mut RelationFacts {
    facts.relations.get_mut(&table()).expect("the table")
}

/// Statements between the backticks of a help.
fn statements_of(help: &str) -> Vec<String> {
    let quoted = help.split('`').skip(1).step_by(2);
    let is_statement =
        |text: &&str| ["alter ", "grant ", "create "].iter().any(|verb| text.starts_with(verb));
    quoted.filter(is_statement).flat_map(|text| text.split("; ")).map(str::to_owned).collect()
}

#[test]
fn nothing_is_printed_where_nothing_is_missing() {
    let (lock, facts) = prepared();
    assert_eq!(script_of(&lock, Some(&facts)), Script::default());
}

/// One way in which a source can be wrong.
type Wrong = (&'static str, fn(&mut Lock, &mut CatalogFacts));

const WRONG: [Wrong; 10] = [
    ("wal-level-not-logical", |_, facts| {
        facts.server.settings.insert("wal_level".to_owned(), Some("replica".to_owned()));
    }),
    ("role-cannot-replicate", |_, facts| facts.server.role.replication = false),
    ("missing-select-privilege", |_, facts| relation(facts).select = false),
    ("missing-select-privilege", |_, facts| relation(facts).usage = false),
    ("row-level-security", |_, facts| relation(facts).rls_active = true),
    ("table-not-published", |_, facts| facts.server.publications = None),
    ("table-not-published", |_, facts| relation(facts).published.clear()),
    ("publication-missing-operation", |_, facts| {
        facts.server.publications.iter_mut().flatten().for_each(|each| each.delete = false);
    }),
    ("publication-row-filter", |_, facts| {
        let membership = MembershipFacts { publication: "flusso_shop".to_owned(), ..Default::default() };
        relation(facts).published = vec![MembershipFacts { filtered: true, ..membership }];
    }),
    ("unusable-replica-identity", |_, facts| relation(facts).identity = "n".to_owned()),
];

#[test]
fn the_script_holds_the_statements_of_the_help_and_no_other_section() {
    for (lint, spoil) in WRONG {
        let (mut lock, mut facts) = prepared();
        spoil(&mut lock, &mut facts);
        let found = super::super::judge(&SourceNeeds::of(&lock), &facts);
        let [finding] = found.as_slice() else { panic!("{lint}: {found:#?}") };
        assert_eq!(finding.lint, lint);
        let script = script_of(&lock, Some(&facts));
        assert_eq!((script.sections.len(), script.unsettled.as_slice()), (1, &[][..]), "{lint}: {script:#?}");
        let text = script.text("shop");
        let wanted = statements_of(finding.help.as_deref().unwrap_or_default());
        assert!(!wanted.is_empty(), "{lint}: {finding:?}");
        for statement in wanted {
            assert!(text.contains(&statement), "{lint}: `{statement}` is not in\n{text}");
        }
    }
}

#[test]
fn what_was_settled_has_no_finding() {
    for (lint, spoil) in WRONG {
        let (mut lock, mut facts) = prepared();
        spoil(&mut lock, &mut facts);
        let settled = settled(&facts, &lock.source);
        assert_eq!(super::super::judge(&SourceNeeds::of(&lock), &settled), [], "{lint}");
    }
}

#[test]
fn what_no_statement_settles_is_said() {
    let (lock, mut facts) = prepared();
    facts.server.in_recovery = true;
    facts.server.role.replication = false;
    let script = script_of(&lock, Some(&facts));
    let [message] = script.unsettled.as_slice() else { panic!("{script:#?}") };
    assert_eq!(script.sections.len(), 1, "{script:#?}");
    assert!(script.text("shop").contains(&format!("-- No statement here settles this: {message}\n")));
}

#[test]
fn an_index_that_is_missing_is_created_before_it_is_the_identity_and_before_publishing() {
    let (mut lock, mut facts) = prepared();
    lock.tables[0].identity = Identity::Index(Ident::new("orders_total"));
    lock.tables[0].identity_holds.push(Ident::new("total"));
    relation(&mut facts).published.clear();
    let script = script_of(&lock, Some(&facts));
    let titles: Vec<&str> = script.sections.iter().map(|section| section.title).collect();
    assert_eq!(titles, ["Indexes for replica identities", "Replica identities", "Publication"]);
    assert_eq!(
        script.sections[0].statements,
        [
            "create unique index concurrently if not exists \"orders_total\" on \"shop\".\"orders\" (\"id\", \"total\")"
        ]
    );
    assert_eq!(script.unsettled, [""; 0]);
}

#[test]
fn an_identity_that_cannot_be_set_is_said_and_not_tried() {
    let (mut lock, mut facts) = prepared();
    lock.tables[0].identity = Identity::Index(Ident::new("orders_total"));
    lock.tables[0].identity_holds.push(Ident::new("total"));
    relation(&mut facts).columns[1].not_null = false;
    let script = script_of(&lock, Some(&facts));
    assert_eq!(script.sections, []);
    assert_eq!(script.unsettled.len(), 1, "{script:#?}");
}

#[test]
fn another_roles_facts_are_not_taken_for_the_roles() {
    let (lock, facts) = prepared();
    let request = Request {
        lock: &lock,
        role: "sync",
        facts: Some(&facts),
        is_role_known: false,
        is_whole: false,
        functions: &[],
    };
    let text = script(&request).text("shop");
    for part in ["create role \"sync\" login replication;", "grant usage on schema \"shop\" to \"sync\";"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("publication"), "{text}");
}

#[test]
fn a_name_ends_neither_its_statement_nor_its_comment() {
    let (mut lock, _) = prepared();
    let odd = "a\"b'c$flusso$;\n-- x";
    lock.source.publication = odd.to_owned();
    lock.source.slot = odd.to_owned();
    lock.source.manage.clear();
    lock.tables[0].name = TableName::new(odd, odd);
    let request = Request {
        lock: &lock,
        role: odd,
        facts: None,
        is_role_known: false,
        is_whole: false,
        functions: &[],
    };
    let script = script(&request);
    let blocks = script.sections.iter().flat_map(|section| &section.statements);
    for block in blocks.filter(|statement| statement.starts_with("do ")) {
        let tag = block.split(' ').nth(1).expect("a block has a tag");
        assert_eq!(block.matches(tag).count(), 2, "{block}");
    }
    assert!(script.sections.iter().flat_map(|section| &section.notes).all(|note| {
        let mut line = String::new();
        super::comment(&mut line, note);
        line.matches('\n').count() == 1
    }));
}

#[test]
fn the_script_ends_at_a_statement_that_fails() {
    let (lock, mut facts) = prepared();
    relation(&mut facts).identity = "n".to_owned();
    for facts in [None, Some(&facts)] {
        let text = script_of(&lock, facts).text("shop");
        let mut commands = text.lines().filter(|line| !line.is_empty() && !line.starts_with("--"));
        assert_eq!(commands.next(), Some("\\set ON_ERROR_STOP on"), "{text}");
    }
}

#[test]
fn a_table_is_published_only_with_a_usable_identity() {
    let (lock, mut facts) = prepared();
    let publication = |facts: Option<&CatalogFacts>| {
        let script = script_of(&lock, facts);
        let mut sections = script.sections.into_iter();
        sections.find(|section| section.title == PUBLICATION).expect("it publishes").statements
    };
    let whole = publication(None);
    assert_eq!(whole.len(), 3, "{whole:#?}");
    relation(&mut facts).published.clear();
    let added = publication(Some(&facts));
    facts.server.publications.iter_mut().flatten().for_each(|each| each.delete = false);
    let completed = publication(Some(&facts));
    facts.server.publications = None;
    let created = publication(Some(&facts));
    for statement in [whole, added, completed, created].concat() {
        let place =
            |part: &str| statement.find(part).unwrap_or_else(|| panic!("{part} is not in {statement}"));
        let first =
            ["create publication", "alter publication"].iter().filter_map(|verb| statement.find(verb)).min();
        assert!(place("relreplident") < place("raise exception"), "{statement}");
        assert!(Some(place("raise exception")) < first, "{statement}");
    }
}

#[test]
fn a_table_whose_identity_cannot_be_set_is_not_published() {
    let (lock, mut facts) = prepared();
    facts.server.publications = None;
    relation(&mut facts).indexes.clear();
    let script = script_of(&lock, Some(&facts));
    assert_eq!(script.sections, []);
    assert_eq!(script.unsettled.len(), 1, "{script:#?}");
}

#[test]
fn an_identity_that_flusso_would_set_is_set_before_somebody_else_publishes_the_table() {
    let (mut lock, mut facts) = prepared();
    lock.source.manage.insert(Manage::ReplicaIdentity);
    relation(&mut facts).identity = "n".to_owned();
    assert_eq!(script_of(&lock, Some(&facts)), Script::default());
    relation(&mut facts).published.clear();
    let script = script_of(&lock, Some(&facts));
    let titles: Vec<&str> = script.sections.iter().map(|section| section.title).collect();
    assert_eq!(titles, ["Replica identities", "Publication"]);
}

#[test]
fn tables_that_do_not_exist_are_named_and_not_published() {
    let (lock, mut facts) = prepared();
    facts.relations.clear();
    facts.server.publications = None;
    for is_whole in [false, true] {
        let script = script(&Request {
            lock: &lock,
            role: "sync",
            facts: Some(&facts),
            is_role_known: true,
            is_whole,
            functions: &[],
        });
        let [message] = script.unsettled.as_slice() else { panic!("{script:#?}") };
        assert!(message.starts_with("table `shop.orders` does not exist in database `shop`"), "{message}");
        assert_eq!(script.sections.is_empty(), !is_whole, "{script:#?}");
    }
}

#[test]
fn a_slot_that_flusso_may_not_create_is_created_by_nobody() {
    let (mut lock, facts) = prepared();
    lock.source.manage.clear();
    let script = script_of(&lock, Some(&facts));
    assert_eq!(script.sections, []);
    assert_eq!(
        script.unsettled,
        [
            "slot `flusso_shop` does not exist, and `manage` does not let flusso create it; add `slot` to `manage`: a \
             slot that something else created is not taken over"
        ]
    );
    assert!(!script_of(&lock, None).text("shop").contains("slot("));
}

#[test]
fn a_role_that_may_not_log_in_or_connect_is_let() {
    let (lock, mut facts) = prepared();
    facts.server.role.login = false;
    facts.server.role.connect = false;
    let script = script_of(&lock, Some(&facts));
    let statements: Vec<&String> = script.sections.iter().flat_map(|section| &section.statements).collect();
    assert_eq!(statements, ["alter role \"sync\" login", "grant connect on database \"shop\" to \"sync\""]);
    assert_eq!(script.unsettled, [""; 0]);
}
