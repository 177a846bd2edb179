//! `flusso lints`: every lint with its level and what it needs.

use clap::Args;
use flusso_lints::{ALL, Group, Lint};
use flusso_schemas::report::Level;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report;

#[derive(Debug, Args)]
pub(crate) struct LintsArguments {}

/// Prints the list by group, one line a lint, so that it can be searched.
pub(crate) fn lints(_: &LintsArguments) -> Result<Exit, Failure> {
    report::print(&list())?;
    Ok(Exit::Done)
}

fn list() -> String {
    let name_width = ALL.iter().map(|lint| lint.name.len()).max().unwrap_or_default();
    let group = |group: Group| {
        let lines = ALL.iter().filter(|lint| lint.group == group).map(|lint| line(lint, name_width));
        format!("{}\n{}", group.title(), lines.collect::<String>())
    };
    let groups: Vec<String> = Group::EVERY.into_iter().map(group).collect();
    groups.join("\n")
}

fn line(lint: &Lint, name_width: usize) -> String {
    let level = match lint.level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    };
    let fixed = if lint.adjustable { "" } else { ", fixed" };
    format!("  {:name_width$}  {:<12} {}\n", lint.name, format!("{level}{fixed}"), lint.summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lint_has_one_line() {
        let lines = list().lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(lines, ALL.len());
    }
}
