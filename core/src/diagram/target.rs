//! What a box of a diagram stands for: the key to its id, its data attributes and its link.

use std::fmt::{self, Write};

use crate::{Id, StreamId};

/// What a box of a diagram stands for.
///
/// As text it is a path that is safe in a URL, which [`Diagram::links`](super::Diagram::links)
/// can hang below a prefix:
///
/// ```
/// use actum::diagram::Target;
///
/// let target = Target::Action { aggregate: "Cart".into(), action: "AddItem".into() };
/// assert_eq!(target.to_string(), "action/Cart/AddItem");
/// let target = Target::Projection("Sales by day".into());
/// assert_eq!(target.to_string(), "projection/Sales%20by%20day");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// An aggregate.
    Aggregate(String),
    /// An action of an aggregate.
    Action {
        /// The name of the aggregate.
        aggregate: String,
        /// The name of the action.
        action: String,
    },
    /// An event type of an aggregate.
    Event {
        /// The name of the aggregate; none where no aggregate of the model has the event.
        aggregate: Option<String>,
        /// The name of the event.
        event: String,
    },
    /// A projection.
    Projection(String),
    /// A reaction.
    Reaction(String),
    /// A stream.
    Stream(StreamId),
    /// An event of the log.
    Committed(Id),
}

impl Target {
    /// The kind, and the names from the outside in.
    pub(super) fn parts(&self) -> (&'static str, Vec<String>) {
        match self {
            Self::Aggregate(name) => ("aggregate", vec![name.clone()]),
            Self::Action { aggregate, action } => {
                ("action", vec![aggregate.clone(), action.clone()])
            }
            Self::Event { aggregate: Some(aggregate), event } => {
                ("event", vec![aggregate.clone(), event.clone()])
            }
            Self::Event { aggregate: None, event } => ("event", vec![event.clone()]),
            Self::Projection(name) => ("projection", vec![name.clone()]),
            Self::Reaction(name) => ("reaction", vec![name.clone()]),
            Self::Stream(stream) => ("stream", vec![stream.to_string()]),
            Self::Committed(id) => ("committed", vec![id.to_string()]),
        }
    }

    /// A word of ASCII letters, digits and `_` that no other target has: `action_Cart_AddItem`.
    pub(super) fn word(&self) -> String {
        let (kind, names) = self.parts();
        let mut word = kind.to_owned();
        for name in names {
            word.push('_');
            for letter in name.chars() {
                if letter.is_ascii_alphanumeric() {
                    word.push(letter);
                } else {
                    // Writing to memory cannot fail.
                    let _ = write!(word, "__{:x}_", u32::from(letter));
                }
            }
        }
        word
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, names) = self.parts();
        f.write_str(kind)?;
        for name in names {
            f.write_char('/')?;
            for byte in name.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                        f.write_char(char::from(byte))?;
                    }
                    _ => write!(f, "%{byte:02X}")?,
                }
            }
        }
        Ok(())
    }
}
