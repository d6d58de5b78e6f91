//! `actum trace`: what followed from one request, as a tree.

use std::{collections::HashMap, time::Duration};

use clap::Args;
use console::Style;
use serde::Serialize;

use crate::{
    Committed, Id,
    cli::{
        events::Events,
        exit::{Exit, Failure},
        out::Out,
        plain,
    },
    event::causation,
    store::{Query, Store},
};

/// How deep a tree is drawn; what lies deeper stands at this depth.
const DEEPEST: usize = 40;

/// All that belongs to one correlation.
#[derive(Debug, Args)]
pub(in crate::cli) struct Trace {
    /// The correlation, as `actum event` shows it in the meta data
    correlation: String,
}

/// An event in its tree.
struct Node {
    event: Committed,
    /// Where its cause stands among the nodes.
    parent: Option<usize>,
    children: Vec<usize>,
}

impl Trace {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let query = Query::all().correlation(&self.correlation);
        let mut events = Events::new(store, query, &[]);
        let (mut nodes, mut places) = (Vec::<Node>::new(), HashMap::new());
        while let Some(event) = events.next().await? {
            // A cause has a lower id, so it has been read; so there are no circles either.
            let cause = event.meta.causation().and_then(causation::parts);
            let parent = cause.and_then(|(_, id)| places.get(&id).copied());
            places.insert(event.id, nodes.len());
            if let Some(parent) = parent.and_then(|parent: usize| nodes.get_mut(parent)) {
                parent.children.push(places.len() - 1);
            }
            nodes.push(Node { event, parent, children: Vec::new() });
        }
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else {
            let text = format!("no event has the correlation `{}`", self.correlation);
            return Err(Failure::Nothing(text));
        };
        if !out.is_json() {
            let (took, count) = (between(&first.event, &last.event), nodes.len());
            let head = format!("{}  {count} events in {took}", plain::text(&self.correlation));
            let head = out.styled(&Style::new().bold(), &head);
            out.line(&head)?;
        }
        draw(&nodes, out)?;
        Ok(Exit::Done)
    }
}

/// Draws all trees, each node before what follows from it.
fn draw(nodes: &[Node], out: &mut Out) -> Result<(), Failure> {
    let Some(first) = nodes.first() else { return Ok(()) };
    let roots = nodes.iter().enumerate().filter(|(_, node)| node.parent.is_none());
    let mut stack: Vec<_> = roots.map(|(at, _)| (at, Vec::new())).collect();
    stack.reverse();
    // For each level above: whether more comes there.
    while let Some((at, above)) = stack.pop() {
        let Some(node) = nodes.get(at) else { continue };
        let parent = node.parent.and_then(|parent| nodes.get(parent));
        if out.is_json() {
            out.json(&Line {
                depth: depth(nodes, node),
                parent: parent.map(|parent| parent.event.id),
                since_first_us: micros(&first.event, &node.event),
                since_parent_us: parent.map(|parent| micros(&parent.event, &node.event)),
                event: &node.event,
            })?;
        } else {
            line(&above, parent.unwrap_or(first), node, out)?;
        }
        for (place, child) in node.children.iter().enumerate().rev() {
            let mut above = above.clone();
            if above.len() < DEEPEST {
                above.push(place + 1 < node.children.len());
            }
            stack.push((*child, above));
        }
    }
    Ok(())
}

fn line(above: &[bool], before: &Node, node: &Node, out: &mut Out) -> Result<(), Failure> {
    let mut branch = String::new();
    if let Some((more, over)) = above.split_last() {
        branch.extend(over.iter().map(|more| if *more { "│  " } else { "   " }));
        branch.push_str(if *more { "├─ " } else { "└─ " });
    }
    let Committed { name, id, stream, version, meta, .. } = &node.event;
    let action = meta.causation().map(|text| text.split('#').next().unwrap_or(text));
    let by = action.map(|action| format!("  by {}", plain::text(action))).unwrap_or_default();
    let actor = meta.actor().map(|actor| format!(" ({})", plain::text(actor))).unwrap_or_default();
    let place = format!("{} v{version}", plain::text(stream.as_str()));
    let text = format!(
        "{branch}{}  #{id}  {}  {}{}",
        out.styled(&Style::new().yellow(), &format!("+{}", between(&before.event, &node.event))),
        out.styled(&Style::new().bold(), &plain::text(name)),
        out.styled(&Style::new().cyan(), &place),
        out.styled(&Style::new().dim(), &format!("{by}{actor}")),
    );
    out.line(&text)
}

/// One node as JSON.
#[derive(Serialize)]
struct Line<'a> {
    depth: usize,
    parent: Option<Id>,
    since_first_us: i64,
    since_parent_us: Option<i64>,
    event: &'a Committed,
}

fn depth(nodes: &[Node], node: &Node) -> usize {
    let above = |node: &&Node| node.parent.and_then(|parent| nodes.get(parent));
    std::iter::successors(Some(node), above).count() - 1
}

fn micros(one: &Committed, other: &Committed) -> i64 {
    other.created.as_microsecond().saturating_sub(one.created.as_microsecond())
}

/// The time between two events; clocks of several machines may disagree.
fn between(one: &Committed, other: &Committed) -> String {
    let micros = micros(one, other);
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{:?}", Duration::from_micros(micros.unsigned_abs()))
}
