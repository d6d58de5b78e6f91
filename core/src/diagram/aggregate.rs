//! One aggregate: its actions with their preconditions, its events, who takes them.

use super::{
    Diagram, Target,
    board::{inside, shelves, taken},
    flow::{Flow, target},
    mermaid::Flowchart,
    panel::{Detail, Panel},
    scene::Look,
    text::many,
};
use crate::{Error, Model, Result};

pub(super) fn aggregate(model: &Model, name: &str) -> Result<Diagram> {
    let Some(one) = model.aggregates.iter().find(|one| one.name == name) else {
        let known: Vec<_> = model.aggregates.iter().map(|one| one.name).collect();
        return Err(Error::Unknown {
            what: "aggregate",
            name: name.to_owned(),
            help: format!("the model has {}", known.join(", ")),
        });
    };
    let flow = Flow::of(model, one);
    let below = [
        many(one.actions.len(), "action"),
        many(one.events.len(), "event"),
        many(flow.takers.iter().filter(|one| !one.is_reaction).count(), "projection"),
        many(flow.takers.iter().filter(|one| one.is_reaction).count(), "reaction"),
    ];
    let title = format!("Aggregate {name}");
    let scene = shelves(&title, &below.join(", "), Panel::all(&flow, Detail::Docs));
    Ok(Diagram::new(scene, mermaid(&flow)))
}

fn mermaid(flow: &Flow<'_>) -> String {
    let mut chart = Flowchart::new("LR");
    let mut asked = Vec::new();
    let mut reactions: Vec<&str> = Vec::new();
    let id = Target::Aggregate(flow.name().to_owned()).word();
    chart.frame(&id, flow.name(), |chart| inside(chart, flow));
    for taker in &flow.takers {
        let look = if taker.is_reaction { Look::Reaction } else { Look::Projection };
        chart.node(&taker.target().word(), look, taker.name, &[]);
        taken(&mut chart, flow, taker);
        if taker.is_reaction {
            reactions.push(taker.name);
        }
        for asks in taker.asks(|_| true) {
            if asks.aggregate != flow.name() && !asked.contains(&asks) {
                chart.node(&target(&asks).word(), Look::Action, &asks.to_string(), &[]);
                asked.push(asks);
            }
            chart.may_ask(&taker.target().word(), &target(&asks).word());
        }
    }
    for action in &flow.actions {
        for by in &action.by {
            // Those that take events of this aggregate are there, with all they ask.
            let taker = flow.takers.iter().find(|taker| taker.is_reaction && taker.name == *by);
            let target = flow.action(action.model.name);
            if taker.is_some_and(|taker| super::panel::asks(taker).contains(&target)) {
                continue;
            }
            let id = Target::Reaction((*by).to_owned()).word();
            if !reactions.contains(by) {
                chart.node(&id, Look::Reaction, by, &[]);
                reactions.push(by);
            }
            chart.may_ask(&id, &target.word());
        }
    }
    chart.end()
}
