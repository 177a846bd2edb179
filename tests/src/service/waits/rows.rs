//! A row that cannot become a document is named with index, key and field, and none of its values is.

use xtask::fixtures::SHOP;

use crate::rig::{Done, Rig};

fn assert_names(done: Done, words: &[&str]) {
    let done = done.assert_code(5);
    for word in words {
        assert!(done.stderr.contains(word), "did not say `{word}`:\n{}", done.stderr);
    }
}

#[test]
fn a_row_that_fails_an_expression_is_named_by_apply_and_run() {
    let mut rig = Rig::new(SHOP, 0.005);
    let fields = "  id: long\n  ratio: { kind: double, sql: \"100 / (loyalty - 77)\" }\n  twice: { kind: double, sql: \"loyalty * 2\" }";
    rig.edit("indexes/users.yml", "  id: long\n  email", &format!("{fields}\n  email"));
    rig.run(&["update shop.users set loyalty = 1, deleted_at = null"]);
    rig.run(&["update shop.users set loyalty = 77 where id = 23"]);
    rig.flusso(&["compile"]).assert_code(0);
    let words = ["document `23`", "index `users`", "field `ratio`", "division by zero"];
    assert_names(rig.flusso(&["apply"]), &words);
    rig.run(&["update shop.users set loyalty = 1 where id = 23"]);
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    rig.run(&["update shop.users set loyalty = 77 where id = 24"]);
    assert_names(follower.wait(), &["document `24`", "index `users`", "field `ratio`", "division by zero"]);
    rig.run(&["update shop.users set loyalty = 5 where id = 24"]);
    rig.follow().stop_in_time().assert_code(0);
}

#[test]
fn a_row_of_a_relation_that_fails_an_expression_is_named_with_its_field() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.edit(
        "indexes/users.yml",
        "      label: keyword",
        "      label: keyword\n      number: { kind: integer, sql: \"(street)::integer\" }",
    );
    rig.run(&["update shop.addresses set street = '1'"]);
    rig.run(&["update shop.users set deleted_at = null"]);
    let user = rig.value("select min(user_id)::text from shop.addresses").expect("there are addresses");
    rig.run(&[&format!("update shop.addresses set street = 'secret-street' where user_id = {user}")]);
    rig.flusso(&["compile"]).assert_code(0);
    let done = rig.flusso(&["apply"]);
    assert!(!done.stderr.contains("secret-street"), "{}", done.stderr);
    assert_names(done, &[&format!("document `{user}`"), "index `users`", "field `addresses.number`"]);
}

#[test]
fn a_document_that_is_too_large_or_that_the_index_refuses_is_named() {
    let mut rig = Rig::new(SHOP, 0.005);
    rig.compile_and_apply();
    let follower = rig.follow();
    rig.run(&["update shop.orders set note = repeat('x', 9000000) where id = 7"]);
    assert_names(follower.wait(), &["document `7`", "index `orders`", "8 MiB"]);
    rig.run(&["update shop.orders set note = '' where id = 7"]);
    let follower = rig.follow();
    // Else the document that was refused before is the one that the limit refuses.
    rig.assert_becomes_right("orders");
    // Every order has items, and each of them is a nested document.
    let orders = rig.generations().into_iter().find(|name| name.contains("_orders-")).expect("it is live");
    let limit = "{\"index.mapping.nested_objects.limit\": 0}";
    let (status, body) = rig.request("PUT", &format!("/{orders}/_settings"), limit);
    assert_eq!(status, 200, "{body}");
    let order =
        rig.value("select min(order_id)::text from shop.order_items where quantity > 0").expect("an order");
    rig.run(&[&format!("update shop.orders set note = 'secret-note' where id = {order}")]);
    let done = follower.wait();
    assert!(!done.stderr.contains("secret-note"), "{}", done.stderr);
    assert_names(done, &[&format!("document `{order}`"), "the index refused", "`orders`"]);
}

#[test]
fn a_row_that_fails_the_root_condition_is_named_by_apply_and_run_and_mended_by_its_correction() {
    let mut rig = Rig::new(SHOP, 0.005);
    let condition = "where: { sql: \"100 / loyalty > 1\", deleted_at: null }";
    rig.edit("indexes/users.yml", "where: { deleted_at: null }", condition);
    // The only field that could be taken for what fails.
    rig.edit("indexes/users.yml", "  loyalty: short", "  loyalty: { kind: integer, sql: \"loyalty * 1\" }");
    // Every user fulfils the condition, so that the documents are those of the shop.
    rig.run(&["update shop.users set loyalty = 1 + id % 40, deleted_at = null"]);
    rig.run(&["update shop.users set loyalty = 0 where id = 23"]);
    rig.flusso(&["compile"]).assert_code(0);
    let words = |key: &str| [format!("document `{key}`"), "index `users`".to_owned(), "`where`".to_owned()];
    let assert_named = |done: Done, key: &str| {
        assert!(!done.stderr.contains("`loyalty`"), "another field is blamed:\n{}", done.stderr);
        let words = words(key);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["division by zero"]).collect();
        assert_names(done, &words);
    };
    assert_named(rig.flusso(&["apply"]), "23");
    rig.run(&["update shop.users set loyalty = 1 where id = 23"]);
    rig.flusso(&["apply"]).assert_code(0);
    let follower = rig.follow();
    rig.run(&["update shop.users set loyalty = 0 where id = 24"]);
    rig.run(&["update shop.users set name = 'After' where id = 25"]);
    assert_named(follower.wait(), "24");
    // Nothing past it was confirmed: the next run meets it again.
    assert_named(rig.flusso(&["run"]), "24");
    rig.run(&["update shop.users set loyalty = 5 where id = 24"]);
    let follower = rig.follow();
    rig.assert_becomes_right("users");
    follower.stop_in_time().assert_code(0);
}
