//! Reads `[[table]]`.

use super::super::source::{Identity, TablePlan};
use super::item::{Item, follows};
use super::problem::Result;
use super::surroundings::Surroundings;

/// Every `[[table]]`.
pub(super) fn tables(item: Option<Item<'_>>, around: &mut Surroundings) -> Result<Vec<TablePlan>> {
    let mut tables: Vec<TablePlan> = Vec::new();
    for item in item.map_or(Ok(Vec::new()), Item::list)? {
        let at = item.at;
        let table = table(item)?;
        follows(at, tables.last().map(|before| &before.name), &table.name)?;
        around.add_table(&table, at);
        tables.push(table);
    }
    Ok(tables)
}

fn table(item: Item<'_>) -> Result<TablePlan> {
    let mut keys = item.table("`[[table]]`")?;
    let name = keys.required("name")?.parsed()?;
    keys.rename(format!("`[[table]] {name}`"));
    keys.required("digest")?.hash()?;
    let table = TablePlan {
        name,
        key: keys.required("key")?.list_of(Item::parsed)?,
        identity: identity(keys.required("identity")?)?,
        identity_holds: keys.required("identity_holds")?.sorted(Item::parsed)?,
    };
    keys.finish()?;
    Ok(table)
}

fn identity(item: Item<'_>) -> Result<Identity> {
    if item.is_string() {
        return item.one_of(&[("default", false), ("full", true)]).map(|full| match full {
            true => Identity::Full,
            false => Identity::Default,
        });
    }
    let mut keys = item.table("`identity`")?;
    let index = keys.required("index")?.parsed()?;
    keys.finish()?;
    Ok(Identity::Index(index))
}
