//! Places where a test can end the process as a power cut would, or hold it.
//!
//! `FLUSSO_FAILPOINT=name` aborts the process when it first reaches the place of that name, `name@2` when it
//! reaches it for the second time. With `FLUSSO_FAILPOINT_FILE=path` it does not abort: it creates that file
//! and continues once someone has removed it. Only builds with debug assertions have this: a release reads no
//! such variable.

/// Every place, in the order that a first apply reaches them.
pub const ALL: [&str; 21] = [
    "source-altered",
    "slot-created",
    "slot-ready",
    "slot-acquired",
    "provisioned",
    "records-renewed",
    "generation-counted",
    "generation-recorded",
    "generation-created",
    "generation-filling",
    "generation-joined",
    "gate-passed",
    "chunk-written",
    "chunk-closed",
    "filled",
    "verified",
    "finished",
    "swapping",
    "swapped",
    "live",
    "applied",
];

/// Ends the process where the environment names this place.
#[cfg(debug_assertions)]
pub fn reach(name: &'static str) {
    use std::sync::atomic::{AtomicU32, Ordering};

    /// How often the named place was reached.
    static REACHED: AtomicU32 = AtomicU32::new(0);

    debug_assert!(ALL.contains(&name), "`{name}` is not in the list of places");
    let Ok(wanted) = std::env::var("FLUSSO_FAILPOINT") else { return };
    let (place, nth) = wanted.split_once('@').unwrap_or((&wanted, "1"));
    if place == name && nth.parse() == Ok(REACHED.fetch_add(1, Ordering::Relaxed) + 1) {
        match std::env::var_os("FLUSSO_FAILPOINT_FILE") {
            Some(path) => hold(std::path::Path::new(&path)),
            None => std::process::abort(),
        }
    }
}

/// Waits, with every connection open, until the file is removed.
#[cfg(debug_assertions)]
fn hold(path: &std::path::Path) {
    let created = std::fs::write(path, []);
    while created.is_ok() && path.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Does nothing in a release.
#[cfg(not(debug_assertions))]
pub fn reach(_name: &'static str) {}
