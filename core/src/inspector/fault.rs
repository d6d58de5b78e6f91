//! Why a page cannot be shown, as a page.

use std::error::Error as StdError;

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::html;

use super::{frame, text};
use crate::{Error, InvalidStream, error::told_once};

/// How many bytes of an error are shown.
const LONGEST: usize = 4096;

#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    title: &'static str,
    text: String,
}

impl Fault {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "This cannot be asked", text: text.into() }
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, title: "Refused", text: text.into() }
    }

    pub(super) fn missing(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "Nothing here", text: text.into() }
    }

    pub(super) fn method(text: impl Into<String>) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { status, title: "This cannot be asked so", text: text.into() }
    }

    pub(super) fn rejected(text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, title: "Rejected", text: text.into() }
    }

    pub(super) fn conflict(text: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, title: "Others were faster", text: text.into() }
    }

    pub(super) fn busy(text: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, title: "Busy", text: text.into() }
    }

    /// The page, with links that begin with `root`.
    pub(super) fn page(self, root: &str) -> Response {
        let Self { status, title, text } = self;
        let body = html! { section.card.fault role="alert" { p { (text) } } };
        (status, Html(frame::bare(root, title, &body).into_string())).into_response()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        self.page("")
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let text = chain(&error);
        match error {
            Error::Unknown { .. } => Self::missing(text),
            Error::InvalidStream(_) | Error::Query { .. } => Self::bad(text),
            _ => {
                tracing::warn!(error = text, "the inspector cannot show a page");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let title = match error {
                    Error::Decode { .. } => "An event cannot be read",
                    _ => "This cannot be shown",
                };
                Self { status, title, text }
            }
        }
    }
}

impl From<InvalidStream> for Fault {
    fn from(error: InvalidStream) -> Self {
        Self::bad(error.to_string())
    }
}

/// The text of an error and of what caused it.
pub(super) fn chain(error: &dyn StdError) -> String {
    let text = told_once(error);
    // Some errors repeat the value that does not fit, however large.
    match text::start(&text, LONGEST) {
        (_, true) => text,
        (start, false) => format!("{start}…"),
    }
}
