//! Short table aliases: the initials of a name's words, made unique within a query.

use std::collections::{BTreeMap, BTreeSet};

use flusso_schemas::name::quote_identifier;

use super::query_tree::{QueryTree, RowId};

/// Names that queries give to subqueries and lists.
const TAKEN: [&str; 3] = ["element", "keys", "parents"];

/// The aliases of one query.
#[derive(Default)]
pub(crate) struct Aliases {
    by_row: BTreeMap<RowId, String>,
    taken: BTreeSet<String>,
}

impl Aliases {
    /// The alias of a row, assigned on first use.
    pub(crate) fn of(&mut self, tree: &QueryTree<'_>, row: RowId) -> String {
        if let Some(alias) = self.by_row.get(&row) {
            return alias.clone();
        }
        let initials = initials(tree.rows[row].table.name.name.as_str());
        let free = |alias: &String| !self.taken.contains(alias) && is_free(alias);
        let numbered = (2..).map(|number: u32| format!("{initials}{number}"));
        let alias = [initials.clone()].into_iter().chain(numbered).find(free).expect("numbers do not end");
        self.taken.insert(alias.clone());
        self.by_row.insert(row, alias.clone());
        alias
    }
}

/// Whether a table may have this alias; one that needs quotes would be spelled in two ways.
fn is_free(alias: &str) -> bool {
    !TAKEN.contains(&alias) && quote_identifier(alias) == alias
}

/// `order_items` and `OrderItems` are `oi`; a name without a plain letter is `t`.
fn initials(name: &str) -> String {
    let mut initials = String::new();
    let mut before = '_';
    for character in name.chars() {
        let begins = !before.is_alphanumeric() || (before.is_lowercase() && character.is_uppercase());
        if begins && character.is_ascii_alphabetic() {
            initials.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    if initials.is_empty() { "t".to_owned() } else { initials }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_words() {
        for (name, expected) in [
            ("order_items", "oi"),
            ("OrderItems", "oi"),
            ("Order Items", "oi"),
            ("users", "u"),
            ("été", "t"),
            ("1x", "t"),
        ] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn no_alias_is_a_word_of_the_grammar() {
        for name in ["u_s_e_r", "NotOldTable", "Values All Long UnEven Sets", "k_e_y_s"] {
            assert!(!is_free(&initials(name)), "{name}");
        }
    }
}
