//! Bodies of `_bulk` requests, composed one at a time from the batch they belong to.

use std::collections::VecDeque;
use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression as Level;
use flate2::write::GzEncoder;
use flusso_runtime::documents::DocumentRef;
use flusso_runtime::sink::WriteBatch;
use flusso_schemas::document_id::DOCUMENT_ID_BYTES_MAX;
use serde::Serialize;

use crate::transport::Encoding;

/// The items of a batch by position: documents first, then deletes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a> {
    batch: &'a WriteBatch<'a>,
}

/// How large one request may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) documents_max: usize,
    /// Before compression: the server counts what it unpacked.
    pub(crate) bytes_max: usize,
    pub(crate) encoding: Encoding,
    pub(crate) gzip_level: u32,
}

/// One request's body and the items in it, in order.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) items: Vec<usize>,
    pub(crate) bytes: Bytes,
}

/// Why an item cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdTrouble {
    Empty,
    TooLong,
}

impl IdTrouble {
    /// The trouble in words, where the server would fail the whole request.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Empty => "its `_id` is empty",
            Self::TooLong => "its `_id` has more than 512 bytes",
        }
    }
}

impl<'a> Items<'a> {
    pub(crate) fn new(batch: &'a WriteBatch<'a>) -> Self {
        Self { batch }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.documents.len() + self.batch.deletes.len()
    }

    pub(crate) fn is_delete(&self, at: usize) -> bool {
        self.document(at).is_none()
    }

    fn document(&self, at: usize) -> Option<&DocumentRef<'a>> {
        self.batch.documents.get(at)
    }

    /// The `_id` of an item.
    pub(crate) fn id(&self, at: usize) -> String {
        let key = match self.document(at) {
            Some(document) => document.key,
            None => self.batch.deletes[at - self.batch.documents.len()],
        };
        key.document_id()
    }

    /// What keeps an item from being sent, if anything.
    pub(crate) fn id_trouble(&self, at: usize) -> Option<IdTrouble> {
        match self.id(at).len() {
            0 => Some(IdTrouble::Empty),
            length if length > DOCUMENT_ID_BYTES_MAX => Some(IdTrouble::TooLong),
            _ => None,
        }
    }

    fn action_line(&self, at: usize) -> Vec<u8> {
        let id = self.id(at);
        let target = Target { id: &id, version: self.batch.version, version_type: "external_gte" };
        let action = if self.is_delete(at) { Action::Delete(target) } else { Action::Index(target) };
        let mut line = serde_json::to_vec(&action).expect("strings and a number are always printed");
        line.push(b'\n');
        line
    }
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Action<'a> {
    Index(Target<'a>),
    Delete(Target<'a>),
}

#[derive(Serialize)]
struct Target<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    version: u64,
    version_type: &'static str,
}

/// Takes as many items off the front of `pending` as fit and composes their body. At least one is
/// taken: a document larger than the limit goes alone.
pub(crate) fn compose(items: Items<'_>, pending: &mut VecDeque<usize>, limits: Limits) -> Body {
    let mut body = Writer::new(limits);
    let (mut taken, mut bytes) = (Vec::new(), 0);
    while let Some(at) = pending.front().copied().filter(|_| taken.len() < limits.documents_max.max(1)) {
        let line = items.action_line(at);
        let json = items.document(at).map(|document| document.json);
        let size = line.len() + json.map_or(0, |json| json.len() + 1);
        if !taken.is_empty() && bytes + size > limits.bytes_max {
            break;
        }
        body.line(&line, json);
        bytes += size;
        taken.push(at);
        pending.pop_front();
    }
    Body { items: taken, bytes: body.finish() }
}

enum Writer {
    Plain(Vec<u8>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Writer {
    fn new(limits: Limits) -> Self {
        match limits.encoding {
            Encoding::Plain => Self::Plain(Vec::new()),
            Encoding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Level::new(limits.gzip_level))),
        }
    }

    fn line(&mut self, line: &[u8], json: Option<&[u8]>) {
        let write = |out: &mut dyn Write| -> io::Result<()> {
            out.write_all(line)?;
            json.map_or(Ok(()), |json| out.write_all(json).and_then(|()| out.write_all(b"\n")))
        };
        let written = match self {
            Self::Plain(out) => write(out),
            Self::Gzip(out) => write(out),
        };
        written.expect("writing to memory never fails");
    }

