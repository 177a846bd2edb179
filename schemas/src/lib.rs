//! The shape of every file that flusso reads or writes, as Rust types: no logic beyond reading
//! and writing them, and no input or output.

pub mod change;
pub mod document_id;
pub mod facts;
pub mod hash;
pub mod index_name;
pub mod lock;
pub mod lsn;
pub mod name;
pub mod ownership;
pub mod report;
pub mod state;
