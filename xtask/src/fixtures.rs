//! The example projects under `fixtures/projects`: how their databases are made, changed and judged.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::paths;
use crate::services::Error;
use crate::services::postgres::{Connection, Row};

/// How long one file of an example may take: 100,000 orders beside a build.
const LOAD_PATIENCE: Duration = Duration::from_secs(600);

/// An example project under `fixtures/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Project {
    name: &'static str,
    database_files: &'static [&'static str],
}

/// A music shop, as others designed it.
pub const CHINOOK: Project = Project { name: "chinook", database_files: &["database.sql"] };
/// A food trader, as others designed it.
pub const NORTHWIND: Project = Project { name: "northwind", database_files: &["database.sql"] };
/// Shapes of relations that the others do not have, in one index.
pub const SHAPES: Project = Project { name: "shapes", database_files: &["database.sql"] };
/// Our own web shop; the only one with a scale and with changes.
pub const SHOP: Project = Project { name: "shop", database_files: &["schema.sql", "data.sql"] };

impl Project {
    /// The project's folder, with its `flusso.yml`.
    #[must_use]
    pub fn folder(self) -> PathBuf {
        paths::root().join("fixtures/projects").join(self.name)
    }

    /// Makes and fills the tables in an empty database. The scale counts for the shop: 1 is 100,000
    /// orders, 0.01 a thousand.
    pub fn load(self, connection: &mut Connection, scale: f64) -> Result<(), Error> {
        let patience = connection.patience();
        connection.set_patience(LOAD_PATIENCE)?;
        connection.query(&format!("select set_config('shop.scale', '{scale}', false)"))?;
        for file in self.database_files {
            connection.query(&self.read(file)?)?;
        }
        connection.set_patience(patience)
    }

    /// The statements of `changes.sql`, each to be sent alone and in this order by one session.
    pub fn changes(self) -> Result<Vec<String>, Error> {
        Ok(statements(&self.read("changes.sql")?))
    }

    /// Every document of an index as it must be: rows of its id and the document as text of `jsonb`.
    pub fn truth(self, connection: &mut Connection, index: &str) -> Result<Vec<Row>, Error> {
        connection.query(&self.truth_sql(index)?)
    }

    /// The query behind `truth`; it has no semicolon, so that it can be a subquery.
    pub fn truth_sql(self, index: &str) -> Result<String, Error> {
        self.read(&format!("truth/{index}.sql"))
    }

    fn read(self, file: &str) -> Result<String, Error> {
        let path = self.folder().join(file);
        fs::read_to_string(&path).map_err(Error::file("read", &path))
    }
}

/// A file's statements: each ends with a semicolon at the end of a line.
fn statements(text: &str) -> Vec<String> {
    let parts = text.split(";\n").map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_only_at_the_end_of_a_line() {
        assert_eq!(statements("-- a; b\nselect 1;\nselect ';';\n\n"), ["-- a; b\nselect 1", "select ';'"]);
    }

    #[test]
    fn every_index_of_every_project_has_its_truth() {
        for project in [CHINOOK, NORTHWIND, SHAPES, SHOP] {
            let indexes = fs::read_dir(project.folder().join("indexes")).expect("a project has indexes");
            for index in indexes.map(|entry| entry.expect("the folder can be listed").path()) {
                let name = index.file_stem().expect("a file has a name").to_string_lossy().into_owned();
                assert!(
                    project.read(&format!("truth/{name}.sql")).is_ok(),
                    "{} has no truth of {name}",
                    project.name
                );
            }
        }
    }
}
