//! Stored JSON: bytes that are known to be one JSON value, shared and never parsed in passing.

use std::fmt;

use bytes::Bytes;
use serde::{Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{buffer, event::Payload};

/// One JSON value as it is stored; cloning shares the bytes.
///
/// ```
/// use actum::Json;
///
/// let json = Json::from_value(&("A123", 2))?;
/// assert_eq!(json.as_str(), r#"["A123",2]"#);
/// assert_eq!(json.decode::<(String, u32)>()?.1, 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Bytes);

impl Json {
    /// Encodes a value.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Self::written(|buffer| serde_json::to_writer(buffer, value))
    }

    /// Takes what is written, at its exact size.
    pub(crate) fn written(
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), serde_json::Error>,
    ) -> Result<Self, serde_json::Error> {
        buffer::with(|buffer| {
            write(buffer)?;
            Ok(Self(Bytes::copy_from_slice(buffer)))
        })
    }

    /// Takes text that must be one JSON value.
    pub fn from_text(text: impl Into<String>) -> Result<Self, serde_json::Error> {
        let text = text.into();
        serde_json::from_str::<&RawValue>(&text)?;
        Ok(Self(text.into_bytes().into()))
    }

    /// Takes bytes that a store wrote as JSON, without reading them again.
    ///
    /// For store implementations: what is not JSON shows when it is decoded or serialised.
    pub fn from_stored(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, shared.
    #[cfg(feature = "nats")]
    pub(crate) fn bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// Decodes the value.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }

    /// The text; empty if a store handed out bytes that are not UTF-8.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Payload for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(self, serializer)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_slice(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
