//! OpenSearch as a sink: generations behind an alias, versioned bulk writes, and the state beside
//! them.
//!
//! [`sink`] gives one cluster behind the runtime's `Sink`; [`judge_body`] lets `flusso check` ask a
//! server about an index body.

mod alias;
mod answer;
mod backoff;
mod bulk;
mod client;
mod documents;
mod endpoint;
mod facts;
mod finish;
mod generation;
mod listing;
mod marks;
mod names;
mod outage;
mod owner;
mod ownership;
mod pipelines;
mod preflight;
mod server_error;
mod settings;
mod shape;
mod sink;
mod state;
mod templates;
mod throttle;
mod tls;
mod transport;
mod write;

pub use facts::judge_body;
pub use sink::sink;
