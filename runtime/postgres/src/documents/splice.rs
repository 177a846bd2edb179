//! From rows of text to documents: each row is printed into an arena, and what children printed is
//! copied between its segments. Nothing is parsed, decoded or encoded.

use std::collections::HashMap;
use std::ops::Range;

use flusso_runtime::documents::{Documents, Key};
use flusso_schemas::lock::{IndexPlan, Node};
use tokio_postgres::Row;

use super::fault::Fault;
use super::one_line::make_one_line;
use super::parameter::TextBytes;
use super::transaction::TakeRows;

/// What a group costs beside its bytes: its entry in the map and its key's own allocation.
const GROUP_OVERHEAD_BYTES: usize = 64;

/// A row as its cells, each text or NULL.
pub(super) trait Cells {
    /// How many there are.
    fn count(&self) -> usize;
    /// The cell at a position below [`Self::count`].
    fn cell(&self, at: usize) -> Result<Option<&[u8]>, Fault>;
}

/// The bounds of what is spliced at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most bytes of all arenas, documents included.
    pub(super) chunk_bytes_max: usize,
    /// Most bytes of one document.
    pub(super) document_bytes_max: usize,
}

/// Splices the rows of an index's nodes, which come in the order of the plan: children before parents.
#[derive(Debug)]
pub(super) struct Splicer<'p> {
    key_parts: usize,
    limits: Limits,
    nodes: Vec<PrintedNode<'p>>,
    documents: Documents,
}

/// A node and what its rows printed.
#[derive(Debug)]
struct PrintedNode<'p> {
    node: &'p Node,
    /// Positions of the nodes in its slots.
    slots: Vec<usize>,
    arena: Vec<u8>,
    groups: HashMap<Box<[u8]>, Range<usize>>,
    /// Bytes of the keys in `groups`, overhead included.
    groups_bytes: usize,
    /// The group whose rows are coming, and where its text begins.
    open: Option<(Box<[u8]>, usize)>,
}

impl<'p> Splicer<'p> {
    /// A splicer of a plan's documents.
    pub(super) fn new(index: &'p IndexPlan, limits: Limits) -> Result<Self, Fault> {
        let mut nodes: Vec<PrintedNode<'p>> = Vec::with_capacity(index.nodes.len());
        for node in &index.nodes {
            let found = |path: &String| nodes.iter().position(|earlier| earlier.node.path == *path);
            let slots = node.slots.iter().map(found).collect::<Option<Vec<_>>>();
            let slots =
                slots.ok_or_else(|| contradiction(node, "has a slot whose node does not come before"))?;
            nodes.push(PrintedNode::new(node, slots));
        }
        Ok(Self { key_parts: index.key.len(), limits, nodes, documents: Documents::default() })
    }

    /// How many columns a node's query has: group or key, segments, and a group for each slot.
    fn columns(&self, node: usize) -> usize {
        self.heads(node) + 1 + 2 * self.nodes[node].slots.len()
    }

    /// Columns before the first segment.
    fn heads(&self, node: usize) -> usize {
        if self.nodes[node].node.is_root() { self.key_parts } else { 1 }
    }

    /// Takes the next row of a node.
    fn take(&mut self, node: usize, cells: &impl Cells) -> Result<(), Fault> {
        let columns = self.columns(node);
        let (children, rest) = self.nodes.split_at_mut(node);
        let printed = &mut rest[0];
        if cells.count() != columns {
            return Err(contradiction(printed.node, "gives another number of columns than it has slots for"));
        }
        if printed.node.is_root() {
            let key = key_of(cells, self.key_parts)?;
            document(&mut self.documents, printed, children, key, cells, self.limits.document_bytes_max)?;
        } else {
            printed.enter(cells)?;
            let PrintedNode { node, slots, arena, .. } = printed;
            print(node, slots, children, arena, cells, 1)?;
        }
        self.bounded()
    }

    /// The documents, in the order of the root's rows.
    pub(super) fn into_documents(self) -> Documents {
        self.documents
    }

    fn bounded(&self) -> Result<(), Fault> {
        let children: usize = self.nodes.iter().map(|node| node.arena.len() + node.groups_bytes).sum();
        let bytes = children + self.documents.bytes();
        if bytes > self.limits.chunk_bytes_max { Err(Fault::Oversized) } else { Ok(()) }
    }
}

impl TakeRows for Splicer<'_> {
    fn clear(&mut self) {
        self.documents = Documents::default();
        self.nodes.iter_mut().for_each(PrintedNode::clear);
    }

    fn row(&mut self, node: usize, row: &Row) -> Result<(), Fault> {
        self.take(node, row)
    }

    fn end(&mut self, node: usize) -> Result<(), Fault> {
        self.nodes[node].leave()
    }
}

