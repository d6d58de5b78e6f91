//! The reactions of a model, and the circles that follow-ups can go round in.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use serde::Serialize;

use super::Model;
use crate::{
    Reaction,
    event::Kind,
    reaction::{Asked, Reactor},
};

/// A reaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReactionModel {
    /// The name its progress is stored under.
    pub name: &'static str,
    /// The doc comment of the block.
    pub docs: &'static str,
    /// The events it takes.
    pub takes: Vec<ReactsModel>,
}

/// An event that a reaction takes, and what may follow from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReactsModel {
    /// The name the event is stored under.
    pub event: &'static str,
    /// The aggregates of the app that emit it; empty when none is known, then any may.
    pub from: Vec<&'static str>,
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// The actions that its signature says it may ask.
    pub asks: Vec<AsksModel>,
}

/// An action that a reaction may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct AsksModel {
    /// The name of the aggregate.
    pub aggregate: &'static str,
    /// The name of the action.
    pub action: &'static str,
}

/// A circle of follow-ups: each action may emit an event that a reaction answers with the next one,
/// and the last with the first.
///
/// It is as short as can be; that it never ends must be ruled out by what the actions decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cycle {
    /// The steps, from one whose name sorts first.
    pub steps: Vec<Step>,
}

/// A step of a circle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// The action.
    pub asks: AsksModel,
    /// The event that it may emit.
    pub event: &'static str,
    /// The reaction that answers the event.
    pub reaction: &'static str,
}

impl ReactionModel {
    /// The model of a reaction; `emitters` names the aggregates that emit an event type.
    pub fn of<R: Reaction>(emitters: impl Fn(&Kind) -> Vec<&'static str>) -> Self {
        let takes = |reactor: &Reactor<R>| ReactsModel {
            event: reactor.event.name,
            from: emitters(&reactor.event),
            method: reactor.method,
            docs: reactor.docs,
            asks: asks(reactor).into_iter().map(AsksModel::of).collect(),
        };
        Self { name: R::NAME, docs: R::DOCS, takes: R::HANDLERS.iter().map(takes).collect() }
    }

    /// All that a reaction may ask.
    pub(crate) fn asks<R: Reaction>() -> Vec<Asked> {
        R::HANDLERS.iter().flat_map(asks).collect()
    }
}

fn asks<R>(reactor: &Reactor<R>) -> Vec<Asked> {
    let mut asked = Vec::new();
    (reactor.asks)(&mut asked);
    asked
}

impl AsksModel {
    fn of(asked: Asked) -> Self {
        Self { aggregate: asked.aggregate, action: asked.action }
    }
}

impl Model {
    /// The circles that follow-ups can go round in: for each action that may follow from itself the
    /// shortest one, each circle once.
    ///
    /// It takes the model at its word: every event that an action can emit, and every action that
    /// the signature of a handler names. What a handler does by way of `&App` it cannot know.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut found = BTreeSet::new();
        let edges = self.follow_ups();
        for start in edges.keys() {
            if let Some(mut steps) = shortest(&edges, *start) {
                let first = steps.iter().enumerate().min_by_key(|(_, step)| *step);
                let first = first.map_or(0, |(at, _)| at);
                steps.rotate_left(first);
                found.insert(steps);
            }
        }
        found.into_iter().map(|steps| Cycle { steps }).collect()
    }

    /// What may follow from each action, with the step that leads there.
    fn follow_ups(&self) -> BTreeMap<AsksModel, Vec<(Step, AsksModel)>> {
        let mut edges: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for aggregate in &self.aggregates {
            for action in &aggregate.actions {
                let asks = AsksModel { aggregate: aggregate.name, action: action.name };
                let next = edges.entry(asks).or_default();
                for event in &action.emits {
                    for reaction in &self.reactions {
                        let answers = reaction.takes.iter().filter(|takes| {
                            let from =
                                takes.from.is_empty() || takes.from.contains(&aggregate.name);
                            takes.event == *event && from
                        });
                        let step = Step { asks, event, reaction: reaction.name };
                        let asked = answers.flat_map(|takes| &takes.asks);
                        next.extend(asked.map(|asked| (step.clone(), *asked)));
                    }
                }
            }
        }
        edges
    }
}

/// The shortest way from an action back to itself.
fn shortest(
    edges: &BTreeMap<AsksModel, Vec<(Step, AsksModel)>>,
    start: AsksModel,
) -> Option<Vec<Step>> {
    let mut ways = VecDeque::from([(start, Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((at, way)) = ways.pop_front() {
        for (step, next) in edges.get(&at).into_iter().flatten() {
            let mut longer: Vec<Step> = way.clone();
            longer.push(step.clone());
            if *next == start {
                return Some(longer);
            }
            if seen.insert(*next) {
                ways.push_back((*next, longer));
            }
        }
    }
    None
}

impl fmt::Display for AsksModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.aggregate, self.action)
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { asks, event, reaction } in &self.steps {
            write!(f, "{asks} emits {event}, {reaction} asks ")?;
        }
        match self.steps.first() {
            Some(first) => first.asks.fmt(f),
            None => Ok(()),
        }
    }
}
