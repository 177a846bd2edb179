//! Databases that nobody here designed.

use xtask::fixtures::{CHINOOK, NORTHWIND};

use crate::rig::Rig;

#[test]
fn every_document_of_chinook_is_right() {
    let mut rig = Rig::new(CHINOOK, 1.0);
    rig.compile_and_apply();
    let indexes = ["artists", "customers", "tracks"];
    for index in indexes {
        rig.assert_right(index);
    }
    let follower = rig.follow();
    rig.run(&[
        "update artist set name = 'Renamed' where artist_id = 1",
        "update genre set name = 'Noise' where genre_id = 1",
        "update track set album_id = 2, unit_price = 1.29 where track_id in (1, 6, 7)",
        "delete from playlist_track where track_id = 5",
        "delete from invoice_line where invoice_line_id in (1, 2, 3)",
        "update invoice set customer_id = 2, total = total + 1 where invoice_id in (1, 10)",
        "update employee set last_name = 'Other' where employee_id = 2",
        "update customer set support_rep_id = null where customer_id = 3",
    ]);
    for index in indexes {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}

#[test]
fn every_document_of_northwind_is_right() {
    let mut rig = Rig::new(NORTHWIND, 1.0);
    rig.compile_and_apply();
    let indexes = ["employees", "orders", "products"];
    for index in indexes {
        rig.assert_right(index);
    }
    let follower = rig.follow();
    rig.run(&[
        "update employees set reports_to = 3 where employee_id = 1",
        "update region set region_description = 'North' where region_id = 3",
        "delete from employee_territories where employee_id = 2",
        "update order_details set quantity = quantity + 1 where order_id = 10248",
        "delete from order_details where order_id = 10249 and product_id = 14",
        "update products set category_id = 2, supplier_id = 3 where product_id = 1",
        "update customers set country = 'Italy' where customer_id = 'VINET'",
        "update orders set ship_via = 1, employee_id = 9 where order_id = 10250",
    ]);
    for index in indexes {
        rig.assert_becomes_right(index);
    }
    follower.stop().assert_code(0);
}
