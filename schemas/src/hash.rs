//! The one hash of the lock: SHA-256, the first 16 hexadecimal digits.

use sha2::{Digest, Sha256};

/// Hash of bytes as the lock spells it, so that `sha256sum | cut -c1-16` gives the same.
pub fn short_hash(bytes: impl AsRef<[u8]>) -> String {
    let digest = Sha256::digest(bytes.as_ref());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_front_of_sha256sum() {
        assert_eq!(short_hash("abc"), "ba7816bf8f01cfea");
    }
}
