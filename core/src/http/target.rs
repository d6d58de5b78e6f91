//! What a path names. An id is any text that can name a stream, percent-encoded; it is refused
//! where it could not be asked for by every client.

use std::fmt;

use axum::extract::{Path, rejection::PathRejection};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use crate::{StreamId, http::problem::Problem};

/// All that must be encoded in one segment of a path: what RFC 3986 does not call unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameter of a path.
pub(super) type Segment = Result<Path<String>, PathRejection>;

/// A text as one segment of a path.
pub(super) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
}

/// Where an aggregate is, from the root of the router.
pub(super) fn path(stream: &StreamId) -> impl fmt::Display {
    format!("/{}/{}", encoded(stream.category()), encoded(stream.id()))
}

/// The decoded parameter of a path.
pub(super) fn segment(segment: Segment) -> Result<String, Problem> {
    let Path(text) = segment.map_err(|error| Problem::bad_request(error.body_text()))?;
    if matches!(&*text, "." | "..") {
        // Encoded or not: clients and proxies take it out of the path.
        let why = "an id of one or two dots cannot be asked for by HTTP: clients take it for a way";
        return Err(Problem::bad_request(why));
    }
    Ok(text)
}

/// The stream that a path names.
pub(super) fn stream(aggregate: &str, id: Segment) -> Result<StreamId, Problem> {
    Ok(StreamId::new(aggregate, segment(id)?)?)
}
