//! ConsoleProgress on stderr: lines and progress bars that do not overwrite each other.

use std::io::{self, Write};

use indicatif::{MultiProgress, ProgressBar};
use tracing_subscriber::fmt::MakeWriter;

use crate::terminal_style::TerminalStyle;

/// Where a command talks. Clones write to the same stderr.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    bars: MultiProgress,
    style: TerminalStyle,
    quiet: bool,
}

impl Console {
    /// A console with this style; a quiet one shows only errors.
    pub(crate) fn new(style: TerminalStyle, quiet: bool) -> Self {
        Self { bars: MultiProgress::new(), style, quiet }
    }

    pub(crate) fn style(&self) -> &TerminalStyle {
        &self.style
    }

    /// Whether bars can move on it.
    pub(crate) fn is_live(&self) -> bool {
        self.style.terminal && !self.quiet
    }

    /// Says a line, or several, of talk.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Prints a line even when quiet.
    pub(crate) fn insist(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        // If stderr is closed, nobody is left to report it to.
        let _ = self.bars.suspend(|| writeln!(io::stderr(), "{text}"));
    }

    /// Puts a bar below the lines.
    pub(crate) fn add(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.add(bar)
    }
}

/// Logs pass above the bars too.
impl<'a> MakeWriter<'a> for Console {
    type Writer = Above;

    fn make_writer(&'a self) -> Above {
        Above(self.bars.clone())
    }
}

/// Writes above the bars; what the logger gives at once is a whole line.
#[derive(Debug)]
pub(crate) struct Above(MultiProgress);

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
