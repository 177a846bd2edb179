//! Names the tests that take long, as they end: the test program prints the time of none.

use std::cell::RefCell;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

/// From here on a test is slow.
const SLOW: Duration = Duration::from_secs(30);

thread_local! {
    static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

struct Clock {
    test: String,
    began: Instant,
}

/// Starts the clock of this thread's test where it does not run yet. It stops with the thread, which every test has
/// for itself; threads that a test starts have no name and no clock.
pub(crate) fn watch() {
    let current = thread::current();
    let Some(test) = current.name() else { return };
    CLOCK.with_borrow_mut(|clock| {
        clock.get_or_insert_with(|| Clock { test: test.to_owned(), began: Instant::now() });
    });
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(line) = line(&self.test, self.began.elapsed()) {
            // Not by `eprintln`, which the test program keeps for tests that fail.
            drop(writeln!(std::io::stderr(), "{line}"));
        }
    }
}

fn line(test: &str, lasted: Duration) -> Option<String> {
    (lasted >= SLOW).then(|| format!("slow: {test} took {} s", lasted.as_secs()))
}

#[test]
fn only_a_slow_test_is_named_with_its_time() {
    assert_eq!(line("service::quick", Duration::from_millis(29_999)), None);
    let text = "slow: service::long took 61 s".to_owned();
    assert_eq!(line("service::long", Duration::from_millis(61_900)), Some(text));
}

#[test]
fn a_clock_runs_from_the_first_watch_of_a_named_thread() {
    let began = || CLOCK.with_borrow(|clock| clock.as_ref().map(|clock| (clock.test.clone(), clock.began)));
    let named = thread::Builder::new().name("service::named".to_owned()).spawn(move || {
        watch();
        let first = began().expect("it runs");
        assert_eq!(first.0, "service::named");
        watch();
        assert_eq!(began(), Some(first), "it is not started again");
    });
    named.expect("a thread starts").join().expect("the clock runs");
    let unnamed = thread::spawn(move || {
        watch();
        began()
    });
    assert_eq!(unnamed.join().expect("it does not panic"), None);
}
