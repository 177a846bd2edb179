//! From a project's text and what is observed of its source to diagnostics and a lock. Pure: it opens
//! no file, no socket, no environment and no clock.

pub mod condition;
pub mod diagnostic;
pub mod kinds;
pub mod model;
pub mod pg_type;
mod read;
pub mod sql_text;
pub mod syntax;

pub use read::{Connection, Read, index_globs, read};
