//! Durations, sizes and references: texts with a form of their own.

use std::path::PathBuf;

use flusso_schemas::lock::{SecretRef, Template, UserName};

use super::keys::{At, Keys, Reader};
use super::tree::{Content, Entry, Node, YamlScalar};
use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::project::REFERENCE;
use crate::mask;
use flusso_lints::{literal_secret, missing_key, wrong_type};

/// The longest duration, milliseconds: 24 days and 20 hours.
const DURATION_MS_MAX: u64 = i32::MAX as u64;

/// Units of a duration with their milliseconds.
const DURATION_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of a size with their bytes.
const SIZE_UNITS: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl Reader {
    /// A duration in milliseconds.
    pub fn duration_ms(&mut self, entry: &Entry) -> Option<u64> {
        let milliseconds = self.with_unit(entry, DURATION_UNITS, "a duration", "30s")?;
        // Postgres keeps a timeout as a 32-bit number of milliseconds, in which 0 means none.
        if (1..=DURATION_MS_MAX).contains(&milliseconds) {
            return Some(milliseconds);
        }
        let place = self.place(&entry.value.span);
        self.push(wrong_type::duration_out_of_range(&entry.key, place));
        None
    }

    /// A size in bytes.
    pub fn size_bytes(&mut self, entry: &Entry) -> Option<u64> {
        self.with_unit(entry, SIZE_UNITS, "a size", "8MiB")
    }

    fn with_unit(&mut self, entry: &Entry, units: &[(&str, u64)], what: &str, example: &str) -> Option<u64> {
        let Content::Scalar { text, .. } = &entry.value.content else {
            self.wrong_type(&entry.key, &entry.value, what);
            return None;
        };
        let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(digits_end);
        let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
        let value =
            digits.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        if value.is_some() {
            return value;
        }
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
        let place = self.place(&entry.value.span);
        let meant =
            meant_unit(unit, what).filter(|_| !digits.is_empty()).map(|unit| format!("{digits}{unit}"));
        self.push(wrong_type::unit(&entry.key, what, meant, example, &names, place));
        None
    }

    /// A text that may hold references, for what carries no credential.
    pub fn template(&mut self, key: &str, node: &Node) -> Option<Template> {
        let text = self.text(key, node)?;
        if self.holds_credentials(key, &text) {
            return None;
        }
        match references(&text.value) {
            Ok(_) => Some(Template(text.value)),
            Err(problem) => {
                self.push(problem.finding(key, text.place));
                None
            }
        }
    }

    /// A user name, which is not secret: text, or any form of a credential.
    pub fn user(&mut self, path: &str, node: &Node) -> Option<UserName> {
        match &node.content {
            Content::Scalar { text, .. } if one_reference(text).is_none() => self.user_text(path, node),
            _ => self.secret(path, node).map(UserName::Secret),
        }
    }

    /// A name may be an address, so an `@` says nothing here. A `:` ends a name wherever both are sent as one text, so
    /// what follows it is taken for a password, as in a URL.
    fn user_text(&mut self, path: &str, node: &Node) -> Option<UserName> {
        let text = self.text(path, node)?;
        let literal = without_references(&text.value);
        if literal.contains(':') || mask::holds_credential(&literal) {
            self.push(literal_secret::password_in_text(path, text.place));
            return None;
        }
        match references(&text.value) {
            Ok(_) => Some(UserName::Text(Template(text.value))),
            Err(problem) => {
                self.push(problem.finding(path, text.place));
                None
            }
        }
    }

    /// Says that a value which holds no credential looks as if it did, without repeating it.
    pub fn holds_credentials(&mut self, path: &str, text: &At<String>) -> bool {
        let found = text.value.contains('@') || mask::holds_credential(&text.value);
        if found {
            self.push(literal_secret::password_in_text(path, text.place.clone()));
        }
        found
    }

    /// A credential: one reference, a file or a command. Anything else is not repeated.
    pub fn secret(&mut self, path: &str, node: &Node) -> Option<SecretRef> {
        match &node.content {
            Content::Scalar { .. } if matches!(node.scalar(), Some(YamlScalar::Null)) => {
                self.wrong_type(path, node, "a reference such as `${NAME}`");
                None
            }
            Content::Scalar { text, .. } => {
                let reference = one_reference(text);
                if reference.is_none() {
                    self.literal_secret(path, node);
                }
                reference
            }
            Content::Map(mapping) => self.outside_secret(path, node, Keys::new(mapping, &REFERENCE)),
            Content::List(_) => {
                self.wrong_type(path, node, "a reference such as `${NAME}`");
                None
            }
        }
    }

    fn outside_secret(&mut self, path: &str, node: &Node, keys: Keys<'_>) -> Option<SecretRef> {
        let (file, command) = (keys.get("file"), keys.get("command"));
        let found = match (file, command) {
            (Some(file), None) => {
                self.text("file", &file.value).map(|path| SecretRef::File(PathBuf::from(path.value)))
            }
            (None, Some(command)) => {
                let words = self.texts("command", &command.value);
                (!words.is_empty())
                    .then(|| SecretRef::Command(words.into_iter().map(|word| word.value).collect()))
            }
            _ => {
                let place = self.place(&node.span);
                self.push(missing_key::secret_source(path, place));
                None
            }
        };
        keys.finish(self);
        found
    }

    /// Says that a credential is written out, without repeating it.
    pub fn literal_secret(&mut self, path: &str, node: &Node) {
        let place = self.place(&node.span);
        let variable = path.rsplit('.').next().unwrap_or(path).to_uppercase();
        let name = match &node.content {
            Content::Scalar { text, .. } => reference_with_default(text),
            _ => None,
        };
        self.push(match name {
            Some(_) => literal_secret::default(path, place),
            None => literal_secret::written_out(path, &variable, place),
        });
    }
}

