//! From text to what is written: spanned YAML, keys and value types, heads. Nothing here knows a catalog.

pub mod condition;
pub mod field;
pub mod habits;
pub mod index;
pub mod keys;
mod postgres;
pub mod project;
pub mod relation;
pub mod scalar;
pub(crate) mod settings;
pub mod sink;
mod source_url;
mod tables;
pub mod tree;
pub mod values;
pub mod yaml;
mod yaml_errors;
