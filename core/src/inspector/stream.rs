//! A stream: its history, and its state at each version.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    asked::Asked,
    event,
    fault::{self, Fault},
    frame::{Frame, Page, Tab},
    json::{self, Change, Node},
    link::Link,
    text::{self, Name},
};
use crate::{App, Committed, Result, StreamId, Version, event::undone, store::Query};

mod travel;

/// How many events are listed before and behind the one that is shown.
const AROUND: u64 = 12;

/// How many changed paths are named.
const NAMED: usize = 40;

/// What is shown of a stream.
struct Shown {
    stream: StreamId,
    at: Version,
    last: Version,
    /// The events around `at`, oldest first.
    around: Vec<Committed>,
}

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let app = frame.shared.source.app().await?;
    let Some(stream) = asked.stream("name")? else {
        return Err(Fault::bad("The address names no stream, as in `stream?name=Cart-123`."));
    };
    let Some(last) = last(app, &stream).await? else {
        return Err(Fault::missing(format!("The stream `{stream}` has no events.")));
    };
    let at = asked.number("version")?.map_or(last, |version| Version(version.min(last.0)));
    let query = Query::stream(stream.clone())
        .from_version(at.0.saturating_sub(AROUND).max(1))
        .to_version(at.0.saturating_add(AROUND));
    let around = app.read(query).all().await?;
    let shown = Shown { stream, at, last, around };
    let is_known = app.model().aggregates.iter().any(|one| one.name == shown.stream.category());
    let state = if is_known { Some(state(app, &shown).await) } else { None };
    let title = shown.stream.to_string();
    let body = html! {
        (ways(&shown, is_known))
        (travel::bar(&shown.stream, shown.at, shown.last))
        div.columns data-part {
            @match state {
                Some(state) => (state),
                None => (payload(&shown)),
            }
            (at_hand(&shown))
        }
        (history(&shown))
    };
    Ok(frame.page(Tab::Log, &title, &body))
}

async fn last(app: &App, stream: &StreamId) -> Result<Option<Version>> {
    let query = Query::stream(stream.clone()).backward().limit(1).without_meta();
    let last = app.read(query).next().await.transpose()?;
    Ok(last.map(|event| event.version))
}

fn ways(shown: &Shown, is_known: bool) -> Markup {
    let stream = &shown.stream;
    html! {
        p.ways {
            a href=(Link::to("log").with("stream", stream)) { "In the log" }
            a href=(Link::to("log").with("category", stream.category())) {
                "All of " (Name(stream.category()))
            }
            @if is_known {
                a href=(Link::to("actions").with("stream", stream)) { "What is possible now" }
            }
        }
    }
}

/// The state, beside that of the version before.
async fn state(app: &App, shown: &Shown) -> Markup {
    let (stream, at) = (&shown.stream, shown.at);
    let found = app.step_json(stream.category(), stream.id(), at).await;
    html! {
        section.card.state aria-labelledby="state" {
            h2 #state { "State at version " (at) }
            @match &found {
                Ok((before, now)) => {
                    @let (old, new) = (Node::of(before.state.as_str()), Node::of(now.state.as_str()));
                    @let change = if at.0 == 0 { Change::Same(&new) } else { Change::between(&old, &new) };
                    (changes(&change, at))
                    (json::shown(&change))
                },
                Err(error) => {
                    p.trouble role="alert" { (fault::chain(error)) }
                },
            }
        }
    }
}

fn changes(change: &Change<'_, '_>, at: Version) -> Markup {
    let all = json::changes(change, NAMED + 1);
    html! {
        @if at.0 == 0 { p.muted { "Before the first event." } }
        @else if all.is_empty() { p.muted { "This event has changed nothing in the state." } }
        @else {
            ul.changes aria-label={ "Changed by version " (at) } {
                @for one in all.iter().take(NAMED) {
                    li class=(kind(one.sign)) {
                        span.sign { (one.sign) }
                        span.path { (Name(if one.path.is_empty() { "(all)" } else { &one.path })) }
                        " " span.value { (Name(&one.text)) }
                    }
                }
                @if all.len() > NAMED { li.muted { "and more" } }
            }
        }
    }
}

fn kind(sign: char) -> &'static str {
    match sign {
        '+' => "add",
        '−' => "del",
        _ => "chg",
    }
}

/// Where the types are not known, the payload is all there is.
fn payload(shown: &Shown) -> Markup {
    html! {
        section.card.state aria-labelledby="state" {
            h2 #state { "Payload of version " (shown.at) }
            @match shown.event() {
                Some(event) => (json::show(event.data.as_str())),
                None => p.muted { "Before the first event." },
            }
            p.muted.hint {
                "States need the types: mount the inspector in the program that has them."
            }
        }
    }
}

/// The event that led to the version.
fn at_hand(shown: &Shown) -> Markup {
    let Some(event) = shown.event() else {
        return html! { section.card { h2 { "Before the first event" } } };
    };
    html! {
        section.card aria-labelledby="event" {
            h2 #event { "Event " (event.id) }
            (event::facts(event))
            (json::show(event.data.as_str()))
        }
    }
}

fn history(shown: &Shown) -> Markup {
    let Shown { stream, at, last, around } = shown;
    let link = |version: Version| Link::stream(stream).with("version", version);
    let (first, end) = (around.first(), around.last());
    let mut before = None;
    let rows: Vec<(&Committed, Option<Duration>)> = around
        .iter()
        .map(|event| {
            let gap = before.map(|before| text::between(before, event.created));
            before = Some(event.created);
            (event, gap)
        })
        .collect();
    let undone = undone::undone(around);
    html! {
        section.card data-part aria-labelledby="history" {
            h2 #history { "History" }
            @if first.is_some_and(|first| first.version.0 > 1) {
                p.muted { a href=(link(Version(at.0.saturating_sub(2 * AROUND).max(1)))) { "Earlier" } }
            }
            ol.history {
                @for (event, gap) in rows {
                    li aria-current=[(event.version == *at).then_some("true")] {
                        a href=(link(event.version)) {
                            span.version { (event.version) }
                            span.what {
                                (text::dot(&event.name))
                                @if let Some(by) = undone.get(&(stream, event.version)) {
                                    s.name title={ "undone by version " (by) } { (Name(&event.name)) }
                                } @else {
                                    span.name { (Name(&event.name)) }
                                }
                                @if let Some(told) = undone::told(&event.meta) {
                                    span.told { (told) }
                                }
                            }
                            (text::time(event.created))
                            span.gap { @if let Some(gap) = gap { "+" (text::length(gap)) } }
                            span.who { @if let Some(actor) = event.meta.actor() { (Name(actor)) } }
                        }
                    }
                }
            }
            @if end.is_some_and(|end| end.version < *last) {
                p.muted { a href=(link(Version(at.0 + 2 * AROUND))) { "Later" } }
            }
        }
    }
}

impl Shown {
    fn event(&self) -> Option<&Committed> {
        self.around.iter().find(|event| event.version == self.at)
    }
}
