//! Tests of the whole compiler, from a project's text to what is said of it and the lock.

mod broken_anywhere;
mod broken_text;

mod findings;
mod fingerprints;
mod fixes;
mod key_order;
mod keys;
mod kinds;
mod levels;
mod line_breaks;
mod mutations;
mod names;
mod rig;
mod search_path;
mod secrets;
mod stale;
mod unanswered;
mod words;
mod yaml;
