//! From a project's text and what is observed of its source to diagnostics and a lock. Pure: it opens
//! no file, no socket, no environment and no clock.

mod calendar;
mod check;
mod compile;
pub mod condition;
pub mod grammar;
pub mod kinds;
mod mapping;
pub mod mask;
pub mod model;
pub mod non_empty;
pub mod opensearch;
mod patterns;
pub mod pg_type;
pub mod plan;
mod read;
mod sql;
pub mod sql_text;
mod stale;
mod suppress;
pub mod syntax;

pub use flusso_lints::{self as lints, diagnostic};

pub use compile::{Outcome, compile, findings, planned, probes};
pub use patterns::{PatternProblem, WhatIsWrong};
pub use read::{Connection, Read, index_globs, is_index_file, read, read_with};
pub use stale::{Stale, stale};
