//! What is asked of a primary beside stream and documents, against servers of the tests' own.

mod catalog;
mod gate;
mod login;
mod provision;
mod record;
mod rig;
mod slot;
mod tls;
