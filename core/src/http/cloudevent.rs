//! Events as `CloudEvents` 1.0, and as they are stored; each on one line.

use serde::{Serialize, ser::SerializeMap};

use crate::{
    Committed, Error,
    http::{accept::Form, page, target},
};

impl Form {
    /// An event in this form, on one line. `source` is where the app is.
    pub(super) fn write(self, event: &Committed, source: &str) -> Result<Vec<u8>, Error> {
        let what = "an event";
        let json = match self {
            Self::Stored => page::bytes(what, event),
            Self::CloudEvents => page::bytes(what, &CloudEvent { event, source }),
        };
        json.map(page::on_one_line)
    }
}

/// An event as a `CloudEvent`. Of source and id together there is only one in the world; what
/// `CloudEvents` does not name are extensions.
struct CloudEvent<'a> {
    event: &'a Committed,
    source: &'a str,
}

impl Serialize for CloudEvent<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Committed { name, schema, data, id, stream, version, created, meta } = self.event;
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("specversion", "1.0")?;
        out.serialize_entry("id", &Text(id))?;
        out.serialize_entry("source", &format_args!("{}{}", self.source, target::path(stream)))?;
        out.serialize_entry("type", &**name)?;
        out.serialize_entry("subject", stream)?;
        out.serialize_entry("time", created)?;
        out.serialize_entry("datacontenttype", "application/json")?;
        // Integers of `CloudEvents` have 32 bits, so numbers of 64 are texts.
        out.serialize_entry("streamversion", &Text(version))?;
        out.serialize_entry("dataversion", &Text(schema))?;
        let extensions = [
            ("correlationid", meta.correlation()),
            ("causationid", meta.causation()),
            ("actor", meta.actor()),
        ];
        for (name, value) in extensions {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                out.serialize_entry(name, value)?;
            }
        }
        if let Some(trace) = meta.traceparent() {
            out.serialize_entry("traceparent", &trace)?;
        }
        out.serialize_entry("data", data)?;
        out.end()
    }
}

/// What can be shown, as a text.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
