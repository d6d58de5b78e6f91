//! The whole flow: a panel for each aggregate, side by side on shelves.

use super::{
    Diagram, Target,
    flow::Flow,
    mermaid::Flowchart,
    panel::{Detail, Lanes, Panel, shares},
    scene::{Look, Scene},
    text::many,
};
use crate::Model;

/// From the edge of the board, and between panels.
const MARGIN: i32 = 20;
/// How wide a board may become; a single panel may be wider.
const WIDEST: i32 = 1560;

pub(super) fn board(model: &Model) -> Diagram {
    let flows = Flow::all(model);
    let panels = flows.iter().flat_map(|flow| Panel::all(flow, Detail::Names)).collect();
    let events = model.aggregates.iter().map(|one| one.events.len()).sum();
    let actions = model.aggregates.iter().map(|one| one.actions.len()).sum();
    let counts = [
        many(model.aggregates.len(), "aggregate"),
        many(actions, "action"),
        many(events, "event"),
        many(model.projections.len(), "projection"),
        many(model.reactions.len(), "reaction"),
    ];
    let below = counts.join(", ");
    Diagram::new(shelves("The whole flow", &below, panels), mermaid(model, &flows))
}

/// Puts panels on shelves: those of one shelf have lanes of one height.
pub(super) fn shelves(title: &str, below: &str, panels: Vec<Panel>) -> Scene {
    // The room that is left, with what stands there.
    let mut shelves: Vec<(i32, Vec<Panel>)> = Vec::new();
    let mut last = 0;
    for panel in panels {
        let width = panel.width() + MARGIN;
        // The first shelf with room: a small panel fills a gap above, but does not go on there.
        let from = if panel.is_continued { last } else { 0 };
        let mut with_room = shelves.iter().enumerate().skip(from);
        let found = with_room.find(|(_, (room, _))| width <= *room).map(|(place, _)| place);
        last = found.unwrap_or(shelves.len());
        match shelves.get_mut(last) {
            Some((room, shelf)) => {
                *room -= width;
                shelf.push(panel);
            }
            None => shelves.push((WIDEST - MARGIN - width, vec![panel])),
        }
    }
    let mut scene = Scene::default();
    let mut y = scene.head(MARGIN, title, below, &Look::ALL) + 8;
    let wide = |shelf: &[Panel]| shelf.iter().map(|one| one.width() + MARGIN).sum::<i32>() + MARGIN;
    let width = shelves.iter().map(|(_, shelf)| wide(shelf)).max().unwrap_or_default().max(640);
    for (_, mut shelf) in shelves {
        let spare = width - wide(&shelf);
        // Shelves that are nearly full end at one line.
        if spare * 4 < width {
            let shares = shares(spare, shelf.len());
            for (panel, share) in shelf.iter_mut().zip(shares) {
                panel.widen(share);
            }
        }
        let lanes = shelf.iter().map(Panel::lanes).fold(Lanes::default(), Lanes::and);
        let (mut x, mut height) = (MARGIN, 0);
        for panel in shelf {
            let drawn = panel.draw(lanes);
            height = height.max(drawn.height);
            let next = x + drawn.width + MARGIN;
            scene.place(drawn, (x, y));
            x = next;
        }
        y += height + MARGIN;
    }
    (scene.width, scene.height) = (width, y);
    scene
}

fn mermaid(model: &Model, flows: &[Flow<'_>]) -> String {
    let mut chart = Flowchart::new("LR");
    for flow in flows {
        if flow.events.is_empty() && flow.actions.is_empty() {
            continue;
        }
        let id = Target::Aggregate(flow.name().to_owned()).word();
        chart.frame(&id, flow.name(), |chart| inside(chart, flow));
    }
    for one in &model.projections {
        let id = Target::Projection(one.name.to_owned()).word();
        chart.node(&id, Look::Projection, one.name, &[]);
    }
    for one in &model.reactions {
        let id = Target::Reaction(one.name.to_owned()).word();
        chart.node(&id, Look::Reaction, one.name, &[]);
    }
    let mut asked = Vec::new();
    for flow in flows {
        for taker in &flow.takers {
            taken(&mut chart, flow, taker);
            for action in super::panel::asks(taker) {
                let pair = (taker.target().word(), action.word());
                if !asked.contains(&pair) {
                    asked.push(pair);
                }
            }
        }
    }
    for (reaction, action) in asked {
        chart.may_ask(&reaction, &action);
    }
    chart.end()
}

/// The actions and events of an aggregate.
pub(super) fn inside(chart: &mut Flowchart, flow: &Flow<'_>) {
    for action in &flow.actions {
        let given = (!action.model.given.is_empty())
            .then(|| format!("given {}", action.model.given.join(", ")));
        let id = flow.action(action.model.name).word();
        chart.node(&id, Look::Action, action.model.name, given.as_slice());
    }
    for event in &flow.events {
        chart.node(&flow.event(event).word(), Look::Event, &event.shown(), &[]);
    }
    for action in &flow.actions {
        let id = flow.action(action.model.name).word();
        for event in action.emits.iter().filter_map(|place| flow.events.get(*place)) {
            chart.arrow(&id, &flow.event(event).word());
        }
    }
}

/// The arrows to who takes events.
pub(super) fn taken(chart: &mut Flowchart, flow: &Flow<'_>, taker: &super::flow::Taker<'_>) {
    for event in taker.takes.iter().filter_map(|takes| flow.events.get(takes.event)) {
        chart.arrow(&flow.event(event).word(), &taker.target().word());
    }
}
