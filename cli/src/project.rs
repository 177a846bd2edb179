//! A project's files: found upward from here, read in one order everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flusso_compiler::diagnostic::SourceFile;
use flusso_compiler::{ParsedProject, PatternProblem, WhatIsWrong, index_globs, is_index_file};
use glob::{MatchOptions, Pattern};

use crate::arguments::Common;
use crate::failure::Failure;

/// How many folders deep to look for files that a wrong pattern may have meant.
const DEPTH_MAX: usize = 3;

/// Most entries of folders that are looked at for that.
const ENTRIES_MAX: usize = 10_000;

/// Folders of tools, which hold no index files.
const BUILD_FOLDERS: [&str; 3] = ["node_modules", "target", "vendor"];

/// Name of the project file.
pub(crate) const PROJECT_FILE: &str = "flusso.yml";

/// A project on disk.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The folder of the project file.
    pub folder: PathBuf,
    /// The project file with its text.
    pub file: SourceFile,
}

impl Project {
    /// Finds and reads the project file: the one that `--config` names, else `flusso.yml` in the
    /// current folder or the nearest one above.
    pub(crate) fn read(common: &Common) -> Result<Self, Failure> {
        let path = path(common)?;
        let folder = folder_of(&path);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = read(&path)?;
        if is_index_file(&text) {
            return Err(Failure::IndexFile(path));
        }
        Ok(Self { folder, file: SourceFile { path: name, text } })
    }

    /// The files that the patterns match, in the order of their paths' bytes, each once; and what is wrong
    /// with the others, so that one file that cannot be read hides nothing about the rest.
    pub(crate) fn indexes(&self, patterns: &[String]) -> (Vec<SourceFile>, Vec<PatternProblem>) {
        let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut problems = Vec::new();
        for pattern in patterns {
            let mut report = |what| problems.push(PatternProblem { pattern: pattern.clone(), what });
            let paths = match self.matches(pattern) {
                Ok(paths) => paths,
                Err(what) => {
                    report(what);
                    continue;
                }
            };
            for path in paths {
                let name = relative(&self.folder, &path);
                if files.contains_key(&name) {
                    continue;
                }
                let text = match read_text(&path) {
                    Ok(text) => Some(text),
                    Err(reason) => {
                        report(WhatIsWrong::Unreadable { path: name.clone(), reason });
                        None
                    }
                };
                files.insert(name, text);
            }
        }
        let read = files.into_iter().filter_map(|(path, text)| Some(SourceFile { path, text: text? }));
        (read.collect(), problems)
    }

    /// The files of a pattern, at least one.
    fn matches(&self, pattern: &str) -> Result<Vec<PathBuf>, WhatIsWrong> {
        // Names that begin with a dot are an editor's own: backups and locks beside the file.
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let folder = Pattern::escape(&self.folder.to_string_lossy());
        let whole = Path::new(&folder).join(pattern.strip_prefix("./").unwrap_or(pattern));
        let paths = glob::glob_with(&whole.to_string_lossy(), options)
            .map_err(|error| WhatIsWrong::NotAPattern(error.msg.to_owned()))?;
        let mut found = Vec::new();
        for path in paths {
            found.push(path.map_err(|error| WhatIsWrong::Unreadable {
                path: relative(&self.folder, error.path()),
                reason: error.error().to_string(),
            })?);
        }
        let is_folder = found.iter().any(|path| path.is_dir());
        found.retain(|path| !path.is_dir());
        if found.is_empty() {
            return Err(WhatIsWrong::NoFile { near: self.yaml_files(), is_folder });
        }
        Ok(found)
    }

    /// YAML files that a wrong pattern could mean: those of the project's folder and below, hidden ones and
    /// the project file left out, within bounds, because a project's folder may be a whole repository.
    fn yaml_files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![(self.folder.clone(), 0)];
        let mut looked_at = 0;
        while let Some((folder, depth)) = folders.pop() {
            let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder.as_path() };
            let Ok(entries) = fs::read_dir(here) else { continue };
            for entry in entries.flatten() {
                looked_at += 1;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = folder.join(&name);
                let is_hidden = name.starts_with('.') || BUILD_FOLDERS.contains(&name.as_str());
                if looked_at > ENTRIES_MAX || is_hidden {
                    continue;
                }
                if path.is_dir() && depth < DEPTH_MAX {
                    folders.push((path, depth + 1));
                } else if name.ends_with(".yml") || name.ends_with(".yaml") {
                    found.push(relative(&self.folder, &path));
                }
            }
        }
        found.retain(|path| *path != self.file.path);
        found.sort();
        found
    }
}

