//! The progress of a run: bars on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use flusso_runtime::progress::{Progress, ProgressEvent};
use flusso_schemas::report::ApplyPlan;
use indicatif::{ProgressBar, ProgressStyle};
use tracing::{debug, info};

use crate::console::Console;
use crate::plan;
use crate::report;
use flusso_lints::words::{counted, grouped};

/// How often a plain line reports the progress of a backfill or a verification.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Reports on the console what happens.
#[derive(Debug)]
pub(crate) struct ConsoleProgress {
    console: Console,
    backfills: Mutex<BTreeMap<String, Backfill>>,
    verification: Mutex<Verification>,
    /// Start of the current step: a backfill is reported once its first chunk is written.
    step_began: Mutex<Instant>,
}

/// A verification as it is shown: one pass over one index at a time.
#[derive(Debug, Default)]
struct Verification {
    /// Estimated rows of each index, from the plan.
    rows_estimated: BTreeMap<String, u64>,
    pass: Option<Pass>,
}

/// One pass over an index.
#[derive(Debug)]
struct Pass {
    index: String,
    what: &'static str,
    said: Instant,
    bar: Option<ProgressBar>,
}

/// One index's backfill as it is shown.
#[derive(Debug)]
struct Backfill {
    began: Instant,
    said: Instant,
    documents: u64,
    bar: Option<ProgressBar>,
}

impl ConsoleProgress {
    /// Progress on a console.
    pub(crate) fn new(console: Console) -> Self {
        let (backfills, verification) = (Mutex::default(), Mutex::default());
        Self { console, backfills, verification, step_began: Mutex::new(Instant::now()) }
    }

    /// Keeps what the plan estimates, for the verifications that come.
    fn expect(&self, plan: &ApplyPlan) {
        let estimates = plan.steps.iter().filter_map(|step| Some((step.index.clone(), step.rows_estimated?)));
        let mut verification = self.verification.lock().unwrap_or_else(PoisonError::into_inner);
        verification.rows_estimated = estimates.collect();
    }

    fn verify(&self, index: &str, what: &'static str, compared: u64) {
        let mut verification = self.verification.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = verification.rows_estimated.get(index).copied();
        let is_same = |pass: &Pass| pass.index == index && pass.what == what;
        if !verification.pass.as_ref().is_some_and(is_same) {
            end(verification.pass.take());
            let bar = self.console.is_live().then(|| self.console.add(bar(index, &self.console)));
            verification.pass = Some(Pass { index: index.to_owned(), what, said: Instant::now(), bar });
        }
        let Some(pass) = &mut verification.pass else { return };
        let text = compared_words(what, compared, rows);
        if let Some(bar) = &pass.bar {
            bar.set_length(rows.unwrap_or(0).max(compared));
            bar.set_position(compared);
            bar.set_message(text);
        } else if pass.said.elapsed() >= LINE_INTERVAL {
            pass.said = Instant::now();
            self.console.say(&format!("  {index}: {text}"));
        }
    }

    fn backfill(&self, index: &str, documents: u64, rows_estimated: Option<u64>) {
        let mut backfills = self.backfills.lock().unwrap_or_else(PoisonError::into_inner);
        let backfill = backfills.entry(index.to_owned()).or_insert_with(|| self.begin(index));
        backfill.documents = documents;
        let text = rate_text(backfill.rate(), rows_estimated);
        if let Some(bar) = &backfill.bar {
            // An estimate that was passed is no longer shown as the end.
            bar.set_length(rows_estimated.unwrap_or(0).max(documents));
            bar.set_position(documents);
            bar.set_message(text);
        } else if backfill.said.elapsed() >= LINE_INTERVAL {
            backfill.said = Instant::now();
            self.console.say(&format!("  {index}: {text}"));
        }
    }

    fn begin(&self, index: &str) -> Backfill {
        let began = *self.step_began.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = self.console.is_live().then(|| self.console.add(bar(index, &self.console)));
        Backfill { began, said: Instant::now(), documents: 0, bar }
    }

    /// Ends the bars where something else begins: each leaves one line that says what it did.
    fn end_backfills_before(&self, event: &ProgressEvent) {
        use ProgressEvent::{Ready, Step};
        if !matches!(event, Step(_) | Ready) {
            return;
        }
        end(self.verification.lock().unwrap_or_else(PoisonError::into_inner).pass.take());
        *self.step_began.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        let mut backfills = self.backfills.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, backfill) in std::mem::take(&mut *backfills) {
            if let Some(bar) = &backfill.bar {
                bar.finish_and_clear();
            }
            let rate = backfill.rate();
            let (documents, lasted, a_second) =
                (documents(rate.documents), lasted(rate.lasted), grouped(rate.a_second()));
            self.console.say(&format!("  {index}: {documents} in {lasted}, {a_second}/s"));
        }
    }
}

impl Backfill {
    fn rate(&self) -> Rate {
        Rate { documents: self.documents, lasted: self.began.elapsed() }
    }
}

impl Progress for ConsoleProgress {
    fn event(&self, event: ProgressEvent) {
        self.end_backfills_before(&event);
        match event {
            ProgressEvent::Finding(finding) => report::live(&[finding], &self.console),
            ProgressEvent::Plan(plan) => {
                self.expect(&plan);
                self.console.say(&plan::text(&plan, self.console.style()));
            }
            ProgressEvent::Step(step) => self.console.say(&step),
            ProgressEvent::Waiting { what } => self.console.say(&format!("waiting {what}")),
            ProgressEvent::Backfill { index, documents, rows_estimated } => {
                self.backfill(&index, documents, rows_estimated);
            }
            ProgressEvent::Verify { index, what, compared } => self.verify(&index, what, compared),
            ProgressEvent::Followed { documents, deletes } => info!(documents, deletes, "followed"),
            ProgressEvent::Confirmed(position) => debug!(%position, "confirmed"),
            ProgressEvent::Ready => self.console.say("following changes"),
            ProgressEvent::OutageBegan { reason } => self.console.say(&format!("{reason}; retrying")),
            ProgressEvent::OutageEnded { server, lasted: time } => {
                self.console.say(&ended(server.as_deref(), time));
            }
            ProgressEvent::StoppedShort => {
                self.console.say("stopped before a server had answered; nothing is lost")
            }
            _ => {}
        }
    }
}

