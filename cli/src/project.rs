//! A project's files: found upward from here, read in one order everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flusso_compiler::diagnostic::SourceFile;
use glob::{MatchOptions, Pattern};

use crate::arguments::Common;
use crate::failure::Failure;

/// Name of the project file.
pub const PROJECT_FILE: &str = "flusso.yml";

/// A project as it stands on disk.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder of the project file.
    pub folder: PathBuf,
    /// The project file.
    pub file: SourceFile,
}

impl Project {
    /// Finds and reads the project file: the one that `--config` names, else `flusso.yml` in the
    /// current folder or the nearest one above.
    pub fn read(common: &Common) -> Result<Self, Failure> {
        let path = path(common)?;
        let folder = folder_of(&path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { folder, file: SourceFile { path: name, text: read(&path)? } })
    }

    /// The files that the patterns match, in the order of their paths' bytes; each once.
    pub fn indexes(&self, patterns: &[String]) -> Result<Vec<SourceFile>, Failure> {
        let mut files = BTreeMap::new();
        for pattern in patterns {
            for path in self.matches(pattern)? {
                files.insert(relative(&self.folder, &path), path);
            }
        }
        let file = |(path, found): (String, PathBuf)| Ok(SourceFile { path, text: read(&found)? });
        files.into_iter().map(file).collect()
    }

    fn matches(&self, pattern: &str) -> Result<Vec<PathBuf>, Failure> {
        // Names that begin with a dot are an editor's own: backups and locks beside the file.
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let folder = Pattern::escape(&self.folder.to_string_lossy());
        let whole = Path::new(&folder).join(pattern.strip_prefix("./").unwrap_or(pattern));
        let whole = whole.to_string_lossy();
        let paths = glob::glob_with(&whole, options);
        let paths = paths.map_err(|source| Failure::Pattern { pattern: pattern.to_owned(), source })?;
        let listed = paths.map(|path| {
            path.map_err(|error| {
                let path = error.path().to_path_buf();
                Failure::file("listed", &path)(error.into())
            })
        });
        let mut found = listed.collect::<Result<Vec<_>, _>>()?;
        found.retain(|path| path.is_file());
        Ok(found)
    }
}

fn path(common: &Common) -> Result<PathBuf, Failure> {
    match &common.config {
        Some(path) if path.is_dir() => Ok(path.join(PROJECT_FILE)),
        Some(path) => Ok(path.clone()),
        None => Ok(find_upward(&[PROJECT_FILE])?.join(PROJECT_FILE)),
    }
}

/// The nearest folder from the current one upward that holds one of these files; empty where that is
/// the current one itself, so that paths are told as they would be typed. Where there is none, the
/// first name is what is missing.
pub fn find_upward(names: &[&'static str]) -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().map_err(Failure::file("found", Path::new(".")))?;
    let holds = |folder: &&Path| names.iter().any(|name| folder.join(name).is_file());
    match here.ancestors().find(holds) {
        Some(folder) if folder == here => Ok(PathBuf::new()),
        Some(folder) => Ok(folder.to_path_buf()),
        None => Err(Failure::NotFound { name: names[0], folder: here }),
    }
}

/// The folder that a file is in; empty for the current one.
pub fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The path below a folder with `/` between its parts, the same on every platform.
fn relative(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::file("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
            fs::write(path, "version: 1\n").expect("written");
        }
        let file = SourceFile { path: PROJECT_FILE.to_owned(), text: String::new() };
        let project = Project { folder: folder.path().to_path_buf(), file };
        (folder, project)
    }

    #[test]
    fn files_come_once_and_in_the_order_of_their_bytes() {
        let (_folder, project) =
            project(&["i/b.yml", "i/B.yml", "i/a.yml", "i/.#a.yml", "i/deep/c.yml", "i/x.txt"]);
        let patterns = ["i/**/*.yml", "./i/a.yml"].map(str::to_owned);
        let files = project.indexes(&patterns).expect("read");
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["i/B.yml", "i/a.yml", "i/b.yml", "i/deep/c.yml"]);
    }

    #[test]
    fn a_pattern_that_cannot_be_understood_is_named() {
        let (_folder, project) = project(&[]);
        let failure = project.indexes(&["a***".to_owned()]).expect_err("refused");
        assert_eq!(failure.to_string(), "the pattern `a***` under `indexes` cannot be understood");
    }

    #[test]
    fn a_folder_with_a_pattern_in_its_name_is_taken_as_it_is() {
        let (_folder, project) = project(&["[x]/i/a.yml"]);
        let inner = Project { folder: project.folder.join("[x]"), ..project };
        assert_eq!(inner.indexes(&["i/*.yml".to_owned()]).expect("read").len(), 1);
    }
}
