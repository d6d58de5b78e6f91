//! What keeps a log from being copied.

use crate::{Id, InvalidStream, StreamId, transfer::Collision};

/// What keeps a log from being copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The target has not got the whole of a copy.
    #[error(
        "the copy of {from} into this store has not ended; run the same copy again, as in `actum \
         copy FROM TO`, and it goes on where it stopped; until then no app starts here"
    )]
    HalfCopied {
        /// The source, as the copy named it.
        from: String,
    },
    /// The target should be empty, so that ids can be kept.
    #[error(
        "the target is not empty, so ids cannot be kept: copy with new ids, or into an empty store"
    )]
    NotEmpty,
    /// Names or keys that would meet; nothing was stored of them.
    #[error("{collision}")]
    Collision {
        /// What meets.
        collision: Collision,
    },
    /// The target holds something else than what this copy stored.
    #[error(
        "event {id} of the target is not what this copy stores there: another program writes to \
         it, or the copy was begun with another source or other functions; drop the target and \
         copy anew"
    )]
    Changed {
        /// The first event that differs.
        id: Id,
    },
    /// The copy under way was begun in another way.
    #[error(
        "a copy of {from} with {was} is under way here: run it again the same way, or drop the target"
    )]
    Other {
        /// The source, as that copy named it.
        from: String,
        /// How it was begun.
        was: String,
    },
    /// An app works on the source.
    #[error("{what} still works on the source: stop all apps there and copy again")]
    InUse {
        /// Who.
        what: String,
    },
    /// A reaction has begun in the target already.
    #[error(
        "the reaction {reaction} has begun in the target already, so it cannot go on from the \
         source: copy with `Reactions::Again`, or into an empty store"
    )]
    Begun {
        /// The reaction.
        reaction: String,
    },
    /// An event was split, and ids are to be kept.
    #[error(
        "the migration makes {count} events of event {id}, and ids are to be kept: copy with new ids"
    )]
    Split {
        /// The event.
        id: Id,
        /// How many.
        count: usize,
    },
    /// What a reaction remembers names an event that the migration drops.
    #[error(
        "the migration drops event {id}, which the reaction {reaction} remembers for {what}: keep \
         the event, or settle that first"
    )]
    Remembered {
        /// The reaction.
        reaction: String,
        /// The event.
        id: Id,
        /// For what.
        what: &'static str,
    },
    /// Streams of which a reaction has parked something become one.
    #[error(
        "the reaction {reaction} has parked `{stream}`, which is merged with another: settle it first"
    )]
    ParkedMerged {
        /// The reaction.
        reaction: String,
        /// The stream.
        stream: StreamId,
    },
    /// A stream gets a name that no stream can have.
    #[error("`{stream}` gets a name that no stream can have")]
    Renamed {
        /// The stream.
        stream: StreamId,
        /// Why.
        source: InvalidStream,
    },
    /// A line of a foreign log is no event.
    #[error("{file}, line {line}: {why}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl From<Fault> for crate::Error {
    fn from(fault: Fault) -> Self {
        Self::Transfer(Box::new(fault))
    }
}
