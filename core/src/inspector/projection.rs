//! Projections: how far each is, how far behind it has been, and building it anew.

use axum::response::Response;
use maud::{Markup, html};

use super::{
    access::{self, Posted},
    asked::Asked,
    fault::{self, Fault},
    frame::{Frame, Page, Tab},
    json,
    link::Link,
    text::{self, Name},
    view,
};
use crate::{App, ProjectionHealth, ProjectionState, Verification};

mod plot;
mod watched;

pub(super) use watched::{Watched, watch};

use watched::{Check, Outcome};

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let app = frame.shared.source.app().await?;
    if !frame.shared.source.is_typed() {
        return Ok(frame.page(Tab::Projections, "Stored views", &stored(app).await?));
    }
    let health = app.health().await?;
    let done = asked.text("done")?;
    let busy = frame.shared.watched.is_checking()
        || health.projections.iter().any(|one| one.lag > 0 || !one.serves);
    let body = html! {
        @if let Some(done) = done { p.done role="status" { (Name(&done)) } }
        p.lead { "The log ends at " (text::grouped(health.head.0)) "." }
        div.cards data-refresh=(if busy { "1000" } else { "3000" }) {
            @for one in &health.projections { (card(&frame, app, one, health.head)) }
        }
        @if health.projections.is_empty() { p.empty { "This app has no projections." } }
    };
    Ok(frame.page(Tab::Projections, "Projections", &body))
}

/// Where the types are not known, what is stored is listed.
async fn stored(app: &App) -> Result<Markup, Fault> {
    let views = app.store().views().await?;
    let head = app.store().head().await?;
    Ok(html! {
        p.lead { "The log ends at " (text::grouped(head.0)) "." }
        div.events.views {
            @for (view, checkpoint) in &views {
                a.event href=(view::link(view, "")) {
                    strong { (Name(&view.name)) } span.muted { "version " (view.version) }
                    span { "stored up to " (text::grouped(checkpoint.0)) }
                }
            }
        }
        @if views.is_empty() { p.empty { "No projection has stored anything." } }
    })
}

fn card(frame: &Frame, app: &App, one: &ProjectionHealth, head: crate::Id) -> Markup {
    let docs = app.model().projections.iter().find(|model| model.name == one.name);
    let docs = docs.map(|model| model.docs).unwrap_or_default();
    let views = app.views_by_name(one.name);
    let samples = frame.shared.watched.samples(one.name);
    html! {
        article.card.projection id={ "p-" (one.name) } {
            header {
                h2 { (Name(one.name)) " " span.muted { "version " (one.version) } }
                (state(one))
            }
            @if !docs.is_empty() { p.muted { (docs) } }
            (plot::progress(one.seen, head))
            dl.numbers {
                div { dt { "Seen" } dd { (text::grouped(one.seen.0)) " of " (text::grouped(head.0)) } }
                div { dt { "Behind" } dd {
                    @match one.lag_time {
                        Some(time) => { (text::grouped(one.lag)) ", for " (text::length(time)) },
                        None => (text::grouped(one.lag)),
                    }
                } }
                @if let Some(rate) = one.rate { div { dt { "Rate" } dd { (text::rate(rate)) "/s" } } }
            }
            (plot::lag(&samples))
            div.do {
                @for view in &views { a href=(view::link(view, "")) {
                    @if views.len() == 1 { "Documents" } @else { (Name(&view.name)) }
                } }
                @if !views.is_empty() && frame.may_work() {
                    form method="post" action="verify" {
                        (frame.field("verify"))
                        input type="hidden" name="projection" value=(one.name);
                        button type="submit" { "Verify" }
                    }
                }
                @if frame.may_change() {
                    form method="post" action="reset" {
                        (frame.field("reset"))
                        input type="hidden" name="projection" value=(one.name);
                        details.sure {
                            summary { "Build anew…" }
                            p { "Forgets what is stored and folds the log again. Until it has caught up, "
                                "views of it are not answered." }
                            button.danger type="submit" { "Build " (one.name) " anew" }
                        }
                    }
                }
            }
            (frame.not_now(if frame.may_work() { "build it anew" } else { "verify it, or build it anew" }))
            @if let Some(check) = frame.shared.watched.check(one.name) { (checked(&check)) }
        }
    }
}

fn state(one: &ProjectionHealth) -> Markup {
    html! {
        @if !one.serves { span.pill.busy { "being built" } }
        @match &one.state {
            ProjectionState::Running => span.pill.good { "running" },
            ProjectionState::Standby => span.pill { "standby" },
            ProjectionState::Retrying { failures, .. } => {
                span.pill.busy { "retrying after " (text::count(*failures as usize, "failure")) }
            },
            ProjectionState::Stopped { .. } => span.pill.bad { "stopped" },
        }
        @if let ProjectionState::Retrying { since, error, .. }
            | ProjectionState::Stopped { since, error } = &one.state {
            p.trouble { "Since " (text::time(*since)) ": " (fault::chain(error.as_ref())) }
        }
    }
}

fn checked(check: &Check) -> Markup {
    html! {
        div.checked role="status" {
            @match &check.outcome {
                None => p { "Folding again, since " (text::length(check.since.elapsed())) "…" },
                Some(Outcome::Failed(error)) => p.trouble { "It cannot be verified: " (error) },
                Some(Outcome::Found(found)) => (verified(found)),
            }
        }
    }
}

fn verified(found: &Verification) -> Markup {
    html! {
        @if found.is_equal() {
            p.good { "✓ Equal to the fold up to event " (found.at) ": " (found.documents) " documents." }
        } @else {
            p.trouble { "✗ " (found.differing) " of " (found.documents) " documents differ from the fold up to event " (found.at) "." }
        }
        @if let Some(first) = &found.first {
            p { "First: document " code { (Name(&first.key)) } " at "
                code { (Name(if first.path.is_empty() { "/" } else { &first.path })) }
                @if let Some(event) = first.event { " since event " a href=(Link::event(event)) { (event) } }
            }
            div.pair {
                div { h3 { "Stored" } @if let Some(json) = &first.stored { (json::show(json.as_str())) } @else { p.muted { "nothing" } } }
                div { h3 { "Folded" } @if let Some(json) = &first.folded { (json::show(json.as_str())) } @else { p.muted { "nothing" } } }
            }
        }
    }
}

/// Begins to fold a projection again beside what is stored; one at a time.
pub(super) async fn verify(posted: Posted) -> Result<Response, Fault> {
    posted.admit_work("verify")?;
    let (name, app) = (projection(&posted)?, posted.shared.source.app().await?);
    if app.views_by_name(name).is_empty() {
        return Err(Fault::missing(format!("The app has no projection `{name}` with documents.")));
    }
    if !watched::begin_check(&posted.shared, app.clone(), name.to_owned()) {
        return Err(Fault::busy("Another projection is being verified. Wait for it to end."));
    }
    Ok(access::go("projections", None))
}

pub(super) async fn reset(posted: Posted) -> Result<Response, Fault> {
    posted.admit_change("reset")?;
    let name = projection(&posted)?;
    posted.shared.source.app().await?.reset_by_name(name).await?;
    tracing::info!(projection = name, "the inspector has a projection built anew");
    let done = format!("{name} is being built anew.");
    Ok(access::go(Link::to("projections").with("done", done).as_str(), None))
}

fn projection(posted: &Posted) -> Result<&str, Fault> {
    posted.named("projection").ok_or_else(|| Fault::bad("The form names no projection."))
}
