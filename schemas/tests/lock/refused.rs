//! What the strict reader refuses, at which line and with which words.

use flusso_schemas::lock::{self, ReadError};

use crate::common::{EXAMPLE, sealed};

/// The example with one place edited, its digests as they were.
fn edited(from: &str, to: &str) -> String {
    assert!(EXAMPLE.contains(from), "the example holds no {from:?}");
    EXAMPLE.replacen(from, to, 1)
}

/// Reads a lock that must be refused at the line that holds `place`.
fn refusal(lock: &str, place: &str) -> ReadError {
    let error = lock::read(lock).expect_err("it is refused");
    let line = lock.lines().nth(error.line - 1).unwrap_or_default();
    assert!(line.contains(place), "{error} is at {line:?}, not at {place:?}");
    assert!(error.column <= line.chars().count() + 1, "{error} is past the end of {line:?}");
    error
}

/// The example with one edit, sealed again, must be refused with this message.
fn refused(from: &str, to: &str, place: &str, message: &str) {
    assert_eq!(refusal(&sealed(&edited(from, to)), place).message, message);
}

#[test]
fn an_edited_block_is_named() {
    for (from, to, place, what) in [
        ("project = \"shop\"", "project = \"shap\"", "# Written", "the header (`project` and `[source]`)"),
        ("15.13", "15.12", "# Written", "the header (`project` and `[source]`)"),
        ("gzip", "none", "[[sink]]", "`[[sink]] search`"),
        (
            "identity_holds = [\"order_id\"]",
            "identity_holds = []",
            "[[table]]",
            "`[[table]] shop.order_items`",
        ),
        ("quantity > 0\"", "quantity > 1\"", "[[index]]", "`[[index]] orders`"),
        (
            "name = { type = \"text\" }\n",
            "name = { type = \"text\" }\n# x\n",
            "[[index]]",
            "`[[index]] orders`",
        ),
    ] {
        let error = refusal(&edited(from, to), place);
        assert_eq!(error.message, format!("{what} was edited by hand or badly merged"));
        assert_eq!(error.help.as_deref(), Some("run `flusso compile`"));
    }
}

#[test]
fn another_version_is_refused_by_name_before_anything_else() {
    let error = refusal(&edited("lock_version = 3", "lock_version = 4\nnew_key = 1"), "lock_version");
    assert_eq!(error.message, "written by a newer flusso: lock version 4, and this one reads 3");
    assert_eq!((error.line, error.column), (2, 16));
    assert!(error.help.is_some_and(|help| help.contains("newer one")));
    let error = refusal(&edited("lock_version = 3", "lock_version = 1\nold_key = 1"), "lock_version");
    assert_eq!(error.message, "written by an older flusso: lock version 1, and this one reads 3");
    assert_eq!(error.help.as_deref(), Some("run `flusso compile`"));
    refused("lock_version = 3", "lock_version = 0", "lock_version", "unknown lock version 0");
    let error = lock::read("").expect_err("it is empty");
    assert_eq!(error.message, "not a lock: the key `lock_version` is missing");
}

#[test]
fn decisions_about_lints_have_a_known_form() {
    let levels = |text: &str| format!("\n[levels]\n{text}\n\n[source]");
    refused("\n[source]", &levels("lossy-kind = {}"), "lossy-kind", "a lint's level has no `level`");
    refused(
        "\n[source]",
        &levels("lossy-kind = { level = \"off\" }"),
        "lossy-kind",
        "unknown `level` `off`: expected `allow` or `warn` or `deny`",
    );
    refused(
        "\n[source]",
        &levels("Lossy = { level = \"allow\" }"),
        "Lossy",
        "`Lossy` is not the name of a lint: expected kebab-case",
    );
    let accepted = |reason: &str| {
        let item = format!("{{ lint = \"lossy-kind\", about = \"index:orders\", reason = \"{reason}\" }}");
        format!("accepted = [{item}]\nbody = '''\n{{\n")
    };
    refused("body = '''\n{\n", &accepted(""), "accepted", "`reason` is empty");
}

