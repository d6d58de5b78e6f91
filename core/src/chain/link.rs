//! One link: the hash of an event and of the one before it, and where it stands in the meta data.
//!
//! It is the last field of the meta data, `"chain":"<64 digits>"`, put behind the bytes that were
//! there, so that what was hashed can be told byte for byte from what is stored.

use jiff::Timestamp;

use super::key::unhex;
use crate::{Committed, Error, Id, Json, Meta, Result, StreamId, Version, store::NewEvent};

/// A BLAKE3.
pub(super) type Hash = [u8; 32];

/// What stands for the event before the first.
pub(super) const NONE: Hash = [0; 32];

const FIELD: &[u8] = b"\"chain\":\"";
const END: &[u8] = b"\"}";

/// Field, digits and end.
const LENGTH: usize = FIELD.len() + 64 + END.len();

/// What is hashed of an event.
pub(super) struct Link<'a> {
    pub(super) stream: &'a StreamId,
    pub(super) version: Version,
    pub(super) name: &'a str,
    pub(super) schema: u32,
    pub(super) created: Timestamp,
    pub(super) data: &'a [u8],
    /// The meta data up to where the hash was put in.
    pub(super) meta: &'a [u8],
}

impl Link<'_> {
    /// The hash of the event behind one with another hash.
    pub(super) fn after(&self, before: &Hash) -> Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(before);
        for text in [self.stream.as_str().as_bytes(), self.name.as_bytes(), self.data, self.meta] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.update(&self.version.0.to_le_bytes());
        hasher.update(&self.schema.to_le_bytes());
        hasher.update(&self.created.as_microsecond().to_le_bytes());
        hasher.finalize().into()
    }
}

/// Puts a hash into a new event, and gives it.
pub(super) fn put(
    event: &mut NewEvent,
    stream: &StreamId,
    version: Version,
    before: &Hash,
) -> Result<Hash> {
    let whole = event.created.as_nanosecond().div_euclid(1000);
    let whole = i64::try_from(whole).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    event.created = whole.unwrap_or(event.created);
    let meta = event.meta.json().as_bytes().trim_ascii();
    let (Some(open), true) = (meta.strip_suffix(b"}"), meta.starts_with(b"{")) else {
        let why = "its meta data is no JSON object, so it cannot carry a hash";
        return Err(Error::InvalidBatch { stream: stream.clone(), why });
    };
    let hash = Link {
        stream,
        version,
        name: &event.name,
        schema: event.schema,
        created: event.created,
        data: event.data.as_bytes(),
        meta: open,
    }
    .after(before);
    let mut chained = Vec::with_capacity(open.len() + 1 + LENGTH);
    chained.extend_from_slice(open);
    if !is_empty(open) {
        chained.push(b',');
    }
    chained.extend_from_slice(FIELD);
    chained.extend_from_slice(blake3::Hash::from_bytes(hash).to_hex().as_bytes());
    chained.extend_from_slice(END);
    event.meta = Meta::from_stored(Json::from_stored(chained));
    Ok(hash)
}

/// The hash that an event carries, and the meta data up to it; no hash where it carries none.
pub(super) fn split(meta: &[u8]) -> (&[u8], Option<Hash>) {
    let Some(at) = meta.len().checked_sub(LENGTH) else { return (meta, None) };
    let (open, field) = meta.split_at(at);
    let digits = field.strip_prefix(FIELD).and_then(|field| field.strip_suffix(END));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    let Some(hash) = digits.and_then(unhex) else { return (meta, None) };
    match open.strip_suffix(b",") {
        Some(open) => (open, Some(hash)),
        None if is_empty(open) => (open, Some(hash)),
        None => (meta, None),
    }
}

/// The hash that an event carries, and the one that it should carry.
pub(super) fn of(event: &Committed, before: &Hash) -> (Option<Hash>, Hash) {
    let (meta, carried) = split(event.meta.json().as_bytes());
    let link = Link {
        stream: &event.stream,
        version: event.version,
        name: &event.name,
        schema: event.schema,
        created: event.created,
        data: event.data.as_bytes(),
        meta,
    };
    (carried, link.after(before))
}

/// The hash of all events of the log up to one.
pub(super) fn digest(before: &Hash, id: Id, hash: &Hash) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&id.0.to_le_bytes()).update(hash);
    hasher.finalize().into()
}

/// Whether an object that is not closed yet has no field.
fn is_empty(open: &[u8]) -> bool {
    open.trim_ascii() == b"{"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_told_from_what_was_there() {
        let stream = "Cart-1".parse().unwrap();
        for meta in ["{}", "{ }", "{\"a\":1}", "{\"a\":1 }\n", "{\"chain\":\"x\"}"] {
            let json = Json::from_text(meta).unwrap();
            let mut event = NewEvent::new("Added", json.clone());
            event.meta = Meta::from_stored(json);
            let hash = put(&mut event, &stream, Version(1), &NONE).unwrap();
            let stored = event.meta.json().as_bytes();
            serde_json::from_slice::<serde_json::Value>(stored).unwrap();
            let open = meta.trim().strip_suffix('}').unwrap();
            assert_eq!(split(stored), (open.as_bytes(), Some(hash)), "{meta}");
        }
        for meta in ["{}", "{\"chain\":\"zz\"}", "", "{\"a\":\"\"}"] {
            assert_eq!(split(meta.as_bytes()), (meta.as_bytes(), None));
        }
    }
}
