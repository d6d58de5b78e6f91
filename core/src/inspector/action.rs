//! Actions: what is possible in a stream now, and asking one.

use axum::response::Response;
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    access::{self, Posted},
    asked::Asked,
    fault::{self, Fault},
    frame::{Frame, LATER, Page, Tab},
    json,
    link::Link,
    text::{self, Name},
};
use crate::{
    ActError, ActionModel, AggregateModel, App, GivenHolds, Possible, Result, StreamId, Version,
};

pub(super) async fn page(frame: Frame, asked: Asked) -> Result<Page, Fault> {
    let app = frame.shared.source.app().await?;
    let Some(stream) = stream(&asked)? else {
        return Ok(frame.page(Tab::Actions, "Actions", &choose(app)));
    };
    let is_known = app.model().aggregates.iter().any(|one| one.name == stream.category());
    if !is_known {
        let name = stream.category();
        return Err(Fault::missing(format!("The app has no aggregate `{name}`.")));
    }
    let done = asked.text("done")?;
    let body = html! {
        @if let Some(done) = done { p.done role="status" { (Name(&done)) } }
        (LATER)
        (frame.not_now("act"))
    };
    let page = frame.page(Tab::Actions, &format!("Actions on {stream}"), &body);
    let app = app.clone();
    // The state may be a long way off.
    Ok(page.later(async move {
        let told = possible(&frame, &app, &stream).await;
        told.unwrap_or_else(|error| html! { p.trouble role="alert" { (fault::chain(&error)) } })
    }))
}

/// What can be asked of a stream in its state.
async fn possible(frame: &Frame, app: &App, stream: &StreamId) -> Result<Markup> {
    let possible = app.possible(stream.category(), stream.id()).await?;
    let state = app.load_json(stream.category(), stream.id(), None).await?;
    let models = app.model().aggregates.iter().filter(|one| one.name == stream.category());
    let sketched = |action: &ActionModel| app.sketch_input(stream.category(), action.name);
    let actions: Vec<_> = models.flat_map(|model| &model.actions).collect();
    let inputs: Vec<_> = actions.iter().copied().map(sketched).collect::<Result<_>>()?;
    Ok(html! {
        p.lead {
            @if possible.version == Version(0) { "A stream without events." }
            @else {
                "At version " (possible.version) ". "
                a href=(Link::stream(stream)) { "Its history" }
            }
        }
        div.columns {
            div.cards { @for (action, input) in actions.iter().zip(&inputs) { (card(frame, &possible, action, input)) } }
            section.card { h2 { "State now" } (json::show(state.state.as_str())) }
        }
        @if actions.is_empty() { p.empty { "Nothing can be asked of it." } }
    })
}

/// The stream, named whole or by aggregate and id.
fn stream(asked: &Asked) -> Result<Option<StreamId>, Fault> {
    if let Some(stream) = asked.stream("stream")? {
        return Ok(Some(stream));
    }
    match (asked.text("aggregate")?, asked.text("id")?) {
        (Some(aggregate), Some(id)) => Ok(Some(StreamId::new(&aggregate, id)?)),
        _ => Ok(None),
    }
}

fn choose(app: &App) -> Markup {
    let aggregates = &app.model().aggregates;
    html! {
        form.filter method="get" action="actions" {
            label {
                span { "Aggregate" }
                select name="aggregate" required {
                    @for AggregateModel { name, .. } in aggregates { option value=(name) { (name) } }
                }
            }
            label { span { "Id" } input name="id" required placeholder="123" autocomplete="off"; }
            div.do { button.primary type="submit" { "What is possible?" } }
        }
        @if aggregates.is_empty() { p.empty { "This app has no aggregates." } }
    }
}

fn card(frame: &Frame, possible: &Possible, action: &ActionModel, input: &str) -> Markup {
    let is_open = possible.unmet(action).next().is_none();
    html! {
        article.card.action {
            header {
                h2 { (action.name) }
                @if is_open { span.pill.good { "possible" } } @else { span.pill { "not now" } }
            }
            @if !action.docs.is_empty() { p { (action.docs) } }
            @if !action.given.is_empty() {
                ul.given {
                    @for given in possible.given.iter().filter(|one| action.given.contains(&one.name)) {
                        li class=(if given.refusal.is_none() { "holds" } else { "fails" }) {
                            span.sign { (if given.refusal.is_none() { "✓" } else { "✗" }) }
                            " " code { (given.name) } " "
                            span.muted { (why(given)) }
                        }
                    }
                }
            }
            p.muted { "May emit " @for (at, event) in action.emits.iter().enumerate() {
                @if at > 0 { ", " } (text::dot(event)) " "
                a href=(Link::to("log").with("name", event)) { (event) }
            } }
            @if frame.may_change() { (form(frame, possible, action, input)) }
        }
    }
}

/// Why a precondition does not hold, without its name, which stands beside it; else what it asks.
fn why(given: &GivenHolds) -> &str {
    let Some(refusal) = &given.refusal else { return given.docs };
    let named = refusal.strip_prefix('`').and_then(|rest| rest.strip_prefix(given.name));
    named.and_then(|rest| rest.strip_prefix("` is not met: ")).unwrap_or(refusal)
}

/// Begins with an input whose fields only need to be filled in.
fn form(frame: &Frame, possible: &Possible, action: &ActionModel, input: &str) -> Markup {
    let (id, rows) = (format!("input-{}", action.name), input.lines().count().clamp(2, 16));
    html! {
        form.stack method="post" action="act" {
            (frame.field("act"))
            input type="hidden" name="stream" value=(possible.stream);
            input type="hidden" name="version" value=(possible.version);
            input type="hidden" name="action" value=(action.name);
            input type="hidden" name="key" value=(Uuid::new_v4());
            label for=(id) { "Input, as JSON" }
            textarea id=(id) name="input" rows=(rows) spellcheck="false" required { (input) }
            label { "Actor " input name="actor" placeholder="inspector" autocomplete="off"; }
            button.primary type="submit" { "Ask " (action.name) }
        }
    }
}

/// Asks an action, of the very version that the form was shown for.
pub(super) async fn run(posted: Posted) -> Result<Response, Fault> {
    posted.admit_change("act")?;
    let field = |name: &str| posted.field(name);
    let stream: StreamId = field("stream").parse()?;
    let version = field("version").parse().map_err(|_| Fault::bad("The form has no version."))?;
    let (action, key) = (field("action"), field("key"));
    let actor =
        Some(field("actor").trim()).filter(|actor| !actor.is_empty()).unwrap_or("inspector");
    let app = posted.shared.source.app().await?;
    let mut act = app
        .act_json(stream.category(), stream.id(), action, field("input"))
        .actor(actor)
        .expect(Version(version));
    if !key.is_empty() {
        act = act.key(format!("inspector {key}"));
    }
    let done = match act.await {
        Ok(done) => done,
        Err(error) => {
            let text = fault::chain(&error);
            return Err(match error {
                ActError::Rejected(_) => Fault::rejected(format!("{action}: {text}")),
                ActError::Conflict(_) => Fault::conflict(format!(
                    "{text}. The stream has gone on since the form was shown; look again."
                )),
                ActError::Store(error) => error.into(),
            });
        }
    };
    tracing::info!(%stream, action, actor, "the inspector has acted");
    let told = match done.events {
        0 => format!("{action} was accepted and changed nothing."),
        1 => format!("{action} was stored as version {}.", done.version),
        more => format!("{action} was stored as {more} events up to version {}.", done.version),
    };
    Ok(access::go(Link::to("actions").with("stream", &stream).with("done", told).as_str(), None))
}
