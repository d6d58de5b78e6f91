//! The log: newest first, filtered, page by page, and live.

use maud::{Markup, html};

use super::{
    asked::Asked,
    event,
    fault::Fault,
    frame::{Frame, Page, Tab},
    link::Link,
    text,
};
use crate::{App, Committed, Id, Result};

mod filter;
mod tail;

pub(super) use tail::tail;

use filter::Filter;

/// How many events a page has.
const ROWS: u64 = 50;

/// How many ids a page looks through at most for events that fit, so that a filter that matches
/// little does not read the whole log before it answers.
const IDS: u64 = 100_000;

/// The same within one stream, whose events lie far apart.
const VERSIONS: u64 = 20_000;

/// A page of the log.
struct Found {
    events: Vec<Committed>,
    /// Where to go on, further back.
    older: Option<u64>,
    /// Up to which place was looked, where that was not all.
    looked: Option<u64>,
    head: Id,
}

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let app = frame.shared.source.app().await?;
    let filter = Filter::of(&asked, app.now())?;
    let Found { events, older, looked, head } = find(app, &filter).await?;
    let is_first = filter.before.is_none();
    let newest = events.first().map_or(head, |event| event.id.max(head));
    let tail = filter.link("tail").with("after", newest);
    let body = html! {
        (filter.form())
        @if is_first {
            div.live {
                button type="button" data-pause hidden { "Pause" }
                span.muted data-status role="status" {}
            }
        }
        section.events aria-label="Events" data-tail=[is_first.then_some(tail.as_str())] {
            @for event in &events { (event::row(event)) }
        }
        @if events.is_empty() && looked.is_none() {
            p.empty {
                @if filter.is_empty() { "The log is empty. Events appear here as they are stored." }
                @else { "No event fits." }
            }
        }
        @if let Some(looked) = looked {
            p.empty {
                "Looked back to " @if filter.is_by_version() { "version " } @else { "event " }
                (text::grouped(looked)) ". Further back there may be more that fit."
            }
        }
        nav.pages aria-label="Pages of the log" {
            @if !is_first { a rel="first" href=(filter.link("log")) { "Newest" } }
            @if let Some(older) = older {
                a rel="next" href=(filter.link("log").with("before", older)) { "Older" }
            }
            span.muted { "The log ends at " (text::grouped(head.0)) "." }
        }
    };
    Ok(frame.page(Tab::Log, "Log", &body))
}

async fn find(app: &App, filter: &Filter) -> Result<Found> {
    let head = app.store().head().await?;
    let end = filter.end(app, head).await?;
    let span = if filter.is_by_version() { VERSIONS } else { IDS };
    let (query, floor) = filter.page(end, ROWS + 1, span);
    let mut events = app.read(query).all().await?;
    let more = events.len() as u64 > ROWS;
    if more {
        events.pop();
    }
    let last = events.last();
    let mut older = last.filter(|_| more).map(|event| filter.place(event));
    let mut looked = None;
    if !more && let Some(floor) = floor {
        (older, looked) = (Some(floor), Some(floor));
    }
    Ok(Found { events, older, looked, head })
}

impl Filter {
    /// The page with this filter, from its beginning.
    fn link(&self, page: &'static str) -> Link {
        Link::to(page)
            .maybe("name", self.name.as_deref())
            .maybe("category", self.category.as_deref())
            .maybe("stream", self.stream.as_ref())
            .maybe("since", self.since_text.as_deref())
            .maybe("correlation", self.correlation.as_deref())
    }

    fn form(&self) -> Markup {
        let fields = [
            ("name", "Event", "ItemAdded", self.name.as_deref()),
            ("category", "Aggregate", "Cart", self.category.as_deref()),
            ("stream", "Stream", "Cart-123", self.stream.as_ref().map(crate::StreamId::as_str)),
            ("since", "Since", "2h or 2024-06-01", self.since_text.as_deref()),
            ("correlation", "Correlation", "", self.correlation.as_deref()),
        ];
        html! {
            form.filter method="get" action="log" role="search" aria-label="Filter" {
                @for (name, label, example, value) in fields {
                    label {
                        span { (label) }
                        input type="search" name=(name) placeholder=(example)
                            value=[value] autocomplete="off" spellcheck="false";
                    }
                }
                div.do {
                    button type="submit" { "Filter" }
                    @if !self.is_empty() { a href="log" { "Clear" } }
                }
            }
        }
    }
}
