//! What the server and the client say, as errors of actum; and which of them leave things open.

use std::error::Error as StdError;

use async_nats::{RequestError, RequestErrorKind, jetstream};

use crate::Error;

/// The name of this store in its errors.
const STORE: &str = "NATS";

/// Tells what the store was about to do.
pub(super) fn to(
    action: impl Into<String>,
    source: impl Into<Box<dyn StdError + Send + Sync>>,
) -> Error {
    Error::Store { store: STORE, action: action.into(), source: source.into() }
}

/// Tells that a stored message is not one of actum's.
pub(super) fn malformed(action: &str, sequence: u64, what: &str) -> Error {
    to(action, format!("message {sequence} was not written by actum: {what}"))
}

/// Why nothing was heard of as stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// An expected last sequence was not the last one: another message came first.
    #[error("another message was stored first")]
    Behind,
    /// Nothing was stored, and the same may succeed in a moment.
    #[error(transparent)]
    Busy(Cause),
    /// Nothing was stored, and the same will not succeed.
    #[error("{0}")]
    Refused(jetstream::Error),
    /// Too large for the server; nothing was sent.
    #[error("more bytes than `max_payload` of the server")]
    Large,
    /// It may have been stored.
    #[error(transparent)]
    Open(Cause),
}

/// An error of the client or the server.
pub(super) type Cause = Box<dyn StdError + Send + Sync>;

/// Sorts what the server answers to a message that it does not store.
pub(super) fn answer(error: jetstream::Error) -> Trouble {
    use jetstream::ErrorCode as Code;
    match error.error_code() {
        Code::STREAM_WRONG_LAST_SEQUENCE | Code::STREAM_WRONG_LAST_SEQUENCE_CONSTANT => {
            Trouble::Behind
        }
        Code::ATOMIC_PUBLISH_INCOMPLETE_BATCH | Code::ATOMIC_PUBLISH_TOO_MANY_INFLIGHT => {
            Trouble::Busy(error.into())
        }
        // The server is overloaded, or has no leader just now. What it began it may still finish.
        _ if error.code() >= 500 => Trouble::Open(error.into()),
        _ => Trouble::Refused(error),
    }
}

/// Sorts what keeps an answer from being heard.
pub(super) fn silence(error: RequestError) -> Trouble {
    match error.kind() {
        // Nobody had the subject, so nobody has the message.
        RequestErrorKind::NoResponders => Trouble::Busy(error.into()),
        RequestErrorKind::MaxPayloadExceeded => Trouble::Large,
        _ => Trouble::Open(error.into()),
    }
}
