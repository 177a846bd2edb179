//! Tests of the lock's file: one spelling, and one clear refusal of every other.

mod common;
mod example;
mod merge;
mod mutated;
mod refused;
mod spelling;
