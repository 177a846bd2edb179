//! `body-refused`: openSearch refuses the settings or the mapping of an index.

use crate::prelude::*;

pub(crate) static LINT: Lint = Lint {
    name: "body-refused",
    level: Level::Deny,
    adjustable: false,
    group: Group::Target,
    needs: Needs::Target,
    exit: Exit::Findings,
    summary: "OpenSearch refuses the settings or the mapping of an index.",
    why: "\
The body was sent to the server in a form that creates nothing, and the server said no: an analyzer that has no \
definition, a plugin that is not installed, a value out of range. `flusso apply` could not create the index. The \
finding holds the server's reason; correct the setting or the option that it names.",
    example: None,
};

/// The server's reason not to create the index.
pub fn finding(index: &str, reason: &str) -> Finding {
    LINT.live(format!("{}{reason}", before_reason(index)))
        .about(format!("index:{index}"))
        .with_help("correct the setting, option or kind that OpenSearch names")
}

/// The index of such a finding and the server's reason; none for any other finding.
pub fn index_and_reason(finding: &Finding) -> Option<(&str, &str)> {
    let index = finding.about.as_deref().filter(|_| LINT.is_of(finding))?.strip_prefix("index:")?;
    Some((index, finding.message.strip_prefix(&before_reason(index))?))
}

fn before_reason(index: &str) -> String {
    format!("OpenSearch rejects the body of index `{index}`: ")
}
