//! The wording of the product: no phrase of the banned list, comments that say what the name does not, counts through
//! one helper, proper names in capitals.

use std::fs;
use std::path::{Path, PathBuf};

use crate::house::{root, sources};

/// A phrase that no sentence of the product has, whatever its case.
struct Banned {
    /// Words with one space between two.
    words: &'static str,
    /// The phrase is English behind one of these words.
    unless_after: &'static [&'static str],
    /// The phrase is English before one of these words.
    unless_before: &'static [&'static str],
    /// What to write.
    instead: &'static str,
}

const fn banned(words: &'static str, instead: &'static str) -> Banned {
    Banned { words, unless_after: &[], unless_before: &[], instead }
}

/// The one list of phrases, each with what people search for or would say.
const BANNED: &[Banned] = &[
    Banned {
        words: "is no",
        unless_after: &["there"],
        unless_before: &["longer", "more", "one"],
        instead: "`x` is not a y, or the word people search for: unknown, invalid, unsupported",
    },
    Banned {
        words: "are no",
        unless_after: &["there"],
        unless_before: &["longer", "more"],
        instead: "`x` are not y, or the word people search for: unknown, invalid, unsupported",
    },
    banned("stand", "is, or nothing: \"the key is given twice\", \"must not prevent it\""),
    banned("stands", "is, or nothing: \"duplicate key\", \"replaces\", \"means\""),
    banned("stood", "was, or nothing"),
    banned("anew", "again"),
    banned("it is open", "say what is unknown: \"missing `kind`: the mapping is unknown\""),
    Banned { words: "blank", unless_after: &[], unless_before: &["line", "lines"], instead: "space" },
    banned("blanks", "spaces"),
    banned("is told", "is reported"),
    banned("told", "reported, said or distinguished"),
    banned("in doubt", "unconfirmed"),
    banned("what became of", "the result of, or how it ended"),
    banned("that of what", "name the thing"),
    Banned {
        words: "of which",
        unless_after: &["all", "each", "most", "none", "one", "some"],
        unless_before: &[],
        instead: "whose, or another sentence",
    },
    banned("that there is none", "name what is missing"),
    banned("what happens to whom", "problem, then consequence"),
    banned("the way on", "what to do next"),
    banned("is gone on with", "is continued"),
];

/// Nouns that a message counts: with a number before them they go through `flusso_lints::words::counted`.
const COUNTED: &[&str] = &[
    "batches",
    "bytes",
    "changes",
    "characters",
    "checks",
    "chunks",
    "columns",
    "documents",
    "edges",
    "errors",
    "fields",
    "files",
    "findings",
    "indexes",
    "items",
    "keys",
    "lines",
    "nodes",
    "queries",
    "rounds",
    "rows",
    "sessions",
    "shards",
    "sinks",
    "slots",
    "tables",
    "transactions",
    "warnings",
];

/// A doc comment of fewer words repeats the name.
const DOC_WORDS_MIN: usize = 4;

/// What a reader sees, and where it begins.
#[derive(Debug)]
struct Text {
    line: usize,
    kind: Kind,
    /// With one space between two words.
    words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Doc,
    Comment,
    Literal,
    /// A line of a page in Markdown.
    Page,
}

/// The comments and string literals of a file in Rust. Comments of several lines are one text.
fn texts(source: &str) -> Vec<Text> {
    let mut found: Vec<Text> = Vec::new();
    let (mut rest, mut line) = (source, 1);
    // The line of a comment that the next line may continue.
    let mut open = None;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            let (kind, words) = comment(&rest[..end]);
            match found.last_mut().filter(|last| open == Some((line - 1, last.kind)) && last.kind == kind) {
                Some(last) => last.words = join(&format!("{} {words}", last.words)),
                None => found.push(Text { line, kind, words: join(words) }),
            }
            open = Some((line, kind));
            end
        } else if let Some((text, end)) = literal(rest) {
            found.push(Text { line, kind: Kind::Literal, words: join(&text) });
            open = None;
            end
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            // A quote as a character begins no literal.
            rest[1..].find("\"'").map_or(1, |at| at + 3)
        } else {
            if !first.is_whitespace() {
                open = None;
            }
            first.len_utf8()
        };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    found
}

