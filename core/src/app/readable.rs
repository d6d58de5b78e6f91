//! Refuses an event that could be stored but not be read again, which would end its stream.
//!
//! JSON writes a float that is no number as `null`, and reading it ends at 128 levels. Only a
//! payload that may be such a one is read back.

use crate::{DecodeError, Error, Events, Json, Result, StreamId, event::Kind};

/// How deep JSON may be for `serde_json` to read it.
const LEVELS: usize = 128;

/// Refuses a payload that does not decode.
pub(super) fn check<Es: Events>(stream: &StreamId, kind: &Kind, data: &Json) -> Result<()> {
    if !is_doubtful(data.as_bytes()) {
        return Ok(());
    }
    let Err(error) = Es::decode(kind.name, kind.version, data.as_bytes()) else { return Ok(()) };
    let source = match error {
        DecodeError::Payload { source, .. } => source,
        other => serde::ser::Error::custom(other),
    };
    let what = format!("the event `{}` for `{stream}` so that it can be read again", kind.name);
    Err(Error::Encode { what, source })
}

fn is_doubtful(data: &[u8]) -> bool {
    let is_deep = || data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() >= LEVELS;
    let has_null = || data.split(|&byte| byte == b'n').skip(1).any(|rest| rest.starts_with(b"ull"));
    data.len() >= LEVELS && is_deep() || has_null()
}
