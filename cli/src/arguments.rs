//! Arguments that every command accepts, and the values that arguments have in common.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::terminal_style::Color;

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Common {
    /// Project file [default: the nearest `flusso.yml`, here or in a folder above]
    #[arg(long, global = true, value_name = "FILE", env = "FLUSSO_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Lock file [default: `flusso.lock` beside the project file]
    #[arg(long, global = true, value_name = "FILE", env = "FLUSSO_LOCK", hide_env_values = true)]
    pub lock: Option<PathBuf>,
    /// Allow running the commands that provide credentials
    #[arg(long, global = true, env = "FLUSSO_ALLOW_COMMANDS", value_parser = parse_switch)]
    #[arg(hide_env_values = true)]
    pub allow_commands: bool,
    /// When to use color; respects `NO_COLOR`
    #[arg(long, global = true, value_name = "WHEN", env = "FLUSSO_COLOR", default_value = "auto")]
    #[arg(hide_env_values = true)]
    pub color: Color,
    /// Print more; repeat for more: -v progress, -vv reasons, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count, env = "FLUSSO_VERBOSE", hide_env_values = true)]
    pub verbose: u8,
    /// Print only findings and errors
    #[arg(short, long, global = true, env = "FLUSSO_QUIET", value_parser = parse_switch)]
    #[arg(hide_env_values = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// Reads a flag that may come from a variable: `true` or `false` in one of its spellings, and nothing guessed. An empty
/// variable is one that is not set.
pub(crate) fn parse_switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

/// Reads a duration as the project's files write it: an integer and `ms`, `s`, `m`, `h` or `d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => {
            return Err(
                "expected an integer and a unit (`ms`, `s`, `m`, `h` or `d`), such as `90s`".to_owned()
            );
        }
    };
    let number: Option<u64> = number.parse().ok();
    let total = number.and_then(|number| number.checked_mul(milliseconds));
    total.map(Duration::from_millis).ok_or_else(|| "the number is out of range for that unit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_switch() {
        for word in ["true", "TRUE", "1", "yes", "on"] {
            assert_eq!(parse_switch(word), Ok(true), "{word}");
        }
        for word in ["false", "False", "0", "no", "off", ""] {
            assert_eq!(parse_switch(word), Ok(false), "{word}");
        }
        for word in ["flase", "ture", "2", "y", " "] {
            assert!(parse_switch(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_duration_has_its_unit() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("10m"), Ok(Duration::from_secs(600)));
        for wrong in ["", "30", "s", "1.5s", "30 s", "99999999999999999d", "5S"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
