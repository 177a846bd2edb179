//! YAML text to a spanned tree. A syntax error does not end it: every block that begins with a key at
//! the left edge is read by itself then, so that one run shows an error a block.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::tree::{Content, Entry, Mapping, Node};
use super::yaml_errors as errors;
use crate::diagnostic::{Diagnostic, Place};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;

/// Most nodes that a file may hold once its aliases are followed.
const NODES_MAX: usize = 100_000;

/// A file's tree and what was found on the way.
#[derive(Debug)]
pub struct Tree {
    /// The mapping at the top; none where there is none.
    pub root: Option<Mapping>,
    /// Its comments, `#` included.
    pub comments: Vec<Range<usize>>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file.
pub fn parse(file: usize, text: &str) -> Tree {
    let mut whole = Builder::new(file, text, 0);
    let outcome = whole.document();
    match outcome {
        Ok(node) => whole.into_tree(node),
        Err(Stop::Reported) => Tree { root: None, comments: whole.comments, diagnostics: whole.diagnostics },
        Err(Stop::Syntax(error)) => parse_blocks(file, text, &error),
    }
}

/// Why building ended early.
enum Stop {
    Syntax(ScanError),
    /// A diagnostic was made of it.
    Reported,
}

/// Reads block by block what cannot be read as a whole.
fn parse_blocks(file: usize, text: &str, whole: &ScanError) -> Tree {
    let mut tree = Tree { root: None, comments: Vec::new(), diagnostics: Vec::new() };
    let mut root = Mapping::default();
    for block in blocks(text) {
        let mut builder = Builder::new(file, &text[block.clone()], block.start);
        builder.aliases_are_known = false;
        match builder.document() {
            Ok(Some(Node { content: Content::Map(mapping), .. })) => root.entries.extend(mapping.entries),
            Ok(_) => {}
            Err(Stop::Syntax(error)) => {
                tree.diagnostics.push(errors::syntax(file, text, block.clone(), &error));
                root.lost.extend(first_key(&text[block]));
            }
            Err(Stop::Reported) => root.lost.extend(first_key(&text[block])),
        }
        tree.comments.append(&mut builder.comments);
        tree.diagnostics.append(&mut builder.diagnostics);
    }
    if tree.diagnostics.is_empty() {
        tree.diagnostics.push(errors::syntax(file, text, 0..text.len(), whole));
    }
    tree.root = Some(root);
    tree
}

fn first_key(block: &str) -> Option<String> {
    let line = block.lines().next()?;
    line.split_once(':').map(|(key, _)| key.trim().to_owned())
}

/// The text from each line with a key at the left edge to the next; what stands before the first is a
/// part of it.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins =
            line.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '_' || first == '"');
        if begins && line.contains(':') {
            starts.push(at);
        }
        at += line.len();
    }
    if starts.is_empty() {
        starts.push(0);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

struct Builder<'a> {
    file: usize,
    text: &'a str,
    offset: usize,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    aliases_are_known: bool,
    nodes: usize,
    comments: Vec<Range<usize>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(file: usize, text: &'a str, offset: usize) -> Self {
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

    fn into_tree(mut self, node: Option<Node>) -> Tree {
        let root = match node {
            Some(Node { content: Content::Map(mapping), .. }) => Some(mapping),
            Some(other) => {
                let place = self.place(other.span.clone());
                let message = format!("the file is {}, so it has no keys", other.what());
                self.diagnostics.push(Diagnostic::deny("wrong-type", place, message));
                None
            }
            None => {
                let place = self.place(0..0);
                self.diagnostics.push(Diagnostic::deny("missing-key", place, "the file is empty"));
                None
            }
        };
        Tree { root, comments: self.comments, diagnostics: self.diagnostics }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::new(self.file, span)
    }

    /// The next event that is no comment.
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
        Some(errors::tag(self.place(range), &tag.original()))
    }

    /// The one document of the text; none where it is empty.
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut found = None;
        loop {
            let (event, range) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(found),
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if found.is_some() => {
                    let place = self.place(range);
                    self.diagnostics.push(errors::second_document(place));
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
                    self.diagnostics.push(errors::unknown_anchor(place, &name));
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

    fn scalar(&self, text: &str, style: ScalarStyle, range: Range<usize>) -> Node {
        let plain = style == ScalarStyle::Plain;
        // What is not there has no bytes, whatever text the parser gives it.
        let text = if plain && range.is_empty() { "" } else { text };
        Node { span: range, content: Content::Scalar { text: text.to_owned(), plain } }
    }

    /// What an alias stands for, at the place of the alias.
    fn alias(&mut self, id: usize, range: Range<usize>) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            let place = self.place(range);
            self.diagnostics.push(errors::alias_inside_itself(place));
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
        self.diagnostics.push(errors::anchor_bomb(place, NODES_MAX));
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

    /// Where the value of a key would stand.
    fn after_colon(&self, key_end: usize) -> usize {
        let rest = &self.text[key_end - self.offset..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[blank..].starts_with(':') { key_end + blank + 1 } else { key_end }
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
            self.diagnostics.push(errors::key_is_no_text(place));
            return Ok(());
        };
        if plain && text == "<<" {
            let place = self.place(key.span);
            self.diagnostics.push(errors::merge_key(place));
            mapping.lost.push(text);
            return Ok(());
        }
        if let Some(first) = mapping.get(&text) {
            let (place, first) = (self.place(key.span), self.place(first.key_span.clone()));
            self.diagnostics.push(errors::duplicate_key(place, first, &text));
            return Ok(());
        }
        mapping.entries.push(Entry { key: text, key_span: key.span, key_plain: plain, value });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lints(text: &str) -> Vec<(&'static str, String)> {
        let place = |place: &Place| text[place.start..place.end].to_owned();
        parse(0, text).diagnostics.iter().map(|each| (each.lint, place(&each.primary.0))).collect()
    }

    #[test]
    fn keys_and_values_have_their_exact_bytes() {
        let text = "ä: { b: 'c d' }\nlist:\n  - x\n  - [1, 2]\nempty:\n";
        let root = parse(0, text).root.expect("a mapping");
        let slice = |span: &Range<usize>| &text[span.clone()];
        assert_eq!(slice(&root.entries[0].key_span), "ä");
        assert_eq!(slice(&root.entries[0].value.span), "{ b: 'c d' }");
        assert_eq!(slice(&root.entries[1].value.span), "- x\n  - [1, 2]");
        assert!(root.entries[2].value.is_missing());
    }

    #[test]
    fn every_block_reports_its_own_error() {
        let text = "a: [1\nb: 2\nc: {x: ${Y}}\nd: \"open\n";
        let found = parse(0, text);
        let lints: Vec<_> = found.diagnostics.iter().map(|each| each.lint).collect();
        assert_eq!(lints, ["yaml-syntax", "yaml-syntax", "yaml-syntax"]);
        let root = found.root.expect("what could be read");
        assert!(root.get("b").is_some());
        assert_eq!(root.lost, ["a", "c", "d"]);
    }

    #[test]
    fn what_yaml_has_and_we_refuse_is_named() {
        assert_eq!(lints("a: 1\na: 2\n"), [("duplicate-key", "a".to_owned())]);
        assert_eq!(lints("x: &x {a: 1}\ny:\n  <<: *x\n"), [("merge-key", "<<".to_owned())]);
        assert_eq!(lints("a: !!int 3\n"), [("unknown-tag", "!!int".to_owned())]);
        assert_eq!(lints("a: *b\nc: *d\n").len(), 2);
        assert_eq!(lints("- a\n"), [("wrong-type", "- a".to_owned())]);
        assert_eq!(lints("")[0].0, "missing-key");
    }

    #[test]
    fn an_alias_bomb_is_stopped() {
        let mut text = "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*x{}", level - 1); 10].join(", ");
            text.push_str(&format!("x{level}: &x{level} [{aliases}]\n"));
        }
        assert_eq!(lints(&text)[0].0, "anchor-bomb");
    }
}