/// A duration: `4.2 s`, `3 min 07 s`.
pub(crate) fn lasted(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {:02} s", grouped(seconds / 60), seconds % 60)
}

/// Takes the bar of a pass away: a verification leaves no line of its own.
fn end(pass: Option<Pass>) {
    if let Some(bar) = pass.and_then(|pass| pass.bar) {
        bar.finish_and_clear();
    }
}

/// `1 document`, `1,200 documents`.
fn documents(number: u64) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), "document")
}

/// How far a pass of a verification is.
fn compared_words(what: &str, compared: u64, rows_estimated: Option<u64>) -> String {
    let compared = counted(usize::try_from(compared).unwrap_or(usize::MAX), what);
    match rows_estimated {
        Some(rows) => format!("compared {compared} of about {}", grouped(rows)),
        None => format!("compared {compared}"),
    }
}

/// An outage is over.
fn ended(server: Option<&str>, time: Duration) -> String {
    match server {
        Some(server) => format!("{server} answers again after {}", lasted(time)),
        None => format!("recovered after {}: following again", lasted(time)),
    }
}

/// How much was done in how long.
#[derive(Clone, Copy)]
struct Rate {
    documents: u64,
    lasted: Duration,
}

impl Rate {
    fn a_second(self) -> u64 {
        (self.documents as f64 / self.lasted.as_secs_f64().max(0.001)) as u64
    }

    /// How long the rest takes at this rate.
    fn left(self, rows_estimated: u64) -> Option<Duration> {
        let rest = rows_estimated.checked_sub(self.documents)?;
        rest.checked_div(self.a_second()).map(Duration::from_secs)
    }
}

/// Rows done, rate, and estimated time left.
fn rate_text(rate: Rate, rows_estimated: Option<u64>) -> String {
    let mut text = documents(rate.documents);
    if let Some(rows) = rows_estimated {
        text += &format!(" of about {}", grouped(rows));
    }
    text += &format!(", {}/s", grouped(rate.a_second()));
    if let Some(left) = rows_estimated.and_then(|rows| rate.left(rows)) {
        text += &format!(", {} left", lasted(left));
    }
    text
}

fn bar(index: &str, console: &Console) -> ProgressBar {
    // The bar is what the words leave of the line: a longer one would wrap and leave lines behind.
    let template = match console.style().color {
        true => "  {prefix} {wide_bar:.cyan} {msg}",
        false => "  {prefix} {wide_bar} {msg}",
    };
    let style = ProgressStyle::with_template(template).expect("the template is constant and right");
    ProgressBar::new(0).with_style(style).with_prefix(index.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal_style::TerminalStyle;

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long() {
        let rate = Rate { documents: 40_000, lasted: Duration::from_secs(4) };
        assert_eq!(rate_text(rate, Some(100_000)), "40,000 documents of about 100,000, 10,000/s, 6.0 s left");
    }

    #[test]
    fn an_estimate_that_was_passed_promises_nothing() {
        let rate = Rate { documents: 40_000, lasted: Duration::from_secs(4) };
        assert_eq!(rate_text(rate, Some(10)), "40,000 documents of about 10, 10,000/s");
        assert_eq!(rate_text(rate, None), "40,000 documents, 10,000/s");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        let rate = Rate { documents: 1, lasted: Duration::from_secs(1) };
        assert_eq!(rate_text(rate, None), "1 document, 1/s");
        assert_eq!(compared_words("key", 1, Some(1_000)), "compared 1 key of about 1,000");
        assert_eq!(compared_words("document id", 2, None), "compared 2 document ids");
    }

    #[test]
    fn a_verification_is_one_pass_at_a_time_and_leaves_nothing() {
        let style = TerminalStyle { color: false, terminal: true, width: 80 };
        let progress = ConsoleProgress::new(Console::new(style, false));
        let event = |what, compared| ProgressEvent::Verify { index: "orders".to_owned(), what, compared };
        let bar = || {
            let verification = progress.verification.lock().expect("nobody panicked");
            verification.pass.as_ref().and_then(|pass| Some((pass.what, pass.bar.clone()?)))
        };
        progress.event(event("key", 10));
        let (what, keys) = bar().expect("a terminal has a bar");
        assert_eq!((what, keys.position(), keys.message().as_str()), ("key", 10, "compared 10 keys"));
        progress.event(event("document", 1));
        assert!(keys.is_finished());
        let (_, documents) = bar().expect("another pass, another bar");
        progress.event(ProgressEvent::Step("swap".to_owned()));
        assert!(documents.is_finished() && bar().is_none());
    }

    #[test]
    fn the_end_of_an_outage_names_the_server_and_how_long_it_lasted() {
        let time = Duration::from_secs(75);
        assert_eq!(ended(Some("http://h:1"), time), "http://h:1 answers again after 1 min 15 s");
        assert_eq!(ended(None, time), "recovered after 1 min 15 s: following again");
    }

    #[test]
    fn nothing_done_yet_is_no_division() {
        let rate = Rate { documents: 0, lasted: Duration::ZERO };
        assert_eq!(rate_text(rate, Some(5)), "0 documents of about 5, 0/s");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(lasted(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(lasted(Duration::from_secs(187)), "3 min 07 s");
    }
}
