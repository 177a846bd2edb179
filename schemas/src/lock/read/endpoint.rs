//! Reads references to secrets and templates: where something listens and whose credentials.

use std::path::PathBuf;

use super::super::connection::{SecretRef, Template, UrlEndpoint, UserName};
use super::item::Item;
use super::keys::Keys;
use super::problem::Result;

const REFERENCES: [&str; 3] = ["env", "file", "command"];

/// Whether a table is one reference to a secret, not parts.
pub(super) fn is_secret(keys: &Keys<'_>) -> bool {
    REFERENCES.iter().any(|name| keys.holds(name))
}

/// `{ env = … }`, `{ file = … }` or `{ command = […] }`.
pub(super) fn secret(mut keys: Keys<'_>) -> Result<SecretRef> {
    let reference = if let Some(name) = keys.optional_string("env")? {
        SecretRef::Env(name)
    } else if let Some(path) = keys.optional_string("file")? {
        SecretRef::File(PathBuf::from(path))
    } else {
        SecretRef::Command(keys.required("command")?.list_of(Item::string)?)
    };
    keys.finish()?;
    Ok(reference)
}

/// A reference to a secret that may be absent.
pub(super) fn optional_secret(keys: &mut Keys<'_>, name: &str) -> Result<Option<SecretRef>> {
    let read = |item: Item<'_>| secret(item.table(format!("`{name}`"))?);
    keys.optional(name).map(read).transpose()
}

/// A user's name that may be absent: text, or a reference to a secret.
pub(super) fn optional_user(keys: &mut Keys<'_>, name: &str) -> Result<Option<UserName>> {
    let read = |item: Item<'_>| match item.is_string() {
        true => template(item).map(UserName::Text),
        false => secret(item.table(format!("`{name}`"))?).map(UserName::Secret),
    };
    keys.optional(name).map(read).transpose()
}

/// A text that may hold references and is no secret.
pub(super) fn template(item: Item<'_>) -> Result<Template> {
    item.string().map(Template)
}

/// The same where it may be absent.
pub(super) fn optional_template(keys: &mut Keys<'_>, name: &str) -> Result<Option<Template>> {
    keys.optional(name).map(template).transpose()
}

/// `url` of a sink.
pub(super) fn url_endpoint(item: Item<'_>) -> Result<UrlEndpoint> {
    let mut keys = item.table("`url`")?;
    if is_secret(&keys) {
        return Ok(UrlEndpoint::Url(secret(keys)?));
    }
    let parts = UrlEndpoint::Parts {
        scheme: template(keys.required("scheme")?)?,
        host: template(keys.required("host")?)?,
        port: template(keys.required("port")?)?,
        path: template(keys.required("path")?)?,
    };
    keys.finish()?;
    Ok(parts)
}