#[test]
fn dynamic_settings_stand_outside_the_body_and_only_they() {
    refused(
        "number_of_replicas = \"1\"",
        "number_of_shards = \"1\"",
        "number_of_shards",
        "`number_of_shards` is not a dynamic setting: expected it in `body`",
    );
    refused(
        "\"number_of_shards\": 1",
        "\"number_of_replicas\": 1",
        "body",
        "`number_of_replicas` is a dynamic setting: expected it in `[index.settings]`",
    );
}

#[test]
fn what_editors_and_git_do_to_a_text_is_named() {
    let error = refusal(&EXAMPLE.replace('\n', "\r\n"), "# Written");
    assert_eq!(error.message, "the line ends in a carriage return: a lock has line feeds only");
    assert!(error.help.is_some_and(|help| help.contains("flusso.lock text eol=lf")));
    let error = refusal(&format!("\u{feff}{EXAMPLE}"), "# Written");
    assert_eq!(error.message, "the file begins with a byte order mark");
    let conflict = "<<<<<<< HEAD\ntls_verify = true\n=======\ntls_verify = false\n>>>>>>> other\n";
    let error = refusal(&edited("tls_verify = true\n", conflict), "<<<<<<< HEAD");
    assert_eq!(error.message, "unresolved merge conflict");
    let error = refusal(&edited("key = [\"id\"]", "key = [\"id\""), "identity");
    assert!(error.message.starts_with("not TOML: "), "{error}");
}

#[test]
fn keys_are_known_and_complete() {
    for (from, to, place, message) in [
        ("project = ", "colour = 1\nproject = ", "colour", "unknown key `colour` in the lock"),
        ("slot = \"f", "slots = \"f", "[source]", "`[source]` has no `slot`"),
        ("tls_verify", "tls_verified", "tls_verified", "unknown key `tls_verified` in `[[sink]] search`"),
        ("identity = \"default\"\n", "", "[[table]]", "`[[table]] shop.categories` has no `identity`"),
        ("on_error = \"stop\"\n", "", "[[index]]", "`[[index]] orders` has no `on_error`"),
        (
            "path = \"item_count\"\n",
            "path = \"item_count\"\nshut = 1\n",
            "shut",
            "unknown key `shut` in node `item_count`",
        ),
        ("path = \".\"\n", "path = \".\"\nopen = \"[\"\n", "open", "`open` in the root, which has no groups"),
        ("empty = \"[]\"\n", "", "[[index.node]]", "node `items.product.categories` has no `empty`"),
        ("resolve = ", "resolved = ", "resolved", "unknown key `resolved` in the edge of `shop.categories`"),
        ("{ env = \"SHOP", "{ enw = \"SHOP", "url", "`url` has no `host`"),
        ("digest = \"ab9c941c0e8916a2\"\n", "", "[[sink]]", "`[[sink]] search` has no `digest`"),
    ] {
        refused(from, to, place, message);
    }
}

#[test]
fn values_have_their_types() {
    for (from, to, place, message) in [
        ("project = \"shop\"", "project = 1", "project", "`project` is not a string"),
        ("30000", "\"30000\"", "statement_timeout_ms", "`statement_timeout_ms` is not a whole number from 0"),
        ("2000", "-1", "bulk_documents_max", "`bulk_documents_max` is not a whole number from 0"),
        (
            "2000",
            "18446744073709551616",
            "bulk_documents_max",
            "`bulk_documents_max` is not a whole number from 0",
        ),
        ("verify = true", "verify = 1", "tls_verify", "`tls_verify` is not a boolean"),
        ("sinks = [\"search\"]", "sinks = \"search\"", "sinks", "`sinks` is not a list"),
        ("{ env = \"SHOP_DATABASE_URL\" }", "\"postgres://a:b@c\"", "url", "`url` is not a table"),
        (
            "\"gzip\"",
            "\"zstd\"",
            "bulk_compress",
            "unknown `bulk_compress` `zstd`: expected `gzip` or `none`",
        ),
        (
            "inputs = \"13",
            "inputs = \"g3",
            "inputs",
            "`inputs` is not a hash: expected 16 hexadecimal digits in lower case",
        ),
        ("\"16.9\"", "\"16\"", "server_version_min", "`16` is not a version such as `15.13`"),
        (
            "\"16.9\"",
            "\"15.9\"",
            "server_version_min",
            "expected one version for each major version, ascending",
        ),
        ("key = [{ column = \"id\", type = \"bigint\" }]", "key = []", "key", "`key` is empty"),
        ("  \"mappings\"", "  \"mapping\"", "body", "`body` is not an object of `settings` and `mappings`"),
    ] {
        refused(from, to, place, message);
    }
}

