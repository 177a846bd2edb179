//! What `check` and `compile` share: asks every server of a project, compiles.

use flusso_compiler::diagnostic::{Diagnostic, Sources};
use flusso_compiler::mask::shown;
use flusso_compiler::{Read, compile, findings};
use flusso_lints::body_refused;
use flusso_lints::words::connection_name;
use flusso_runtime::claims::{Claim, collisions};
use flusso_runtime::ownership::{Source, source_mark};
use flusso_runtime::{Error, Result, RunOptions};
use flusso_schemas::lock::{Lock, SinkPlan};
use flusso_schemas::report::{Finding, Level};

use crate::arguments::Common;
use crate::backends::{SourceAnswers, ask_source, sink};
use crate::console::Console;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{self, Report};
use flusso_lints::words::counted;

/// What an examination gives.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// The project's files and all that was found.
    pub report: Report,
    /// The lock, where no file says anything at deny and the source was asked.
    pub lock: Option<Lock>,
    /// Names that the sinks would make, to be compared once all were asked.
    claims: Vec<Claim>,
    /// The source as the mark of an index names it, where it was asked.
    source: Option<String>,
    /// Servers that could not be asked, each with the reason.
    unreachable: Vec<Failure>,
}

/// Asks every server that a project configures, whatever is wrong with the files or the others.
pub(crate) async fn analyze(read: &Read, common: &Common, options: &RunOptions) -> Analysis {
    let mut analysis = Analysis::default();
    let diagnostics = analysis.ask_source(read, common.allow_commands).await;
    let sources = Sources::new(&read.files);
    analysis.report.findings = diagnostics.iter().map(|each| each.to_finding(&sources)).collect();
    for plan in read.sinks() {
        let asked = analysis.ask_sink(plan, options).await;
        analysis.take(asked);
    }
    analysis.report.findings.extend(collisions(&analysis.claims));
    analysis.report.findings.iter_mut().for_each(|finding| place_in_file(finding, read, &sources));
    // From here on, no text that may contain a credential is printed.
    analysis.report.sources = shown(&read.files);
    analysis.report.skipped = analysis.unreachable.len();
    analysis
}

/// Gives a refused index body the place of the index in its file, or of the field that the server names. A sink's
/// finding has no place of its own.
fn place_in_file(finding: &mut Finding, read: &Read, sources: &Sources<'_>) {
    let Some((index, reason)) = body_refused::index_and_reason(finding) else { return };
    let place = read.place_of(index, reason).filter(|_| finding.labels.is_empty());
    finding.labels.extend(place.map(|place| sources.label(&place, true, "")));
}

impl Analysis {
    /// Checks the files and the catalog, or the files alone when there is no catalog.
    async fn ask_source(&mut self, read: &Read, allow_commands: bool) -> Vec<Diagnostic> {
        let Some(connection) = read.connection() else { return findings(read) };
        match ask_source(&connection, allow_commands, read).await {
            Ok(SourceAnswers { facts, answers, refusals }) => {
                let server = &facts.server;
                let identifier = server.system_identifier.as_ref();
                self.source = identifier.map(|identifier| source_mark(identifier, &server.database));
                let outcome = compile(read, &facts, &answers, &refusals);
                self.lock = outcome.lock;
                outcome.diagnostics
            }
            Err(error) => {
                self.unreachable.push(error.into());
                findings(read)
            }
        }
    }

    /// Whether a sink is there, and what it says of the indexes where they could be compiled.
    async fn ask_sink(&mut self, plan: &SinkPlan, options: &RunOptions) -> Result<Vec<Finding>> {
        match &self.lock {
            Some(lock) => {
                let sink = sink(plan, &lock.project, options).await?;
                let connection = connection_name(&lock.source.endpoint);
                let source = self.source.as_deref().map(|mark| Source { mark, connection: &connection });
                let found = sink.preflight(lock, source).await?;
                let judged = found.into_iter().filter_map(|finding| lock.judge(finding)).collect();
                let claims = sink.claims(lock).await?;
                self.claims.extend(claims);
                Ok(judged)
            }
            None => sink(plan, "", options).await.map(|_| Vec::new()),
        }
    }

    fn take(&mut self, asked: Result<Vec<Finding>, Error>) {
        match asked {
            Ok(findings) => self.report.findings.extend(findings),
            Err(error) if error.findings.is_empty() => self.unreachable.push(error.into()),
            Err(error) => self.report.findings.extend(error.findings),
        }
    }

    /// The command's exit code when nothing is left to do; reports servers that could not be reached.
    pub(crate) fn exit(&self, deny_warnings: bool, console: &Console) -> Exit {
        let worst = self.unreachable.iter().map(|failure| report::failure(failure, console));
        let worst = worst.max_by_key(|exit| *exit as u8);
        match worst {
            Some(exit) => exit,
            // Without a lock nothing can be promised, whatever the levels of what was found.
            None if self.report.fails(deny_warnings) || self.lock.is_none() => Exit::Findings,
            None => Exit::Done,
        }
    }

    /// One line: what was looked at and how much was found.
    pub(crate) fn closing(&self) -> String {
        let files = self.report.sources.len();
        // The project file makes no index.
        let looked_at = format!("checked {}, {}", counted(files, "file"), counted(files - 1, "index"));
        let summary = self.report.summary();
        let levels = [(summary.deny, Level::Deny), (summary.warn, Level::Warn)];
        let found = levels.iter().filter(|(number, _)| *number > 0);
        let found: Vec<String> =
            found.map(|(number, level)| counted(*number, report::level(*level))).collect();
        match (found.is_empty(), summary.skipped) {
            (true, 0) => format!("{looked_at}: no findings"),
            (true, _) => format!("{looked_at}: no findings so far"),
            (false, _) => format!("{looked_at}: {}", found.join(", ")),
        }
    }
}