impl Cells for Row {
    fn count(&self) -> usize {
        self.len()
    }

    fn cell(&self, at: usize) -> Result<Option<&[u8]>, Fault> {
        let cell = self.try_get::<_, Option<TextBytes<'_>>>(at);
        let cell = cell.map_err(|_| Fault::Internal("a query gives a column that is not text".to_owned()))?;
        Ok(cell.map(|text| text.0))
    }
}

impl<'p> PrintedNode<'p> {
    fn new(node: &'p Node, slots: Vec<usize>) -> Self {
        Self { node, slots, arena: Vec::new(), groups: HashMap::new(), groups_bytes: 0, open: None }
    }

    fn clear(&mut self) {
        self.arena.clear();
        self.groups.clear();
        self.groups_bytes = 0;
        self.open = None;
    }

    /// Prints what precedes a row: the separator within its group, or the ends of two groups.
    fn enter(&mut self, cells: &impl Cells) -> Result<(), Fault> {
        let group = cells.cell(0)?.ok_or_else(|| contradiction(self.node, "gives a row without a group"))?;
        match &self.open {
            Some((open, _)) if **open == *group => {
                if self.node.separator.is_empty() {
                    return Err(contradiction(self.node, "gives two rows of a group that has room for one"));
                }
                self.arena.extend_from_slice(self.node.separator.as_bytes());
            }
            _ => {
                self.leave()?;
                self.open = Some((group.into(), self.arena.len()));
                self.arena.extend_from_slice(self.node.open.as_bytes());
            }
        }
        Ok(())
    }

    /// Ends the open group.
    fn leave(&mut self) -> Result<(), Fault> {
        let Some((group, start)) = self.open.take() else { return Ok(()) };
        self.arena.extend_from_slice(self.node.close.as_bytes());
        self.groups_bytes += group.len() + GROUP_OVERHEAD_BYTES;
        match self.groups.insert(group, start..self.arena.len()) {
            None => Ok(()),
            Some(_) => Err(contradiction(self.node, "gives the rows of a group in more than one piece")),
        }
    }

    /// The text of a slot for a group.
    fn text(&self, group: &[u8]) -> Result<&[u8], Fault> {
        match (self.groups.get(group), &self.node.empty) {
            (Some(range), _) => Ok(&self.arena[range.clone()]),
            (None, Some(empty)) => Ok(empty.as_bytes()),
            (None, None) => Err(contradiction(self.node, "has no text for an empty group")),
        }
    }
}

/// Prints a row's segments and, between them, what its children printed.
fn print(
    node: &Node,
    slots: &[usize],
    children: &[PrintedNode<'_>],
    target: &mut Vec<u8>,
    cells: &impl Cells,
    heads: usize,
) -> Result<(), Fault> {
    let segment =
        |at: usize| cells.cell(at)?.ok_or_else(|| Fault::Null { node: node.path.clone(), field: None });
    target.extend_from_slice(segment(heads)?);
    for (number, child) in slots.iter().enumerate() {
        let at = heads + 1 + 2 * number;
        if let Some(group) = cells.cell(at)? {
            target.extend_from_slice(children[*child].text(group)?);
        }
        target.extend_from_slice(segment(at + 1)?);
    }
    Ok(())
}

/// Prints a root row as a document of one line.
fn document(
    documents: &mut Documents,
    root: &PrintedNode<'_>,
    children: &[PrintedNode<'_>],
    key: Key,
    cells: &impl Cells,
    bytes_max: usize,
) -> Result<(), Fault> {
    let arena = documents.arena();
    let start = arena.len();
    print(root.node, &root.slots, children, arena, cells, key.0.len())?;
    if arena.len() - start > bytes_max {
        return Err(Fault::Oversized);
    }
    make_one_line(&mut arena[start..])?;
    documents.close(key, start);
    Ok(())
}

/// The key in a row's first cells.
pub(super) fn key_of(cells: &impl Cells, parts: usize) -> Result<Key, Fault> {
    let part = |at: usize| {
        let bytes = cells.cell(at)?.ok_or_else(|| Fault::Internal("a key holds NULL".to_owned()))?;
        let text = str::from_utf8(bytes).map_err(|_| Fault::Internal("a key is not UTF-8".to_owned()))?;
        Ok(text.to_owned())
    };
    (0..parts).map(part).collect::<Result<_, _>>().map(Key)
}

fn contradiction(node: &Node, what: &str) -> Fault {
    Fault::Internal(format!("the query of node `{}` {what}", node.path))
}

#[cfg(test)]
mod tests;
