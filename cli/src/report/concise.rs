//! One line a finding: `file:line:column: level[lint]: message`.

use flusso_schemas::report::{Finding, Level};

/// Every finding in one line, so that editors and `grep` can take them apart.
pub(super) fn render(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| line(finding) + "\n").collect()
}

fn line(finding: &Finding) -> String {
    let place = finding
        .labels
        .first()
        .map_or_else(String::new, |label| format!("{}:{}:{}: ", label.file, label.line, label.column));
    let message = finding.message.replace('\n', " ");
    format!("{place}{}[{}]: {message}", level(finding.level), finding.lint)
}

/// The level as people search for it in build output.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warning",
        Level::Deny => "error",
    }
}

#[cfg(test)]
mod tests {
    use flusso_lints::replica_server;
    use flusso_schemas::report::Label;

    use super::*;

    #[test]
    fn a_place_stands_in_front() {
        let mut finding = Finding { message: "no column\n`a`".to_owned(), ..replica_server::finding() };
        assert_eq!(render(&[&finding]), "error[replica-server]: no column `a`\n");
        finding.labels.push(Label {
            file: "indexes/a.yml".to_owned(),
            line: 3,
            column: 5,
            end_line: 3,
            end_column: 6,
            byte_start: 20,
            byte_end: 21,
            primary: true,
            text: String::new(),
        });
        assert_eq!(render(&[&finding]), "indexes/a.yml:3:5: error[replica-server]: no column `a`\n");
    }
}
