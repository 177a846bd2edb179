//! Postgres as a source: the change stream of one slot, and documents from current rows.
//!
//! One call of [`source_parts`] makes one session: connections that never reconnect and are void
//! together ([`session::Bond`]).

pub mod connect;
pub mod documents;
pub mod facts;
pub mod probe;
pub mod replication;
pub mod session;
pub mod tls;

mod secret;
