//! JSON that is being drawn: values in the order in which they were asked for.

/// A value.
#[derive(Debug)]
pub(super) enum Drawn {
    /// As it is written.
    Plain(String),
    List(Vec<Drawn>),
    Object(Vec<(&'static str, Drawn)>),
    /// A variant of an enum, and what it holds.
    Variant(&'static str, Box<Drawn>),
}

impl Drawn {
    pub(super) fn plain(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Plain(quoted(text))
    }

    /// How many values there are, by which it is seen how far a sketch has come.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Plain(text) => usize::from(text != "null"),
            Self::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Variant(_, held) => 2 + held.size(),
            Self::Object(fields) => 1 + fields.iter().map(|(_, one)| 1 + one.size()).sum::<usize>(),
        }
    }

    /// One field a line.
    pub(super) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let lines = |out: &mut String, at: usize, depth: usize| {
            out.push_str(if at == 0 { "\n" } else { ",\n" });
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Variant(name, held) => {
                out.push('{');
                out.push_str(&quoted(name));
                out.push_str(": ");
                held.write(out, depth);
                out.push('}');
            }
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::Object(fields) if fields.is_empty() => out.push_str("{}"),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    lines(out, at, depth + 1);
                    item.write(out, depth + 1);
                }
                lines(out, 0, depth);
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    lines(out, at, depth + 1);
                    out.push_str(&quoted(name));
                    out.push_str(": ");
                    value.write(out, depth + 1);
                }
                lines(out, 0, depth);
                out.push('}');
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
