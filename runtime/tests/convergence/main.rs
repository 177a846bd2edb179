//! The rules of convergence, each broken on purpose over a pair of backends in memory ([`memory`]).
//!
//! Time is paused: nothing sleeps. What a test says of crashes is what the backends let a crash do: a log that
//! was not flushed and documents that were not flushed are gone.

mod bench;
mod confirming;
mod doubts;
mod generations;
mod histories;
mod memory;
mod moved;
mod reading;
mod recovering;
mod smoke;
mod stale;
mod starting;
mod stateless;
mod tombstones;
mod truncates;
mod versions;
