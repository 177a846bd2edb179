//! Where things are: the project's root, its target folder, and the folders of the services.

use std::env;
use std::path::{Path, PathBuf};

/// The project's root, the folder of the workspace manifest.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask is a folder of the workspace").to_path_buf()
}

/// The folder that cargo builds into: `CARGO_TARGET_DIR`, else `target` in the project's root.
#[must_use]
pub fn target() -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    chosen.map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Where `services up` keeps its data: `FLUSSO_SERVICES_DIR`, else `services` in the target folder.
#[must_use]
pub fn services() -> PathBuf {
    env::var_os("FLUSSO_SERVICES_DIR").map_or_else(|| target().join("services"), PathBuf::from)
}

/// Where fetched servers are kept between runs: `FLUSSO_SERVICES_CACHE`, else `services` in the
/// target folder. Several checkouts may share one.
#[must_use]
pub fn services_cache() -> PathBuf {
    env::var_os("FLUSSO_SERVICES_CACHE").map_or_else(|| target().join("services"), PathBuf::from)
}
