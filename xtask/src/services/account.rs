//! Whom a server runs as: servers refuse to run as root, so root hands them to `nobody`.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, process};

use super::Error;

/// The account that servers run under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The one who called.
    Caller,
    /// Another user and group by number, because the caller is root.
    Other {
        /// Number of the user (`uid`).
        user: u32,
        /// Number of the group (`gid`).
        group: u32,
    },
}

impl Account {
    /// The caller, or `nobody` where the caller is root.
    pub fn for_servers() -> Result<Self, Error> {
        if !caller_is_root()? {
            return Ok(Self::Caller);
        }
        let accounts = Path::new("/etc/passwd");
        let text = fs::read_to_string(accounts).map_err(Error::file("read", accounts))?;
        entry_of(&text, "nobody").ok_or_else(|| {
            Error::missing("the user `nobody`", "servers refuse to run as root; call as another user")
        })
    }

    /// Makes a command run under this account.
    pub fn apply(self, command: &mut Command) {
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
    }

    /// Makes a folder, and everything in it that is there already, belong to this account.
    pub fn own(self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let Self::Other { user, group } = self else { return Ok(()) };
        own_tree(folder, user, group)
    }

    /// The folder itself where this account can reach it, else one under the temporary folder that
    /// is the same for the same wish.
    pub fn reachable(self, folder: &Path) -> Result<PathBuf, Error> {
        let absolute = std::path::absolute(folder).map_err(Error::file("resolve", folder))?;
        let Self::Other { user, .. } = self else { return Ok(absolute) };
        let open = absolute.ancestors().skip(1).all(|above| can_pass(above, user));
        if open {
            return Ok(absolute);
        }
        let name = absolute.to_string_lossy().replace('/', "-");
        let instead = env::temp_dir().join(format!("flusso-services{name}"));
        eprintln!(
            "`{}` cannot be reached by the servers' account, using `{}`",
            absolute.display(),
            instead.display()
        );
        Ok(instead)
    }
}

/// Whether a user that owns nothing above can pass through a folder; one that does not exist yet
/// will be made by us, open.
fn can_pass(folder: &Path, user: u32) -> bool {
    fs::metadata(folder).map_or(true, |found| found.mode() & 0o001 != 0 || found.uid() == user)
}

fn own_tree(path: &Path, user: u32, group: u32) -> Result<(), Error> {
    let found = fs::symlink_metadata(path).map_err(Error::file("look at", path))?;
    if found.is_symlink() {
        return Ok(());
    }
    if found.uid() != user {
        chown(path, Some(user), Some(group)).map_err(Error::file("hand over", path))?;
    }
    if !found.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(Error::file("list", path))? {
        own_tree(&entry.map_err(Error::file("list", path))?.path(), user, group)?;
    }
    Ok(())
}

fn caller_is_root() -> Result<bool, Error> {
    let own = PathBuf::from(format!("/proc/{}", process::id()));
    if let Ok(found) = fs::metadata(own) {
        return Ok(found.uid() == 0);
    }
    let output = Command::new("id").arg("-u").output();
    let output = output.map_err(|source| Error::Spawn { program: "id".to_owned(), source })?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn entry_of(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    let user = numbers.next()?.parse().ok()?;
    let group = numbers.next()?.parse().ok()?;
    Some(Account::Other { user, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let text = "nobody2:x:7:8::/:/bin/false\nnobody:x:65534:65533:nobody:/:/bin/false\n";
        assert_eq!(entry_of(text, "nobody"), Some(Account::Other { user: 65534, group: 65533 }));
        assert_eq!(entry_of(text, "nobod"), None);
    }
}
