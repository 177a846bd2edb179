//! Whatever happens to the bytes of a lock, the reader answers, and takes only what it would write.

use flusso_schemas::hash::short_hash;
use flusso_schemas::lock;

use crate::common::{EXAMPLE, sealed};

/// Steps of a linear congruential generator (Knuth's MMIX): the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

/// Reads a changed lock; gives whether it was taken.
fn taken(text: &str) -> bool {
    match lock::read(text) {
        Ok(lock) => {
            assert_eq!(lock::write(&lock), text, "it was taken and is written otherwise");
            true
        }
        Err(error) => {
            let line = text.split('\n').nth(error.line - 1).expect("the line is there");
            assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{error}");
            false
        }
    }
}

#[test]
fn a_lock_that_was_cut_off_is_refused() {
    let cuts = (0..EXAMPLE.len()).filter(|end| end % 5 == 0 || EXAMPLE.as_bytes()[end - 1] == b'\n');
    for end in cuts {
        assert!(!taken(&EXAMPLE[..end]), "cut off at byte {end}");
        assert!(!taken(&EXAMPLE[end + 1..]) || end == EXAMPLE.len(), "begun at byte {end}");
    }
}

#[test]
fn one_changed_byte_is_refused() {
    let mut numbers = Numbers(1);
    for _ in 0..2_000 {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let at = numbers.below(bytes.len());
        bytes[at] ^= 1 << numbers.below(7);
        let text = String::from_utf8(bytes).expect("the example is ASCII, and so is seven bits of it");
        assert!(!taken(&text), "byte {at} was changed");
    }
}

#[test]
fn sealed_again_a_mangled_lock_is_read_as_it_would_be_written_or_refused() {
    let mut numbers = Numbers(2);
    let mut taken_locks = 0;
    for _ in 0..2_000 {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for _ in 0..=numbers.below(3) {
            mangle(&mut bytes, &mut numbers);
        }
        let text = sealed(&String::from_utf8_lossy(&bytes));
        taken_locks += usize::from(taken(&text));
    }
    assert!(taken_locks > 0, "no change was harmless, so nothing was written back");
}

/// Changes a byte, takes a stretch out, or puts one in a second time.
fn mangle(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() - 100);
    let end = at + numbers.below(100);
    match numbers.below(4) {
        0 => bytes[at] = u8::try_from(numbers.below(256)).expect("below 256"),
        1 => bytes[at] = b"\"'[]{}=.,\n\\# a0"[numbers.below(15)],
        2 => drop(bytes.drain(at..end)),
        _ => {
            let copy = bytes[at..end].to_vec();
            let to = numbers.below(bytes.len());
            bytes.splice(to..to, copy);
        }
    }
}

#[test]
fn deep_and_odd_texts_are_refused() {
    let deep = "[".repeat(100_000);
    let header = "lock_version = 3\n";
    for text in [
        format!("{header}x = {deep}"),
        format!("{header}x = {}1{}", "{ a = ".repeat(1_000), " }".repeat(1_000)),
        format!("{header}{}", "a.".repeat(10_000)),
        format!("{header}sink = [[[1]], {{ digest = \"\" }}]\ndigest = \"\"\n"),
        format!("{header}sink = 1\ntable = \"\"\nindex = {{}}\n"),
        format!("digest = \"{}\"\nlock_version = 3\n", short_hash("lock_version = 3\n")),
        "\0".to_owned(),
    ] {
        assert!(!taken(&text));
    }
}
