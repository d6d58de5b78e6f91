//! What a request says besides its body: the key, the version it expects, to what it belongs, and
//! who asks. Who asks is known from a layer of the app's user only, never from a header.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, header, request::Parts},
};

use crate::{ActJson, Version, http::problem::Problem, reaction::KEYS, trace::TraceParent};

/// Who asks; a layer puts it into the extensions of a request, once it knows.
///
/// ```
/// use actum::{axum::{extract::Request, middleware::Next, response::Response}, http::Actor};
///
/// async fn signed_in(mut request: Request, next: Next) -> Response {
///     let name = "alice"; // as the session or token says
///     request.extensions_mut().insert(Actor(name.to_owned()));
///     next.run(request).await
/// }
/// # let _ = actum::axum::middleware::from_fn(signed_in) as actum::axum::middleware::FromFnLayer<_, (), (Request,)>;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

/// The longest key or correlation, in bytes: all stores keep it in an index.
const LONGEST: usize = 255;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CORRELATION: HeaderName = HeaderName::from_static("correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What a request says besides its body.
#[derive(Debug)]
pub(super) struct Asking {
    actor: Option<String>,
    key: Option<String>,
    correlation: Option<String>,
    traceparent: Option<TraceParent>,
    pub(super) expects: Expects,
    /// Whether the events are left out of the answer: `Prefer: return=minimal` (RFC 7240).
    pub(super) is_minimal: bool,
}

/// What must hold of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expects {
    /// Nothing.
    Nothing,
    /// It has events: `If-Match: *`.
    Events,
    /// It is at this version: `If-Match: "3"`; `If-None-Match: *` for 0.
    Version(Version),
}

impl Asking {
    /// Tells an action what the request says.
    pub(super) fn of<'a>(&self, mut act: ActJson<'a>) -> ActJson<'a> {
        let Self { actor, key, correlation, traceparent, expects, is_minimal: _ } = self;
        if let Some(actor) = actor {
            act = act.actor(actor);
        }
        if let Some(key) = key {
            act = act.key(key);
        }
        if let Some(correlation) = correlation {
            act = act.correlation(correlation);
        }
        if let Expects::Version(version) = expects {
            act = act.expect(*version);
        }
        act.traceparent(*traceparent)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let headers = &parts.headers;
        Ok(Self {
            actor: parts.extensions.get().map(|Actor(name)| name.clone()),
            key: key(headers)?,
            correlation: text(headers, &CORRELATION)?.map(str::to_owned),
            // W3C asks that one that is malformed be ignored.
            traceparent: one(headers, &TRACEPARENT).and_then(|text| text.parse().ok()),
            expects: expects(headers)?,
            is_minimal: headers.get_all(PREFER).iter().any(|prefers| {
                let mut prefers = prefers.as_bytes().split(|&byte| byte == b',');
                prefers.any(|one| one.trim_ascii().eq_ignore_ascii_case(b"return=minimal"))
            }),
        })
    }
}

/// The text of a header that is there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// The text of a header that may be there once, and is kept.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let text = one(headers, name).map(str::trim);
    let text = text.filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let text = text.filter(|text| !text.chars().any(char::is_control));
    text.map(Some).ok_or_else(|| {
        Problem::bad_request(format!(
            "the header `{name}` is given once, and has 1 to {LONGEST} visible ASCII characters"
        ))
    })
}

/// The key of a request; it may be written as a string of structured fields, in quotes.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(text) = text(headers, &KEY)? else { return Ok(None) };
    let key = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(rest) => {
            let inner = rest.strip_suffix('"').filter(|inner| !inner.is_empty());
            let inner = inner.ok_or_else(|| {
                Problem::bad_request(
                    "an `Idempotency-Key` in quotes ends with one, and is not empty",
                )
            })?;
            inner.replace("\\\"", "\"").replace("\\\\", "\\")
        }
    };
    if key.starts_with(KEYS) {
        let why = "an `Idempotency-Key` does not begin with `react/`: so do those of reactions";
        return Err(Problem::bad_request(why));
    }
    Ok(Some(key))
}

fn expects(headers: &HeaderMap) -> Result<Expects, Problem> {
    let is_new = match text(headers, &header::IF_NONE_MATCH)? {
        None => false,
        Some("*") => true,
        Some(_) => {
            let why = "`If-None-Match` is `*` for an action: the stream must be empty";
            return Err(Problem::bad_request(why));
        }
    };
    let expected = match text(headers, &header::IF_MATCH)? {
        None => Expects::Nothing,
        Some("*") => Expects::Events,
        Some(tag) => Expects::Version(version(tag).ok_or_else(|| {
            Problem::bad_request(
                "`If-Match` is one version of the stream in quotes, as in `\"3\"` or the `ETag` of an answer, or `*`",
            )
        })?),
    };
    match (is_new, expected) {
        (false, expected) => Ok(expected),
        (true, Expects::Nothing) => Ok(Expects::Version(Version(0))),
        (true, _) => Err(Problem::bad_request("`If-Match` and `If-None-Match` exclude each other")),
    }
}

/// The version that an entity tag names.
pub(super) fn version(tag: &str) -> Option<Version> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Version)
}
