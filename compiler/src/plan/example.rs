//! The lock's example, built from a model by hand: every byte must be that of the file.

use std::sync::Arc;

use super::build::*;
use crate::model::{Form, Function, Shape, Verb};
use crate::suppress::Decisions;

const EXAMPLE: &str = include_str!("../../../schemas/fixtures/lock-example/flusso.lock");

#[test]
fn the_example_is_printed_byte_for_byte() {
    let written = flusso_schemas::lock::write(&super::lock(&project(vec![orders()]), &Decisions::default()));
    for (line, (ours, wanted)) in (1..).zip(written.lines().zip(EXAMPLE.lines())) {
        assert_eq!(ours, wanted, "line {line}");
    }
    assert_eq!(written, EXAMPLE);
}

fn orders() -> crate::model::Index {
    let table = |name, columns: &[&str], key: &[&str]| Arc::new(table(name, columns, key));
    let orders = table(
        "orders",
        &[
            "id bigint not null",
            "number text not null",
            "status shop.order_status not null",
            "placed_at timestamp with time zone not null",
            "note text",
            "user_id bigint not null",
        ],
        &["id"],
    );
    let users = table("users", &["id bigint not null", "email text not null", "name text"], &["id"]);
    let items = table(
        "order_items",
        &[
            "order_id bigint not null",
            "line integer not null",
            "product_id bigint not null",
            "quantity integer not null",
            "price numeric(12,2) not null",
        ],
        &["order_id", "line"],
    );
    let products =
        table("products", &["id bigint not null", "sku text not null", "name text not null"], &["id"]);
    let junction = table(
        "product_categories",
        &["product_id bigint not null", "category_id integer not null"],
        &["product_id", "category_id"],
    );
    let categories = table("categories", &["id integer not null", "name text not null"], &["id"]);

    let to_categories =
        vec![join(&junction, &["product_id = id"], false), join(&categories, &["id = category_id"], true)];
    let names = Shape::Value(Box::new(scalar(&categories, "keyword", "name")));
    let mut product_fields = columns(&products, &["sku keyword", "name text"]);
    product_fields
        .push(field("categories", Form::Relation(relation(Verb::ManyToMany, to_categories, names))));
    let product = objects(Verb::BelongsTo, vec![join(&products, &["id = product_id"], true)], product_fields);

    let mut item_fields = columns(&items, &["line integer", "quantity integer", "price decimal"]);
    item_fields.push(field("product", Form::Relation(product)));
    let of_order = || vec![join(&items, &["order_id = id"], false)];
    let mut path = of_order();
    path[0].condition = Some(compare("quantity", ">", "0"));

    let user_fields = columns(&users, &["id long", "email keyword", "name text"]);
    let user = objects(Verb::BelongsTo, vec![join(&users, &["id = user_id"], true)], user_fields);
    let of = || sql(&items, "quantity * price");
    let count = aggregate(Function::Count, of_order(), None, value("long", of(), pg_type("bigint")));
    let mut total = value("decimal", of(), pg_type("numeric"));
    total.parameters.insert("scale".to_owned(), 2.into());
    let total = aggregate(Function::Sum, of_order(), Some(of()), total);

    let mut fields = columns(
        &orders,
        &["id long", "number identifier", "status enum", "placed_at timestamp", "note text"],
    );
    fields.push(field("user", Form::Relation(user)));
    fields.push(field("items", Form::Relation(objects(Verb::HasMany, path, item_fields))));
    fields.push(field("item_count", Form::Aggregate(count)));
    fields.push(field("total", Form::Aggregate(total)));
    index(&orders, fields)
}
