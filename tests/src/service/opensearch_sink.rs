//! The OpenSearch sink against a real node.

mod lifecycle;
mod listing;
mod outages;
mod preflight;
mod proxy;
mod rig;
mod secure;
mod settings;
mod state;
mod writing;
