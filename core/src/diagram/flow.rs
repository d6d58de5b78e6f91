//! What flows through one aggregate: who asks its actions, what they emit, who takes that.

use super::Target;
use crate::{ActionModel, AggregateModel, AsksModel, EventModel, GivenModel, Model};

/// One aggregate with what is connected to it; or, without one, the events that projections and
/// reactions take from elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Flow<'a> {
    pub(super) aggregate: Option<&'a AggregateModel>,
    pub(super) events: Vec<Happens<'a>>,
    pub(super) actions: Vec<Asked<'a>>,
    pub(super) takers: Vec<Taker<'a>>,
}

/// An event type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happens<'a> {
    pub(super) name: &'a str,
    pub(super) model: Option<&'a EventModel>,
}

impl Happens<'_> {
    /// Its name, with a mark where it can be undone.
    pub(super) fn shown(&self) -> String {
        let mark =
            if self.model.is_some_and(|model| model.inverse.is_some()) { " ↶" } else { "" };
        format!("{}{mark}", self.name)
    }
}

/// An action.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    pub(super) model: &'a ActionModel,
    /// Its preconditions.
    pub(super) given: Vec<&'a GivenModel>,
    /// The places of the events that it can emit.
    pub(super) emits: Vec<usize>,
    /// The reactions that may ask it.
    pub(super) by: Vec<&'a str>,
}

/// A projection or a reaction.
#[derive(Clone, Debug)]
pub(super) struct Taker<'a> {
    pub(super) is_reaction: bool,
    pub(super) name: &'a str,
    pub(super) docs: &'a str,
    pub(super) takes: Vec<Takes<'a>>,
}

/// An event that is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Takes<'a> {
    /// The place of the event.
    pub(super) event: usize,
    pub(super) docs: &'a str,
    pub(super) asks: &'a [AsksModel],
}

/// A handler of a projection or a reaction.
struct Handler<'a> {
    event: &'a str,
    from: &'a [&'static str],
    docs: &'a str,
    asks: &'a [AsksModel],
}

impl<'a> Flow<'a> {
    /// Of every aggregate, and of the events from elsewhere if there are any.
    pub(super) fn all(model: &'a Model) -> Vec<Self> {
        let mut flows: Vec<_> = model.aggregates.iter().map(|one| Self::of(model, one)).collect();
        let elsewhere = Self::elsewhere(model);
        if !elsewhere.takers.is_empty() {
            flows.push(elsewhere);
        }
        flows
    }

    /// Of one aggregate.
    pub(super) fn of(model: &'a Model, aggregate: &'a AggregateModel) -> Self {
        let place = |name: &str| aggregate.events.iter().position(|event| event.name == name);
        let actions = aggregate.actions.iter().map(|action| Asked {
            model: action,
            given: aggregate.given.iter().filter(|one| action.given.contains(&one.name)).collect(),
            emits: action.emits.iter().filter_map(|name| place(name)).collect(),
            by: asking(model, aggregate.name, action.name),
        });
        let takers = takers(model, |handler| {
            let is_ours = handler.from.contains(&aggregate.name);
            if is_ours { place(handler.event) } else { None }
        });
        Self {
            aggregate: Some(aggregate),
            events: aggregate
                .events
                .iter()
                .map(|event| Happens { name: event.name, model: Some(event) })
                .collect(),
            actions: actions.collect(),
            takers: takers.into_iter().filter(|taker| !taker.takes.is_empty()).collect(),
        }
    }

    /// Of the events that are taken and that no aggregate of the model emits.
    fn elsewhere(model: &'a Model) -> Self {
        let mut events: Vec<&str> = Vec::new();
        for (_, _, _, handlers) in handlers(model) {
            for handler in handlers {
                if handler.from.is_empty() && !events.contains(&handler.event) {
                    events.push(handler.event);
                }
            }
        }
        let takers = takers(model, |handler| {
            let from_elsewhere = handler.from.is_empty();
            events.iter().position(|event| from_elsewhere && *event == handler.event)
        });
        let idle = |name: &str| {
            handlers(model).any(|(_, other, _, handlers)| other == name && handlers.is_empty())
        };
        Self {
            aggregate: None,
            takers: takers
                .into_iter()
                .filter(|taker| !taker.takes.is_empty() || idle(taker.name))
                .collect(),
            events: events.into_iter().map(|name| Happens { name, model: None }).collect(),
            actions: Vec::new(),
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &'a str {
        self.aggregate.map_or("Events from elsewhere", |aggregate| aggregate.name)
    }

    /// What an event of it stands for.
    pub(super) fn event(&self, event: &Happens<'_>) -> Target {
        Target::Event {
            aggregate: self.aggregate.map(|aggregate| aggregate.name.to_owned()),
            event: event.name.to_owned(),
        }
    }

    /// What an action of it stands for.
    pub(super) fn action(&self, action: &str) -> Target {
        Target::Action { aggregate: self.name().to_owned(), action: action.to_owned() }
    }
}

impl Taker<'_> {
    pub(super) fn target(&self) -> Target {
        if self.is_reaction {
            Target::Reaction(self.name.to_owned())
        } else {
            Target::Projection(self.name.to_owned())
        }
    }

    /// What it may ask after one of these events, each action once.
    pub(super) fn asks(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<AsksModel> {
        let mut all: Vec<AsksModel> = Vec::new();
        for asks in self.takes.iter().filter(|one| is_wanted(one.event)).flat_map(|one| one.asks) {
            if !all.contains(asks) {
                all.push(*asks);
            }
        }
        all
    }
}

/// What an action of any aggregate stands for.
pub(super) fn target(asks: &AsksModel) -> Target {
    Target::Action { aggregate: asks.aggregate.to_owned(), action: asks.action.to_owned() }
}

fn asking<'a>(model: &'a Model, aggregate: &str, action: &str) -> Vec<&'a str> {
    let asks = |asks: &AsksModel| asks.aggregate == aggregate && asks.action == action;
    let reactions = model.reactions.iter();
    reactions
        .filter(|one| one.takes.iter().any(|takes| takes.asks.iter().any(asks)))
        .map(|one| one.name)
        .collect()
}

/// All projections, then all reactions, with the places of the events that they take.
fn takers<'a>(model: &'a Model, place: impl Fn(&Handler<'a>) -> Option<usize>) -> Vec<Taker<'a>> {
    let taker = |(is_reaction, name, docs, handlers): (bool, _, _, Vec<Handler<'a>>)| {
        let takes = handlers.iter().filter_map(|handler| {
            let Handler { docs, asks, .. } = *handler;
            place(handler).map(|event| Takes { event, docs, asks })
        });
        Taker { is_reaction, name, docs, takes: takes.collect() }
    };
    handlers(model).map(taker).collect()
}

/// Whether it is a reaction, its name, its docs, its handlers.
fn handlers(model: &Model) -> impl Iterator<Item = (bool, &str, &str, Vec<Handler<'_>>)> {
    let projections = model.projections.iter().map(|one| {
        let takes = one.takes.iter().map(|takes| Handler {
            event: takes.event,
            from: &takes.from,
            docs: takes.docs,
            asks: &[],
        });
        (false, one.name, one.docs, takes.collect())
    });
    let reactions = model.reactions.iter().map(|one| {
        let takes = one.takes.iter().map(|takes| Handler {
            event: takes.event,
            from: &takes.from,
            docs: takes.docs,
            asks: &takes.asks,
        });
        (true, one.name, one.docs, takes.collect())
    });
    projections.chain(reactions)
}
