//! The project's tasks as a library: the launcher of real services, which the service tests use too.
//!
//! `main.rs` is the command line over it; `cargo xtask help` lists the tasks.

pub mod paths;
pub mod services;