fn comment(text: &str) -> (Kind, &str) {
    let doc = text.strip_prefix("///").or_else(|| text.strip_prefix("//!"));
    doc.map_or((Kind::Comment, text.trim_start_matches('/')), |text| (Kind::Doc, text))
}

/// The literal that a text begins with, as it is written but for continued lines, and the bytes it takes.
fn literal(text: &str) -> Option<(String, usize)> {
    let hashes = text.strip_prefix('r').map(|rest| rest.len() - rest.trim_start_matches('#').len());
    if let Some(hashes) = hashes.filter(|hashes| text[1 + hashes..].starts_with('"')) {
        let start = 2 + hashes;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[start..].find(&end)?;
        return Some((text[start..start + length].to_owned(), start + length + end.len()));
    }
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let length = inner.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })?;
    Some((inner[..length].replace("\\\n", " ").replace("\\n", " "), length + 2))
}

fn join(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines of a page that are prose, without its fenced examples.
fn prose(page: &str) -> Vec<Text> {
    let mut is_fenced = false;
    let mut found = Vec::new();
    for (at, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            found.push(Text { line: at + 1, kind: Kind::Page, words: join(line) });
        }
    }
    found
}

/// What is wrong with the words of a text.
fn faults(text: &Text) -> Vec<String> {
    let mut found: Vec<String> = BANNED
        .iter()
        .filter(|banned| has(&text.words, banned))
        .map(|banned| format!("`{}`: write {}", banned.words, banned.instead))
        .collect();
    if text.kind == Kind::Doc && text.words.split(' ').filter(|word| !word.is_empty()).count() < DOC_WORDS_MIN
    {
        found.push("a doc comment that repeats the name: say unit, range, error, when or why".to_owned());
    }
    if text.kind == Kind::Literal {
        let name = ["postgres ", "opensearch "].into_iter().find(|name| text.words.starts_with(name));
        found.extend(name.map(|name| format!("`{name}`: a proper name has capitals")));
    }
    found
}

/// A number in braces before a plural: `1 documents` sooner or later.
fn bare_count(text: &Text) -> Option<String> {
    let mut placeholders =
        text.words.match_indices("} ").filter(|(at, _)| is_placeholder(&text.words[..*at]));
    let noun = placeholders.find_map(|(at, _)| {
        let rest = &text.words[at + 2..];
        let end = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
        // A key of an example in YAML is followed by a colon.
        (COUNTED.contains(&&rest[..end]) && !rest[end..].starts_with(':')).then_some(&rest[..end])
    });
    noun.filter(|_| text.kind == Kind::Literal)
        .map(|noun| format!("`{{}} {noun}`: write `counted(number, noun)`"))
}

/// Whether a text before a closing brace ends with an argument of a format string.
fn is_placeholder(before: &str) -> bool {
    let argument = before.rsplit('{').next().unwrap_or_default();
    before.contains('{') && !argument.contains([' ', '}'])
}

fn has(text: &str, banned: &Banned) -> bool {
    let text = text.to_lowercase();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    text.match_indices(banned.words).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + banned.words.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let previous = before.split(' ').rev().find(|word| !word.is_empty()).unwrap_or_default();
        let next = after.split(|letter| !is_word(letter)).find(|word| !word.is_empty()).unwrap_or_default();
        is_whole && !banned.unless_after.contains(&previous) && !banned.unless_before.contains(&next)
    })
}

