//! The table of dynamic settings against what a real server takes on an open index.

use flusso_schemas::lock::settings::is_dynamic;
use serde_json::{Map, Value, json};

use super::rig::Rig;

/// Dynamic, but left out of the table on purpose: they decide what a document holds.
const MEANING: [&str; 2] = ["default_pipeline", "final_pipeline"];

/// Dynamic in the server's view, and refused as soon as an index has it.
const DEAD: &str = "optimize_auto_generated_id";

#[tokio::test]
async fn exactly_what_an_open_index_takes_is_dynamic() {
    let rig = Rig::start().await;
    let name = format!("{}open", rig.prefix);
    rig.ask("PUT", &format!("/{name}"), &json!({}));
    let path = format!("/{name}/_settings");
    let (_, all) = rig.ask("GET", &format!("{path}?flat_settings=true&include_defaults=true"), &Value::Null);
    let values: Map<String, Value> = ["defaults", "settings"]
        .iter()
        .filter_map(|part| all[&name][part].as_object())
        .flat_map(|part| part.clone())
        .collect();
    let mut wrong = Vec::new();
    for (full, value) in values {
        let Some(setting) = full.strip_prefix("index.").filter(|setting| *setting != DEAD) else { continue };
        let (status, _) = rig.ask("PUT", &path, &json!({ &full: value }));
        if (status == 200) != is_dynamic(setting) && !MEANING.contains(&setting) {
            wrong.push((full.clone(), status));
        }
        if setting.starts_with("blocks.") {
            rig.ask("PUT", &path, &json!({ &full: null }));
        }
    }
    assert_eq!(wrong, [], "the table and the server part");
    let (status, _) = rig.ask("PUT", &path, &json!({ "index.routing.allocation.include.zone": "a,b" }));
    assert_eq!(status, 200);
}
