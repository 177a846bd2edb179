//! Two branches that change different indexes of one lock merge with git, and the result is a lock.

use std::fs;
use std::path::Path;
use std::process::Command;

use flusso_schemas::lock::{self, ColumnFact, Lock};
use flusso_schemas::name::Ident;

use crate::common::EXAMPLE;

/// A lock of three indexes over the same tables.
fn base() -> Lock {
    let mut lock = lock::read(EXAMPLE).expect("the example is a lock");
    let orders = lock.indexes[0].clone();
    lock.indexes = ["orders", "products", "users"]
        .map(|name| lock::IndexPlan { name: name.to_owned(), alias: name.to_owned(), ..orders.clone() })
        .to_vec();
    lock
}

fn changed(change: impl FnOnce(&mut Lock)) -> Lock {
    let mut lock = base();
    change(&mut lock);
    lock
}

/// Relies on one more column of users, and sets other hashes.
fn rely_on(lock: &mut Lock, index: usize, column: &str, not_null: bool) {
    let index = &mut lock.indexes[index];
    index.inputs = format!("{:016x}", column.len());
    let edge = index.edges.last_mut().expect("it has edges");
    edge.columns.insert(Ident::new(column), ColumnFact { pg_type: "text".to_owned(), not_null });
    index.nodes[0].sql.push_str("-- changed\n");
}

/// Merges as git does; gives the text and whether there was no conflict.
fn merge(name: &str, options: &[&str], ours: &Lock, theirs: &Lock) -> (String, bool) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the target folder is ours");
    for (file, lock) in [("ours", ours), ("base", &base()), ("theirs", theirs)] {
        fs::write(folder.join(file), lock::write(lock)).expect("the target folder is ours");
    }
    let merged = Command::new("git")
        .args(["merge-file", "-p"])
        .args(options)
        .args(["ours", "base", "theirs"])
        .current_dir(&folder)
        .output()
        .expect("git is installed");
    (String::from_utf8(merged.stdout).expect("locks are UTF-8"), merged.status.success())
}

#[test]
fn changes_of_different_indexes_merge_into_a_lock_that_is_current() {
    let ours = changed(|lock| rely_on(lock, 0, "city", false));
    let theirs = changed(|lock| rely_on(lock, 1, "city", false));
    let both = changed(|lock| {
        rely_on(lock, 0, "city", false);
        rely_on(lock, 1, "city", false);
    });
    let (text, clean) = merge("different", &[], &ours, &theirs);
    assert!(clean, "{text}");
    assert_eq!(lock::read(&text), Ok(both.clone()));
    assert_eq!(text, lock::write(&both));
}

#[test]
fn a_merge_of_two_facts_about_one_column_is_refused() {
    let ours = changed(|lock| rely_on(lock, 0, "city", false));
    let theirs = changed(|lock| rely_on(lock, 2, "city", true));
    let (text, clean) = merge("facts", &[], &ours, &theirs);
    assert!(clean, "{text}");
    let error = lock::read(&text).expect_err("they disagree");
    assert_eq!(error.message, "`shop.users.city` is `text not null` here and `text` in another edge");
}

#[test]
fn a_conflict_within_one_index_is_named_and_so_is_its_careless_end() {
    let ours = changed(|lock| rely_on(lock, 1, "city", false));
    let theirs = changed(|lock| rely_on(lock, 1, "country", false));
    let (text, clean) = merge("conflict", &[], &ours, &theirs);
    assert!(!clean);
    assert_eq!(lock::read(&text).expect_err("it has marks").message, "unresolved merge conflict");

    let theirs = changed(|lock| {
        rely_on(lock, 1, "country", false);
        lock.indexes[1].bound = lock.indexes[1].bound.replace("limit 1", "limit 2");
    });
    let (text, clean) = merge("careless", &["--ours"], &ours, &theirs);
    assert!(clean && text.contains("limit 2"), "{text}");
    let error = lock::read(&text).expect_err("the digest is that of one side");
    assert_eq!(error.message, "`[[index]] products` was edited by hand or badly merged");
}
