//! Verifies the digests of header and blocks, before anything in them is believed.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::digest::{block_range, unsealed_digest};
use super::problem::{Problem, Result};

/// A header or block with its digest.
struct Sealed {
    what: String,
    start: usize,
    /// Where the digest's line is, and what it says; a missing one is found by the reader of keys.
    digest: Option<(usize, String)>,
}

/// Every digest of a lock.
pub(super) fn verify(text: &str, document: &DeTable<'_>) -> Result<()> {
    let what = "the header (`project` and `[source]`)".to_owned();
    let header = Sealed { what, start: 0, digest: digest_in(document) };
    verify_each(text, std::iter::once(header).chain(blocks(text, document)).collect())
}

/// Every digest of blocks without a header.
pub(super) fn verify_blocks(text: &str, document: &DeTable<'_>) -> Result<()> {
    verify_each(text, blocks(text, document).collect())
}

fn verify_each(text: &str, mut sealed: Vec<Sealed>) -> Result<()> {
    sealed.sort_by_key(|each| each.start);
    for (at, each) in sealed.iter().enumerate() {
        let next = sealed.get(at + 1).map_or(text.len(), |next| next.start);
        let block = block_range(text, each.start, next);
        if let Some((digest_at, digest)) = &each.digest
            && unsealed_digest(text, &block, *digest_at) != *digest
        {
            return Err(Problem::new(
                each.start,
                format!("{} was edited by hand or badly merged", each.what),
            ));
        }
    }
    Ok(())
}

fn blocks<'a>(text: &'a str, document: &'a DeTable<'_>) -> impl Iterator<Item = Sealed> + 'a {
    ["sink", "table", "index"].into_iter().flat_map(move |kind| {
        let items = document.get(kind).and_then(|value| value.get_ref().as_array());
        items.into_iter().flatten().filter_map(move |item| block(text, kind, item))
    })
}

fn block(text: &str, kind: &str, item: &Spanned<DeValue<'_>>) -> Option<Sealed> {
    let table = item.get_ref().as_table()?;
    let name = table.get("name").and_then(|value| value.get_ref().as_str()).unwrap_or_default();
    let start = text[..item.span().start].rfind('\n').map_or(0, |end| end + 1);
    let what = format!("`[[{kind}]] {name}`");
    Some(Sealed { what, start, digest: digest_in(table) })
}

fn digest_in(table: &DeTable<'_>) -> Option<(usize, String)> {
    let value = table.get("digest")?;
    Some((value.span().start, value.get_ref().as_str()?.to_owned()))
}
