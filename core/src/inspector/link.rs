//! Addresses within the inspector: relative, so that they hold wherever it is nested.

use std::fmt::Display;

use maud::Render;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Committed, Id, StreamId};

/// What may stand in a value as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The address of a page, with what it asks for.
#[derive(Clone, Debug)]
pub(super) struct Link(String);

impl Link {
    pub(super) fn to(page: &'static str) -> Self {
        Self(page.to_owned())
    }

    /// Adds a value.
    pub(super) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(&value.to_string(), PLAIN));
        self
    }

    /// Adds a value where there is one.
    pub(super) fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn stream(stream: &StreamId) -> Self {
        Self::to("stream").with("name", stream)
    }

    /// The stream as it was at an event.
    pub(super) fn version(event: &Committed) -> Self {
        Self::stream(&event.stream).with("version", event.version)
    }

    pub(super) fn event(id: Id) -> Self {
        Self::to("event").with("id", id)
    }

    pub(super) fn correlation(correlation: &str) -> Self {
        Self::to("correlation").with("of", correlation)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Render for Link {
    fn render_to(&self, out: &mut String) {
        self.0.as_str().render_to(out);
    }
}
