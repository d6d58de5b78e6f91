//! Stored text made harmless for a terminal: nothing that is stored moves a cursor, changes a
//! colour or hides what stands beside it.

use std::{borrow::Cow, fmt::Write as _};

/// Text for people: control and formatting characters are shown as escapes.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '\n' => plain.push_str("\\n"),
            '\r' => plain.push_str("\\r"),
            '\t' => plain.push_str("\\t"),
            char if is_active(char) => plain.extend(char.escape_unicode()),
            char => plain.push(char),
        }
    }
    Cow::Owned(plain)
}

/// JSON on one line: the same value, with such characters written as JSON escapes.
///
/// Outside of its strings JSON has none but white space, inside of them it has no line breaks.
pub(super) fn json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_active) {
        return Cow::Borrowed(json);
    }
    let mut plain = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        match char {
            '\n' | '\r' | '\t' => plain.push(' '),
            char if is_active(char) => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(plain, "\\u{unit:04x}");
                }
            }
            char => plain.push(char),
        }
    }
    Cow::Owned(plain)
}

/// Whether a character does something else than take its place on the line.
fn is_active(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // Line and paragraph separators, marks and overrides of direction, invisible ones.
            '\u{2028}' | '\u{2029}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0001}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_what_would_act() {
        assert_eq!(text("Cart-é🦀"), "Cart-é🦀");
        assert_eq!(text("a\u{1b}[31mb\u{9b}c\0\n"), "a\\u{1b}[31mb\\u{9b}c\\u{0}\\n");
        assert_eq!(text("\u{202e}abc"), "\\u{202e}abc");
    }

    #[test]
    fn json_stays_the_same_value_on_one_line() {
        let stored = "{\n\t\"a\": \"\u{7f}\u{9b}31m\u{202e}\u{e0041}é\\n\"\r\n}";
        let plain = json(stored);
        assert!(!plain.contains(is_active), "{plain}");
        let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(&plain), value(stored));
    }
}
