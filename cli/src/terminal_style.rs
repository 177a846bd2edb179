//! Terminal style: colors and width.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal};

use clap::{ColorChoice, ValueEnum};

/// Width to assume when there is no terminal.
const WIDTH_DEFAULT: usize = 100;
/// Below this many columns nothing can be laid out.
const WIDTH_MIN: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Even into a file or pipe.
    Always,
    /// Not even on a terminal.
    Never,
}

/// The style of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TerminalStyle {
    /// Whether it is coloured.
    pub color: bool,
    /// Whether the stream is a terminal.
    pub terminal: bool,
    /// How many columns a line has.
    pub width: usize,
}

impl TerminalStyle {
    /// The look of stdout.
    pub(crate) fn of_stdout(color: Color) -> Self {
        let size = terminal_size::terminal_size_of(io::stdout());
        Self::new(color, io::stdout().is_terminal(), size)
    }

    /// The look of stderr.
    pub(crate) fn of_stderr(color: Color) -> Self {
        let size = terminal_size::terminal_size_of(io::stderr());
        Self::new(color, io::stderr().is_terminal(), size)
    }

    fn new(
        color: Color,
        terminal: bool,
        size: Option<(terminal_size::Width, terminal_size::Height)>,
    ) -> Self {
        let chosen = || env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = size.map(|(width, _)| usize::from(width.0)).or_else(chosen);
        Self {
            color: is_coloured(color, terminal, |name| env::var(name).ok()),
            terminal,
            width: width.unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN),
        }
    }

    /// Text in bold and an ANSI color (31 is red); plain when colors are off.
    pub(crate) fn paint(&self, color: u8, text: impl Display) -> String {
        if self.color { format!("\u{1b}[1;{color}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}

/// The command line decides, then `NO_COLOR`, then what forces colours into a file or a build's log, then the terminal.
fn is_coloured(color: Color, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    match color {
        Color::Always => true,
        Color::Never => false,
        // Any value counts, also `0` (no-color.org).
        Color::Auto if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        Color::Auto if is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") => true,
        Color::Auto => terminal && variable("TERM").as_deref() != Some("dumb"),
    }
}

/// When help and usage errors are coloured, which are printed before the command line is read. What is left to clap honours
/// `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb` and the terminal.
pub(crate) fn of_help(
    arguments: impl Iterator<Item = String>,
    variable: impl Fn(&str) -> Option<String>,
) -> ColorChoice {
    let mut arguments = arguments.skip_while(|argument| !argument.starts_with("--color"));
    let named = match arguments.next().as_deref().map(|argument| argument.split_once('=')) {
        Some(Some(("--color", value))) => Some(value.to_owned()),
        Some(None) => arguments.next(),
        _ => None,
    };
    match named.or_else(|| variable("FLUSSO_COLOR")).as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        // Whether it is a terminal is left to clap, which asks for each stream.
        _ if is_coloured(Color::Auto, false, &variable) => ColorChoice::Always,
        _ => ColorChoice::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured(color: Color, terminal: bool, variables: &[(&str, &str)]) -> bool {
        let value = |name: &str| {
            variables.iter().find(|(each, _)| *each == name).map(|(_, value)| (*value).to_owned())
        };
        is_coloured(color, terminal, value)
    }

    #[test]
    fn the_command_line_is_above_the_environment() {
        assert!(coloured(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!coloured(Color::Never, true, &[("FORCE_COLOR", "1")]));
    }

    #[test]
    fn help_is_coloured_as_everything_else() {
        let of = |arguments: &[&str], set: (&str, &str)| {
            let arguments = arguments.iter().map(|argument| (*argument).to_owned());
            of_help(arguments, |name| (name == set.0).then(|| set.1.to_owned()))
        };
        let none = ("", "");
        assert_eq!(of(&["flusso", "--help"], none), ColorChoice::Auto);
        assert_eq!(of(&["flusso", "--color", "never", "--help"], ("FORCE_COLOR", "1")), ColorChoice::Never);
        assert_eq!(of(&["flusso", "--color=always"], ("NO_COLOR", "1")), ColorChoice::Always);
        assert_eq!(of(&["flusso"], ("FLUSSO_COLOR", "never")), ColorChoice::Never);
        assert_eq!(of(&["flusso"], ("FORCE_COLOR", "1")), ColorChoice::Always);
        assert_eq!(of(&["flusso"], ("NO_COLOR", "1")), ColorChoice::Auto);
    }

    #[test]
    fn variables_are_above_the_terminal() {
        assert!(coloured(Color::Auto, true, &[]));
        assert!(!coloured(Color::Auto, false, &[]));
        assert!(!coloured(Color::Auto, true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
        assert!(!coloured(Color::Auto, true, &[("TERM", "dumb")]));
        for name in ["FORCE_COLOR", "CLICOLOR_FORCE"] {
            assert!(coloured(Color::Auto, false, &[(name, "1")]));
            assert!(!coloured(Color::Auto, false, &[(name, "0")]));
        }
    }
}
