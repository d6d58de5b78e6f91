//! What stands in the boxes of a panel.

use super::{Detail, INSET};
use crate::diagram::{
    Target,
    flow::{Asked, Flow, Happens, Taker},
    scene::{About, Label, Look, Node, Rect},
    text::{cut, summary, wrap},
};

/// The title of a panel and the line below it.
pub(super) fn head(flow: &Flow<'_>, is_continued: bool) -> (Label, String) {
    let continued = if is_continued { " (continued)" } else { "" };
    let text = format!("{}{continued}", cut(flow.name(), 15, 400));
    let docs = flow.aggregate.map(|aggregate| aggregate.docs).unwrap_or_default();
    let about = flow.aggregate.map(|aggregate| About {
        target: Target::Aggregate(aggregate.name.to_owned()),
        tooltip: tooltip(aggregate.name, docs, &[]),
        href: None,
    });
    let head = Label { at: (INSET, 25), text, class: "head", sign: None, about };
    (head, summary(docs))
}

pub(super) fn happens(flow: &Flow<'_>, event: &Happens<'_>, detail: Detail) -> Node {
    let docs = event.model.map(|model| model.docs).unwrap_or_default();
    let schema = event.model.map(|model| model.version).filter(|version| *version > 1);
    let mut details: Vec<String> =
        schema.map(|version| format!("schema {version}")).into_iter().collect();
    details.extend(docs_lines(docs, detail));
    let inverse = event.model.and_then(|model| model.inverse.as_ref());
    let Some(inverse) = inverse else {
        return node(Look::Event, event.name, docs, details, flow.event(event));
    };
    let undone = match inverse.emits.as_slice() {
        [] => "can be undone".to_owned(),
        emits => format!("can be undone, by {}", emits.join(", ")),
    };
    let docs = format!("{docs}\n{undone}\n{}", inverse.docs);
    let mut node = node(Look::Event, event.name, &docs, details, flow.event(event));
    node.name = event.shown();
    node
}

pub(super) fn asked(flow: &Flow<'_>, action: &Asked<'_>, detail: Detail) -> Node {
    let mut details = docs_lines(action.model.docs, detail);
    if !action.model.given.is_empty() {
        details.push(format!("given {}", action.model.given.join(", ")));
    }
    details.extend(action.by.iter().map(|by| format!("asked by {by}")));
    let mut docs = action.model.docs.to_owned();
    for given in &action.given {
        docs = format!("{docs}\ngiven {}: {}", given.name, summary(given.docs));
    }
    node(Look::Action, action.model.name, &docs, details, flow.action(action.model.name))
}

pub(super) fn takes(taker: &Taker<'_>, detail: Detail, is_here: impl Fn(usize) -> bool) -> Node {
    let look = if taker.is_reaction { Look::Reaction } else { Look::Projection };
    let handlers = taker.takes.iter().filter(|takes| is_here(takes.event));
    let docs: Vec<_> =
        handlers.map(|takes| summary(takes.docs)).filter(|docs| !docs.is_empty()).collect();
    let mut details = docs_lines(taker.docs, detail);
    details.extend(taker.asks(&is_here).iter().map(|asks| format!("→ {asks}")));
    let docs = format!("{}\n{}", taker.docs.trim(), docs.join("\n"));
    node(look, taker.name, &docs, details, taker.target())
}

fn node(look: Look, name: &str, docs: &str, details: Vec<String>, target: Target) -> Node {
    let tooltip = tooltip(name, docs, &details);
    let height = Node::height(details.len());
    let rect = Rect { height, ..Rect::default() };
    Node {
        rect,
        look,
        name: name.to_owned(),
        details,
        tooltip,
        is_struck: false,
        target,
        href: None,
    }
}

/// The whole name and docs, and what may be cut off in the box.
fn tooltip(name: &str, docs: &str, details: &[String]) -> String {
    let mut lines = vec![name.to_owned()];
    lines.extend(docs.trim().lines().map(str::to_owned).filter(|line| !line.trim().is_empty()));
    let asked = details.iter().filter(|line| line.starts_with("→ ") || line.starts_with("asked"));
    lines.extend(asked.cloned());
    lines.join("\n")
}

fn docs_lines(docs: &str, detail: Detail) -> Vec<String> {
    match detail {
        Detail::Names => Vec::new(),
        Detail::Docs => wrap(&summary(docs), 11, 200, 2),
    }
}