#[test]
fn lists_without_an_order_are_sorted_and_hold_each_item_once() {
    for (from, to, place, message) in [
        (
            "[\"publication\", \"replica_identity\"",
            "[\"replica_identity\", \"publication\"",
            "manage",
            "`publication` after `replica_identity`: not sorted",
        ),
        ("[\"publication\",", "[\"publication\", \"publication\",", "manage", "duplicate `publication`"),
        ("shop.users\"\ndigest", "shop.products\"\ndigest", "[[table]]", "duplicate `shop.products`"),
        (
            "id = { kind = \"long\", column = \"id\" }\n",
            "zone = { kind = \"text\", column = \"zone\" }\n",
            "item_count",
            "`item_count` after `zone`: not sorted",
        ),
        (
            "roles = [\"item_count\", \"items\"",
            "roles = [\"items\", \"item_count\"",
            "roles",
            "`item_count` after `items`: not sorted",
        ),
        (
            "name = { type = \"text\", not_null = true }\n",
            "\"\\\"id\\\"\" = { type = \"integer\" }\n",
            "id",
            "duplicate `id`",
        ),
    ] {
        refused(from, to, place, message);
    }
}

#[test]
fn references_are_found() {
    for (from, to, place, message) in [
        (
            "sinks = [\"search\"]",
            "sinks = [\"serch\"]",
            "sinks",
            "unknown sink `serch`: no `[[sink]]` has this name",
        ),
        (
            "\ntable = \"shop.users\"",
            "\ntable = \"shop.user\"",
            "table",
            "unknown table `shop.\"user\"`: no `[[table]]` has this name",
        ),
        ("roles = [\"user\"]", "roles = [\"users\"]", "roles", "no field `users` in `[[index]] orders`"),
        ("path = \"items\"", "path = \"item\"", "path", "no field `item` in `[[index]] orders`"),
        (
            "slots = [\"item_count\", \"items\"]",
            "slots = [\"items\"]",
            "[[index.node]]",
            "node `item_count` is in no slot",
        ),
        (
            "slots = [\"item_count\", \"items\"]",
            "slots = [\"items\", \"items\"]",
            "slots",
            "node `items` is in two slots",
        ),
        (
            "slots = [\"item_count\", \"items\"]",
            "slots = [\"item_count\", \"note\"]",
            "slots",
            "node `note` does not come before its parent",
        ),
        ("path = \".\"\n", "path = \"note\"\n", "[[index.node]]", "node `note` has no `empty`"),
        (
            "navigation = [\"order_id\"]",
            "navigation = [\"order_id\", \"line\"]",
            "navigation",
            "without `resolve` an edge navigates by the document's key, part by part",
        ),
    ] {
        refused(from, to, place, message);
    }
}

#[test]
fn what_edges_need_from_a_table_stands_in_its_block() {
    refused(
        "identity_holds = [\"order_id\"]",
        "identity_holds = [\"line\"]",
        "identity_holds",
        "`identity_holds` of `shop.order_items` differs from what its edges navigate by: `order_id`",
    );
    let unused = "[[table]]\nname = \"shop.zones\"\ndigest = \"\"\nkey = []\nidentity = \"full\"\nidentity_holds = []\n\n";
    refused(
        "[[index]]",
        &format!("{unused}[[index]]"),
        "[[table]]",
        "no index has an edge from `shop.zones`",
    );
}

