//! Events of one text to a spanned tree, its aliases followed within a bound.

use std::collections::HashMap;
use std::ops::Range;

use flusso_lints::{
    anchor_bomb, duplicate_key, merge_key, missing_key, unknown_tag, wrong_type, yaml_syntax,
};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::Tree;
use crate::diagnostic::{Diagnostic, Place};
use crate::syntax::tree::{Content, Entry, Mapping, Node};

/// Why building ended early.
pub(super) enum Stop {
    Syntax(ScanError),
    /// A diagnostic was made of it.
    Reported,
}

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;

/// Most nodes that a file may hold once its aliases are followed.
const NODES_MAX: usize = 100_000;

pub(super) struct Builder<'a> {
    file: usize,
    text: &'a str,
    offset: usize,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    pub(super) aliases_are_known: bool,
    nodes: usize,
    pub(super) comments: Vec<Range<usize>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: usize, text: &'a str, offset: usize) -> Self {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
        };
        Self {
            file,
            text,
            offset,
            parser: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            aliases_are_known: true,
            nodes: 0,
            comments: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn into_tree(mut self, node: Option<Node>) -> Tree {
        let root = match node {
            Some(Node { content: Content::Map(mapping), .. }) => Some(mapping),
            Some(other) => {
                let place = self.place(other.span.clone());
                self.diagnostics.push(wrong_type::file_is(other.what(), place));
                None
            }
            None => {
                let place = self.place(0..0);
                self.diagnostics.push(missing_key::empty_file(place));
                None
            }
        };
        Tree { root, comments: self.comments, diagnostics: self.diagnostics }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.file, span)
    }

    /// The next event, skipping comments.
    fn next(&mut self) -> Result<(Event<'a>, Range<usize>), Stop> {
        loop {
            let (event, span) = match self.parser.next_event() {
                Some(event) => event.map_err(Stop::Syntax)?,
                None => return Ok((Event::StreamEnd, self.text.len()..self.text.len())),
            };
            let tag = self.tag_diagnostic(&event, &span);
            self.diagnostics.extend(tag);
            let range = self.range(&span);
            match event {
                Event::Comment(..) => self.comments.push(range),
                event => return Ok((event, range)),
            }
        }
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        range.start + self.offset..range.end + self.offset
    }

    fn tag_diagnostic(&self, event: &Event<'_>, span: &Span) -> Option<Diagnostic> {
        let tag: &Tag = event.tag()?;
        let range = span.tag_span().map_or_else(|| self.range(span), |tag_span| self.range(&tag_span));
        Some(unknown_tag::finding(&tag.original(), self.place(range)))
    }

    /// The one document of the text; none where it is empty.
    pub(super) fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut found = None;
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found),
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if found.is_some() => {
                    let place = self.place(range);
                    self.diagnostics.push(yaml_syntax::second_document(place));
                    return Ok(found);
                }
                Event::DocumentStart(..) => {}
                event => {
                    let node = self.node(event, range)?;
                    let is_nothing = node.is_missing();
                    found = (!is_nothing).then_some(node);
                }
            }
        }
    }

    fn node(&mut self, event: Event<'a>, range: Range<usize>) -> Result<Node, Stop> {
        self.count(1, &range)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, _) => (anchor, self.scalar(&text, style, range)),
            Event::SequenceStart(_, anchor, _) => (anchor, self.list(range)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping(range)?),
            Event::Alias(id) => return self.alias(id, range),
            Event::UnresolvedAlias(name) => {
                if self.aliases_are_known {
                    let place = self.place(range.clone());
                    self.diagnostics.push(yaml_syntax::unknown_anchor(&name, place));
                }
                return Ok(self.scalar("", ScalarStyle::Plain, range));
            }
            _ => return Err(Stop::Reported),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, range: Range<usize>) -> Node {
        let plain = style == ScalarStyle::Plain;
        if text.contains('\0') {
            let place = self.place(range.clone());
            self.diagnostics.push(yaml_syntax::nul(place));
        }
        // A missing value has no bytes, whatever text the parser reports.
        let text = if plain && range.is_empty() { "" } else { text };
        Node { span: range, content: Content::Scalar { text: text.to_owned(), plain } }
    }

    /// The value of an alias, at the place of the alias.
    fn alias(&mut self, id: usize, range: Range<usize>) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            let place = self.place(range);
            self.diagnostics.push(yaml_syntax::recursive_alias(place));
            return Err(Stop::Reported);
        };
        self.count(size(&node), &range)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize, range: &Range<usize>) -> Result<(), Stop> {
        self.nodes += nodes;
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let place = self.place(range.clone());
        self.diagnostics.push(anchor_bomb::finding(NODES_MAX, place));
        Err(Stop::Reported)
    }

    fn list(&mut self, start: Range<usize>) -> Result<Node, Stop> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, range) = self.next()?;
            if event == Event::SequenceEnd {
                let end = collection_end(&start, items.last().map(|item| item.span.end), &range);
                return Ok(Node { span: start.start..end, content: Content::List(items) });
            }
            items.push(self.node(event, range)?);
        }
    }

    fn mapping(&mut self, start: Range<usize>) -> Result<Node, Stop> {
        let mut mapping = Mapping::default();
        loop {
            let (event, range) = self.next()?;
            if event == Event::MappingEnd {
                let last = mapping.entries.last().map(|entry| entry.value.span.end);
                let end = collection_end(&start, last, &range);
                return Ok(Node { span: start.start..end, content: Content::Map(mapping) });
            }
            self.entry(&mut mapping, event, range)?;
        }
    }

    /// The byte at which the value of a key would start.
    fn after_colon(&self, key_end: usize) -> usize {
        let rest = &self.text[key_end - self.offset..];
        let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[space..].starts_with(':') { key_end + space + 1 } else { key_end }
    }

    fn entry(&mut self, mapping: &mut Mapping, event: Event<'a>, range: Range<usize>) -> Result<(), Stop> {
        let key = self.node(event, range)?;
        let (event, range) = self.next()?;
        let mut value = self.node(event, range)?;
        if value.is_missing() {
            let after = self.after_colon(key.span.end);
            value.span = after..after;
        }
        let Content::Scalar { text, plain } = key.content else {
            let place = self.place(key.span);
            self.diagnostics.push(wrong_type::key_is_not_text(place));
            return Ok(());
        };
        if plain && text == "<<" {
            let place = self.place(key.span);
            self.diagnostics.push(merge_key::finding(place));
            mapping.lost.push(text);
            return Ok(());
        }
        if let Some(first) = mapping.get(&text) {
            let (place, first) = (self.place(key.span), self.place(first.key_span.clone()));
            self.diagnostics.push(duplicate_key::key(&text, first, place));
            return Ok(());
        }
        mapping.entries.push(Entry { key: text, key_span: key.span, value });
        Ok(())
    }
}

/// A block collection ends with its last item, a flow collection with its bracket.
fn collection_end(start: &Range<usize>, last: Option<usize>, end: &Range<usize>) -> usize {
    let is_flow = start.end > start.start;
    if is_flow { end.end } else { last.unwrap_or(start.end) }
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Scalar { .. } => 1,
        Content::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Content::Map(mapping) => {
            1 + mapping.entries.iter().map(|entry| 1 + size(&entry.value)).sum::<usize>()
        }
    }
}
