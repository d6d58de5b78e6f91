//! All that belongs to one correlation: what led to what, and when.

use maud::{Markup, html};

use super::{
    asked::Asked,
    fault::Fault,
    frame::{Frame, Page, Tab},
    link::Link,
    text::{self, Name},
};
use crate::{Committed, store::Query};

mod axis;
mod tree;

use axis::Axis;
use tree::Branch;

/// How many events are drawn.
const MOST: u64 = 300;

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let correlation = asked.needed("of")?;
    let app = frame.shared.source.app().await?;
    let query = Query::all().correlation(&correlation).limit(MOST + 1);
    let mut events = app.read(query).all().await?;
    if events.is_empty() {
        return Err(Fault::missing(format!("No event belongs to `{correlation}`.")));
    }
    let more = events.len() as u64 > MOST;
    if more {
        events.pop();
    }
    let axis = Axis::of(events.iter().map(|event| event.created));
    let branches = tree::grow(&events);
    let streams: std::collections::BTreeSet<_> = events.iter().map(|one| &one.stream).collect();
    let body = html! {
        p.lead {
            (text::count(events.len(), "event")) " in " (text::count(streams.len(), "stream")) " within "
            (text::length(axis.length())) ". "
            a href=(Link::to("log").with("correlation", &correlation)) { "In the log" }
        }
        @if more { p.muted { "The first " (MOST) " events." } }
        section.card.waterfall aria-label="What led to what" {
            div.scale aria-hidden="true" { span {} (axis.scale()) }
            ol { @for branch in &branches { (row(branch, &axis)) } }
        }
        p.muted.hint {
            "A bar begins when its cause was stored, and ends when the event itself was. "
            @if axis.is_cut() { "Long pauses are cut short, where the area is shaded." }
        }
    };
    let name = text::start(&correlation, 60).0;
    Ok(frame.page(Tab::Log, &format!("Correlation {name}"), &body))
}

fn row(branch: &Branch<'_>, axis: &Axis) -> Markup {
    let Branch { event, depth, cause } = branch;
    let from = cause.map_or(event.created, |cause| cause.created);
    let waited = text::between(from, event.created);
    let action = event.meta.causation().map(action_of);
    html! {
        li {
            div.label {
                span.indent { @for _ in 0..(*depth).min(12) { i {} } }
                (text::dot(&event.name))
                a href=(Link::event(event.id)) { (Name(&event.name)) }
                span.muted {
                    a href=(Link::version(event)) { (Name(event.stream.as_str())) }
                    @if let Some(action) = action { " by " (Name(action)) }
                }
            }
            div.bar {
                (axis.bar(from, event.created, text::colour(&event.name)))
                span.wait { @if cause.is_some() { "+" (text::length(waited)) } }
            }
        }
    }
}

fn action_of(causation: &str) -> &str {
    causation.rsplit_once('#').map_or(causation, |(action, _)| action)
}

/// Which event of some has an id.
fn by_id(events: &[Committed], id: crate::Id) -> Option<usize> {
    events.binary_search_by_key(&id, |event| event.id).ok()
}
