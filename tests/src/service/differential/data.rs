//! Rows with extreme values, and changes of them.

use xtask::services::postgres::Connection;

use super::random::Random;
use super::schema::{World, literal, quoted};

/// Rows of every table; what a constraint refuses is left out.
pub(super) fn fill(world: &World, random: &mut Random, sql: &mut Connection) {
    for table in 0..world.tables.len() {
        let rows = if table == 0 { random.between(4, 14) } else { random.between(3, 24) };
        for _ in 0..rows {
            insert(world, random, sql, table);
        }
    }
}

/// A few changes in one transaction each; those that a constraint refuses are none.
pub(super) fn change(world: &World, random: &mut Random, sql: &mut Connection) -> Vec<String> {
    let mut done = Vec::new();
    for _ in 0..random.between(1, 6) {
        let table = random.below(world.tables.len());
        let statement = match random.below(10) {
            0..=1 => Some(insert_statement(world, random, sql, table)),
            2..=3 => {
                Some(format!("delete from {} where {}", world.table_sql(table), a_row(world, random, table)))
            }
            _ => update_statement(world, random, sql, table),
        };
        if let Some(statement) = statement.filter(|statement| sql.query(statement).is_ok()) {
            done.push(statement);
        }
    }
    done
}

fn a_row(world: &World, random: &mut Random, table: usize) -> String {
    let (name, skipped) = (world.table_sql(table), random.below(12));
    format!(
        "ctid = (select ctid from {name} order by ctid offset {skipped} % greatest(1, (select count(*) from {name})) limit 1)"
    )
}

fn update_statement(
    world: &World,
    random: &mut Random,
    sql: &mut Connection,
    table: usize,
) -> Option<String> {
    let linked: Vec<usize> = world
        .links
        .iter()
        .filter(|link| link.child == table)
        .flat_map(|link| link.child_columns.clone())
        .collect();
    let column = match random.pick_some(&linked) {
        Some(column) if random.chance(45) => *column,
        _ => random.below(world.tables[table].columns.len()),
    };
    let value = value(world, random, sql, table, column);
    let name = quoted(&world.tables[table].columns[column].name);
    let row = a_row(world, random, table);
    Some(format!("update {} set {name} = {value} where {row}", world.table_sql(table)))
}

fn insert(world: &World, random: &mut Random, sql: &mut Connection, table: usize) {
    let statement = insert_statement(world, random, sql, table);
    let _ = sql.query(&statement);
}

fn insert_statement(world: &World, random: &mut Random, sql: &mut Connection, table: usize) -> String {
    let values: Vec<String> = (0..world.tables[table].columns.len())
        .map(|column| value(world, random, sql, table, column))
        .collect();
    format!("insert into {} values ({})", world.table_sql(table), values.join(", "))
}

/// A value as a literal: of a link mostly one that is there.
fn value(world: &World, random: &mut Random, sql: &mut Connection, table: usize, column: usize) -> String {
    let declared = &world.tables[table].columns[column];
    if !declared.not_null && random.chance(18) {
        return "null".to_owned();
    }
    let link = world.links.iter().find(|link| link.child == table && link.child_columns.contains(&column));
    if let Some(link) = link.filter(|link| link.foreign_key || random.chance(80)) {
        let place = link.child_columns.iter().position(|each| *each == column).expect("it is one of them");
        let parent = &world.tables[link.parent].columns[link.parent_columns[place]].name;
        let names = format!("select {}::text from {}", quoted(parent), world.table_sql(link.parent));
        let rows = sql.query(&names).expect("a table of ours");
        // Parts of a composite key are mostly taken from one row.
        let at = if random.chance(60) { table + 1 } else { random.below(97) };
        if let Some(text) = rows.get(at % rows.len().max(1)).and_then(|row| row[0].clone()) {
            return literal(&text);
        }
    }
    literal(&declared.of.value(random))
}
