//! `compile` ends well only where the lock on disk is this project's, and `apply` judges as `compile` did.

use std::fs;

use xtask::fixtures::SHOP;

use crate::rig::Rig;

fn lock(rig: &Rig) -> String {
    fs::read_to_string(rig.path("flusso.lock")).expect("a lock")
}

/// Adds lines at the end of the project file.
fn add(rig: &Rig, text: &str) {
    let path = rig.path("flusso.yml");
    let project = fs::read_to_string(&path).expect("a project file");
    fs::write(path, format!("{project}{text}")).expect("the copy is ours");
}

#[test]
fn a_lowered_lint_is_lowered_for_compile_apply_and_run() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.edit("indexes/orders.yml", "status: enum", "status: { kind: enum, order: [draft, paid, shipped] }");
    rig.flusso(&["compile"]).assert_code(1);
    assert!(!rig.path("flusso.lock").exists());
    add(&rig, "lints: { enum-order-incomplete: { level: allow, reason: the others come last } }\n");
    rig.flusso(&["compile"]).assert_code(0);
    assert!(
        lock(&rig)
            .contains("enum-order-incomplete = { level = \"allow\", reason = \"the others come last\" }")
    );
    rig.flusso(&["compile", "--check"]).assert_code(0);
    rig.flusso(&["check"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0);
    rig.assert_right("orders");
    let following = rig.follow();
    rig.run(&["update shop.orders set note = 'changed' where id = 1"]);
    rig.assert_becomes_right("orders");
    drop(following);
    // A changed project has a changed lock, however low its lints are.
    let before = lock(&rig);
    rig.edit("indexes/orders.yml", "  note: text\n", "");
    rig.flusso(&["compile", "--check"]).assert_code(1);
    rig.flusso(&["compile"]).assert_code(0);
    assert_ne!(lock(&rig), before);
}

#[test]
fn a_lint_that_apply_refuses_for_certain_cannot_be_lowered() {
    let rig = Rig::new(SHOP, 0.001);
    add(&rig, "lints: { row-level-security: allow }\n");
    let done = rig.flusso(&["compile", "--format", "concise"]).assert_code(1);
    assert!(done.stdout.contains("error[unknown-lint]"), "{}", done.stdout);
    assert!(!rig.path("flusso.lock").exists());
}

#[test]
fn patterns_without_a_file_fail_and_keep_the_lock() {
    let rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    let before = lock(&rig);
    for (patterns, says) in [
        ("[index/*.yml]", "no-index-file"),
        ("[indexes]", "no-index-file"),
        ("[indexes/*.yaml]", "no-index-file"),
        ("[indexes/*.yml, indexes/order.yml]", "no-index-file"),
        ("[]", "missing-value"),
        ("", "missing-value"),
    ] {
        rig.edit("flusso.yml", "indexes: [indexes/*.yml]", &format!("indexes: {patterns}"));
        for arguments in [&["check"][..], &["compile"], &["compile", "--check"], &["compile", "--print"]] {
            let done = rig.flusso(&[arguments, &["--format", "concise"]].concat()).assert_code(1);
            let said = done.stdout + &done.stderr;
            assert!(said.contains(&format!("[{says}]")), "{patterns}: {said}");
        }
        assert_eq!(lock(&rig), before, "{patterns}");
        rig.edit("flusso.yml", &format!("indexes: {patterns}\n"), "indexes: [indexes/*.yml]\n");
    }
    rig.edit("flusso.yml", "indexes: [indexes/*.yml]\n", "");
    rig.flusso(&["compile"]).assert_code(1);
    assert_eq!(lock(&rig), before);
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_finding() {
    let rig = Rig::new(SHOP, 0.001);
    fs::write(rig.path("indexes/users.yml"), b"index: us\xffers\n").expect("the copy is ours");
    rig.edit("indexes/orders.yml", "  note: text", "  nota: text");
    let done = rig.flusso(&["check", "--format", "concise"]).assert_code(1);
    assert!(
        done.stdout.contains("error[unreadable-file]: `indexes/users.yml` cannot be read"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("error[unknown-column]"), "{}", done.stdout);
}

#[test]
fn a_setting_that_changed_is_never_called_unchanged() {
    let rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    rig.edit("indexes/orders.yml", "table: orders\n", "table: orders\nsettings: { refresh_interval: 5s }\n");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("refresh_interval");
    let (_, settings) = rig.request("GET", &format!("/{}_orders/_settings", rig.name), "");
    assert!(settings.contains("\"refresh_interval\":\"5s\""), "{settings}");
}

#[test]
fn a_changed_root_condition_is_never_called_unchanged() {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.compile_and_apply();
    rig.edit("indexes/products.yml", "where: { active: true }", "where: { active: false }");
    rig.flusso(&["compile"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0).assert_said("condition: active = true -> active = false");
    let ids = rig.sql.query("select id::text from shop.products where not active").expect("rows");
    let ids: Vec<String> = ids.into_iter().flatten().flatten().collect();
    assert!(!ids.is_empty());
    assert!(ids.iter().all(|id| rig.document("products", id).is_some()));
    let (_, count) = rig.request("GET", &format!("/{}_products/_count", rig.name), "");
    assert!(count.starts_with(&format!("{{\"count\":{},", ids.len())), "{count}");
    rig.flusso(&["apply"]).assert_code(0).assert_said("unchanged");
}
