//! A line break inside a literal is a part of it, however deep its query is indented.

use crate::rig::{PROJECT, Project};

/// Literals with line breaks in each spelling that Postgres has, and one in a condition.
const LITERALS: [&str; 5] = ["'\n'", "E'it\\'s\n'", "$$\n$$", "$x$\n$$\n$x$", "U&'\n'"];

#[test]
fn literals_keep_their_line_breaks_at_every_depth() {
    let fields = |table: &str, column: &str| {
        let fields: Vec<String> = LITERALS
            .iter()
            .enumerate()
            .map(|(at, literal)| {
                let sql = serde_json::Value::from(format!("replace({column},\n{literal},\n'+')"));
                format!(
                    "{table}{at}: {{ kind: keyword, sql: {sql}, when: {{ {column}: {{ ne: \"a\\nb\" }} }} }}"
                )
            })
            .collect();
        fields.join(", ")
    };
    let index = format!(
        "version: 1\nindex: it\ntable: users\nfields:
  id: long
  nested: {{ fields: {{ {} }} }}
  first: {{ has_one: orders, order_by: [id], where: {{ note: {{ ne: \"a\\nb\" }} }}, fields: {{ {} }} }}
  orders:
    has_many: orders
    limit: 3
    fields:
      id: long
      user: {{ belongs_to: users, fields: {{ {} }} }}
      items: {{ has_many: order_items, fields: {{ product: {{ belongs_to: products, fields: {{ {} }} }} }} }}
",
        fields("name", "name"),
        fields("note", "note"),
        fields("email", "email"),
        fields("sku", "sku"),
    );
    let outcome = Project::alone(PROJECT, &index).compile();
    let lock = outcome.lock.unwrap_or_else(|| panic!("{:?}", outcome.diagnostics));
    let sql: String = lock.indexes[0].nodes.iter().map(|node| node.sql.as_str()).collect();
    for literal in LITERALS {
        // Each stands once a field: in its expression.
        assert_eq!(
            sql.matches(&format!("\n{literal},")).count() + indented(&sql, literal),
            4,
            "{literal}\n{sql}"
        );
    }
    assert!(sql.matches("'a\nb'").count() >= 21, "{sql}");
    assert!(!sql.contains("'a\n "), "{sql}");
}

/// How often a literal follows the spaces of its line.
fn indented(sql: &str, literal: &str) -> usize {
    sql.matches(&format!(" {literal},")).count()
}
