//! Who caused whom: each event below the one it followed from, and beside it when.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Diagram,
    fact::Fact,
    mermaid::Flowchart,
    scene::{Frame, Line, Look, Node, Rect, Scene},
    text::{count, many},
    time::{after, between, span},
};
use crate::{Committed, Id, Payload};

const MARGIN: i32 = 20;
/// A step to the right for what followed.
const STEP: i32 = 28;
/// Deeper than this is drawn as deep as this.
const DEEPEST: usize = 16;
/// A row.
const ROW: i32 = 60;
/// The times.
const SCALE: i32 = 420;

pub(super) fn causes<T: Payload>(events: &[Committed<T>]) -> Diagram {
    let facts = Fact::all(events);
    let rows = rows(&facts);
    Diagram::new(scene(&facts, &rows), mermaid(&facts))
}

/// An event in the order in which it is drawn: below its cause, before what is older than that.
struct Row<'a> {
    fact: &'a Fact<'a>,
    depth: usize,
    /// The cause, where it is shown.
    cause: Option<&'a Fact<'a>>,
}

fn rows<'a>(facts: &'a [Fact<'a>]) -> Vec<Row<'a>> {
    let known: BTreeMap<Id, &Fact<'_>> = facts.iter().map(|fact| (fact.id, fact)).collect();
    let mut followed: BTreeMap<Id, Vec<&Fact<'_>>> = BTreeMap::new();
    let mut stack = Vec::new();
    for fact in facts.iter().rev() {
        match fact.cause.filter(|cause| known.contains_key(cause)) {
            Some(cause) => followed.entry(cause).or_default().push(fact),
            None => stack.push(Row { fact, depth: 0, cause: None }),
        }
    }
    // Causes are older than what they cause, so this ends; and no depth is too deep for a loop.
    let mut rows = Vec::new();
    while let Some(row) = stack.pop() {
        for fact in followed.remove(&row.fact.id).into_iter().flatten() {
            stack.push(Row { fact, depth: row.depth + 1, cause: Some(row.fact) });
        }
        rows.push(row);
    }
    rows
}

fn scene(facts: &[Fact<'_>], rows: &[Row<'_>]) -> Scene {
    let mut scene = Scene::default();
    let (title, below) = heading(facts, rows);
    let top = scene.head(MARGIN, &title, &below, &[]) + 4;
    let mut nodes: Vec<Node> =
        rows.iter().zip(0..).map(|(row, place)| node(row, top, place)).collect();
    let widest = nodes.iter().map(|node| node.rect.right()).max().unwrap_or(300);
    let left = widest + 110;
    let bottom = top + count(rows.len()) * ROW;
    let start = facts.iter().map(|fact| fact.created).min().unwrap_or_default();
    let end = facts.iter().map(|fact| fact.created).max().unwrap_or_default();
    let total = between(start, end).max(1);
    let at = |micros: i64| {
        // In 128 bits, for years of microseconds.
        let place = i128::from(micros) * i128::from(SCALE) / i128::from(total);
        left + i32::try_from(place).unwrap_or(SCALE)
    };
    // What happened at one time needs no scale.
    let quarters = if total < 4 { 0 } else { 4 };
    for quarter in 0..=quarters {
        let micros = total / 4 * quarter;
        let x = at(micros);
        let rect = Rect { x, y: top - 6, width: 1, height: bottom - top + 6 };
        scene.frames.push(Frame { rect, class: "rule" });
        scene.label((x, top - 12), "middle", span(micros));
    }
    let mut places = BTreeMap::new();
    for (row, node) in rows.iter().zip(&mut nodes) {
        let middle = node.rect.y + node.rect.height / 2;
        let happened = at(between(start, row.fact.created));
        if let Some(cause) = row.cause {
            if let Some((x, y)) = places.get_mut(&cause.id) {
                let points = vec![(*x, *y), (*x, middle), (node.rect.x, middle)];
                scene.lines.push(Line { points, class: "", is_arrow: node.rect.x > *x });
                // The next that followed goes on from here.
                *y = middle;
            }
            let from = at(between(start, cause.created));
            let (x, width) = (from.min(happened), (happened - from).abs());
            let rect = Rect { x, y: middle - 3, width, height: 6 };
            scene.frames.push(Frame { rect, class: "bar" });
            let passed = after(between(cause.created, row.fact.created));
            scene.label((left - 16, middle + 4), "side", passed);
        }
        let rect = Rect { x: happened - 5, y: middle - 5, width: 10, height: 10 };
        scene.frames.push(Frame { rect, class: "dot" });
        places.insert(row.fact.id, (node.rect.x + 12, node.rect.bottom()));
    }
    scene.boxes = nodes.into_iter().map(Node::fit).collect();
    (scene.width, scene.height) = (left + SCALE + 50, bottom + MARGIN);
    scene
}

fn heading(facts: &[Fact<'_>], rows: &[Row<'_>]) -> (String, String) {
    let first = rows.first().and_then(|row| row.fact.how());
    let title = match first {
        Some(how) => format!("What followed from {how}"),
        None => "What followed".to_owned(),
    };
    let correlations: BTreeSet<_> = facts.iter().filter_map(|fact| fact.correlation).collect();
    let streams: BTreeSet<_> = facts.iter().map(|fact| fact.stream).collect();
    let which = match correlations.iter().collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [one] => format!(", correlation {one}"),
        more => format!(", {} correlations", more.len()),
    };
    let events = many(facts.len(), "event");
    (title, format!("{events} in {}{which}", many(streams.len(), "stream")))
}

