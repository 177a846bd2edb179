//! The stream of a slot against real servers of its own: slots are of the whole cluster.

mod changes;
mod held;
mod identity;
mod login;
mod rig;
