//! One JSON object a line: each finding, then a summary. Its schema is `schemas/json/report.schema.json`.

use flusso_schemas::report::{Finding, Summary};
use schemars::JsonSchema;
use serde::Serialize;

/// One line of `--format json`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Line<'a> {
    /// A finding, one object per line.
    Finding(&'a Finding),
    /// The last line: how many findings of each level.
    Summary { summary: Summary },
}

/// Every finding and the summary.
pub(super) fn render(findings: &[&Finding], summary: Summary) -> String {
    let findings = findings.iter().map(|finding| Line::Finding(finding));
    findings.chain([Line::Summary { summary }]).map(|line| text(&line) + "\n").collect()
}

fn text(line: &Line<'_>) -> String {
    serde_json::to_string(line).expect("texts and numbers are JSON")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use flusso_lints::wal_level_not_logical;
    use flusso_schemas::report::Level;

    use super::*;

    #[test]
    fn a_summary_comes_last() {
        let finding = Finding { level: Level::Warn, ..wal_level_not_logical::finding("minimal") };
        let text = render(&[&finding], Summary { deny: 0, warn: 1, skipped: 0, files: 2 });
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0]
                .starts_with(r#"{"lint":"wal-level-not-logical","level":"warn","message":"`wal_level` is"#),
            "{text}"
        );
        assert_eq!(lines[1], r#"{"summary":{"deny":0,"warn":1,"skipped":0,"files":2}}"#);
    }

    #[test]
    fn the_committed_schema_is_the_code_s() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/json/report.schema.json");
        let schema =
            serde_json::to_string_pretty(&schemars::schema_for!(Line<'_>)).expect("a schema is JSON");
        let schema = schema + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
            std::fs::write(&path, &schema).expect("written");
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == schema, "run `UPDATE=1 cargo test` and commit what it writes");
    }
}