fn node(row: &Row<'_>, top: i32, place: i32) -> Node {
    let Row { fact, depth, cause } = row;
    let mut how = fact.how().unwrap_or_default();
    if let (None, Some(cause)) = (cause, fact.cause) {
        how = format!("{how} after event {cause}, which is not shown");
    }
    let place_in_stream = format!("{} version {}", fact.stream, fact.version);
    let line = if how.is_empty() { place_in_stream } else { format!("{how} · {place_in_stream}") };
    let mut node = fact.node(vec![line]);
    let depth = (*depth).min(DEEPEST);
    let width = Node::wanted(&node.name, &node.details).clamp(180, 440);
    let x = MARGIN + count(depth) * STEP;
    node.rect = Rect { x, y: top + 6 + place.saturating_mul(ROW), width, ..node.rect };
    node
}

/// An action node for each append, between the cause and its events.
fn mermaid(facts: &[Fact<'_>]) -> String {
    let mut chart = Flowchart::new("LR");
    let ids: BTreeSet<_> = facts.iter().map(|fact| fact.id).collect();
    let mut asked: Option<(&Fact<'_>, String)> = None;
    for fact in facts {
        let event = fact.target().word();
        let details = [fact.stream.to_string()];
        chart.node(&event, Look::Event, fact.name, &details);
        let Some(action) = fact.action else { continue };
        let same = |last: &Fact<'_>| {
            last.action == fact.action
                && last.cause == fact.cause
                && last.stream == fact.stream
                && last.created == fact.created
        };
        if !asked.as_ref().is_some_and(|(last, _)| same(last)) {
            let id = format!("by_{event}");
            let by = fact.actor.map(|actor| format!("by {actor}"));
            chart.node(&id, Look::Action, action, by.as_slice());
            if let Some(cause) = fact.cause.filter(|cause| ids.contains(cause)) {
                let found = facts.iter().find(|one| one.id == cause);
                let passed = found.map(|one| after(between(one.created, fact.created)));
                let from = super::Target::Committed(cause).word();
                chart.arrow_saying(&from, &id, &passed.unwrap_or_default());
            }
            asked = Some((fact, id));
        }
        if let Some((_, id)) = &asked {
            chart.arrow(id, &event);
        }
    }
    chart.end()
}
