//! One event: as a row of a list, and as a page.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    asked::Asked,
    fault::Fault,
    frame::{Frame, Page, Tab},
    json,
    link::Link,
    text::{self, Name},
};
use crate::{App, Committed, Id, event::causation, store::Query};

/// How many bytes of a payload a row holds ready to be opened.
const ROW: usize = 4096;

/// How many bytes of a payload the event's page draws.
const PAGE: usize = 256 * 1024;

/// An event as a row that can be opened.
pub(super) fn row(event: &Committed) -> Markup {
    let meta = event.meta.fields();
    let name = &*event.name;
    html! {
        details.event id={ "e" (event.id) } data-id=(event.id) {
            summary {
                span.id { (event.id) }
                (text::time(event.created))
                span.what { (text::dot(name)) span.name { (Name(name)) } }
                a.where href=(Link::version(event)) {
                    (Name(event.stream.as_str())) span.version { (event.version) }
                }
                span.who { @if let Some(actor) = &meta.actor { (Name(actor)) } }
            }
            div.inside {
                (payload(event, ROW))
                div.facts {
                    a href=(Link::event(event.id)) { "Event " (event.id) }
                    a href=(Link::version(event)) { "State at version " (event.version) }
                    @if let Some(correlation) = &meta.correlation {
                        a href=(Link::correlation(correlation)) { "All that belongs to it" }
                    }
                    @if let Some(causation) = &meta.causation {
                        span.muted { "by " (Name(causation)) }
                    }
                }
            }
        }
    }
}

/// The payload, drawn unless it is larger than that.
fn payload(event: &Committed, most: usize) -> Markup {
    let data = event.data.as_str();
    html! {
        @if data.len() <= most { (json::show(data)) } @else {
            pre.json { (text::start(data, most / 8).0) "…" }
            p.muted {
                (text::grouped(data.len() as u64)) " bytes. "
                a href=(Link::to("raw").with("id", event.id)) download { "Download all" }
            }
        }
    }
}

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let event = find(frame.shared.source.app().await?, &asked).await?;
    let body = html! {
        (facts(&event))
        section.card { h2 { "Payload" } (payload(&event, PAGE)) }
        section.card { h2 { "Meta data" } (json::show(event.meta.json().as_str())) }
        p { a href=(Link::to("raw").with("id", event.id)) download { "Download as JSON" } }
    };
    Ok(frame.page(Tab::Log, &format!("Event {}: {}", event.id, event.name), &body))
}

/// What is known of an event besides its payload.
pub(super) fn facts(event: &Committed) -> Markup {
    let meta = event.meta.fields();
    html! {
        dl.facts-list {
            dt { "Name" }
            dd {
                (text::dot(&event.name)) " "
                a href=(Link::to("log").with("name", &event.name)) { (Name(&event.name)) }
                @if event.schema != 1 { " schema " (event.schema) }
            }
            dt { "Stream" }
            dd {
                a href=(Link::version(event)) { (Name(event.stream.as_str())) }
                " version " (event.version)
            }
            dt { "Id" } dd { a href=(Link::event(event.id)) { (event.id) } }
            dt { "Created" } dd { (text::time(event.created)) " UTC" }
            @if let Some(actor) = &meta.actor { dt { "Actor" } dd { (Name(actor)) } }
            @for (does, other) in [("Undoes", meta.undoes), ("Redoes", meta.redoes)] {
                @if let Some(other) = other {
                    dt { (does) }
                    dd {
                        "version "
                        a href=(Link::stream(&event.stream).with("version", other)) { (other) }
                    }
                }
            }
            @if let Some(causation) = &meta.causation {
                dt { "Caused by" }
                dd { (cause(causation)) }
            }
            @if let Some(correlation) = &meta.correlation {
                dt { "Correlation" }
                dd { a href=(Link::correlation(correlation)) { (Name(correlation)) } }
            }
            @if let Some(key) = &meta.key { dt { "Key" } dd { (Name(key)) } }
        }
    }
}

/// What an event follows from, with the event before it as a link.
fn cause(causation: &str) -> Markup {
    html! {
        @match causation::parts(causation) {
            Some((action, id)) => {
                (Name(action)) " after event " a href=(Link::event(id)) { (id) }
            },
            None => (Name(causation)),
        }
    }
}

/// The event as it serialises, to be kept.
pub(super) async fn raw(frame: Frame, asked: Asked) -> Result<Response, Fault> {
    let event = find(frame.shared.source.app().await?, &asked).await?;
    let text = serde_json::to_string(&event).map_err(|source| crate::Error::Encode {
        what: format!("event {} of `{}`", event.id, event.stream),
        source,
    })?;
    let kept = format!("attachment; filename=\"event-{}.json\"", event.id);
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, kept),
    ];
    Ok((headers, text).into_response())
}

async fn find(app: &App, asked: &Asked) -> Result<Committed, Fault> {
    let Some(id) = asked.number("id")?.map(Id) else {
        return Err(Fault::bad("The address names no `id`."));
    };
    let found = app.read(Query::all().from_id(id).to_id(id)).next().await.transpose()?;
    found.ok_or_else(|| Fault::missing(format!("The log has no event {id}.")))
}
