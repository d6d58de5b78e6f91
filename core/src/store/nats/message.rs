//! Events as messages: the payload is the event's data, all else stands in headers.
//!
//! A header holds no line break, and loses spaces at its ends. Such characters are written as in a
//! URL; everything else stands there as it is, for people and other programs to read.

use std::{borrow::Cow, fmt::Write};

use async_nats::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::{
    Committed, Error, Id, Json, Meta, Result, StreamId, Version,
    store::{
        NewEvent,
        nats::{failure, jetstream::Outgoing, names::Names},
    },
};

const NAME: &str = "Actum-Name";
const SCHEMA: &str = "Actum-Schema";
const VERSION: &str = "Actum-Version";
const CREATED: &str = "Actum-Created";
const META: &str = "Actum-Meta";
/// Tells one append from another: whose answer was lost finds its events again by it.
const APPEND: &str = "Actum-Append";

/// The longest meta data: the server takes 64 KiB for all headers of a message.
pub(super) const LONGEST_META: usize = 48 * 1024;

/// An event as a message; `None` where its meta data is too long.
pub(super) fn outgoing(
    event: &NewEvent,
    version: u64,
    subject: String,
    append: &str,
) -> Option<Outgoing> {
    let meta = line(event.meta.json().as_str());
    if meta.len() > LONGEST_META {
        return None;
    }
    let NewEvent { name, schema, data, meta: _, created } = event;
    let mut message = Outgoing::new(subject, data.bytes())
        .header(NAME, &line(name))
        .header(VERSION, &version.to_string())
        .header(CREATED, &created.to_string())
        .header(APPEND, append);
    if *schema != 1 {
        message = message.header(SCHEMA, &schema.to_string());
    }
    Some(if &*meta == "{}" { message } else { message.header(META, &meta) })
}

/// Whether a message was written by an append.
pub(super) fn is_of(headers: &HeaderMap, append: &str) -> bool {
    headers.get(APPEND).is_some_and(|value| value.as_str() == append)
}

/// Marks a message that is no event as written by an append.
pub(super) fn mark(message: Outgoing, append: &str) -> Outgoing {
    message.header(APPEND, append)
}

/// The version of an event.
pub(super) fn version(action: &str, sequence: u64, headers: &HeaderMap) -> Result<u64> {
    let version = headers.get(VERSION).and_then(|value| value.as_str().parse().ok());
    version.ok_or_else(|| failure::malformed(action, sequence, "it has no version"))
}

/// Reads an event from a message.
pub(super) fn committed(
    names: &Names,
    subject: &str,
    sequence: u64,
    headers: &HeaderMap,
    payload: Bytes,
) -> Result<Committed> {
    const READ: &str = "read the log";
    let header = |name| headers.get(name).map(async_nats::HeaderValue::as_str);
    let odd = |what| failure::malformed(READ, sequence, what);
    let stream: StreamId = names.stream_of(subject).ok_or_else(|| odd("its subject is odd"))?;
    let name = header(NAME).and_then(unline).ok_or_else(|| odd("it has no name"))?;
    let created = header(CREATED).and_then(|text| text.parse::<Timestamp>().ok());
    let meta = match header(META) {
        None => Meta::default(),
        Some(text) => {
            let meta = unline(text).ok_or_else(|| odd("its meta data is odd"))?;
            Meta::from_stored(Json::from_stored(meta.into_owned().into_bytes()))
        }
    };
    Ok(Committed {
        name: name.into(),
        schema: match header(SCHEMA) {
            None => 1,
            Some(text) => text.parse().map_err(|_| odd("its schema has no version"))?,
        },
        data: Json::from_stored(payload),
        id: Id(sequence),
        stream,
        version: Version(version(READ, sequence, headers)?),
        created: created.ok_or_else(|| odd("it has no time"))?,
        meta,
    })
}

/// A text as the value of a header.
pub(super) fn line(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let is_plain = |text: &str| !text.chars().any(|c| c.is_control() || c == '%');
    if trimmed.len() == text.len() && is_plain(text) {
        return text.into();
    }
    let before = text.len() - text.trim_start().len();
    let inner = before..before + trimmed.len();
    let mut line = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        if inner.contains(&at) && !character.is_control() && character != '%' {
            line.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(line, "%{byte:02X}");
            }
        }
    }
    line.into()
}

/// The text of a header's value.
pub(super) fn unline(line: &str) -> Option<Cow<'_, str>> {
    if line.contains('%') { percent_decode_str(line).decode_utf8().ok() } else { Some(line.into()) }
}

/// What an event is refused for.
pub(super) fn refuse<T>(stream: &StreamId, why: &'static str) -> Result<T> {
    Err(Error::InvalidBatch { stream: stream.clone(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_fits_on_a_line_and_comes_back() {
        for text in ["", "plain", "{\"a\":1}", " a ", "a\r\nb", "100%", "%0A", "\u{85}é🦀\u{2003}"]
        {
            let line = line(text);
            assert!(!line.contains(['\r', '\n']) && line.trim() == &*line, "{line:?}");
            assert_eq!(unline(&line).as_deref(), Some(text));
        }
    }
}
