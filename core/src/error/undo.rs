//! Why nothing was undone.

use crate::{StreamId, Version};

/// Why nothing was undone or redone; nothing was stored.
///
/// It comes as [`ActError::Rejected`](crate::ActError::Rejected), as the error of an action does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UndoError {
    /// The stream has no event.
    #[error("`{stream}` has no events, so there is nothing to undo or redo; is its id right?")]
    NoEvents {
        /// The stream.
        stream: StreamId,
    },
    /// The stream has not as many steps to undo as were asked for.
    #[error("`{stream}` has {} to undo{}; nothing was stored", Count(*.found), Asked(*.steps))]
    NothingToUndo {
        /// The stream.
        stream: StreamId,
        /// How many steps were asked for.
        steps: u64,
        /// How many there are.
        found: u64,
    },
    /// The stream has not as many steps to redo as were asked for: what was undone before the last
    /// action can no longer be redone.
    #[error("`{stream}` has {} to redo{}; nothing was stored", Count(*.found), Asked(*.steps))]
    NothingToRedo {
        /// The stream.
        stream: StreamId,
        /// How many steps were asked for.
        steps: u64,
        /// How many there are.
        found: u64,
    },
    /// An event of the step to undo is not declared undoable.
    #[error(
        "`{event}`, version {version} of `{stream}`, cannot be undone: `{aggregate}` does not \
         declare it undoable; nothing was stored"
    )]
    NotUndoable {
        /// The stream.
        stream: StreamId,
        /// The aggregate.
        aggregate: &'static str,
        /// The name of the event.
        event: String,
        /// Its place in the stream.
        version: Version,
    },
    /// The inverse of an event refused.
    #[error(
        "`{event}`, version {version} of `{stream}`, is not undone: {reason}; nothing was stored"
    )]
    Refused {
        /// The stream.
        stream: StreamId,
        /// The name of the event.
        event: String,
        /// Its place in the stream.
        version: Version,
        /// The text of the refusal.
        reason: String,
    },
}

/// How many steps there are.
struct Count(u64);

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => f.write_str("nothing"),
            1 => f.write_str("1 step"),
            more => write!(f, "{more} steps"),
        }
    }
}

/// How many steps were asked for, where that says more than that there is none.
struct Asked(u64);

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 > 1 { write!(f, ", and {} were asked for", self.0) } else { Ok(()) }
    }
}
