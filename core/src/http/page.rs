//! Answers: JSON, its media type, and the version as an entity tag.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use serde::Serialize;

use crate::{Error, Version, http::problem::Problem};

/// The media type of JSON.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What is answered may be other the next time.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// An answer that is to be asked for anew each time.
pub(super) fn page(media: HeaderValue, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response.headers_mut().insert(header::CACHE_CONTROL, NO_CACHE);
    response
}

/// A value as JSON.
pub(super) fn json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Response, Problem> {
    Ok(page(JSON, bytes(what, value)?))
}

/// A value as the bytes of JSON.
pub(super) fn bytes<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|source| Error::Encode { what: what.to_owned(), source })
}

/// A version as an entity tag.
pub(super) fn etag(version: Version) -> HeaderValue {
    // Digits in quotes are a header.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Puts JSON on one line: outside of its texts, line ends are white space, and within they are
/// escaped.
pub(super) fn on_one_line(mut json: Vec<u8>) -> Vec<u8> {
    for byte in &mut json {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    json
}
