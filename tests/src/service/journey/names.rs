//! Names in a sink: a prefix from the environment, and one name that is claimed twice.

use std::fs;

use xtask::fixtures::SHOP;

use crate::rig::Rig;

const NOTHING: Option<&str> = Some("0");

/// A project whose prefix is `${PREFIX}`, which is not set.
fn with_prefix() -> Rig {
    let rig = Rig::new(SHOP, 0.001);
    rig.edit("flusso.yml", &format!("index_prefix: {}_", rig.name), "index_prefix: \"${PREFIX}\"");
    rig
}

fn assert_nothing_was_made(rig: &mut Rig) {
    assert_eq!(rig.value("select count(*) from pg_publication").as_deref(), NOTHING);
    let slots = format!("select count(*) from pg_replication_slots where slot_name = 'flusso_{}'", rig.name);
    assert_eq!(rig.value(&slots).as_deref(), NOTHING);
    assert_eq!(rig.generations(), [""; 0]);
}

#[test]
fn one_lock_serves_every_environment_by_its_prefix() {
    let mut rig = with_prefix();
    rig.set("PREFIX", &format!("{}_", rig.name));
    rig.flusso(&["compile"]).assert_code(0);
    let lock = fs::read_to_string(rig.path("flusso.lock")).expect("a lock");
    assert!(lock.contains("index_prefix = \"${PREFIX}\""), "{lock}");
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("orders");
    let generations = rig.generations();
    assert!(
        generations.iter().any(|name| name.starts_with(&format!("{}_orders-", rig.name))),
        "{generations:?}"
    );
    rig.set("PREFIX", &format!("{}_staging_", rig.name));
    rig.flusso(&["compile", "--check"]).assert_code(0);
}

#[test]
fn an_unset_prefix_ends_with_3_and_a_wrong_one_with_1_and_nothing_is_made() {
    let mut rig = with_prefix();
    rig.set("PREFIX", &format!("{}_", rig.name));
    rig.flusso(&["compile"]).assert_code(0);
    rig.set("PREFIX", "");
    for command in ["check", "apply", "run"] {
        rig.flusso(&[command]).assert_code(3).assert_said("`PREFIX` is not set");
    }
    assert_nothing_was_made(&mut rig);
    let name = rig.name.to_uppercase();
    rig.set("PREFIX", &format!("{name}_"));
    rig.flusso(&["apply"]).assert_code(1).assert_said("so OpenSearch would refuse every index");
    rig.flusso(&["check"]).assert_code(1);
    assert_nothing_was_made(&mut rig);
}

#[test]
fn two_sinks_of_one_cluster_cannot_claim_one_alias() {
    let mut rig = with_prefix();
    rig.set("PREFIX", &format!("{}_", rig.name));
    let other = rig.opensearch.replace("127.0.0.1", "localhost");
    rig.set("OTHER_URL", &other);
    let prefix = "      index_prefix: \"${PREFIX}\"\n";
    let second = "  other:\n    opensearch:\n      url: \"${OTHER_URL}\"\n";
    rig.edit("flusso.yml", prefix, &format!("{prefix}{second}{prefix}"));
    let done = rig.flusso(&["check", "--format", "concise"]).assert_code(1);
    assert!(
        done.stdout.contains("[duplicate-alias]: sinks `other` and `search` write to one cluster"),
        "{}",
        done.stdout
    );
    rig.flusso(&["compile"]).assert_code(1);
    assert!(!rig.path("flusso.lock").exists());
    // A lock that was made where the two were apart is judged again where it runs.
    rig.edit(
        "flusso.yml",
        &format!("{second}{prefix}"),
        &format!("{second}      index_prefix: \"${{SECOND}}\"\n"),
    );
    rig.set("SECOND", &format!("{}_b_", rig.name));
    rig.flusso(&["compile"]).assert_code(0);
    let name = rig.name.clone();
    rig.set("SECOND", &format!("{name}_"));
    rig.flusso(&["apply"]).assert_code(1).assert_said("write to one cluster with one `index_prefix`");
    assert_nothing_was_made(&mut rig);
}

#[test]
fn an_alias_of_another_project_is_not_taken() {
    let mut first = Rig::new(SHOP, 0.001);
    first.compile_and_apply();
    let before = first.generations();
    let mut second = Rig::new(SHOP, 0.001);
    second.edit(
        "flusso.yml",
        &format!("index_prefix: {}_", second.name),
        &format!("index_prefix: {}_", first.name),
    );
    let whose = format!("of project `{}`", first.name);
    let done = second.flusso(&["check", "--format", "concise"]).assert_code(1);
    assert!(
        done.stdout.contains("[alias-points-elsewhere]") && done.stdout.contains(&whose),
        "{}",
        done.stdout
    );
    second.flusso(&["compile"]).assert_code(1);
    // The lock may come from where the alias was free.
    second.edit("flusso.yml", &format!("index_prefix: {}_", first.name), "index_prefix: \"${PREFIX}\"");
    second.set("PREFIX", &format!("{}_", second.name));
    second.flusso(&["compile"]).assert_code(0);
    second.set("PREFIX", &format!("{}_", first.name));
    second.flusso(&["apply"]).assert_code(4).assert_said(&format!("of project `{}`", first.name));
    assert_nothing_was_made(&mut second);
    assert_eq!(first.generations(), before);
    first.assert_right("orders");
}
