//! The example of README.md is what the program prints: its tables are made, its files written and its commands run.
//! `UPDATE=1 cargo test readme` writes what is printed into the page.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use xtask::services::opensearch::http;
use xtask::services::postgres::Connection;

use crate::house::root;
use crate::rig::{Running, shared_opensearch, shared_postgres};

/// What the page calls its project.
const PROJECT: &str = "shop";
/// Where a mistake of the page is put right, as the page says.
const CORRECTIONS: [(&str, &str); 2] = [("date_time", "timestamp"), ("prise", "price")];
/// Width of the page's console.
const COLUMNS: &str = "100";

/// A fenced block of a page: its language, and where its text is.
struct Block {
    language: String,
    start: usize,
    end: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut open, mut at): (Vec<Block>, Option<Block>, usize) = (Vec::new(), None, 0);
    for line in page.split_inclusive('\n') {
        if let Some(language) = line.strip_prefix("```") {
            match open.take() {
                Some(block) => found.push(Block { end: at, ..block }),
                None => {
                    open =
                        Some(Block { language: language.trim().to_owned(), start: at + line.len(), end: 0 })
                }
            }
        }
        at += line.len();
    }
    found
}

/// The example on the shared servers, under a name that no other test has.
struct Stage {
    folder: TempDir,
    name: String,
    variables: Vec<(String, String)>,
    sql: Connection,
}

impl Stage {
    fn new() -> Self {
        let name = format!("readme_{}", std::process::id());
        let server = shared_postgres();
        let mut maintenance = Connection::open_url(&server).expect("the server takes connections");
        maintenance.query(&format!("create database {name}")).expect("a database of its own");
        let (server, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{server}/{name}");
        let sql = Connection::open_url(&url).expect("the database is there");
        let variables = vec![
            ("DATABASE_URL".to_owned(), url),
            ("OPENSEARCH_URL".to_owned(), shared_opensearch()),
            ("COLUMNS".to_owned(), COLUMNS.to_owned()),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("indexes")).expect("a folder of ours");
        Self { folder, name, variables, sql }
    }

    /// Writes a file that begins with its name, under the project's own name and prefix.
    fn write(&self, text: &str) {
        let (first, text) = text.split_once('\n').expect("more than its name");
        let path: PathBuf = self.folder.path().join(first.trim_start_matches("# "));
        let text = text.replace(&format!("project: {PROJECT}"), &format!("project: {}", self.name));
        let url = "url: \"${OPENSEARCH_URL}\"";
        fs::write(path, text.replace(url, &format!("{url}, index_prefix: {}_", self.name))).expect("written");
    }

    /// What the commands of a console block print, after each command's line.
    fn console(&self, block: &str) -> String {
        let mut text = String::new();
        for command in block.lines().filter(|line| line.starts_with("$ ")) {
            let arguments: Vec<&str> = command.split(' ').skip(2).collect();
            let ended = Running::start(self.folder.path(), &self.variables, &arguments).wait();
            text += &format!("{command}\n{}{}", ended.stdout, ended.stderr);
        }
        // The bare page has no prefix, and is called otherwise.
        text.replace(&format!("{}_", self.name), "").replace(&self.name, PROJECT)
    }

    fn document(&self) -> Value {
        let path = format!("/{}_orders/_doc/1", self.name);
        let server = shared_opensearch();
        let (status, text) =
            http::request("GET", server.trim_start_matches("http://"), &path, "").expect("it answers");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).expect("JSON")["_source"].clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let slot = format!("flusso_{}", self.name);
        let drop = "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name =";
        let _ = self.sql.query(&format!("{drop} '{slot}'"));
        let server = shared_opensearch();
        let _ =
            http::request("DELETE", server.trim_start_matches("http://"), &format!("/{}_*", self.name), "");
    }
}

/// Figures of a machine as `#`: how long something took, and how fast it was.
fn without_figures(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n', ',']);
    let mut lines = String::new();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let is_number = word.trim_end().trim_end_matches(',').parse::<f64>().is_ok();
        let before_seconds = words.peek().is_some_and(|next| next.trim_end_matches([',', '\n', ' ']) == "s");
        let is_rate = word.trim_end().ends_with("/s");
        match (is_number && before_seconds) || is_rate {
            true => lines.push_str("# "),
            false => lines.push_str(word),
        }
    }
    lines
}

#[test]
fn the_example_prints_what_the_page_says() {
    let path = root().join("README.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let start = page.find("\n## Example\n").expect("the section is there");
    let end = page.find("\n## Install\n").expect("the section after it");
    let example = &page[start..end];
    let mut stage = Stage::new();
    let (mut wanted, mut consoles) = (example.to_owned(), 0);
    for block in blocks(example).iter() {
        let text = &example[block.start..block.end];
        let printed = match block.language.as_str() {
            "sql" => {
                text.split(";\n").filter(|each| !each.trim().is_empty()).for_each(|statement| {
                    stage.sql.query(statement).expect(statement);
                });
                continue;
            }
            "yaml" => {
                stage.write(text);
                continue;
            }
            "console" => {
                consoles += 1;
                if consoles == 2 {
                    correct(&stage);
                }
                stage.console(text)
            }
            "json" => serde_json::to_string_pretty(&stage.document()).expect("it was JSON") + "\n",
            other => panic!("nothing is known of a block in `{other}`"),
        };
        if without_figures(&printed) != without_figures(text) {
            wanted = wanted.replacen(
                &format!("```{}\n{text}```", block.language),
                &format!("```{}\n{printed}```", block.language),
                1,
            );
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, page.replacen(example, &wanted, 1)).expect("the page can be written");
        return;
    }
    assert!(
        wanted == example,
        "README.md is not what is printed; `UPDATE=1 cargo test readme` writes:\n{wanted}"
    );
}

/// Puts the page's mistakes right.
fn correct(stage: &Stage) {
    let path = stage.folder.path().join("indexes/orders.yml");
    let mut text = fs::read_to_string(&path).expect("it was written");
    for (wrong, right) in CORRECTIONS {
        assert!(text.contains(wrong), "`{wrong}` is one of the page's mistakes");
        text = text.replace(wrong, right);
    }
    fs::write(&path, text).expect("written");
}
