//! Reads `[[sink]]`.

use super::super::source::{Compression, OpenSearchPlan, SinkKind, SinkPlan};
use super::endpoint::{optional_secret, optional_template, optional_user, template, url_endpoint};
use super::item::{Item, follows};
use super::keys::Keys;
use super::problem::Result;
use super::surroundings::Surroundings;

#[derive(Clone, Copy)]
enum Kind {
    OpenSearch,
    Stdout,
}

/// Every `[[sink]]`.
pub(super) fn sinks(item: Option<Item<'_>>, around: &mut Surroundings) -> Result<Vec<SinkPlan>> {
    let mut sinks: Vec<SinkPlan> = Vec::new();
    for item in item.map_or(Ok(Vec::new()), Item::list)? {
        let at = item.at;
        let sink = sink(item)?;
        follows(at, sinks.last().map(|before| &before.name), &sink.name)?;
        around.add_sink(&sink.name);
        sinks.push(sink);
    }
    Ok(sinks)
}

fn sink(item: Item<'_>) -> Result<SinkPlan> {
    let mut keys = item.table("`[[sink]]`")?;
    let name = keys.required("name")?.string()?;
    keys.rename(format!("`[[sink]] {name}`"));
    let kind =
        keys.required("kind")?.one_of(&[("opensearch", Kind::OpenSearch), ("stdout", Kind::Stdout)])?;
    let inputs = keys.required("inputs")?.hash()?;
    keys.required("digest")?.hash()?;
    let kind = match kind {
        Kind::OpenSearch => SinkKind::OpenSearch(Box::new(opensearch(&mut keys)?)),
        Kind::Stdout => SinkKind::Stdout { pretty: keys.flag("pretty")? },
    };
    keys.finish()?;
    Ok(SinkPlan { name, inputs, kind })
}

fn opensearch(keys: &mut Keys<'_>) -> Result<OpenSearchPlan> {
    Ok(OpenSearchPlan {
        url: url_endpoint(keys.required("url")?)?,
        username: optional_user(keys, "username")?,
        password: optional_secret(keys, "password")?,
        client_cert: optional_template(keys, "client_cert")?,
        client_key: optional_template(keys, "client_key")?,
        ca_cert: optional_template(keys, "ca_cert")?,
        tls_verify: keys.flag("tls_verify")?,
        index_prefix: template(keys.required("index_prefix")?)?,
        index_settings: keys
            .required("index_settings")?
            .map(|item| Ok((item.name.clone(), template(item)?)))?,
        bulk_documents_max: keys.required("bulk_documents_max")?.integer()?,
        bulk_bytes_max: keys.required("bulk_bytes_max")?.integer()?,
        bulk_requests_in_flight: keys.required("bulk_requests_in_flight")?.integer()?,
        bulk_timeout_ms: keys.required("bulk_timeout_ms")?.integer()?,
        bulk_compress: keys
            .required("bulk_compress")?
            .one_of(&[("gzip", Compression::Gzip), ("none", Compression::None)])?,
    })
}
