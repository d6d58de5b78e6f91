//! What ends a stream, and where its events are kept: the two events that actum itself writes.
//!
//! Their names begin with `$`, which the name of no other event does.

use serde::{Deserialize, Serialize};

use crate::{DecodeError, Event, Id, StreamId, Version};

/// The last event of a closed stream: nothing follows it.
///
/// A projection or a reaction may handle it as any other event, as `&Committed<Closed>`; whoever
/// closed the stream is the actor in its meta data.
///
/// ```
/// use actum::{Closed, Event};
///
/// assert_eq!(Closed::NAME, "$closed");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where the events of a closed stream are kept, and how they are known again.
///
/// It is stored as the event `$archived` in the stream [`Archived::STREAM`], before any event of
/// the closed stream is removed from the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The closed stream.
    pub stream: StreamId,
    /// The version of the last event that is kept there: the one before [`Closed`].
    pub version: Version,
    /// The id of the first event.
    pub first: Id,
    /// The id of the last event.
    pub last: Id,
    /// The name under which the archive keeps them.
    pub name: String,
    /// The BLAKE3 of what is kept, in hexadecimal.
    pub checksum: String,
}

impl Archived {
    /// The stream that holds one such event for each archived stream.
    pub const STREAM: &'static str = "$archived-streams";

    /// The name of those events.
    pub const NAME: &'static str = "$archived";
}

impl Event for Closed {
    const NAME: &'static str = "$closed";
    const VERSION: u32 = 1;
    const DOCS: &'static str = "The last event of a closed stream.";

    fn decode(version: u32, data: &[u8]) -> Result<Self, DecodeError> {
        let name = Self::NAME;
        if version != 1 {
            return Err(DecodeError::UnknownVersion { name, found: version, oldest: 1, newest: 1 });
        }
        serde_json::from_slice(data).map_err(|source| DecodeError::Payload { name, source })
    }
}
