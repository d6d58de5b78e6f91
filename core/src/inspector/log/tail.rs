//! The log as it grows: rows of the page, sent to the browser as they are stored.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt};

use super::Filter;
use crate::{
    Id,
    inspector::{asked::Asked, event, fault::Fault, frame::Frame},
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follows the log behind the last event that the browser has, or behind `after`.
pub(in crate::inspector) async fn tail(
    frame: Frame,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let app = frame.shared.source.app().await?;
    let filter = Filter::of(&asked, app.now())?;
    let Ok(place) = Arc::clone(&frame.shared.tails).try_acquire_owned() else {
        return Err(Fault::busy("Too many pages follow the log at the same time."));
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let after = match last.or(asked.number("after")?) {
        Some(after) => Id(after),
        None => app.store().head().await?,
    };
    let events = app.subscribe(filter.query(), after)?;
    let rows = events.map(move |event| {
        // Held until the browser goes.
        let _ = &place;
        Ok::<_, Infallible>(match event {
            Ok(event) => {
                let row = event::row(&event).into_string();
                Event::default().event("row").id(event.id.to_string()).data(one_line(&row))
            }
            Err(error) => Event::default().event("trouble").data(one_line(&error.to_string())),
        })
    });
    Ok(Sse::new(ending(rows)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Tells the browser when there will be no more, so that it does not ask again at once.
fn ending(
    rows: impl Stream<Item = Result<Event, Infallible>>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let end = Event::default().event("end").data("the app has shut down");
    rows.chain(futures_util::stream::iter([Ok(end)]))
}

/// A field of an event stream ends at a line break; in a row only payloads may have some.
fn one_line(text: &str) -> String {
    text.replace('\r', "&#13;")
}
