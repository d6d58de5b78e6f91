//! The documents of a projection, as they are stored.

use maud::html;

use super::{
    asked::Asked,
    fault::Fault,
    frame::{Frame, Page, Tab},
    json,
    link::Link,
    text::{self, Name},
};
use crate::store::ViewId;

/// How many documents a page has.
const DOCUMENTS: u64 = 50;

/// How many bytes of a document are drawn.
const DRAWN: usize = 64 * 1024;

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let name = asked.needed("name")?;
    let version = asked.number("version")?.unwrap_or(1);
    let version = u32::try_from(version).map_err(|_| Fault::bad("No view has this version."))?;
    let view = ViewId { name: name.into(), version };
    let (prefix, after) = (asked.text("prefix")?.unwrap_or_default(), asked.text("after")?);
    let app = frame.shared.source.app().await?;
    let store = app.store();
    let checkpoint = store.checkpoint(&view).await?;
    let documents = store.documents(&view, &prefix, after.as_deref(), DOCUMENTS).await?;
    let is_full = documents.len() as u64 == DOCUMENTS;
    let next = documents
        .last()
        .filter(|_| is_full)
        .map(|last| link(&view, &prefix).with("after", &last.key));
    let body = html! {
        p.lead {
            @if checkpoint.0 == 0 { "Nothing is stored yet." }
            @else { "Stored up to event " a href=(Link::event(checkpoint)) { (checkpoint) } "." }
        }
        form.filter method="get" action="view" role="search" {
            input type="hidden" name="name" value=(view.name);
            input type="hidden" name="version" value=(view.version);
            label { span { "Keys that begin with" } input type="search" name="prefix" value=(prefix); }
            div.do { button type="submit" { "Filter" } }
        }
        div.events.documents { @for document in &documents {
            details.event open[documents.len() == 1] {
                summary {
                    strong { @if document.key.is_empty() { "The document" } @else { (Name(&document.key)) } }
                    @if let Some(data) = &document.data { code.muted { (Name(&json::line(data.as_str()))) } }
                }
                div.inside {
                @if let Some(data) = &document.data {
                    @let (start, whole) = text::start(data.as_str(), DRAWN);
                    @if whole { (json::show(start)) } @else {
                        pre.json { (text::start(start, 2048).0) "…" }
                        p.muted { (text::grouped(data.as_bytes().len() as u64)) " bytes, of which these are the first." }
                    }
                }
                }
            }
        } }
        @if documents.is_empty() { p.empty { "No document is stored here." } }
        nav.pages aria-label="Pages" {
            @if after.is_some() { a rel="first" href=(link(&view, &prefix)) { "First" } }
            @if let Some(next) = next { a rel="next" href=(next) { "Next" } }
        }
    };
    Ok(frame.page(Tab::Projections, &view.to_string(), &body))
}

pub(super) fn link(view: &ViewId, prefix: &str) -> Link {
    let prefix = (!prefix.is_empty()).then_some(prefix);
    Link::to("view").with("name", &view.name).with("version", view.version).maybe("prefix", prefix)
}
