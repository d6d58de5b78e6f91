//! The model: what the app consists of, and the way from each part to what happened.

use maud::{Markup, html};

use super::{
    fault::Fault,
    frame::{Frame, Page, Tab},
    link::Link,
    text::{self, Name},
};
use crate::{AggregateModel, Model, ProjectionModel, ReactionModel};

pub(super) async fn page(frame: Frame) -> Result<Page, Fault> {
    let model = frame.shared.source.app().await?.model();
    let body = html! {
        (board(model))
        h2 { "Aggregates" }
        @for one in &model.aggregates { (aggregate(one)) }
        @if model.aggregates.is_empty() { p.empty { "This app has no aggregates." } }
        @if !model.projections.is_empty() { h2 { "Projections" } (projections(&model.projections)) }
        @if !model.reactions.is_empty() { h2 { "Reactions" } (reactions(&model.reactions)) }
        @let cycles = model.cycles();
        @if !cycles.is_empty() {
            h2 { "Circles" }
            section.card {
                p.muted { "What follows from these may go on for ever; what the actions decide must end it." }
                ul { @for cycle in &cycles { li { (Name(&cycle.to_string())) } } }
            }
        }
    };
    Ok(frame.page(Tab::Model, "Model", &body))
}

/// How everything hangs together, as a picture.
fn board(model: &Model) -> Markup {
    html! {
        p.lead {
            (text::count(model.aggregates.len(), "aggregate")) ", "
            (text::count(model.projections.len(), "projection")) ", "
            (text::count(model.reactions.len(), "reaction")) "."
        }
    }
}

fn event(name: &str) -> Markup {
    html! { span.what { (text::dot(name)) a href=(Link::to("log").with("name", name)) { (Name(name)) } } }
}

fn aggregate(one: &AggregateModel) -> Markup {
    html! {
        section.card id={ "a-" (one.name) } {
            header {
                h3 { (Name(one.name)) }
                a href=(Link::to("log").with("category", one.name)) { "Its events" }
                @if let Some(every) = one.snapshot_every { span.muted { "snapshot every " (every) } }
            }
            @if !one.docs.is_empty() { p { (one.docs) } }
            div.scroll { table {
                thead { tr { th { "Action" } th { "Given" } th { "Emits" } } }
                tbody {
                    @for action in &one.actions {
                        tr {
                            td data-label="Action" { strong { (Name(action.name)) }
                                @if !action.docs.is_empty() { div.muted { (action.docs) } } }
                            td data-label="Given" { @for name in &action.given { code { (name) } " " } }
                            td data-label="Emits" { @for name in &action.emits { (event(name)) " " } }
                        }
                    }
                }
            } }
            @if !one.given.is_empty() {
                ul.given { @for given in &one.given {
                    li { code { (given.name) } " " span.muted { (given.docs) } }
                } }
            }
            p { "Events: " @for one in &one.events {
                (event(one.name))
                @if one.version != 1 { span.muted { " schema " (one.version) } }
                " "
            } }
        }
    }
}

fn from(aggregates: &[&str]) -> Markup {
    html! {
        @if aggregates.is_empty() { span.muted { "any" } }
        @for name in aggregates { a href={ "#a-" (name) } { (Name(name)) } " " }
    }
}

fn projections(all: &[ProjectionModel]) -> Markup {
    html! {
        @for one in all {
            section.card {
                header { h3 { (Name(one.name)) } span.muted { "version " (one.version) }
                    a href="projections" { "How far it is" } }
                @if !one.docs.is_empty() { p { (one.docs) } }
                div.scroll { table {
                    thead { tr { th { "Takes" } th { "Of" } th { "By" } } }
                    tbody { @for takes in &one.takes { tr {
                        td data-label="Takes" { (event(takes.event)) }
                        td data-label="Of" { (from(&takes.from)) }
                        td data-label="By" { code { (takes.method) } }
                    } } }
                } }
            }
        }
    }
}

fn reactions(all: &[ReactionModel]) -> Markup {
    html! {
        @for one in all {
            section.card {
                header { h3 { (Name(one.name)) } a href="reactions" { "How far it is" } }
                @if !one.docs.is_empty() { p { (one.docs) } }
                div.scroll { table {
                    thead { tr { th { "Takes" } th { "Of" } th { "Asks" } } }
                    tbody { @for takes in &one.takes { tr {
                        td data-label="Takes" { (event(takes.event)) }
                        td data-label="Of" { (from(&takes.from)) }
                        td data-label="Asks" { @for asks in &takes.asks {
                            a href={ "#a-" (asks.aggregate) } { (Name(&asks.to_string())) } " "
                        } }
                    } } }
                } }
            }
        }
    }
}
