//! The lock as a file: where it is, how it is read, and how it is written as a whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flusso_compiler::stale;
use flusso_schemas::lock::{self, Lock};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::project::{self, PROJECT_FILE};

/// Name of the lock's file.
pub(crate) const LOCK_FILE: &str = "flusso.lock";

/// Where to read the lock: `--lock`, else next to the project file, else the current folder.
fn path_to_read(common: &Common) -> Result<PathBuf, Failure> {
    path(common, &[LOCK_FILE, PROJECT_FILE])
}

/// Where the lock is written: what `--lock` names, else beside the project file.
pub(crate) fn path_to_write(common: &Common) -> Result<PathBuf, Failure> {
    path(common, &[PROJECT_FILE])
}

fn path(common: &Common, beside: &[&'static str]) -> Result<PathBuf, Failure> {
    if let Some(path) = &common.lock {
        return Ok(path.clone());
    }
    let folder = match &common.config {
        Some(folder) if folder.is_dir() => folder.clone(),
        Some(file) => project::folder_of(file),
        None => project::find_upward(beside)?,
    };
    Ok(folder.join(LOCK_FILE))
}

/// Reads and verifies the lock; one that lies beside its project must be compiled from the files as they are.
pub(crate) fn read(common: &Common) -> Result<Arc<Lock>, Failure> {
    let path = path_to_read(common)?;
    let text = text(&path)?.ok_or_else(|| Failure::NoLock(path.clone()))?;
    let lock = lock::read(&text).map_err(|error| Failure::Lock { path: path.clone(), error })?;
    match project_beside(common, &path).and_then(|project| difference(common, project, &lock)) {
        Some(why) => Err(Failure::Stale { path, why }),
        None => Ok(Arc::new(lock)),
    }
}

/// The project file that a lock is compiled to by default; `None` if the lock is deployed without it, or where
/// `--lock` names another place than the project's own.
fn project_beside(common: &Common, lock: &Path) -> Option<PathBuf> {
    let project = match &common.config {
        Some(folder) if folder.is_dir() => folder.join(PROJECT_FILE),
        Some(file) => file.clone(),
        None => project::folder_of(lock).join(PROJECT_FILE),
    };
    let own = project::folder_of(&project).join(LOCK_FILE);
    let is_own = || fs::canonicalize(&own).ok() == fs::canonicalize(lock).ok();
    (project.is_file() && is_own()).then_some(project)
}

/// How the project's files differ from what the lock was compiled from.
fn difference(common: &Common, project: PathBuf, lock: &Lock) -> Option<String> {
    let shown = project.display().to_string();
    match project::read_all(&Common { config: Some(project), ..common.clone() }) {
        Ok(read) => stale(&read, lock).map(|stale| stale.to_string()),
        Err(_) => Some(format!("`{shown}` cannot be read")),
    }
}

/// The file's text, or `None` if there is no file.
pub(crate) fn text(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read(path) {
        // Invalid UTF-8 reaches the reader as replacement characters and is refused there.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path)(error)),
    }
}

/// Writes the file as a whole: a reader sees the old one or the new one.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let beside = path.with_extension(format!("lock.{}", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        // It may never have been created.
        let _ = fs::remove_file(&beside);
        Failure::file("write", path)(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(LOCK_FILE);
        write(&path, "old").expect("written");
        write(&path, "new").expect("written");
        assert_eq!(text(&path).expect("read").as_deref(), Some("new"));
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_lock_that_cannot_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(LOCK_FILE);
        fs::create_dir(&path).expect("a folder in its place");
        assert!(write(&path, "new").is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
