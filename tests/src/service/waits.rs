//! Servers that keep silent, are down, refuse or throw away: nothing waits without a bound or a word.

mod connections;
mod drops;
mod outages;
mod rows;
mod silence;
mod stopping;
