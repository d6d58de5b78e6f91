//! The range of the keys with a prefix, for back ends that can only compare.

/// The lowest text above all that start with a prefix, or `None` when there is none: the keys with
/// the prefix are those from the prefix up to, not including, this text.
pub(super) fn above(prefix: &str) -> Option<String> {
    let mut above = prefix.to_owned();
    while let Some(last) = above.pop() {
        if last < char::MAX {
            // The numbers of the surrogates are no characters.
            above.push(char::from_u32(u32::from(last) + 1).unwrap_or('\u{E000}'));
            return Some(above);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn the_text_above_a_prefix_ends_its_range() {
        assert_eq!(above(""), None);
        assert_eq!(above("a/").as_deref(), Some("a0"));
        assert_eq!(above("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(above("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(above("\u{10FFFF}"), None);
    }
}
