//! Reactions: how far each is, and what it has parked.

use axum::response::Response;
use maud::{Markup, html};

use super::{
    access::{self, Posted},
    asked::Asked,
    fault::{self, Fault},
    frame::{Frame, Page, Tab},
    link::Link,
    text::{self, Name},
};
use crate::{Edit, Id, ParkedStream, ParkedWhat, ReactionHealth, ReactionState, StreamId};

/// How many parked streams are listed of a reaction.
const LISTED: usize = 200;

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let app = frame.shared.source.app().await?;
    let health = app.health().await?;
    let mut cards = Vec::new();
    for one in &health.reactions {
        let parked = app.parked_by_name(one.name).await?;
        let docs = app.model().reactions.iter().find(|model| model.name == one.name);
        cards.push(card(&frame, one, docs.map_or("", |model| model.docs), &parked, health.head));
    }
    let done = asked.text("done")?;
    let body = html! {
        @if let Some(done) = done { p.done role="status" { (Name(&done)) } }
        p.lead { "The log ends at " (text::grouped(health.head.0)) "." }
        div.cards.wide data-refresh="3000" { @for card in &cards { (card) } }
        @if cards.is_empty() { p.empty { "This app has no reactions." } }
    };
    Ok(frame.page(Tab::Reactions, "Reactions", &body))
}

fn card(
    frame: &Frame,
    one: &ReactionHealth,
    docs: &str,
    parked: &[ParkedStream],
    head: Id,
) -> Markup {
    html! {
        article.card {
            header { h2 { (Name(one.name)) } (state(one)) }
            @if !docs.is_empty() { p.muted { (docs) } }
            dl.numbers {
                div { dt { "Settled" } dd { (text::grouped(one.seen.0)) " of " (text::grouped(head.0)) } }
                div { dt { "Behind" } dd {
                    (text::grouped(one.lag))
                    @if let Some(time) = one.lag_time { ", for " (text::length(time)) }
                } }
                div { dt { "Waiting for another try" } dd { (one.waiting) } }
                div { dt { "Parked" } dd { (parked.len()) } }
            }
            @if !parked.is_empty() {
                ul.parked { @for stream in parked.iter().take(LISTED) { (row(frame, one.name, stream)) } }
                @if parked.len() > LISTED { p.muted { "and " (parked.len() - LISTED) " more" } }
                (frame.not_now("retry or skip"))
            }
        }
    }
}

fn row(frame: &Frame, reaction: &str, parked: &ParkedStream) -> Markup {
    html! {
        li {
            div.head {
                a href=(Link::stream(&parked.stream)) { strong { (Name(parked.stream.as_str())) } }
                span.muted {
                    @match &parked.what {
                        ParkedWhat::Event { name, version } => {
                            (Name(name)) " at version " (version) ", event "
                        },
                        ParkedWhat::Timer { action, of, ordinal } => {
                            "timer " (ordinal) ": " (Name(action)) " of "
                            a href=(Link::stream(of)) { (Name(of.as_str())) } ", set by event "
                        },
                    }
                    a href=(Link::event(parked.event)) { (parked.event) }
                }
            }
            p.trouble { (Name(text::start(&parked.error, 2000).0)) }
            p.muted { (text::count(parked.attempts as usize, "attempt")) ", fails since " (text::time(parked.since)) " UTC" }
            @if frame.may_change() {
                form.do method="post" action="parked" {
                    (frame.field("parked"))
                    input type="hidden" name="reaction" value=(reaction);
                    input type="hidden" name="stream" value=(parked.stream);
                    button.primary type="submit" name="do" value="retry" title="One more try, now" { "Retry" }
                    button type="submit" name="do" value="unpark" title="As many tries as at first" { "Unpark" }
                    button.danger type="submit" name="do" value="skip"
                        title="Leaves this event out and goes on behind it" { "Skip" }
                }
            }
        }
    }
}

fn state(one: &ReactionHealth) -> Markup {
    html! {
        @if one.parked > 0 { span.pill.bad { (one.parked) " parked" } }
        @match &one.state {
            ReactionState::Running => span.pill.good { "running" },
            ReactionState::Standby => span.pill { "standby" },
            ReactionState::Retrying { failures, .. } => {
                span.pill.busy { "retrying after " (text::count(*failures as usize, "failure")) }
            },
            ReactionState::Stopped { .. } => span.pill.bad { "stopped" },
        }
        @if let ReactionState::Retrying { since, error, .. }
            | ReactionState::Stopped { since, error } = &one.state {
            p.trouble { "Since " (text::time(*since)) ": " (fault::chain(error.as_ref())) }
        }
    }
}

/// Retries, skips or unparks a stream.
pub(super) async fn edit(posted: Posted) -> Result<Response, Fault> {
    posted.admit_change("parked")?;
    let (edit, told) = match posted.field("do") {
        "retry" => (Edit::Retry, "is tried again"),
        "skip" => (Edit::Skip, "is skipped"),
        "unpark" => (Edit::Unpark, "is unparked"),
        _ => {
            return Err(Fault::bad("The form asks for something else than retry, skip or unpark."));
        }
    };
    let (reaction, stream) =
        (posted.field("reaction"), posted.field("stream").parse::<StreamId>()?);
    posted.shared.source.app().await?.edit_parked(reaction, &stream, edit).await?;
    tracing::info!(reaction, %stream, ?edit, "the inspector changes what is parked");
    let done = format!("{stream} {told}.");
    Ok(access::go(Link::to("reactions").with("done", done).as_str(), None))
}
