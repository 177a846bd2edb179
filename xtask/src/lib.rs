//! The project's tasks as a library, because the service tests use the launcher of real services too.
//!
//! `main.rs` is the command line over it; `cargo xtask help` lists the tasks.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner speaks to the terminal it was started in"
)]

pub mod bench;
pub mod compare;
pub mod demo;
pub mod fixtures;
pub mod listing;
pub mod paths;
pub mod services;
pub mod stage;
pub mod test;
pub mod watchdog;
