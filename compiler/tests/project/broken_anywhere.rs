//! Fixtures whose files are changed at random: no panic, no hang, and nothing that is said is out of place.
//!
//! `FLUSSO_BROKEN_TEXTS` says how many, `FLUSSO_BROKEN_SEED` where to begin.

use std::env;
use std::time::{Duration, Instant};

use flusso_compiler::Compiled;
use flusso_compiler::diagnostic::Sources;
use flusso_schemas::lock;

use crate::rig::Project;

/// Texts of a run where nothing else is said: a few seconds.
const TEXTS: u64 = 1500;
/// Longer than any text of these fixtures takes, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pieces of the language, of YAML and of what breaks readers of text.
const PIECES: &[&str] = &[
    "",
    " ",
    "  ",
    "\n",
    "\n  ",
    "\r\n",
    "\t",
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "\\",
    "#",
    "&a ",
    "*a",
    "|",
    ">",
    "!",
    "!!str ",
    "%",
    "@",
    "---\n",
    "...",
    "<<: ",
    "\u{0}",
    "\u{1}",
    "\u{7f}",
    "\u{feff}",
    "\u{2028}",
    "é",
    "日本",
    "😀",
    "\u{301}",
    "\u{202e}",
    "null",
    "~",
    "true",
    "no",
    "0",
    "-1",
    "1e400",
    ".nan",
    "0x1f",
    "99999999999999999999",
    "${",
    "${X}",
    "${X:-y}",
    "where: ",
    "when: ",
    "any: ",
    "not: ",
    "sql: ",
    "fields: ",
    "via: ",
    "has_many: ",
    "through: ",
    "kind: ",
    "order_by: ",
    "limit: ",
    "constant: ",
    "# flusso-ignore: ",
    "{rows:id}",
    "$$",
    "''",
    "\"\"",
    "--",
    "/*",
    "(",
    ")",
    "::",
    "a.b",
    "\"a\".b",
    "[[index]]",
    "'''",
    "\"\"\"",
    "= ",
];

/// Numbers by `splitmix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a length");
        usize::try_from(self.next() % end).expect("it is below a length")
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

/// A text with one to four changes, as the reader of a file would take it.
fn broken(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        match random.below(3) {
            0 => break_line(&mut bytes, random),
            1 => break_piece(&mut bytes, random),
            _ => break_bytes(&mut bytes, random),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn break_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = (at + random.below(12)).min(bytes.len());
    match random.below(4) {
        0 => drop(bytes.drain(at..end)),
        1 => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        2 => {
            let other: Vec<u8> = (at..end).map(|_| random.next().to_le_bytes()[0]).collect();
            bytes.splice(at..end, other);
        }
        _ => bytes.truncate(at),
    }
}

fn break_piece(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = (at + random.below(6)).min(bytes.len());
    bytes.splice(at..end, random.pick(PIECES).bytes());
}

fn break_line(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(5) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one].clone()),
        2 => lines.swap(one, other),
        3 => lines[one].splice(0..0, *b"  ").for_each(drop),
        _ => {
            let blank = lines[one].iter().take_while(|byte| **byte == b' ').count();
            lines[one].drain(..blank.min(2));
        }
    }
    *bytes = lines.join(&b'\n');
}

/// What is wrong with what was said of a project.
fn misplaced(project: &Project, outcome: &Compiled) -> Option<String> {
    let sources = Sources::new(&project.read.files);
    for diagnostic in &outcome.diagnostics {
        let finding = diagnostic.to_finding(&sources);
        for label in &finding.labels {
            let file = project.read.files.iter().find(|file| file.path == label.file)?;
            if file.text.get(label.byte_start..label.byte_end).is_none() {
                return Some(format!("{label:?} of {finding:?} is outside its file"));
            }
        }
        let fix = diagnostic.fix.as_ref();
        if let Some(fix) = fix.filter(|fix| {
            let text = &project.read.files[fix.place.file].text;
            text.get(fix.place.start..fix.place.end).is_none()
        }) {
            return Some(format!("{fix:?} is outside its file"));
        }
    }
    let is_refused = outcome.diagnostics.iter().any(|each| each.is_deny());
    (is_refused == outcome.lock.is_some())
        .then(|| format!("a lock beside an error, or neither: {:?}", outcome.diagnostics))
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs one case of a seed; what is wrong, in words.
fn case(projects: &[Project], seed: u64) -> Option<String> {
    let mut random = Random(seed);
    let project = &projects[random.below(projects.len())];
    let mut files = project.index_files();
    files.push("flusso.yml".to_owned());
    let path = files[random.below(files.len())].clone();
    let text = broken(project.text(&path), &mut random);
    let began = Instant::now();
    let said = || {
        let project = project.with_file(&path, &text);
        let outcome = project.compile_guessing();
        (misplaced(&project, &outcome), format!("{:?}", outcome.diagnostics), outcome.lock.is_some())
    };
    let (first, second) = (said(), said());
    let problem = match first.0.clone() {
        Some(problem) => Some(problem),
        None if first != second => Some(format!("{} and then {}", first.1, second.1)),
        None if began.elapsed() > PATIENCE => Some(format!("it took {:?}", began.elapsed())),
        None => None,
    };
    problem.map(|problem| format!("seed {seed}, {path}: {problem}\n{text}"))
}

#[test]
fn a_project_may_be_broken_anywhere() {
    let projects = ["shop", "shapes", "chinook", "northwind"].map(Project::of_folder);
    let first = number("FLUSSO_BROKEN_SEED").unwrap_or(0);
    for seed in first..first + number("FLUSSO_BROKEN_TEXTS").unwrap_or(TEXTS) {
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(&projects, seed)));
        match found {
            Ok(None) => {}
            Ok(Some(problem)) => panic!("{problem}"),
            Err(_) => panic!("seed {seed} panics"),
        }
    }
}

#[test]
fn a_lock_may_be_broken_anywhere() {
    let locks = ["shop", "chinook", "northwind"].map(|name| {
        let lock = Project::of_folder(name).compile_guessing().lock.unwrap_or_else(|| {
            panic!("{name}: {:?}", Project::of_folder(name).compile_guessing().diagnostics)
        });
        lock::write(&lock)
    });
    let first = number("FLUSSO_BROKEN_SEED").unwrap_or(0);
    for seed in first..first + number("FLUSSO_BROKEN_TEXTS").unwrap_or(TEXTS) {
        let mut random = Random(seed);
        let text = broken(&locks[random.below(locks.len())], &mut random);
        let (one, other) = (lock::read(&text), lock::read(&text));
        assert_eq!(one, other, "seed {seed}");
        match one {
            // A digest is over every byte, so nothing else is read than what was written.
            Ok(read) => assert_eq!(lock::write(&read), text, "seed {seed}"),
            Err(error) => {
                let line = text.split('\n').nth(error.line - 1).expect("a line of the text");
                assert!(error.column <= line.chars().count() + 1, "seed {seed}: {error:?}");
            }
        }
    }
}
