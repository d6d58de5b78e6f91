//! Names and numbers: which stream, which version in it, which place in the whole log.
//!
//! All numbers are 64 bits wide from end to end. A [`StreamId`] that exists is valid.

use std::{borrow::Borrow, fmt, hash::Hash, io::Write, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Aggregate, buffer};

/// The name of a stream: `<Aggregate>-<id>`, as in `Cart-123`.
///
/// The part before the first `-` is the *category*, the name of the aggregate; the rest is the
/// id, which may be any text without control characters. Cloning is cheap.
///
/// ```
/// use actum::StreamId;
///
/// let stream: StreamId = "Cart-a-17".parse()?;
/// assert_eq!((stream.category(), stream.id()), ("Cart", "a-17"));
/// assert!("Cart".parse::<StreamId>().is_err());
/// # Ok::<(), actum::InvalidStream>(())
/// ```
#[derive(Clone)]
pub struct StreamId {
    name: Arc<str>,
    dash: usize,
}

impl StreamId {
    /// The longest name a stream may have, in bytes.
    pub const MAX_LEN: usize = 512;

    /// Names the stream of the aggregate `A` with this id.
    pub fn of<A: Aggregate>(id: impl fmt::Display) -> Result<Self, InvalidStream> {
        Self::new(A::NAME, id)
    }

    /// Names the stream of a category with this id.
    pub fn new(category: &str, id: impl fmt::Display) -> Result<Self, InvalidStream> {
        buffer::with(|buffer| {
            // Writing to memory cannot fail; a `Display` that fails leaves a name that is short.
            let _ = write!(buffer, "{category}-{id}");
            let name = std::str::from_utf8(buffer).unwrap_or_default();
            if category.contains('-') {
                return Err(InvalidStream::new(name, "its category contains a `-`"));
            }
            name.parse()
        })
    }

    /// The whole name, as in `Cart-123`.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name of the aggregate, as in `Cart`.
    pub fn category(&self) -> &str {
        self.name.get(..self.dash).unwrap_or_default()
    }

    /// The id within its category, as in `123`.
    pub fn id(&self) -> &str {
        self.name.get(self.dash + 1..).unwrap_or_default()
    }
}

impl TryFrom<String> for StreamId {
    type Error = InvalidStream;

    fn try_from(name: String) -> Result<Self, InvalidStream> {
        Self::from_str(&name)
    }
}

impl FromStr for StreamId {
    type Err = InvalidStream;

    fn from_str(name: &str) -> Result<Self, InvalidStream> {
        let refuse = |why| Err(InvalidStream::new(name, why));
        let Some(dash) = name.find('-') else {
            return refuse("it has no `-` between aggregate and id");
        };
        if dash == 0 {
            return refuse("nothing stands before the first `-`");
        }
        if dash + 1 == name.len() {
            return refuse("its id is empty");
        }
        if name.len() > Self::MAX_LEN {
            return refuse("it is longer than 512 bytes");
        }
        // Bytes first: most names are plain, and one is checked for every action.
        let is_plain = name.bytes().all(|byte| (b' '..0x7f).contains(&byte));
        if !is_plain && name.chars().any(char::is_control) {
            return refuse("it contains a control character");
        }
        Ok(Self { name: name.into(), dash })
    }
}

impl PartialEq for StreamId {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for StreamId {}

impl PartialOrd for StreamId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StreamId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

/// As the hash of the name, so that maps keyed by streams can be asked by `&str`.
impl Hash for StreamId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Borrow<str> for StreamId {
    fn borrow(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A name that cannot be a stream's, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot name a stream: {why}; a stream is named `<Aggregate>-<id>`")]
pub struct InvalidStream {
    name: String,
    why: &'static str,
}

impl InvalidStream {
    /// Keeps only the start of a long name: an error text must stay readable.
    fn new(name: &str, why: &'static str) -> Self {
        let mut shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
        if name.chars().nth(80).is_some() {
            shown.push('…');
        }
        Self { name: shown, why }
    }
}

macro_rules! number {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// The place of an event in its stream: 1, 2, 3 …; 0 means that the stream is empty.
    Version
}

number! {
    /// The place of an event in the whole log: strictly increasing in commit order, from 1.
    ///
    /// There may be gaps, but whoever has seen an id is never later shown a lower one that is
    /// new to them. 0 stands for "before the first event".
    Id
}
