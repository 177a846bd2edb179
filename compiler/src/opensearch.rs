//! What OpenSearch takes, as data measured on 3.8: index settings, mapping parameters and the values of fields.
//!
//! The service test `opensearch_tables` sends each row's accepted and refused values to a real server.

pub mod date_format;
pub mod document;
pub mod parameters;
pub mod settings;
pub mod value_form;

pub use value_form::ValueForm;
