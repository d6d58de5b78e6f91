//! Flowcharts as Mermaid text.

use std::fmt::{self, Write};

use super::{scene::Look, text::visible};

/// A flowchart that is being written.
pub(super) struct Flowchart {
    out: String,
    indent: usize,
}

/// A text within quotes. All but letters, digits and a few harmless signs is written as a numeric
/// entity, so that no text can end the quotes, be taken for markup, or be read as a directive.
pub(super) struct Quoted<'a>(pub(super) &'a str);

/// The colours of Okabe and Ito, filled, under black text: legible on light and dark pages.
const CLASSES: [(Look, &str); 4] = [
    (Look::Action, "fill:#56b4e9,stroke:#0072b2,color:#000000"),
    (Look::Event, "fill:#f0c566,stroke:#b97e00,color:#000000"),
    (Look::Projection, "fill:#7fd1b9,stroke:#00735a,color:#000000"),
    (Look::Reaction, "fill:#e6b3d0,stroke:#a34a7d,color:#000000"),
];

impl Flowchart {
    /// Begins one; the direction is `LR` or `TD`.
    pub(super) fn new(direction: &str) -> Self {
        Self { out: format!("flowchart {direction}\n"), indent: 1 }
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
        // Writing to memory cannot fail.
        let _ = self.out.write_fmt(line);
        self.out.push('\n');
    }

    /// A box with a name and lines below it.
    pub(super) fn node(&mut self, id: &str, look: Look, name: &str, details: &[String]) {
        let (open, shut) = match look {
            Look::Action => ("[", "]"),
            Look::Event => ("([", "])"),
            Look::Projection => ("[(", ")]"),
            Look::Reaction => ("{{", "}}"),
        };
        let mut text = Quoted(name).to_string();
        for line in details {
            text.push_str("<br/>");
            // Writing to memory cannot fail.
            let _ = write!(text, "{}", Quoted(line));
        }
        self.line(format_args!("{id}{open}\"{text}\"{shut}:::{}", look.word()));
    }

    /// An arrow.
    pub(super) fn arrow(&mut self, from: &str, to: &str) {
        self.line(format_args!("{from} --> {to}"));
    }

    /// An arrow with a text.
    pub(super) fn arrow_saying(&mut self, from: &str, to: &str, text: &str) {
        self.line(format_args!("{from} -->|\"{}\"| {to}", Quoted(text)));
    }

    /// A dotted arrow: what may be asked.
    pub(super) fn may_ask(&mut self, from: &str, to: &str) {
        self.line(format_args!("{from} -.-> {to}"));
    }

    /// Boxes within a frame.
    pub(super) fn frame(&mut self, id: &str, name: &str, inside: impl FnOnce(&mut Self)) {
        self.line(format_args!("subgraph {id}[\"{}\"]", Quoted(name)));
        self.indent += 1;
        inside(self);
        self.indent -= 1;
        self.line(format_args!("end"));
    }

    /// The text.
    pub(super) fn end(mut self) -> String {
        for (look, style) in CLASSES {
            let word = look.word();
            if self.out.contains(&format!(":::{word}\n")) {
                self.line(format_args!("classDef {word} {style}"));
            }
        }
        self.out
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = self.0.chars().map(visible);
        for letter in letters.by_ref().take(LONGEST) {
            match letter {
                ' ' | '_' | '-' | ',' | '+' | '=' | '·' | '…' | '→' => f.write_char(letter)?,
                letter if letter.is_alphanumeric() => f.write_char(letter)?,
                letter => write!(f, "#{};", u32::from(letter))?,
            }
        }
        if letters.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// Longer texts are cut.
const LONGEST: usize = 200;