#[test]
fn two_edges_say_the_same_about_a_column() {
    let second = "\n[[index.edge]]\ntable = \"shop.users\"\nroles = [\"user.name\"]\nnavigation = [\"id\"]\n\
                  [index.edge.columns]\nid = { type = \"integer\", not_null = true }\n";
    let error = refusal(&sealed(&format!("{EXAMPLE}{second}")), "[index.edge.columns]");
    assert_eq!(
        error.message,
        "`shop.users.id` is `integer not null` here and `bigint not null` in another edge"
    );
}

#[test]
fn a_lock_without_an_index_is_cut_off() {
    let (before, _) = EXAMPLE.split_once("\n[[sink]]").expect("it has a sink");
    let error = lock::read(before).expect_err("nothing follows the header");
    assert_eq!(error.message, "the lock has no `index`");
}

#[test]
fn marks_stand_in_their_place_with_one_column_a_key_part() {
    for (from, to, place, message) in [
        ("{range:o.id}", "{rows:o.id}", "bound", "`{rows:…}` outside a node"),
        ("{rows:oi.order_id}", "{range:oi.order_id}", "sql", "`{range:…}` outside `bound` and `resolve`"),
        ("{rows:oi.order_id}", "true", "sql", "the query has no `{rows:…}`, so it cannot be bounded"),
        ("{range:oi.order_id}", "true", "resolve", "the query has no `{range:…}`, so it cannot be bounded"),
        (
            "{rows:oi.order_id}",
            "{rows:oi.order_id, oi.line}",
            "sql",
            "the mark over `oi.order_id, oi.line` does not have one column for each part of the document's key",
        ),
    ] {
        refused(from, to, place, message);
    }
    let error = refusal(&sealed(&edited("{rows:o.id}", "{rows:o.id::text}")), "sql");
    assert!(error.message.starts_with("invalid mark `{rows:o.id::text}"), "{error}");
}

#[test]
fn a_fingerprint_is_that_of_what_stands_there() {
    let other = sealed(&edited("c3e08dae44d6dd27", "c3e08dae44d6dd20"));
    assert_eq!(
        refusal(&other, "fingerprint").message,
        "`fingerprint` of `[[index]] orders` does not match the block: the lock was edited by hand"
    );
    let other_fact =
        sealed(&edited("placed_at = { type = \"timestamp with time zone\"", "placed_at = { type = \"date\""));
    assert!(refusal(&other_fact, "edges_fingerprint").message.starts_with("`edges_fingerprint` of"));
}

#[test]
fn one_meaning_has_one_spelling() {
    for (from, to, place) in [
        ("lock_version = 3", "lock_version  = 3", "lock_version"),
        ("\n[source]", "\n\n[source]", ""),
        ("2000", "2_000", "2_000"),
        ("\"gzip\"", "'gzip'", "gzip"),
        ("kind = \"long\", column = \"id\"", "column = \"id\", kind = \"long\"", "column"),
        (
            "identity = \"default\"\nidentity_holds = [\"id\"]",
            "identity_holds = [\"id\"]\nidentity = \"default\"",
            "identity",
        ),
        ("tls_verify = true", "tls_verify = false", "tls_verify"),
    ] {
        refused(from, to, place, "not in canonical form from here on");
    }
    let error = lock::read(&format!("{EXAMPLE}\n")).expect_err("a blank line stands at the end");
    assert_eq!(error.message, "not in canonical form from here on");
}

#[test]
fn a_state_holds_one_index_block_only() {
    let error = lock::read_index(EXAMPLE).expect_err("it is a whole lock");
    assert_eq!(error.message, "unknown key `lock_version` in the block");
    assert_eq!(lock::read_index("").expect_err("it is empty").message, "the block has no `index`");
}
