//! A real index server in one wrong state after the other: `check`, `apply --dry-run` and `apply` find the same.

use xtask::fixtures::SHOP;

use crate::rig::{Rig, findings};

/// A request that changes the server: method, path, body. `NAME` is the project's.
type Request = (&'static str, &'static str, &'static str);

struct State {
    lint: &'static str,
    wrong: &'static [Request],
    right: &'static [Request],
}

/// The pipeline that the project's index names.
const PIPELINE: Request = ("PUT", "/_ingest/pipeline/NAME_p", r#"{ "processors": [] }"#);

const BEFORE_THE_FIRST_APPLY: [State; 5] = [
    State {
        lint: "alias-is-an-index",
        wrong: &[("PUT", "/NAME_orders", "")],
        right: &[("DELETE", "/NAME_orders", "")],
    },
    State {
        lint: "alias-points-elsewhere",
        wrong: &[("PUT", "/NAME_other", r#"{ "aliases": { "NAME_orders": {} } }"#)],
        right: &[("DELETE", "/NAME_other", "")],
    },
    State {
        lint: "default-pipeline-missing",
        wrong: &[("DELETE", "/_ingest/pipeline/NAME_p", "")],
        right: &[PIPELINE],
    },
    State {
        lint: "template-interferes",
        wrong: &[(
            "PUT",
            "/_index_template/NAME_t",
            r#"{ "index_patterns": ["NAME_orders-*"], "priority": 901,
                 "template": { "mappings": { "properties": { "surprise": { "type": "keyword" } } } } }"#,
        )],
        right: &[("DELETE", "/_index_template/NAME_t", "")],
    },
    State {
        lint: "template-interferes",
        wrong: &[(
            "PUT",
            "/_index_template/NAME_t",
            r#"{ "index_patterns": ["NAME_flusso-state*"], "priority": 902,
                 "template": { "settings": { "index.number_of_replicas": 0 },
                   "mappings": { "dynamic": "strict", "properties": { "version": { "type": "date" } } } } }"#,
        )],
        right: &[("DELETE", "/_index_template/NAME_t", "")],
    },
];

fn ask(rig: &Rig, requests: &[Request]) {
    for (method, path, body) in requests {
        let (path, body) = (path.replace("NAME", &rig.name), body.replace("NAME", &rig.name));
        let (status, answer) = rig.request(method, &path, &body);
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
    }
}

fn demand_the_same(rig: &Rig, lint: &str) {
    let check = rig.flusso(&["check", "--format", "concise"]);
    let found = findings(&check.stdout);
    assert!(found.iter().any(|line| line.contains(&format!("[{lint}]"))), "no {lint}: {}", check.stdout);
    let fails = found.iter().any(|line| line.starts_with("error"));
    // An apply that only warns would make what the next state must not find.
    let applies: &[&[&str]] =
        if fails { &[&["apply", "--dry-run"], &["apply"]] } else { &[&["apply", "--dry-run"]] };
    for arguments in applies {
        let apply = rig.flusso(arguments);
        assert_eq!(found, findings(&apply.stderr), "{lint}:\n{}", apply.stderr);
        assert_eq!((check.code != 0, apply.code != 0), (fails, fails), "{lint}");
    }
}

fn rig() -> Rig {
    let mut rig = Rig::new(SHOP, 0.001);
    rig.set("COLUMNS", "3000");
    rig
}

#[test]
fn check_and_apply_find_the_same_before_the_first_apply() {
    let rig = rig();
    ask(&rig, &[PIPELINE]);
    let named = format!("table: orders\nsettings: {{ default_pipeline: {}_p }}", rig.name);
    rig.edit("indexes/orders.yml", "table: orders", &named);
    rig.flusso(&["compile"]).assert_code(0);
    for State { lint, wrong, right } in &BEFORE_THE_FIRST_APPLY {
        ask(&rig, wrong);
        demand_the_same(&rig, lint);
        ask(&rig, right);
    }
    rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
    ask(&rig, &[("DELETE", "/_ingest/pipeline/NAME_p", "")]);
}

#[test]
fn check_and_apply_find_the_same_after_an_apply() {
    let rig = rig();
    rig.compile_and_apply();
    let generation =
        rig.generations().into_iter().find(|name| name.contains("_orders-")).expect("it is made");
    let settings = format!("/{generation}/_settings");
    for block in ["write", "read_only"] {
        let body = |value: &str| format!(r#"{{ "index.blocks.{block}": {value} }}"#);
        rig.request("PUT", &settings, &body("true"));
        demand_the_same(&rig, "index-blocked");
        rig.request("PUT", &settings, &body("null"));
    }
    rig.request("POST", &format!("/{generation}/_close"), "");
    demand_the_same(&rig, "index-blocked");
    rig.request("POST", &format!("/{generation}/_open"), "");
    let other = format!("{}_other", rig.name);
    let alias = format!("{}_orders", rig.name);
    rig.request("PUT", &format!("/{other}"), "");
    let moved = |add: &str, remove: &str| {
        format!(
            r#"{{ "actions": [ {{ "remove": {{ "index": "{remove}", "alias": "{alias}" }} }},
                 {{ "add": {{ "index": "{add}", "alias": "{alias}" }} }} ] }}"#
        )
    };
    rig.request("POST", "/_aliases", &moved(&other, &generation));
    demand_the_same(&rig, "alias-points-elsewhere");
    rig.request("POST", "/_aliases", &moved(&generation, &other));
    // What apply puts back is said by both, and prevents neither.
    rig.request("DELETE", &format!("/{generation}/_alias/{alias}"), "");
    let (check, apply) = (rig.flusso(&["check", "--format", "concise"]), rig.flusso(&["apply", "--dry-run"]));
    let missing = format!("warning[alias-missing]: alias `{alias}` does not exist: queries find nothing");
    assert_eq!(findings(&check.stdout), [missing.clone()].into());
    assert_eq!((findings(&apply.stderr), check.code, apply.code), ([missing].into(), 0, 0));
    rig.flusso(&["apply"]).assert_code(0);
    rig.flusso(&["check", "--deny-warnings"]).assert_code(0);
    rig.flusso(&["apply"]).assert_code(0);
}