/// Reads the project and all its index files, whatever is wrong with them.
pub(crate) fn read_all(common: &Common) -> Result<ParsedProject, Failure> {
    let project = Project::read(common)?;
    let (indexes, problems) = project.indexes(&index_globs(&project.file.text));
    let mut read = flusso_compiler::parse(project.file, indexes);
    read.report_patterns(&problems);
    Ok(read)
}

fn path(common: &Common) -> Result<PathBuf, Failure> {
    match &common.config {
        Some(path) if path.is_dir() => Ok(path.join(PROJECT_FILE)),
        Some(path) => Ok(path.clone()),
        None => Ok(find_upward(&[PROJECT_FILE])?.join(PROJECT_FILE)),
    }
}

/// The nearest folder, from the current one upward, that contains one of these files; empty for the current
/// folder, so that paths print as they would be typed. If none does, the first name is reported as missing.
pub(crate) fn find_upward(names: &[&'static str]) -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().map_err(Failure::file("find", Path::new(".")))?;
    let holds = |folder: &&Path| names.iter().any(|name| folder.join(name).is_file());
    match here.ancestors().find(holds) {
        Some(folder) if folder == here => Ok(PathBuf::new()),
        Some(folder) => Ok(folder.to_path_buf()),
        None => Err(Failure::NotFound { name: names[0], folder: here }),
    }
}

/// The folder that a file is in; empty for the current one.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The path below a folder with `/` between its parts and without detours over `..`, the same on every
/// platform, so that one file has one name however it was found.
fn relative(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for part in below.components() {
        let part = part.as_os_str().to_string_lossy().into_owned();
        match parts.last() {
            Some(before) if part == ".." && before != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// A file's text, or why there is none.
fn read_text(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("invalid UTF-8 at line {line}")
    })
}

/// A file's text. Bytes that are not UTF-8 become U+FFFD, which is a finding of that file: it must not hide what is
/// wrong with the others.
fn read(path: &Path) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(Failure::file("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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

    fn indexes(project: &Project, patterns: &[&str]) -> (Vec<String>, Vec<PatternProblem>) {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let (files, problems) = project.indexes(&patterns);
        (files.into_iter().map(|file| file.path).collect(), problems)
    }

    fn no_file(pattern: &str, near: &[&str], is_folder: bool) -> PatternProblem {
        let near = near.iter().map(|path| (*path).to_owned()).collect();
        PatternProblem { pattern: pattern.to_owned(), what: WhatIsWrong::NoFile { near, is_folder } }
    }

    #[test]
    fn files_come_once_and_in_the_order_of_their_bytes() {
        let (_folder, project) =
            project(&["i/b.yml", "i/B.yml", "i/a.yml", "i/.#a.yml", "i/deep/c.yml", "i/x.txt"]);
        let (paths, problems) = indexes(&project, &["i/**/*.yml", "./i/a.yml", "i/deep/../a.yml"]);
        assert_eq!(paths, ["i/B.yml", "i/a.yml", "i/b.yml", "i/deep/c.yml"]);
        assert_eq!(problems, []);
    }

    #[test]
    fn a_pattern_without_a_file_is_reported_with_what_lies_near() {
        let (_folder, project) = project(&["i/a.yaml", "flusso.yml", "i/sub.yml/x.txt", ".git/x.yml"]);
        for (pattern, is_folder) in
            [("i/*.yml", true), ("index/*.yml", false), ("i", true), ("i/b.yaml", false), ("*/", true)]
        {
            let (paths, problems) = indexes(&project, &[pattern]);
            assert_eq!((paths, problems), (Vec::new(), vec![no_file(pattern, &["i/a.yaml"], is_folder)]));
        }
    }

    #[test]
    fn one_bad_pattern_hides_nothing_about_the_others() {
        let (_folder, project) = project(&["i/a.yml"]);
        fs::write(project.folder.join("i/b.yml"), b"index: \xff\n").expect("written");
        let (paths, problems) = indexes(&project, &["a***", "i/*.yml", "j/*.yml"]);
        assert_eq!(paths, ["i/a.yml"]);
        let words: Vec<String> = problems.iter().map(|problem| format!("{:?}", problem.what)).collect();
        assert_eq!(words.len(), 3);
        assert!(words[0].starts_with("NotAPattern("), "{words:?}");
        assert_eq!(words[1], "Unreadable { path: \"i/b.yml\", reason: \"invalid UTF-8 at line 1\" }");
        assert!(words[2].starts_with("NoFile"), "{words:?}");
    }

    #[test]
    fn a_folder_with_a_pattern_in_its_name_is_taken_as_it_is() {
        let (_folder, project) = project(&["[x]/i/a.yml"]);
        let inner = Project { folder: project.folder.join("[x]"), ..project };
        assert_eq!(indexes(&inner, &["i/*.yml"]).0.len(), 1);
    }
}
