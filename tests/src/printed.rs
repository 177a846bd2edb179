//! What is printed for other programs is what their schemas and other readers say.

use std::fs;

use serde_json::Value;
use xtask::fixtures::SHOP;

use crate::house::root;
use crate::rig::Rig;

#[test]
fn what_check_prints_as_json_fits_the_schemas() {
    let rig = Rig::new(SHOP, 0.001);
    rig.edit("indexes/orders.yml", "  note: text", "  nota: text");
    rig.edit("indexes/orders.yml", "  id: long", "  id: integer");
    let done = rig.flusso(&["check", "--format", "json"]).assert_code(1);
    let text = fs::read_to_string(root().join("schemas/json/report.schema.json")).expect("it is committed");
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let lines: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert_eq!(lines.len(), 3, "two findings and the summary: {}", done.stdout);
    for line in &lines {
        let errors: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{line}");
    }
    assert_eq!(lines[2]["summary"]["deny"], 2);
}

/// Another reader of YAML gives the same values: the lock's `inputs` are hashes of what was parsed.
#[test]
fn inputs_are_hashes_of_what_another_reader_parses() {
    let rig = Rig::new(SHOP, 0.001);
    rig.flusso(&["compile"]).assert_code(0);
    let text = fs::read_to_string(rig.path("flusso.lock")).expect("a lock");
    let lock = flusso_schemas::lock::read(&text).expect("its own lock is read");
    for index in lock.indexes {
        let file = fs::read_to_string(rig.path(&format!("indexes/{}.yml", index.name))).expect("its file");
        let value: Value = serde_yaml::from_str(&file).expect("YAML");
        let canonical = serde_jcs::to_vec(&value).expect("JSON");
        assert_eq!(index.inputs, flusso_schemas::hash::short_hash(canonical), "{}", index.name);
    }
}
