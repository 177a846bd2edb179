//! The hand-written lock, proven by execution: it reads, and writes back byte for byte.

use flusso_schemas::lock;

const EXAMPLE: &str = include_str!("../fixtures/lock-example/flusso.lock");

#[test]
fn the_example_writes_back_byte_for_byte() {
    let lock = lock::read(EXAMPLE).expect("the example is a lock");
    assert_eq!(lock::write(&lock), EXAMPLE);
}
