//! What an archive keeps: one event after the other, each as it serialises, with a line break
//! behind it.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{StreamDeserializer, de::SliceRead, value::RawValue};

use crate::{Committed, Id, Json, Meta, StreamId, Version, store::BoxError};

/// How much of a stream's id stands in a name: files have 255 bytes.
const SHOWN: usize = 120;

/// An event as it stands in an archive.
#[derive(Deserialize)]
struct Line {
    name: String,
    #[serde(default = "one")]
    schema: u32,
    data: Box<RawValue>,
    id: Id,
    stream: StreamId,
    version: Version,
    created: Timestamp,
    meta: Box<RawValue>,
}

/// Turns events into text.
pub(crate) fn encode(events: &[Committed]) -> Result<Bytes, serde_json::Error> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, event)?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// Turns text back into events, byte for byte.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<Committed>, BoxError> {
    let mut names = HashMap::<String, Arc<str>>::new();
    let mut events = Vec::new();
    // A payload may have line breaks in it: the end of a value is where it ends.
    let lines = StreamDeserializer::<_, Line>::new(SliceRead::new(text));
    for line in lines {
        let Line { name, schema, data, id, stream, version, created, meta } = line?;
        let json = |raw: Box<RawValue>| Json::from_stored(String::from(Box::<str>::from(raw)));
        let shared = names.entry(name).or_insert_with_key(|name| name.as_str().into());
        events.push(Committed {
            name: Arc::clone(shared),
            schema,
            data: json(data),
            id,
            stream,
            version,
            created,
            meta: Meta::from_stored(json(meta)),
        });
    }
    Ok(events)
}

/// By which a text is known again.
pub(crate) fn checksum(text: &[u8]) -> String {
    blake3::hash(text).to_hex().to_string()
}

/// The name under which a text is kept: two streams, or two texts, have two names.
pub(crate) fn name(stream: &StreamId, checksum: &str) -> String {
    let sum: String = checksum.chars().take(32).collect();
    format!("{}/{}-{sum}.ndjson", plain(stream.category()), plain(stream.id()))
}

/// A text in characters that every file system and every object store takes.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for byte in text.bytes() {
        if plain.len() >= SHOWN {
            break;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            plain.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(plain, "%{byte:02x}");
        }
    }
    plain
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stream: &str, version: u64, data: &str) -> Committed {
        Committed {
            name: "Added".into(),
            schema: 2,
            data: Json::from_text(data).unwrap(),
            id: Id((1 << 53) + version),
            stream: stream.parse().unwrap(),
            version: Version(version),
            created: "2026-03-01T10:00:00.000001Z".parse().unwrap(),
            meta: Meta::from_stored(Json::from_text("{ \"actor\" : \"a\\u0000\" }").unwrap()),
        }
    }

    #[test]
    fn events_come_back_byte_for_byte() {
        let events = [
            event("Cart-1", 1, "{\"a\":1.00,\n \"b\":\"\\u00e9\"}"),
            event("Cart-1", 2, "null"),
            event("Cart-a b/\u{e9}", 3, "[ ]"),
        ];
        let decoded = decode(&encode(&events).unwrap()).unwrap();
        assert_eq!(decoded, events);
        for (one, other) in decoded.iter().zip(&events) {
            assert_eq!(one.data.as_bytes(), other.data.as_bytes());
            assert_eq!(one.meta.json().as_bytes(), other.meta.json().as_bytes());
        }
    }

    #[test]
    fn a_text_that_ends_too_early_is_an_error() {
        let text = encode(&[event("Cart-1", 1, "{\"a\":1}")]).unwrap();
        assert!(decode(text.get(..text.len() - 2).unwrap()).is_err());
    }

    #[test]
    fn names_are_plain_and_short_and_apart() {
        let of = |id: &str, text: &[u8]| name(&StreamId::new("Cart", id).unwrap(), &checksum(text));
        let odd = of("../é \u{1f6d2}/..", b"a");
        assert!(odd.bytes().all(|byte| byte.is_ascii_graphic()) && odd.matches('/').count() == 1);
        assert!(odd.starts_with("Cart/%2e%2e%2f"), "{odd}");
        assert!(of(&"x".repeat(400), b"a").len() < 250);
        assert_ne!(of("1", b"a"), of("1", b"b"));
    }
}
