//! What can go wrong, told with the stream it happened to and what to do.

use std::{error::Error as StdError, fmt};

mod chain;
#[cfg(feature = "inspector")]
mod once;

pub(crate) use chain::Chain;
#[cfg(feature = "inspector")]
pub(crate) use once::told_once;

use crate::{Committed, DecodeError, Id, InvalidStream, StreamId, Version, store::Expected};

/// The result of everything but actions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong anywhere but in the domain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An expectation did not hold; nothing was stored.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A name that cannot be a stream's.
    #[error(transparent)]
    InvalidStream(#[from] InvalidStream),
    /// A batch that no store takes; nothing was stored.
    #[error("cannot append to `{stream}`: {why}")]
    InvalidBatch {
        /// The stream.
        stream: StreamId,
        /// What is wrong.
        why: &'static str,
    },
    /// A key was used before with other content; nothing was stored.
    #[error("the key `{key}` was used before with other content; use a new key for a new request")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// A key that only reactions may use; nothing was stored.
    #[error("the key `{key}` begins with `react/`, as only those of reactions do; use another")]
    ReservedKey {
        /// The key.
        key: String,
    },
    /// A stored event that this program cannot read.
    #[error("cannot read event {id}, version {version} of `{stream}`")]
    Decode {
        /// The stream.
        stream: StreamId,
        /// Its place in the stream.
        version: Version,
        /// Its place in the log.
        id: Id,
        /// Why.
        source: Box<DecodeError>,
    },
    /// A value that cannot be written as JSON; nothing was stored.
    #[error("cannot write {what} as JSON")]
    Encode {
        /// What it is.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The events of an action would break an invariant of their aggregate; nothing was stored.
    #[error(
        "`{action}` would break the invariant `{invariant}` of `{stream}`: {why}; nothing was \
         stored; let the action refuse what leads there"
    )]
    InvariantBroken {
        /// The stream.
        stream: StreamId,
        /// The action.
        action: String,
        /// The invariant: the name of its method.
        invariant: &'static str,
        /// Its own error.
        why: String,
    },
    /// Another worker has moved the projection on; nothing was stored.
    #[error("{view} stands at {actual}, not at {expected}: another worker has moved it on")]
    Stale {
        /// The projection.
        view: String,
        /// The checkpoint that was expected.
        expected: Id,
        /// The stored one.
        actual: Id,
    },
    /// The lease has gone to another; nothing was stored.
    #[error("the lease `{lease}` with token {token} has gone to another holder")]
    Fenced {
        /// The lease.
        lease: String,
        /// The token that was shown.
        token: u64,
    },
    /// Something was asked for that the app was not built with.
    #[error("this app does not know the {what} `{name}`: {help}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// What to do.
        help: String,
    },
    /// The stored document of a projection does not fit its type.
    #[error("the document of {view} does not fit its type; raise the projection's version")]
    Document {
        /// The projection.
        view: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A projection has seen more than the log has: an older log lies under it.
    #[error(
        "{view} has seen the log up to {checkpoint}, but it ends at {head}: an older log was put \
         under it; begin anew: reset the projection, or subscribe from the start"
    )]
    Ahead {
        /// The projection.
        view: String,
        /// Up to where it has seen the log.
        checkpoint: Id,
        /// Where the log ends.
        head: Id,
    },
    /// An event names a document by a key that no store could keep.
    #[error(
        "event {id} of `{stream}` names the key {key:?} of {view}, which no document can have: {why}; \
         change what the projection takes as the key, and start it again"
    )]
    InvalidKey {
        /// The projection.
        view: String,
        /// The stream of the event.
        stream: StreamId,
        /// The event.
        id: Id,
        /// The start of the key.
        key: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A projection is being built beside an older version, which still serves.
    #[error(
        "{view} is being built and has seen {seen} of {head}; wait with `.after(id)`, or read the \
         older version with `.or_older()`"
    )]
    Building {
        /// The projection.
        view: String,
        /// Up to where it has seen the log.
        seen: Id,
        /// Where the log ends.
        head: Id,
    },
    /// Another process still works on what should be dropped.
    #[error("another process still works on {view}; stop it, or wait until its lease has run out")]
    InUse {
        /// The projection.
        view: String,
    },
    /// A handler of a SQL projection failed; nothing of its transaction was stored.
    #[error("a handler of {view} failed at event {id} of `{stream}`")]
    Handler {
        /// The projection.
        view: String,
        /// The event.
        id: Id,
        /// Its stream.
        stream: StreamId,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// `create` or `reset` of a SQL projection failed; nothing was stored.
    #[error("`{method}` of {view} failed")]
    Tables {
        /// The projection.
        view: String,
        /// Which of them.
        method: &'static str,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A newer version of a SQL projection has taken over its tables; nothing was stored.
    #[error(
        "{view} has been taken over by version {newest}; stop the programs with the older version"
    )]
    Superseded {
        /// The projection.
        view: String,
        /// The newer version.
        newest: u32,
    },
    /// A handler of a projection panicked.
    #[error("a handler of {view} panicked at event {id}: {message}")]
    Panicked {
        /// The projection.
        view: String,
        /// The event.
        id: Id,
        /// The text of the panic.
        message: String,
    },
    /// A projection has stopped.
    #[error("the projection {view} has stopped behind {at}")]
    ProjectionStopped {
        /// The projection.
        view: String,
        /// Up to where it has seen the log.
        at: Id,
        /// Why.
        source: std::sync::Arc<Error>,
    },
    /// A reaction has stopped.
    #[error("the reaction {reaction} has stopped behind {at}")]
    ReactionStopped {
        /// The reaction.
        reaction: &'static str,
        /// Up to where everything is settled or set aside.
        at: Id,
        /// Why.
        source: std::sync::Arc<Error>,
    },
    /// The app or the store has been shut down.
    #[error(
        "{what} has been shut down and takes no more work; what it acknowledged is stored: open or \
         start another to go on"
    )]
    Closed {
        /// Which of them.
        what: &'static str,
    },
    /// An app was shut down, but not all of its work ended in time.
    #[error(
        "{actions} actions and {tasks} tasks were still at work {grace:?} after the shutdown began; \
         the tasks were cut off and go on from their checkpoints when an app starts again; ask the \
         actions again with their keys"
    )]
    Unfinished {
        /// How many actions were under way.
        actions: u64,
        /// How many projections and other tasks of the app were.
        tasks: usize,
        /// How long they had.
        grace: std::time::Duration,
    },
    /// A query that cannot be used here.
    #[error("cannot {action}: {why}")]
    Query {
        /// What was asked for.
        action: &'static str,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// The store itself failed. After an append the outcome may be open: repeat it with a key.
    #[error("the {store} store failed to {action}")]
    Store {
        /// Which store.
        store: &'static str,
        /// What it was about to do.
        action: String,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// An expectation that did not hold; nothing was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The stream.
    pub stream: StreamId,
    /// What was expected of it.
    pub expected: Expected,
    /// The version of its last event.
    pub actual: Version,
    /// The events that got in between, oldest first, where an app answers; the first ten.
    pub between: Vec<Between>,
}

/// An event that got in between.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Between {
    /// Its name.
    pub name: std::sync::Arc<str>,
    /// Its place in the stream.
    pub version: Version,
    /// Who caused it.
    pub actor: Option<String>,
}

