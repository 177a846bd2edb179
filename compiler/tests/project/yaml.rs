//! A YAML file as a tree that tests change in one place, printed back in flow style.

use std::fmt::Write;

use granit_parser::{Event, Parser, ScalarStyle};

/// A value of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// A scalar as it is printed: quoted where it was.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file.
    Map(Vec<(String, Node)>),
}

/// Steps from the root to a value: the number of the item or entry.
pub(crate) type Path = Vec<usize>;

impl Node {
    /// Reads a file without anchors and tags, as the fixtures are.
    pub(crate) fn parse(text: &str) -> Self {
        let mut events = Parser::new_from_str(text).map(|event| event.expect("a fixture is YAML").0);
        let mut next = move || {
            let skipped = |event: &Event<'_>| {
                matches!(event, Event::StreamStart | Event::DocumentStart(..) | Event::Comment(..))
            };
            events.by_ref().find(|event| !skipped(event)).expect("a node follows")
        };
        let first = next();
        read(first, &mut next)
    }

    /// The file that a tree is.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        print(self, &mut out);
        out.push('\n');
        out
    }

    /// The paths of all values, the root's first.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut found = vec![Path::new()];
        let children: Vec<&Node> = match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter().collect(),
            Self::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        };
        for (at, child) in children.into_iter().enumerate() {
            found.extend(child.paths().into_iter().map(|path| [vec![at], path].concat()));
        }
        found
    }

    /// The value at a path.
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else { return self };
        match self {
            Self::Scalar(_) => panic!("nothing is below a scalar"),
            Self::List(items) => items[*first].at(rest),
            Self::Map(entries) => entries[*first].1.at(rest),
        }
    }
}

fn read<'a>(event: Event<'a>, next: &mut impl FnMut() -> Event<'a>) -> Node {
    match event {
        Event::Scalar(text, ScalarStyle::Plain, ..) => Node::Scalar(text.into_owned()),
        Event::Scalar(text, ..) => Node::Scalar(quoted(&text)),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match next() {
                    Event::SequenceEnd => return Node::List(items),
                    event => items.push(read(event, next)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut entries = Vec::new();
            loop {
                match next() {
                    Event::MappingEnd => return Node::Map(entries),
                    Event::Scalar(key, ..) => {
                        let value = next();
                        entries.push((key.into_owned(), read(value, next)));
                    }
                    other => panic!("a key of a fixture is a scalar, not {other:?}"),
                }
            }
        }
        other => panic!("fixtures hold no {other:?}"),
    }
}

/// A text in quotes, whose escapes JSON and YAML share.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn print(node: &Node, out: &mut String) {
    match node {
        Node::Scalar(text) => out.push_str(text),
        Node::List(items) => {
            out.push('[');
            for item in items {
                print(item, out);
                out.push_str(", ");
            }
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (key, value) in entries {
                write!(out, "{}: ", quoted(key)).expect("a String takes every write");
                print(value, out);
                out.push_str(", ");
            }
            out.push('}');
        }
    }
}
