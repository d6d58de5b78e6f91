//! Keys: which document an event concerns, and which partition a document belongs to.

use std::fmt::Display;

use crate::Committed;

/// The longest key a document may have, in bytes.
const MAX_KEY: usize = 1024;

/// Names the document that an event concerns.
#[doc(hidden)]
pub trait KeyOf<E> {
    fn key(event: &Committed<E>) -> String;
}

/// What a key may be: whatever can be shown as text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a document",
    label = "not a key",
    note = "a key is text, or a value that can be shown as text (`Display`): a `String`, a `&str`, a number, a date"
)]
pub trait KeyText {
    /// The key as text.
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<K: Display + ?Sized> KeyText for K {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// Why a key cannot be that of a document; the same on every store.
pub(crate) fn refuse_key(key: &str) -> Option<&'static str> {
    if key.len() > MAX_KEY {
        return Some("it is longer than 1,024 bytes");
    }
    key.chars().any(char::is_control).then_some("it contains a control character")
}

/// The partition a key belongs to: the same on every machine and in every version of actum.
pub(crate) fn partition_of(key: &str, partitions: u32) -> u32 {
    if partitions <= 1 {
        return 0;
    }
    let hash = blake3::hash(key.as_bytes());
    let first = hash.as_bytes().first_chunk().copied().unwrap_or_default();
    let number = u64::from_le_bytes(first) % u64::from(partitions);
    u32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_key_never_changes() {
        let of = |key: &str| partition_of(key, 4);
        let seen: Vec<_> = ["Cart-1", "Cart-2", "Cart-3", "Cart-4", "Cart-5"].map(of).to_vec();
        assert_eq!(seen, PINNED);
        assert!((0..1000).all(|at| partition_of(&format!("Cart-{at}"), 7) < 7));
        assert_eq!(partition_of("Cart-1", 1), 0);
    }

    /// Documents are stored by this: a change would lose them.
    const PINNED: [u32; 5] = [3, 1, 0, 2, 3];

    #[test]
    fn a_key_that_some_store_could_not_keep_is_refused() {
        assert_eq!(refuse_key("Cart-1"), None);
        assert_eq!(refuse_key(&"x".repeat(MAX_KEY)), None);
        // Whoever leaves a field empty must not bring a read model to a stand.
        assert_eq!(refuse_key(""), None);
        for key in ["a\0b", "a\nb", &"x".repeat(MAX_KEY + 1)] {
            assert!(refuse_key(key).is_some(), "{key:?}");
        }
    }
}