impl Between {
    /// Names an event that got in between.
    pub fn new(event: &Committed) -> Self {
        let actor = event.meta.actor().map(str::to_owned);
        Self { name: std::sync::Arc::clone(&event.name), version: event.version, actor }
    }
}

impl Conflict {
    /// Tells what was expected and what was found.
    pub const fn new(stream: StreamId, expected: Expected, actual: Version) -> Self {
        Self { stream, expected, actual, between: Vec::new() }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, expected, actual, between } = self;
        match expected {
            Expected::Empty => write!(f, "`{stream}` should be empty"),
            Expected::Version(version) => write!(f, "`{stream}` should be at version {version}"),
            Expected::Exists => write!(f, "`{stream}` should exist"),
            Expected::Any => write!(f, "`{stream}` changed meanwhile"),
        }?;
        match actual {
            Version(0) => f.write_str(" and is empty"),
            version => write!(f, " and is at version {version}"),
        }?;
        for (at, Between { name, version, actor }) in between.iter().enumerate() {
            let joint = if at == 0 { ": in between came" } else { "," };
            write!(f, "{joint} {name} ({version})")?;
            if let Some(actor) = actor {
                write!(f, " by {actor}")?;
            }
        }
        Ok(())
    }
}

impl StdError for Conflict {}

/// Why an action came to nothing. Only [`Store`](Self::Store) may leave the outcome open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActError<E> {
    /// The domain refused: the action's own error.
    #[error(transparent)]
    Rejected(E),
    /// The stream was not at the expected version, or other writers were faster every time.
    #[error(transparent)]
    Conflict(Conflict),
    /// Anything else.
    #[error(transparent)]
    Store(Error),
}

impl<E> From<Error> for ActError<E> {
    fn from(error: Error) -> Self {
        match error {
            Error::Conflict(conflict) => Self::Conflict(conflict),
            error => Self::Store(error),
        }
    }
}

impl<E> From<InvalidStream> for ActError<E> {
    fn from(error: InvalidStream) -> Self {
        Self::Store(error.into())
    }
}