/// The sources of the product and its launcher, without their tests.
fn product() -> Vec<(String, String)> {
    let is_test =
        |path: &str| path.starts_with("tests/") || path.contains("/tests") || path.ends_with("/fixture.rs");
    let without_tests =
        |text: String| text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    let all = sources().into_iter().filter(|(path, _)| !is_test(path));
    all.map(|(path, text)| (path, without_tests(text))).collect()
}

fn pages() -> Vec<(String, String)> {
    let mut paths = vec![root().join("README.md")];
    markdown(&root().join("docs"), &mut paths);
    let relative = |path: &Path| path.strip_prefix(root()).expect("it is below").display().to_string();
    paths.iter().map(|path| (relative(path), fs::read_to_string(path).expect("a page is UTF-8"))).collect()
}

fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn the_product_is_written_in_plain_english() {
    let (mut found, mut read) = (Vec::new(), 0);
    for (path, source) in product() {
        // The launcher prints for ourselves.
        let is_counted = !path.starts_with("xtask/");
        for text in texts(&source) {
            read += 1;
            let count = bare_count(&text).filter(|_| is_counted);
            let faults = faults(&text).into_iter().chain(count);
            found.extend(faults.map(|fault| format!("{path}:{}: {fault}", text.line)));
        }
    }
    for (path, page) in pages() {
        for text in prose(&page) {
            found.extend(faults(&text).into_iter().map(|fault| format!("{path}:{}: {fault}", text.line)));
        }
    }
    assert!(read > 5_000, "the product was read: {read}");
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

/// Every fault of a source.
fn faults_of(source: &str) -> Vec<String> {
    texts(source).iter().flat_map(|text| faults(text).into_iter().chain(bare_count(text))).collect()
}

#[test]
fn every_banned_phrase_is_found_in_comments_literals_and_pages() {
    for banned in BANNED {
        let words = banned.words;
        let (start, end) = words.split_once(' ').unwrap_or((words, ""));
        for source in [
            format!("/// The value {words} a thing.\nfn f() {{}}"),
            format!("// The value {words} a thing."),
            format!("    // The value {start}\n    // {end} a thing."),
            format!("let x = \"the value {words} a thing\";"),
            format!("let x = \"the value {start} \\\n         {end} a thing\";"),
            format!("let x = r#\"the \"value\" {words} a thing\"#;"),
        ] {
            assert!(faults_of(&source).iter().any(|fault| fault.contains(words)), "{source}");
        }
        let page = format!("# Page\n\nThe value {words} a thing.\n");
        assert!(prose(&page).iter().any(|text| !faults(text).is_empty()), "{page}");
    }
}

#[test]
fn what_is_wrong_is_found_and_nothing_else() {
    for source in [
        "/// Its name.\nname: String,",
        "//! The lint.",
        "format!(\"{} documents\", 1)",
        "format!(\"after {rounds} rounds\")",
        "format!(\"{index}: {wrong:.1} rows are wrong\")",
        "panic!(\"postgres refuses it\")",
        "panic!(\"opensearch refuses it\")",
        "let quote = '\"'; // It stands here.",
    ] {
        assert!(!faults_of(source).is_empty(), "{source}");
    }
    for source in [
        "/// Name of the table, unquoted.\nname: String,",
        "/// There is no state yet.",
        "// The column is no longer NOT NULL, which is no one's fault, and a blank line is left.",
        "// A standby is understood, and a foretold one is not; two changes, each of which matters.",
        "let told = stands.anew();",
        "format!(\"{{}} documents\")",
        "let example = \"where: { a: { ne: b } } fields: { id: long } keys\";",
        "format!(\"`{table}` columns\")",
        "format!(\"{} in {}\", counted(1, \"row\"), index)",
        "\"postgres://u@h/d\"",
        "panic!(\"Postgres refuses it\")",
        "let text = \"a \\\" quote\"; let two = '\"'; let told = 1;",
    ] {
        assert_eq!(faults_of(source), [""; 0], "{source}");
    }
    assert!(prose("```\nit stands here\n```\n").iter().all(|text| faults(text).is_empty()));
}
