//! Every key of the source, in pages.

use crate::documents::{Key, Selection};
use crate::error::Result;
use crate::session::Session;

/// Keys in one page.
const KEYS_PAGE: u64 = 2_000;

/// Pages through the keys of an index's root table, ascending.
pub(super) struct SourceKeys<'a> {
    session: &'a Session,
    index: usize,
    /// After which key the next page begins; none once the last page was returned.
    cursor: Option<Option<Key>>,
}

impl<'a> SourceKeys<'a> {
    /// From the first key on.
    pub(super) fn new(session: &'a Session, index: usize) -> Self {
        Self { session, index, cursor: Some(None) }
    }

    /// The next page, which may be empty; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Key>>> {
        let Some(after) = self.cursor.take() else { return Ok(None) };
        let (plan, documents) = (self.session.index(self.index), &self.session.source.documents);
        let up_to = documents.bound(plan, after.as_ref(), KEYS_PAGE).await?;
        self.cursor = up_to.clone().map(Some);
        let (keys, _) = documents.keys(plan, &Selection::Range { after, up_to }).await?;
        Ok(Some(keys))
    }
}
