//! Events as they are read and as they are printed.

use std::vec;

use console::{Style, measure_text_width, truncate_str};
use futures_util::StreamExt;
use serde::Serialize;

use super::{exit::Failure, filter::Condition, out::Out, plain};
use crate::{
    Committed, Id, StreamId, Timestamp, Version,
    event::undone,
    store::{Log, Pages, Query},
};

/// The events of a query, one by one, for which the conditions hold.
pub(super) struct Events<'a> {
    pages: Pages,
    page: vec::IntoIter<Committed>,
    conditions: &'a [Condition],
}

impl<'a> Events<'a> {
    pub(super) fn new(
        log: &(impl Log + ?Sized),
        query: Query,
        conditions: &'a [Condition],
    ) -> Self {
        Self { pages: log.read(query), page: Vec::new().into_iter(), conditions }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Committed>, Failure> {
        loop {
            for event in self.page.by_ref() {
                if Condition::all_hold(self.conditions, &event) {
                    return Ok(Some(event));
                }
            }
            match self.pages.next().await {
                Some(page) => self.page = page?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// The first event of a query.
pub(super) async fn first(
    log: &(impl Log + ?Sized),
    query: Query,
) -> Result<Option<Committed>, Failure> {
    Events::new(log, query.limit(1), &[]).next().await
}

/// Prints an event on one line.
pub(super) fn print(out: &mut Out, event: &Committed) -> Result<(), Failure> {
    if out.is_json() {
        return json(out, event);
    }
    let Committed { name, id, stream, version, created, .. } = event;
    let stream = format!("{} v{version}", plain::text(stream.as_str()));
    let (id, created) = (format!("{:>7}", id.0), format!("{created:.3}"));
    let name = plain::text(name);
    let before = format!("{id}  {created}  {stream:<16}  {name}  ");
    let data = plain::text(event.data.as_str());
    let actor = event.meta.actor().map(|actor| format!("  ({})", plain::text(actor)));
    let told = undone::told(&event.meta).map(|told| format!("  {told}"));
    let actor = format!("{}{}", actor.unwrap_or_default(), told.unwrap_or_default());
    let data = match out.width {
        Some(width) => {
            let taken = measure_text_width(&before) + measure_text_width(&actor);
            truncate_str(head(&data, width), width.saturating_sub(taken + 1).max(1), "…")
        }
        None => data,
    };
    let line = format!(
        "{}  {}  {}  {}  {data}{}",
        out.styled(&Style::new().dim(), &id),
        out.styled(&Style::new().dim(), &created),
        out.styled(&Style::new().cyan(), &format!("{stream:<16}")),
        out.styled(&Style::new().bold(), &name),
        out.styled(&Style::new().dim(), &actor),
    );
    out.line(&line)
}

/// As much of a text as can matter on a line so wide, so that a large one is not measured whole.
fn head(text: &str, width: usize) -> &str {
    let end = text.char_indices().nth(width * 4).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// An event as JSON; one whose payload is none shows its bytes as text.
pub(super) fn json(out: &mut Out, event: &Committed) -> Result<(), Failure> {
    match serde_json::to_string(event) {
        Ok(json) => out.line(&plain::json(&json)),
        Err(error) => out.json(&Broken {
            name: &event.name,
            id: event.id,
            stream: &event.stream,
            version: event.version,
            created: event.created,
            error: format!("the payload or the meta data is no JSON: {error}"),
            data: String::from_utf8_lossy(event.data.as_bytes()),
            meta: String::from_utf8_lossy(event.meta.json().as_bytes()),
        }),
    }
}

/// An event that is not what it should be.
#[derive(Serialize)]
struct Broken<'a> {
    name: &'a str,
    id: Id,
    stream: &'a StreamId,
    version: Version,
    created: Timestamp,
    error: String,
    #[serde(rename = "data_as_text")]
    data: std::borrow::Cow<'a, str>,
    #[serde(rename = "meta_as_text")]
    meta: std::borrow::Cow<'a, str>,
}
