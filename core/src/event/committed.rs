//! An event as it is stored.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Error, Event, Events, Id, Json, Meta, Result, StreamId, Version,
    event::{DecodeError, Payload},
};

/// An event as stored: the payload, where it stands, when and why it came about.
///
/// Without a parameter the payload is the stored [`Json`]; [`decode`](Self::decode) and
/// [`decode_any`](Self::decode_any) turn it into a type.
///
/// It serialises as
/// `{"name":…,"data":…,"id":…,"stream":…,"version":…,"created":…,"meta":…}`, with `"schema":…`
/// after the name where the payload's schema has a version above 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed<T = Json> {
    /// The name of the event.
    pub name: Arc<str>,
    /// The version of the payload's schema, as stored.
    pub schema: u32,
    /// The payload.
    pub data: T,
    /// The place in the whole log.
    pub id: Id,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The place in its stream.
    pub version: Version,
    /// When it was committed, to the microsecond.
    pub created: Timestamp,
    /// Who, why, in which connection.
    pub meta: Meta,
}

impl<T> Committed<T> {
    /// The same event with another payload.
    pub fn with<U>(self, data: U) -> Committed<U> {
        let Self { name, schema, data: _, id, stream, version, created, meta } = self;
        Committed { name, schema, data, id, stream, version, created, meta }
    }
}

impl Committed {
    /// Decodes the payload as one event type, from any version of its schema.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the stored name is another, or the payload does not fit.
    pub fn decode<E: Event>(self) -> Result<Committed<E>> {
        if &*self.name != E::NAME {
            return Err(self.unreadable(DecodeError::UnknownName {
                name: self.name.to_string(),
                known: E::NAME.to_owned(),
            }));
        }
        match E::decode(self.schema, self.data.as_bytes()) {
            Ok(data) => Ok(self.with(data)),
            Err(source) => Err(self.unreadable(source)),
        }
    }

    /// Decodes the payload as one of a set of events.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the set has no such name, or the payload does not fit.
    pub fn decode_any<Es: Events>(&self) -> Result<Es> {
        Es::decode(&self.name, self.schema, self.data.as_bytes())
            .map_err(|source| self.unreadable(source))
    }

    pub(crate) fn unreadable(&self, source: DecodeError) -> Error {
        Error::Decode {
            stream: self.stream.clone(),
            version: self.version,
            id: self.id,
            source: Box::new(source),
        }
    }
}

impl<T: Payload> Serialize for Committed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Committed", 8)?;
        out.serialize_field("name", &*self.name)?;
        if self.schema == 1 {
            out.skip_field("schema")?;
        } else {
            out.serialize_field("schema", &self.schema)?;
        }
        out.serialize_field("data", &AsStored(&self.data))?;
        out.serialize_field("id", &self.id)?;
        out.serialize_field("stream", &self.stream)?;
        out.serialize_field("version", &self.version)?;
        out.serialize_field("created", &self.created)?;
        out.serialize_field("meta", &self.meta)?;
        out.end()
    }
}

struct AsStored<'a, T>(&'a T);

impl<T: Payload> Serialize for AsStored<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
