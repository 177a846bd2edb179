//! Rule *reading-transaction*: what is read by a name that stands for something else is never written,
//! whether or not the name is put back before anyone compares the catalog.

use std::sync::Arc;

use flusso_schemas::state::StaleCause;

use super::bench::{Bench, customer};
use crate::memory::{Call, Process, Table};
use flusso_runtime::ErrorKind;

#[tokio::test(start_paused = true)]
async fn a_table_that_is_replaced_while_others_are_written_marks_the_index() {
    let bench = Bench::applied().await;
    let running = bench.follow();
    bench.wait_confirmed().await;
    bench.world.replace(Table::Customers);
    bench.world.commit(vec![customer(1, 50)]);
    let error = running.ended().await.expect("alive").expect_err("it stops");
    assert_eq!(error.kind, ErrorKind::Drift);
    let mark = bench.generation("customers").stale.expect("a mark");
    assert_eq!(mark.cause, StaleCause::TableReplaced);
    bench.world.put_back(Table::Customers);
    let again = bench.follow().ended().await.expect("alive").expect_err("the mark stays");
    assert_eq!(again.kind, ErrorKind::Drift);
    bench.apply().await.expect("another index beside it");
    bench.assert_true();
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_replaced_only_while_documents_are_read_leaves_them_right() {
    for call in [Call::Build, Call::Resolve] {
        let bench = Bench::applied().await;
        let running = bench.follow();
        bench.wait_confirmed().await;
        let (world, replaced) = (bench.world.clone(), bench.world.clone());
        running.process.at(call, 1, move || {
            replaced.replace(Table::Customers);
            Ok(())
        });
        // Put back when the session that read it begins again.
        running.process.at(Call::Connect, 1, move || {
            world.put_back(Table::Customers);
            Ok(())
        });
        bench.world.commit(vec![customer(1, 50)]);
        bench.wait_confirmed().await;
        bench.assert_true();
        assert_eq!(bench.generation("customers").stale, None);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_replaced_while_a_chunk_is_read_leaves_no_document_out() {
    for call in [Call::Build, Call::Bound, Call::Keys] {
        let bench = Bench::new(&["search"]);
        bench.world.commit(vec![customer(1, 1), customer(2, 2)]);
        let process: Arc<Process> = Arc::default();
        let (world, replaced) = (bench.world.clone(), bench.world.clone());
        process.at(call, 1, move || {
            replaced.replace(Table::Customers);
            Ok(())
        });
        process.at(Call::Connect, 2, move || {
            world.put_back(Table::Customers);
            Ok(())
        });
        bench.apply_in(&process).await.expect("alive").expect("the read is repeated");
        assert!(process.count(Call::Connect) > 1, "{call:?} was not refused");
        bench.assert_true();
    }
}
