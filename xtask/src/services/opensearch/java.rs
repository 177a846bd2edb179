//! Finds a Java runtime that OpenSearch runs on.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::services::Error;

/// The oldest Java that OpenSearch 3 runs on.
const MAJOR_MIN: u32 = 21;

/// The `java` program of the first suitable runtime: `JAVA_HOME`, `PATH`, the system's folders.
pub(super) fn find() -> Result<PathBuf, Error> {
    let candidates = candidates();
    let mut too_old = Vec::new();
    for java in candidates {
        match major_of(&java) {
            Some(major) if major >= MAJOR_MIN => return Ok(java),
            Some(major) => too_old.push(format!("`{}` is {major}", java.display())),
            None => {}
        }
    }
    let found = if too_old.is_empty() { "none was found".to_owned() } else { too_old.join(", ") };
    let help = format!("install a JDK, or set `JAVA_HOME` to one ({found})");
    Err(Error::missing(format!("Java {MAJOR_MIN} or newer for OpenSearch"), help))
}

fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    found.iter_mut().for_each(|home| home.push("bin"));
    found.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    for above in ["/usr/lib/jvm", "/opt/java", "/Library/Java/JavaVirtualMachines"] {
        let mut homes: Vec<PathBuf> =
            fs::read_dir(above).into_iter().flatten().flatten().map(|e| e.path()).collect();
        homes.sort();
        found.extend(homes.iter().map(|home| home.join("bin")));
        found.extend(homes.iter().map(|home| home.join("Contents/Home/bin")));
    }
    found.iter().map(|folder| folder.join("java")).filter(|java| java.exists()).collect()
}

/// `java -version` talks on standard error.
fn major_of(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("-version").output().ok()?;
    major_in(&String::from_utf8_lossy(&output.stderr))
}

fn major_in(printed: &str) -> Option<u32> {
    let version = printed.split('"').nth(1)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_also_where_it_stands_alone() {
        assert_eq!(major_in("openjdk version \"25.0.1\" 2025-10-21 LTS\n"), Some(25));
        assert_eq!(major_in("openjdk version \"21\" 2023-09-19\n"), Some(21));
        assert_eq!(major_in("java version \"1.8.0_402\"\n"), Some(1));
        assert_eq!(major_in("no java\n"), None);
    }
}
