//! `GET /events`: the log as it grows, as server-sent events.
//!
//! The position is all there is to resume from, and each message carries it as its id. Messages
//! without data carry it while nothing wanted comes: clients keep the id and hand out nothing.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response, Sse, sse},
};
use futures_util::stream;

use crate::{
    Error, Id, Subscription,
    http::{
        accept::{Form, form},
        api::{Api, Shared},
        parameters::{Asked, Parameters, number},
        problem::Problem,
    },
    store::Query,
};

/// After how long a client comes again when the connection breaks.
const AGAIN: Duration = Duration::from_secs(2);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) async fn events(
    State(api): State<Shared>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    let known = ["after", "name", "category", "stream", "correlation", "format"];
    let parameters = Parameters::new(asked, &known)?;
    let form = form(&parameters)?.unwrap_or(Form::Stored);
    let after = after(&api, &headers, &parameters).await?;
    let subscription = api.app.subscribe(query(&parameters)?, after)?;
    let follower = Follower { subscription, form, api, is_begun: false };
    Ok(Sse::new(stream::unfold(Some(follower), Follower::next)).into_response())
}

/// Behind which id to begin: that of a client that comes again, or the one asked for, or the first.
async fn after(api: &Api, headers: &HeaderMap, parameters: &Parameters) -> Result<Id, Problem> {
    let mut last = headers.get_all(LAST_EVENT_ID).iter();
    if let Some(id) = last.next() {
        let id = id.to_str().ok().filter(|_| last.next().is_none()).unwrap_or_default();
        return Ok(Id(number("Last-Event-ID", id)?));
    }
    match parameters.text("after")? {
        None => Ok(Id(0)),
        Some("head") => Ok(api.app.store().head().await?),
        Some(id) => Ok(Id(number("after", id)?)),
    }
}

/// Which events are wanted.
fn query(parameters: &Parameters) -> Result<Query, Problem> {
    let mut query = Query::all();
    for name in parameters.all("name") {
        query = query.name(name);
    }
    for category in parameters.all("category") {
        query = query.category(category);
    }
    if let Some(stream) = parameters.text("stream")? {
        query.stream = Some(stream.parse::<crate::StreamId>()?);
    }
    if let Some(correlation) = parameters.text("correlation")? {
        query = query.correlation(correlation);
    }
    Ok(query)
}

/// Hands out messages as fast as the client takes them: nothing is read ahead for a slow one.
struct Follower {
    subscription: Subscription,
    form: Form,
    api: Shared,
    is_begun: bool,
}

type Message = Result<sse::Event, Infallible>;

impl Follower {
    async fn next(follower: Option<Self>) -> Option<(Message, Option<Self>)> {
        let mut follower = follower?;
        if !follower.is_begun {
            follower.is_begun = true;
            let first = follower.position().retry(AGAIN);
            return Some((Ok(first), Some(follower)));
        }
        loop {
            let next = tokio::time::timeout(follower.api.heartbeat, follower.subscription.next());
            let message = match next.await {
                Err(_) => follower.position(),
                Ok(None) => return None,
                Ok(Some(Err(error @ Error::Ahead { .. }))) => {
                    return Some((Ok(problem(&error.into())), None));
                }
                // The subscription tries again by itself, and has told the log.
                Ok(Some(Err(_))) => continue,
                Ok(Some(Ok(event))) => match follower.form.write(&event, &follower.api.source) {
                    Ok(json) => {
                        let message = sse::Event::default().id(event.id.to_string());
                        message.data(String::from_utf8_lossy(&json))
                    }
                    // It is no JSON: a foreign hand wrote it. Leaving it out would be a gap.
                    Err(error) => return Some((Ok(problem(&error.into())), None)),
                },
            };
            return Some((Ok(message), Some(follower)));
        }
    }

    /// A message that only says where to resume.
    fn position(&self) -> sse::Event {
        sse::Event::default().id(self.subscription.position().to_string())
    }
}

/// The last message of a feed that cannot go on.
fn problem(problem: &Problem) -> sse::Event {
    sse::Event::default().event("problem").data(problem.json())
}
