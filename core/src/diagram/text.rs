//! Texts in a drawing: how wide they are, where they are cut, and how they are escaped.
//!
//! A diagram is drawn without a font at hand, so widths are those of a wide one: what fits by them
//! fits in most.

use std::fmt::{self, Write};

/// How wide a text is at a font size, in pixels.
pub(super) fn width(text: &str, size: i32) -> i32 {
    let thousandths: i64 = text.chars().map(advance).sum();
    i32::try_from(thousandths * i64::from(size) / 1000 + 1).unwrap_or(i32::MAX)
}

/// The advance of a letter in thousandths of the font size.
fn advance(letter: char) -> i64 {
    match letter {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        'i' | 'j' | 'l' | '\'' | '|' | '!' | '.' | ',' | ':' | ';' | ' ' | 'I' => 340,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '"' | '-' | '/' => 430,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '→' => 1000,
        '\u{20}'..='\u{7e}' if letter.is_ascii_uppercase() => 730,
        '\u{20}'..='\u{7e}' => 650,
        '\u{2e80}'.. => 1100,
        _ => 760,
    }
}

/// The text as one line that is no wider than told, with `…` where it was cut.
pub(super) fn cut(text: &str, size: i32, max: i32) -> String {
    // What cannot fit is not looked at.
    let most = usize::try_from(max).unwrap_or_default();
    let line: String = text.chars().take(most + 1).map(visible).collect();
    if width(&line, size) <= max && line.chars().count() <= most {
        return line;
    }
    let mut kept = String::new();
    let room = max - width("…", size);
    for letter in line.chars() {
        kept.push(letter);
        if width(&kept, size) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// The text as lines no wider than told, at most so many; the last is cut.
pub(super) fn wrap(text: &str, size: i32, max: i32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while words.peek().is_some() && lines.len() < most {
        let mut line = String::new();
        if lines.len() + 1 == most {
            // The rest is one line, cut where it ends.
            for word in words.by_ref().take(200) {
                line.push_str(if line.is_empty() { "" } else { " " });
                line.push_str(word);
            }
        } else {
            while let Some(word) = words.peek() {
                let longer =
                    if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
                if !line.is_empty() && width(&longer, size) > max {
                    break;
                }
                line = longer;
                words.next();
            }
        }
        lines.push(cut(&line, size, max));
    }
    lines
}

/// The first paragraph of a doc comment as one line.
pub(super) fn summary(docs: &str) -> String {
    let first = docs.trim().split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A letter as it can be shown in one line: no control, nothing that turns the text around it.
pub(super) fn visible(letter: char) -> char {
    match letter {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}

/// A text as the content or an attribute of an XML element.
pub(super) struct Xml<'a>(pub(super) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // An empty line would end the drawing where it stands in Markdown.
                '\n' => f.write_str("&#10;")?,
                letter => f.write_char(visible(letter))?,
            }
        }
        Ok(())
    }
}

/// So many things, in words: `1 event`, `2 events`.
pub(super) fn many(things: usize, what: &str) -> String {
    format!("{things} {what}{}", if things == 1 { "" } else { "s" })
}

/// A number of things as a length.
pub(super) fn count(things: usize) -> i32 {
    i32::try_from(things).unwrap_or(i32::MAX)
}
