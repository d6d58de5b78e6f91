//! `POST /Cart/123/AddItem`: asks an action, and answers with what was stored.

use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Committed, Conflict, Done, Id, StreamId, Version,
    http::{
        accept::{Form, Joined, Wanted},
        api::Api,
        asking::{Asking, Expects},
        history,
        page::{self, etag},
        problem::Problem,
        target::{self, Segment, encoded},
    },
    store::{Expected, Query},
};

/// Tells that `Prefer: return=minimal` was heeded.
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What came of an action.
#[derive(Serialize)]
struct Answer<'a> {
    stream: &'a StreamId,
    version: Version,
    id: Id,
    repeated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [Committed]>,
}

pub(super) async fn act(
    api: &Api,
    (aggregate, action): (&'static str, &'static str),
    id: Segment,
    (headers, asking): (HeaderMap, Result<Asking, Problem>),
    // Taken before anything is refused: a connection that is closed with a body still on its way
    // is reset, and the client may never read why.
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let (stream, asking) = (target::stream(aggregate, id)?, asking?);
    let input = input(&headers, body)?;
    if asking.expects == Expects::Events && !history::exists(&api.app, &stream).await? {
        return Err(Problem::conflict(Conflict::new(stream, Expected::Exists, Version(0))));
    }
    let is_pinned = asking.expects != Expects::Nothing;
    let act = asking.of(api.app.act_json(aggregate, stream.id(), action, input));
    let done = act.await.map_err(|error| Problem::of_action(error, is_pinned))?;
    let events = if asking.is_minimal { None } else { Some(stored(api, &done).await?) };
    // Without events there is nothing that could be a `CloudEvent`.
    let form = if events.is_some() { Wanted::new(&headers).form } else { Form::Stored };
    let wanted = Wanted { form, joined: Joined::Array };
    let body = match &events {
        Some(events) if wanted.form == Form::CloudEvents => {
            history::array(events, wanted.form, &api.source)?
        }
        _ => {
            let Done { stream, version, id, events: _, repeated } = &done;
            let events = events.as_deref();
            let answer = Answer { stream, version: *version, id: *id, repeated: *repeated, events };
            page::bytes("the outcome of an action", &answer)?
        }
    };
    let mut response = wanted.page(body);
    let out = response.headers_mut();
    out.insert(header::ETAG, etag(done.version));
    if asking.is_minimal {
        out.insert(APPLIED, HeaderValue::from_static("return=minimal"));
    }
    // The same for a request that is repeated.
    if done.events > 0 && done.version.0 == done.events {
        // Relative to the path of the action, so that it holds wherever the router is mounted.
        let place = HeaderValue::from_str(&format!("../{}", encoded(done.stream.id())));
        out.extend(place.ok().map(|place| (header::LOCATION, place)));
        *response.status_mut() = StatusCode::CREATED;
    }
    Ok(response)
}

/// The JSON of a request, checked to be such.
fn input(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<String, Problem> {
    if !is_json(headers) {
        return Err(Problem::unsupported("the input of an action is sent as `application/json`"));
    }
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(
            "the body is larger than this server takes; a `DefaultBodyLimit` decides",
        ),
        _ => Problem::bad_request("the body could not be read to its end"),
    })?;
    if body.is_empty() {
        return Err(Problem::bad_request("the body is empty; the input of an action is JSON"));
    }
    let text = String::from_utf8(body.into())
        .map_err(|error| Problem::bad_request(format!("the body is not UTF-8: {error}")))?;
    serde_json::from_str::<&RawValue>(&text)
        .map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?;
    Ok(text)
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return false };
    let media = one.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let media = media.trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

/// The events that an action has stored.
async fn stored(api: &Api, done: &Done) -> Result<Vec<Committed>, Problem> {
    if done.events == 0 {
        return Ok(Vec::new());
    }
    let first = Version(done.version.0.saturating_sub(done.events)).next();
    let query = Query::stream(done.stream.clone()).from_version(first).to_version(done.version);
    Ok(api.app.read(query).all().await?)
}
