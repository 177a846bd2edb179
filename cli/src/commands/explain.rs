//! `flusso explain`: the page of a lint or of a field kind.

use clap::Args;
use flusso_compiler::kinds;
use flusso_lints::words::nearest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report;

/// Prefix of a kind's name.
const KIND: &str = "kind:";

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A lint, such as `unknown-column`, or a kind, such as `kind:decimal`
    pub name: String,
}

/// Prints the page as Markdown.
pub(crate) fn explain(options: &ExplainArguments) -> Result<Exit, Failure> {
    let page = page(&options.name).ok_or_else(|| unknown(&options.name))?;
    report::print(&page)?;
    Ok(Exit::Done)
}

fn page(name: &str) -> Option<String> {
    match name.strip_prefix(KIND) {
        Some(kind) => kinds::find(kind).map(kinds::page),
        None => flusso_lints::find(name).map(|lint| flusso_lints::page(&lint)),
    }
}

fn unknown(name: &str) -> Failure {
    let (what, near) = match name.strip_prefix(KIND) {
        Some(kind) => (
            "kind",
            nearest(kind, kinds::ALL.iter().map(|kind| kind.name())).map(|near| format!("{KIND}{near}")),
        ),
        // A kind is what people type first, having seen it in a file.
        None if kinds::find(name).is_some() => ("lint", Some(format!("{KIND}{name}"))),
        None => ("lint", nearest(name, flusso_lints::ALL.iter().map(|lint| lint.name)).map(str::to_owned)),
    };
    let name = name.strip_prefix(KIND).unwrap_or(name).to_owned();
    Failure::UnknownPage { what, name, near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_and_kinds_have_pages_and_misspelled_names_an_answer() {
        assert!(page("unknown-column").is_some_and(|page| page.starts_with("# unknown-column\n")));
        assert!(page("kind:decimal").is_some_and(|page| page.contains("Exact numbers")));
        let help = |name: &str| unknown(name).help().map(|help| help.to_string());
        assert_eq!(help("unknow-column").as_deref(), Some("run `flusso explain unknown-column`"));
        assert_eq!(help("decimal").as_deref(), Some("run `flusso explain kind:decimal`"));
        assert_eq!(help("zzzzzz").as_deref(), Some("run `flusso lints` for the list"));
    }
}
