//! Random tables: keys of several types and parts, foreign keys and what only looks like them, odd names.

use super::random::Random;
use super::types::{BASES, COMPOSITE, ENUM, Family, LABELS, Type};

/// Tables and what links them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) schema: String,
    pub(super) tables: Vec<Table>,
    pub(super) links: Vec<Link>,
    domains: Vec<(String, String)>,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The primary key's columns; empty where there is none.
    pub(super) key: Vec<usize>,
    /// Columns of unique constraints.
    pub(super) uniques: Vec<Vec<usize>>,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) of: Type,
    pub(super) not_null: bool,
}

/// Columns of one table that hold values of another's.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) child: usize,
    pub(super) child_columns: Vec<usize>,
    pub(super) parent: usize,
    pub(super) parent_columns: Vec<usize>,
    /// Whether the catalog knows it.
    pub(super) foreign_key: bool,
}

const TABLES: [&str; 12] = [
    "orders",
    "Order Items",
    "user",
    "a.b",
    "quo\"te",
    "été",
    "Tags",
    "lines",
    "日本",
    "select",
    "t",
    "$weird",
];

const COLUMNS: [&str; 30] = [
    "Order No",
    "a.b",
    "x\"y",
    "été",
    "CamelCase",
    "sql",
    "any",
    "group",
    "日本",
    "value",
    "j",
    "g",
    "k1",
    "v",
    "parents",
    "keys",
    "element",
    "place",
    "order",
    "user",
    "limit",
    "created_at",
    "html_url2",
    "qty",
    "price",
    "state",
    "it's",
    "a  b",
    "end",
    "not",
];

const KEY_TYPES: [&str; 20] = [
    "integer",
    "integer",
    "integer",
    "bigint",
    "bigint",
    "bigint",
    "smallint",
    "text",
    "character varying(20)",
    "uuid",
    "date",
    "timestamp with time zone",
    "timestamp without time zone",
    "numeric(5,0)",
    "inet",
    "bytea",
    "name",
    "oid",
    "text",
    "boolean",
];

/// Types whose arrays are tried.
const ARRAYS: [&str; 12] = [
    "integer",
    "bigint",
    "text",
    "numeric(12,2)",
    "boolean",
    "date",
    "timestamp with time zone",
    "uuid",
    "jsonb",
    "double precision",
    "inet",
    "interval",
];

