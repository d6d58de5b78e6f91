//! What can go wrong, as problem details (RFC 9457): the status, and the text of the error.
//!
//! Only the error's own text goes out. Where the server is at fault, what lies behind it goes to
//! the log.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    ActError, Conflict, Error, InvalidStream, Rejected, StreamId, Version, error::Chain,
    http::page::etag,
};

/// The media type of a problem.
const MEDIA: HeaderValue = HeaderValue::from_static("application/problem+json");

/// After how many seconds to ask again what cannot be answered now.
const LATER: HeaderValue = HeaderValue::from_static("1");

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// Names the case, for programs.
    code: &'static str,
    detail: String,
    conflict: Option<Box<Conflict>>,
}

/// A problem as JSON. Its `type` is `about:blank`: the title is that of the status.
#[derive(Serialize)]
struct Details<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a StreamId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<Version>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    between: Vec<Between<'a>>,
}

#[derive(Serialize)]
struct Between<'a> {
    name: &'a str,
    version: Version,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), conflict: None }
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(super) fn not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    pub(super) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    fn rejected(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "rejected", detail)
    }

    fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// A version that the caller named was not there.
    pub(super) fn conflict(conflict: Conflict) -> Self {
        Self::of_conflict(StatusCode::PRECONDITION_FAILED, conflict)
    }

    fn of_conflict(status: StatusCode, conflict: Conflict) -> Self {
        let detail = conflict.to_string();
        Self { status, code: "conflict", detail, conflict: Some(Box::new(conflict)) }
    }

    /// What a program without types can get wrong about an action.
    pub(super) fn of_action(error: ActError<Rejected>, is_pinned: bool) -> Self {
        match error {
            ActError::Rejected(Rejected::Domain(error)) => Self::rejected(error.to_string()),
            ActError::Rejected(error @ Rejected::Input(_)) => {
                Self::unprocessable("input", error.to_string())
            }
            ActError::Conflict(conflict) if is_pinned => Self::conflict(conflict),
            ActError::Conflict(conflict) => Self::of_conflict(StatusCode::CONFLICT, conflict),
            ActError::Closed(closed) => {
                Self::new(StatusCode::CONFLICT, "closed", closed.to_string())
            }
            // What the action makes of its input could not be read again.
            ActError::Store(error @ Error::Encode { .. }) => {
                Self::unprocessable("input", error.to_string())
            }
            ActError::Store(error) => error.into(),
        }
    }

    /// The same as JSON, for where there is no response to be.
    pub(super) fn json(&self) -> String {
        let Self { status, code, detail, conflict } = self;
        let conflict = conflict.as_deref();
        let between = conflict.map_or(&[][..], |conflict| &conflict.between);
        let details = Details {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code,
            detail,
            stream: conflict.map(|conflict| &conflict.stream),
            actual: conflict.map(|conflict| conflict.actual),
            between: between
                .iter()
                .map(|one| Between {
                    name: &one.name,
                    version: one.version,
                    actor: one.actor.as_deref(),
                })
                .collect(),
        };
        // Texts and numbers can be written as JSON; an error would leave the status to speak.
        serde_json::to_string(&details).unwrap_or_default()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let problem = match &error {
            Error::InvalidStream(_) => Self::bad_request(text),
            Error::Unknown { .. } => Self::not_found(text),
            Error::KeyReused { .. } => Self::unprocessable("key_reused", text),
            Error::InvariantBroken { .. } => Self::rejected(text),
            Error::Conflict(conflict) => Self::conflict(conflict.clone()),
            Error::Closed { .. }
            | Error::Store { .. }
            | Error::Building { .. }
            | Error::ProjectionStopped { .. }
            | Error::Ahead { .. } => Self::unavailable(text),
            _ => Self::internal(text),
        };
        if problem.status.is_server_error() {
            tracing::warn!(error = %Chain(&error), status = problem.status.as_u16(), "a request has failed");
        }
        problem
    }
}

impl From<InvalidStream> for Problem {
    fn from(error: InvalidStream) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, MEDIA);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, LATER);
        }
        if let Some(conflict) = self.conflict {
            response.headers_mut().insert(header::ETAG, etag(conflict.actual));
        }
        response
    }
}