fn meant_unit(unit: &str, what: &str) -> Option<&'static str> {
    let folded = unit.trim().to_lowercase();
    let unit = folded.as_str();
    if what == "a duration" {
        return match unit {
            "" | "sec" | "secs" | "second" | "seconds" => Some("s"),
            "min" | "mins" | "minute" | "minutes" => Some("m"),
            "hour" | "hours" => Some("h"),
            "millis" | "msec" => Some("ms"),
            "day" | "days" => Some("d"),
            _ => None,
        };
    }
    match unit {
        "" | "b" | "bytes" => Some("B"),
        "k" | "kb" | "kib" => Some("KiB"),
        "m" | "mb" | "mib" => Some("MiB"),
        "g" | "gb" | "gib" => Some("GiB"),
        _ => None,
    }
}

/// The one reference that a whole text is, without a default.
pub fn one_reference(text: &str) -> Option<SecretRef> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    is_variable(name).then(|| SecretRef::Env(name.to_owned()))
}

/// The variable of a text that is one reference with a default.
fn reference_with_default(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("${")?.strip_suffix('}')?.split_once(":-")?;
    is_variable(name).then_some(name)
}

/// Whether a text could name an environment variable.
fn is_variable(name: &str) -> bool {
    let part = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit()
    };
    !name.is_empty() && name.bytes().enumerate().all(part)
}

/// What is wrong with a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadReference {
    /// A `${` without its `}`.
    Unclosed,
    /// What is between the braces cannot be the name of a variable.
    NoName,
}

impl BadReference {
    fn finding(self, key: &str, place: Place) -> Diagnostic {
        match self {
            Self::Unclosed => wrong_type::unclosed_reference(key, place),
            Self::NoName => wrong_type::reference_without_name(key, place),
        }
    }
}

/// Names of the variables that a text refers to; or what is wrong with a reference.
pub fn references(text: &str) -> Result<Vec<String>, BadReference> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let inner = &rest[at + 2..];
        let end = inner.find('}').ok_or(BadReference::Unclosed)?;
        let name = inner[..end].split_once(":-").map_or(&inner[..end], |(name, _)| name);
        if !is_variable(name) {
            return Err(BadReference::NoName);
        }
        names.push(name.to_owned());
        rest = &inner[end + 1..];
    }
    Ok(names)
}

/// A text without its references, which are well formed.
pub fn without_references(text: &str) -> String {
    mask::replace_references(text, |_| "")
}

/// A text at its place without the place.
pub fn value<T>(at: Option<At<T>>) -> Option<T> {
    at.map(|at| at.value)
}
