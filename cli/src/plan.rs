//! An apply's plan as a person reads it.

use flusso_schemas::change::Change;
use flusso_schemas::report::{Action, ApplyPlan, IndexStep};

use crate::terminal_style::TerminalStyle;
use flusso_lints::words::counted;

/// The plan: what changes in the source, each with its statement, then a line an index and sink.
pub(crate) fn text(plan: &ApplyPlan, style: &TerminalStyle) -> String {
    let mut lines = Vec::new();
    if !plan.source.is_empty() {
        lines.push(style.paint(34, "source"));
    }
    for change in &plan.source {
        lines.push(format!("  {}", change.what));
        lines.extend(change.statement.lines().map(|line| format!("      {line}")));
    }
    if !plan.states.is_empty() {
        lines.push(style.paint(34, "state"));
    }
    lines.extend(plan.states.iter().map(|state| format!("  {}  create {}", state.sink, state.index)));
    if !plan.steps.is_empty() {
        lines.push(style.paint(34, "indexes"));
    }
    let width =
        |cell: fn(&IndexStep) -> &str| plan.steps.iter().map(|step| cell(step).len()).max().unwrap_or(0);
    let widths = (width(|step| &step.index), width(|step| &step.sink), width(|step| word(step.action)));
    for step in &plan.steps {
        lines.push(line(step, widths));
        lines.extend(step.changes.iter().map(changed));
    }
    if lines.is_empty() { "nothing to do".to_owned() } else { lines.join("\n") }
}

fn line(step: &IndexStep, (index, sink, action): (usize, usize, usize)) -> String {
    let mut line = format!("  {:index$}  {:sink$}  {:action$}", step.index, step.sink, word(step.action));
    let rows = step.rows_estimated.map(|rows| format!("about {}", counted(rows as usize, "row")));
    for cell in [&step.generation, &rows, &step.reason].into_iter().flatten() {
        line += "  ";
        line += cell;
    }
    line.trim_end().to_owned()
}

fn changed(change: &Change) -> String {
    let path = &change.path;
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("      {path}: {from} -> {to}"),
        (None, Some(to)) => format!("      {path}: added, {to}"),
        (Some(from), None) => format!("      {path}: removed, {from}"),
        (None, None) => format!("      {path}"),
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Resume => "resume",
        Action::Unchanged => "unchanged",
        Action::Alias => "alias",
        Action::Settings => "settings",
        Action::Extend => "extend",
        Action::Refill => "refill",
        Action::Rebuild => "rebuild",
        Action::Retire => "retire",
        Action::Drop => "drop",
    }
}

#[cfg(test)]
mod tests {
    use flusso_schemas::report::{SourceChange, StateStep};

    use super::*;

    fn step(index: &str, action: Action, rows_estimated: Option<u64>, reason: Option<&str>) -> IndexStep {
        let generation = (action != Action::Retire).then(|| format!("{index}-0123abcd-1"));
        let (index, sink, reason) = (index.to_owned(), "search".to_owned(), reason.map(str::to_owned));
        let change = |path: &str, from: Option<&str>, to: Option<&str>| Change {
            path: path.to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let changes = match action {
            Action::Rebuild => vec![
                change("fields.note.kind", Some("text"), Some("keyword")),
                change("condition", None, Some("active")),
            ],
            _ => Vec::new(),
        };
        IndexStep { index, sink, action, generation, rows_estimated, reason, changes }
    }

    #[test]
    fn a_plan_is_a_table_with_its_statements() {
        let statement = "create publication flusso_shop\n  for table shop.orders".to_owned();
        let plan = ApplyPlan {
            source: vec![SourceChange { what: "create the publication `flusso_shop`".to_owned(), statement }],
            states: vec![StateStep { sink: "search".to_owned(), index: "flusso-state-shop".to_owned() }],
            steps: vec![
                step("orders", Action::Create, Some(100_000), None),
                step("users", Action::Unchanged, None, None),
                step("products", Action::Rebuild, Some(50_000), Some("built by another plan")),
                step("old", Action::Retire, None, Some("it is no longer in the lock")),
            ],
        };
        insta::assert_snapshot!(text(&plan, &TerminalStyle { color: false, terminal: false, width: 80 }));
    }

    #[test]
    fn an_empty_plan_says_so() {
        let style = TerminalStyle { color: false, terminal: false, width: 80 };
        assert_eq!(text(&ApplyPlan::default(), &style), "nothing to do");
    }
}
