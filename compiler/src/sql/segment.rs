//! The segments of a node's row: literals, values and cases, folded and printed one field a line.

use super::fragments::{literal, shifted};

/// One segment of a row in the making.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    operands: Vec<Operand>,
}

#[derive(Debug)]
struct Operand {
    /// Whether a document field begins here.
    begins_field: bool,
    kind: OperandKind,
}

#[derive(Debug)]
enum OperandKind {
    Literal(String),
    /// SQL; `text` where it is of that type by itself.
    Sql {
        sql: String,
        is_text: bool,
    },
    Case {
        absent: String,
        then: &'static str,
        inner: Segment,
        resumed: bool,
    },
}

/// SQL that yields one value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueSql {
    /// The expression; line breaks in it are relative to its line.
    pub(crate) sql: String,
    /// Whether it is of type text by itself.
    pub(crate) is_text: bool,
}

/// Builds the segments of one row from left to right.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    done: Vec<Segment>,
    slots: Vec<(String, String)>,
    /// The segment under way, outermost first; each but the first is inside a case.
    open: Vec<Segment>,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    absent: String,
    resumed: bool,
    conditional: bool,
}

impl Segments {
    /// Starts with one open, empty segment.
    pub(crate) fn new() -> Self {
        Self { open: vec![Segment::default()], ..Self::default() }
    }

    /// JSON text that is the same in every row.
    pub(crate) fn literal(&mut self, text: &str) {
        self.current().push(OperandKind::Literal(text.to_owned()), false);
    }

    /// JSON text with which a field begins.
    pub(crate) fn field(&mut self, text: &str) {
        self.current().push(OperandKind::Literal(text.to_owned()), true);
    }

    /// Appends SQL that yields a value.
    pub(crate) fn value(&mut self, value: ValueSql) {
        self.current().push(OperandKind::Sql { sql: value.sql, is_text: value.is_text }, false);
    }

    /// The operands after it are printed unless `absent` holds, which prints `null`. `conditional`: whether it may hold
    /// while the row is there.
    pub(crate) fn open_case(&mut self, absent: String, conditional: bool) {
        self.cases.push(Case { absent, resumed: false, conditional });
        self.open.push(Segment::default());
    }

    /// Ends the innermost case.
    pub(crate) fn close_case(&mut self) {
        let case = self.cases.pop().expect("a case is open");
        self.fold_case(&case);
    }

    /// The place of a child node; `key` is its group, NULL if one of the open cases is absent.
    pub(crate) fn slot(&mut self, path: &str, key: &str, key_may_stay: bool) {
        let guards: Vec<&str> = self
            .cases
            .iter()
            .filter(|case| case.conditional || key_may_stay)
            .map(|case| case.absent.as_str())
            .collect();
        let key = match guards.as_slice() {
            [] => key.to_owned(),
            guards => format!("case when {} then null else {key} end", guards.join(" or ")),
        };
        let mut cases = std::mem::take(&mut self.cases);
        for case in cases.iter().rev() {
            self.fold_case(case);
        }
        self.done.push(self.open.pop().expect("one segment is always open"));
        self.slots.push((path.to_owned(), key));
        self.open.push(Segment::default());
        for case in &mut cases {
            case.resumed = true;
            self.open.push(Segment::default());
        }
        self.cases = cases;
    }

    /// The columns after the group: segments with the slots' keys between them; and the slots' paths.
    pub(crate) fn finish(mut self) -> (Vec<String>, Vec<String>) {
        self.done.push(self.open.pop().expect("one segment is always open"));
        let mut columns = Vec::new();
        let mut paths = Vec::new();
        let mut slots = self.slots.into_iter();
        for (place, segment) in self.done.iter().enumerate() {
            columns.push(segment.sql(place > 0));
            if let Some((path, key)) = slots.next() {
                paths.push(path);
                columns.push(key);
            }
        }
        (columns, paths)
    }

    fn current(&mut self) -> &mut Segment {
        self.open.last_mut().expect("one segment is always open")
    }

    fn fold_case(&mut self, case: &Case) {
        let inner = self.open.pop().expect("a case has its own segment");
        let then = if case.resumed { "" } else { "null" };
        let kind = OperandKind::Case { absent: case.absent.clone(), then, inner, resumed: case.resumed };
        self.current().push(kind, false);
    }
}

/// Where the content of a top line begins, behind `  || `.
const CONTENT_COLUMN: usize = 5;

impl Segment {
    fn push(&mut self, kind: OperandKind, begins_field: bool) {
        let last = self.operands.last_mut().map(|operand| &mut operand.kind);
        if let (Some(OperandKind::Literal(before)), OperandKind::Literal(text)) = (last, &kind) {
            before.push_str(text);
            return;
        }
        self.operands.push(Operand { begins_field, kind });
    }

    /// Whether it takes several lines.
    fn is_long(&self) -> bool {
        self.operands.iter().skip(1).any(|operand| operand.begins_field)
    }

    /// The column's expression; the first one of a row has no line above that it could be aligned to.
    fn sql(&self, is_aligned: bool) -> String {
        let alone = self.operands.len() == 1;
        match self.operands.first().map(|operand| &operand.kind) {
            None => "''".to_owned(),
            Some(OperandKind::Sql { sql, is_text: false }) if alone => {
                format!("{}::text", shifted(sql, CONTENT_COLUMN))
            }
            Some(OperandKind::Case { resumed: true, .. }) => self.lines(CONTENT_COLUMN),
            _ if is_aligned && self.is_long() => format!("   {}", self.lines(CONTENT_COLUMN)),
            _ => self.lines(CONTENT_COLUMN),
        }
    }

    fn lines(&self, column: usize) -> String {
        let mut out = String::new();
        for (place, operand) in self.operands.iter().enumerate() {
            if place > 0 && operand.begins_field {
                out.push_str(&format!("\n{}|| ", " ".repeat(column - 3)));
            } else if place > 0 {
                out.push_str(" || ");
            }
            out.push_str(&operand.kind.sql(column));
        }
        if self.operands.is_empty() { "''".to_owned() } else { out }
    }
}

impl OperandKind {
    fn sql(&self, column: usize) -> String {
        match self {
            Self::Literal(text) => literal(text),
            Self::Sql { sql, .. } => shifted(sql, column),
            Self::Case { absent, then, inner, resumed } => {
                let inner_column = if *resumed { column } else { column + 2 };
                let broken = inner.is_long();
                let gap = if broken { format!("\n{}", " ".repeat(inner_column)) } else { " ".to_owned() };
                format!("case when {absent} then '{then}' else{gap}{} end", inner.lines(inner_column))
            }
        }
    }
}