/// A name as Postgres quotes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl World {
    pub(super) fn new(random: &mut Random, schema: &str) -> Self {
        let mut world =
            Self { schema: schema.to_owned(), tables: Vec::new(), links: Vec::new(), domains: Vec::new() };
        let mut names: Vec<&str> = TABLES.to_vec();
        for _ in 0..random.between(3, 6) {
            let name = names.remove(random.below(names.len()));
            world.add_table(random, name);
        }
        world
    }

    /// A table's name as SQL has it.
    pub(super) fn table_sql(&self, table: usize) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.tables[table].name))
    }

    fn add_table(&mut self, random: &mut Random, name: &str) {
        let at = self.tables.len();
        let table =
            Table { name: name.to_owned(), columns: Vec::new(), key: Vec::new(), uniques: Vec::new() };
        self.tables.push(table);
        let mut links = Vec::new();
        if at > 0 {
            for _ in 0..random.between(1, 2) {
                let parent = random.below(at);
                links.extend(self.add_link(random, at, parent));
            }
        }
        self.add_key(random, at, links.first().map(|link| link.child_columns.clone()));
        for _ in 0..random.between(2, 6) {
            let of = self.any_type(random);
            let not_null = random.chance(30);
            self.add_column(random, at, of, not_null);
        }
        if random.chance(25) {
            self.add_unique(random, at);
        }
        self.links.extend(links);
        if random.chance(20) && !self.tables[at].key.is_empty() {
            let link = self.add_link(random, at, at);
            self.links.extend(link);
        }
    }

    fn add_key(&mut self, random: &mut Random, at: usize, linked: Option<Vec<usize>>) {
        if at > 0 && random.chance(8) {
            return;
        }
        let mut key: Vec<usize> = Vec::new();
        let is_key_type = |column: &Column| {
            let sql = column.of.base.sql;
            !column.of.array
                && (KEY_TYPES.contains(&sql) && sql != "boolean" || column.of.family() == Family::Enum)
        };
        if let Some(columns) = linked.filter(|_| random.chance(30))
            && columns.iter().all(|column| is_key_type(&self.tables[at].columns[*column]))
        {
            key.extend(columns);
        }
        let parts = match random.below(10) {
            0 | 1 => 2,
            2 => 3,
            _ if key.is_empty() => 1,
            _ => key.len() + random.below(2),
        };
        while key.len() < parts {
            let mut of = match random.chance(5) {
                true => self.enum_type(),
                false => Type::named(random.word(&KEY_TYPES)),
            };
            if of.family() == Family::Boolean && parts == 1 {
                of = Type::named("integer");
            }
            key.push(self.add_column(random, at, of, true));
        }
        for column in &key {
            self.tables[at].columns[*column].not_null = true;
        }
        self.tables[at].key = key;
    }

    fn add_unique(&mut self, random: &mut Random, at: usize) {
        let fits = |column: &usize| {
            let of = &self.tables[at].columns[*column].of;
            of.base.ordered && !of.array && of.family() != Family::Jsonb
        };
        let columns: Vec<usize> = (0..self.tables[at].columns.len()).filter(fits).collect();
        if let Some(column) = random.pick_some(&columns) {
            self.tables[at].uniques.push(vec![*column]);
        }
    }

    fn add_column(&mut self, random: &mut Random, at: usize, of: Type, not_null: bool) -> usize {
        let number = self.tables[at].columns.len();
        let taken = |name: &str| self.tables[at].columns.iter().any(|column| column.name == name);
        let odd = random.pick(&COLUMNS);
        let name = if taken(odd) || random.chance(40) { format!("c{number}") } else { (*odd).to_owned() };
        self.tables[at].columns.push(Column { name, of, not_null });
        number
    }

    fn enum_type(&self) -> Type {
        Type { base: &ENUM, spelled: format!("{}.\"Mood 1\"", quoted(&self.schema)), array: false }
    }

    fn any_type(&mut self, random: &mut Random) -> Type {
        match random.below(100) {
            0..=9 => {
                let array = random.chance(20);
                let spelled = if array { "[]" } else { "" };
                let of = self.enum_type();
                Type { spelled: format!("{}{spelled}", of.spelled), array, ..of }
            }
            10..=13 => {
                Type { base: &COMPOSITE, spelled: format!("{}.pair", quoted(&self.schema)), array: false }
            }
            14..=25 => {
                let of = Type::named(random.word(&ARRAYS));
                self.maybe_domain(random, Type { spelled: format!("{}[]", of.spelled), array: true, ..of })
            }
            _ => {
                let of = Type::of(random.pick(BASES));
                self.maybe_domain(random, of)
            }
        }
    }

    fn maybe_domain(&mut self, random: &mut Random, of: Type) -> Type {
        if random.chance(85) {
            return of;
        }
        let name = format!("{}.\"Domain {}\"", quoted(&self.schema), self.domains.len());
        self.domains.push((name.clone(), of.spelled.clone()));
        Type { spelled: name, ..of }
    }

    /// Links a table to another's key or, without a foreign key, to any column of it.
    fn add_link(&mut self, random: &mut Random, child: usize, parent: usize) -> Option<Link> {
        let joinable = |column: &usize| {
            let of = &self.tables[parent].columns[*column].of;
            of.base.ordered && !of.array && of.family() != Family::Jsonb && !of.base.sql.contains("char\"")
        };
        let mut choices: Vec<Vec<usize>> = Vec::new();
        if !self.tables[parent].key.is_empty() {
            choices.push(self.tables[parent].key.clone());
        }
        choices.extend(self.tables[parent].uniques.iter().cloned());
        let foreign_key = !choices.is_empty() && random.chance(65);
        if !foreign_key {
            let any = (0..self.tables[parent].columns.len()).filter(joinable);
            choices.extend(any.map(|column| vec![column]));
        }
        let parent_columns = random.pick_some(&choices)?.clone();
        let not_null = child != parent && random.chance(35);
        let mut child_columns = Vec::new();
        for column in &parent_columns {
            let of = variant(random, &self.tables[parent].columns[*column].of, foreign_key);
            child_columns.push(self.add_column(random, child, of, not_null));
        }
        if random.chance(15) {
            self.tables[child].uniques.push(child_columns.clone());
        }
        Some(Link { child, child_columns, parent, parent_columns, foreign_key })
    }

    /// The statements that make it.
    pub(super) fn ddl(&self, random: &mut Random) -> Vec<String> {
        let schema = quoted(&self.schema);
        let labels: Vec<String> = LABELS.iter().map(|label| literal(label)).collect();
        let mut all = vec![
            format!("create schema {schema}"),
            format!("create type {schema}.\"Mood 1\" as enum ({})", labels.join(", ")),
            format!("create type {schema}.pair as (n numeric, t text, j json)"),
        ];
        for (name, of) in &self.domains {
            all.push(format!("create domain {name} as {of} check (value is null or true)"));
        }
        for (at, table) in self.tables.iter().enumerate() {
            let names = |columns: &[usize]| self.columns_sql(at, columns);
            let mut parts: Vec<String> = table.columns.iter().map(column_ddl).collect();
            if !table.key.is_empty() {
                parts.push(format!("primary key ({})", names(&table.key)));
            }
            let mut uniques = table.uniques.clone();
            uniques.dedup();
            parts.extend(uniques.iter().map(|columns| format!("unique ({})", names(columns))));
            all.push(format!("create table {} ({})", self.table_sql(at), parts.join(", ")));
        }
        for link in self.links.iter().filter(|link| link.foreign_key) {
            let action = random.pick(&["no action", "cascade", "set null"]);
            all.push(format!(
                "alter table {} add foreign key ({}) references {} ({}) on delete {action} on update cascade",
                self.table_sql(link.child),
                self.columns_sql(link.child, &link.child_columns),
                self.table_sql(link.parent),
                self.columns_sql(link.parent, &link.parent_columns),
            ));
        }
        all
    }

    fn columns_sql(&self, table: usize, columns: &[usize]) -> String {
        let names: Vec<String> =
            columns.iter().map(|column| quoted(&self.tables[table].columns[*column].name)).collect();
        names.join(", ")
    }

    /// Whether at most one row of a table has these columns.
    pub(super) fn is_unique(&self, table: usize, columns: &[usize]) -> bool {
        let table = &self.tables[table];
        let proves =
            |unique: &Vec<usize>| !unique.is_empty() && unique.iter().all(|each| columns.contains(each));
        proves(&table.key) || table.uniques.iter().any(proves)
    }
}

/// A text as SQL has it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn column_ddl(column: &Column) -> String {
    let not_null = if column.not_null { " not null" } else { "" };
    format!("{} {}{not_null}", quoted(&column.name), column.of.spelled)
}

/// The type of a column that refers to one of this type: the same, or one that compares with it.
fn variant(random: &mut Random, of: &Type, foreign_key: bool) -> Type {
    let sql = of.base.sql;
    let others: &[&str] = match of.family() {
        Family::Integer => &["smallint", "integer", "bigint", "bigint"],
        Family::Text if matches!(sql, "text" | "character varying(20)") => &["text", "character varying(20)"],
        Family::Date | Family::Timestamp | Family::TimestampTz if !foreign_key => {
            &["date", "timestamp without time zone", "timestamp with time zone"]
        }
        Family::Float if !foreign_key => &["real", "double precision"],
        Family::Enum => return of.clone(),
        _ => &[],
    };
    match random.pick_some(others) {
        Some(other) if random.chance(50) => Type::named(other),
        _ => Type::named(sql),
    }
}
