//! The real services that the demo, the tests and the benchmarks run against.
//!
//! `up`, `down` and `status` manage one long-lived pair for a checkout; `postgres::Cluster` and
//! `opensearch::Node` are for tests that need one of their own.

mod account;
pub mod daemon;
mod error;
mod frozen;
pub mod opensearch;
pub mod postgres;
mod socket;
mod standing;

use std::fs;
use std::path::Path;
use std::process;

pub use account::Account;
pub use error::Error;
pub use frozen::Frozen;
pub use standing::{OPENSEARCH_VARIABLE, POSTGRES_VARIABLE, Urls, down, env_file, status, up};

/// Makes a folder of the cache as a whole or not at all: it is filled under another name, and where
/// two do so at once the first one's stays.
fn publish_folder(folder: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let partial = folder.with_extension(format!("partial-{}", process::id()));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::file("remove", &partial))?;
    }
    fs::create_dir_all(&partial).map_err(Error::file("create", &partial))?;
    let filled = fill(&partial);
    if filled.is_ok() && fs::rename(&partial, folder).is_ok() {
        return Ok(());
    }
    fs::remove_dir_all(&partial).map_err(Error::file("remove", &partial))?;
    filled.and_then(|()| fs::metadata(folder).map(drop).map_err(Error::file("publish", folder)))
}