    fn finish(self) -> Bytes {
        match self {
            Self::Plain(out) => out.into(),
            Self::Gzip(out) => out.finish().expect("writing to memory never fails").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;
    use std::time::Instant;

    use flusso_runtime::documents::{Documents, Key};
    use flusso_runtime::sink::WriteCause;
    use flusso_runtime::source::Lease;

    use super::*;

    #[derive(Debug)]
    struct ValidLease;

    impl Lease for ValidLease {
        fn check(&self) -> flusso_runtime::Result<()> {
            Ok(())
        }
    }

    fn key(text: &str) -> Key {
        Key(vec![text.to_owned()])
    }

    fn documents(ids: &[&str]) -> Documents {
        let mut documents = Documents::default();
        ids.iter().for_each(|id| documents.push(key(id), br#"{"a":1}"#));
        documents
    }

    fn batch<'a>(documents: &'a Documents, deletes: &'a [Key]) -> WriteBatch<'a> {
        WriteBatch {
            version: 7,
            documents: documents.iter().collect(),
            deletes: deletes.iter().collect(),
            cause: WriteCause::Event,
            lease: Arc::new(ValidLease),
            deadline: Instant::now(),
        }
    }

    fn limits(documents_max: usize, bytes_max: usize) -> Limits {
        Limits { documents_max, bytes_max, encoding: Encoding::Plain, gzip_level: 1 }
    }

    #[test]
    fn ids_are_escaped_and_a_delete_has_no_document() {
        let (documents, deletes) = (documents(&["a\"\n\u{1}ä"]), [key("b\\")]);
        let batch = batch(&documents, &deletes);
        let body = compose(Items::new(&batch), &mut [0, 1].into(), limits(10, 1_000));
        let text = std::str::from_utf8(&body.bytes).expect("it is text");
        let expected = "{\"index\":{\"_id\":\"a\\\"\\n\\u0001ä\",\"version\":7,\"version_type\":\"external_gte\"}}\n\
            {\"a\":1}\n{\"delete\":{\"_id\":\"b\\\\\",\"version\":7,\"version_type\":\"external_gte\"}}\n";
        assert_eq!(text, expected);
        assert_eq!(body.items, [0, 1]);
    }

    #[test]
    fn a_request_ends_before_its_limits_but_holds_one_item() {
        let (documents, deletes) = (documents(&["a", "b", "c"]), [key("d")]);
        let batch = batch(&documents, &deletes);
        let items = Items::new(&batch);
        let mut pending: VecDeque<usize> = (0..4).collect();
        assert_eq!(compose(items, &mut pending, limits(2, 1_000)).items, [0, 1]);
        assert_eq!(compose(items, &mut pending, limits(2, 1)).items, [2]);
        assert_eq!(compose(items, &mut pending, limits(2, 1)).items, [3]);
        assert!(pending.is_empty());
    }

    #[test]
    fn a_packed_body_is_the_plain_one() {
        let documents = documents(&["a", "b"]);
        let batch = batch(&documents, &[]);
        let items = Items::new(&batch);
        let plain = compose(items, &mut [0, 1].into(), limits(10, 1_000));
        let packed = Limits { encoding: Encoding::Gzip, ..limits(10, 1_000) };
        let packed = compose(items, &mut [0, 1].into(), packed);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut unpacked).expect("it is gzip");
        assert_eq!(unpacked, plain.bytes);
    }

    #[test]
    fn an_id_that_fails_its_whole_request_is_seen_before() {
        let long = "ä".repeat(256);
        let (documents, deletes) = (documents(&["", &long, &format!("{long}x")]), [key("")]);
        let batch = batch(&documents, &deletes);
        let troubles: Vec<_> = (0..4).map(|at| Items::new(&batch).id_trouble(at)).collect();
        let expected = [Some(IdTrouble::Empty), None, Some(IdTrouble::TooLong), Some(IdTrouble::Empty)];
        assert_eq!(troubles, expected);
    }
}
