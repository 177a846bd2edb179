//! Reads `[source]`.

use super::super::connection::{SourceEndpoint, TlsFiles};
use super::super::source::{Manage, SourcePlan};
use super::endpoint::{is_secret, optional_secret, optional_template, optional_user, secret, template};
use super::item::Item;
use super::keys::Keys;
use super::problem::{Problem, Result};

/// `[source]`.
pub(super) fn source(item: Item<'_>) -> Result<SourcePlan> {
    let mut keys = item.table("`[source]`")?;
    keys.required("kind")?.one_of(&[("postgres", ())])?;
    let source = SourcePlan {
        endpoint: endpoint(keys.required("url")?)?,
        tls: tls_files(&mut keys)?,
        publication: keys.required("publication")?.string()?,
        slot: keys.required("slot")?.string()?,
        manage: keys.required("manage")?.sorted_words(&Manage::ALL)?.into_iter().collect(),
        server_version_min: server_versions(keys.required("server_version_min")?)?,
        settings: keys.required("settings")?.map(|item| Ok((item.name.clone(), item.string()?)))?,
        statement_timeout_ms: keys.required("statement_timeout_ms")?.integer()?,
    };
    keys.finish()?;
    Ok(source)
}

fn endpoint(item: Item<'_>) -> Result<SourceEndpoint> {
    let mut keys = item.table("`url`")?;
    if is_secret(&keys) {
        return Ok(SourceEndpoint::Url(secret(keys)?));
    }
    let parts = SourceEndpoint::Parts {
        host: template(keys.required("host")?)?,
        port: template(keys.required("port")?)?,
        database: template(keys.required("database")?)?,
        user: optional_user(&mut keys, "user")?,
        password: optional_secret(&mut keys, "password")?,
    };
    keys.finish()?;
    Ok(parts)
}

fn tls_files(keys: &mut Keys<'_>) -> Result<TlsFiles> {
    let modes = ["disable", "prefer", "require", "verify-ca", "verify-full"].map(|mode| (mode, mode));
    let sslmode = keys.optional("sslmode").map(|item| item.one_of(&modes)).transpose()?;
    Ok(TlsFiles {
        sslmode: sslmode.map(str::to_owned),
        ssl_root_cert: optional_template(keys, "ssl_root_cert")?,
        ssl_cert: optional_template(keys, "ssl_cert")?,
        ssl_key: optional_template(keys, "ssl_key")?,
    })
}

/// Versions such as `15.13`, ascending, one a major version.
fn server_versions(item: Item<'_>) -> Result<Vec<String>> {
    let mut major_before: Option<u32> = None;
    item.list_of(|item| {
        let at = item.at;
        let version = item.string()?;
        let parts =
            version.split_once('.').map(|(major, minor)| (major.parse::<u32>(), minor.parse::<u32>()));
        let Some((Ok(major), Ok(_))) = parts else {
            return Err(Problem::new(at, format!("`{version}` is no version such as `15.13`")));
        };
        if major_before.is_some_and(|before| before >= major) {
            return Err(Problem::new(at, "one version for each major version, ascending"));
        }
        major_before = Some(major);
        Ok(version)
    })
}
