//! The catalogue: what an app consists of, as data.
//!
//! The macros write it beside the code it describes; nothing is declared twice.

use serde::Serialize;

mod reaction;

pub use reaction::{AsksModel, Cycle, ReactionModel, ReactsModel, Step};

use crate::{Actions, Aggregate, Events, Inverse, Projection, SqlProjection, event::Kind};

/// What an app consists of. It serialises as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Model {
    /// The aggregates, in the order in which the app was built.
    pub aggregates: Vec<AggregateModel>,
    /// The projections, in the order in which the app was built.
    pub projections: Vec<ProjectionModel>,
    /// The reactions, in the order in which the app was built.
    pub reactions: Vec<ReactionModel>,
}

/// An aggregate: what it is called, what may be asked, what can happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AggregateModel {
    /// Its name, the category of its streams.
    pub name: &'static str,
    /// The doc comment of the type.
    pub docs: &'static str,
    /// After how many events a snapshot is taken.
    pub snapshot_every: Option<u64>,
    /// Its events.
    pub events: Vec<EventModel>,
    /// Its actions.
    pub actions: Vec<ActionModel>,
    /// The preconditions of its actions.
    pub given: Vec<GivenModel>,
}

/// An event type.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EventModel {
    /// The name it is stored under.
    pub name: &'static str,
    /// The version of its schema.
    pub version: u32,
    /// The doc comment of the type.
    pub docs: &'static str,
    /// What takes it back, where it is declared undoable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inverse: Option<InverseModel>,
}

/// What takes an event back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InverseModel {
    /// The name of the function.
    pub method: &'static str,
    /// The doc comment of the function.
    pub docs: &'static str,
    /// The names of the events it can emit.
    pub emits: Vec<&'static str>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ActionModel {
    /// The name: that of the input type.
    pub name: &'static str,
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
    /// The names of its preconditions.
    pub given: Vec<&'static str>,
    /// The names of the events it can emit.
    pub emits: Vec<&'static str>,
}

/// A precondition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GivenModel {
    /// The name of the method.
    pub name: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
}

/// A projection, with documents or with tables of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProjectionModel {
    /// The name it is stored under.
    pub name: &'static str,
    /// The version of the fold.
    pub version: u32,
    /// The doc comment of the block.
    pub docs: &'static str,
    /// What it keeps.
    pub keeps: Keeps,
    /// The events it takes.
    pub takes: Vec<TakesModel>,
}

/// What a projection keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Keeps {
    /// One document.
    OneDocument,
    /// A document for each key.
    DocumentPerKey,
    /// Tables of its own.
    Tables,
}

/// An event that a projection takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TakesModel {
    /// The name the event is stored under.
    pub event: &'static str,
    /// The aggregates of the app that emit it; empty when none is known, then any may.
    pub from: Vec<&'static str>,
    /// The name of the method.
    pub method: &'static str,
    /// The doc comment of the method.
    pub docs: &'static str,
}

impl AggregateModel {
    /// The model of an aggregate.
    pub fn of<A: Actions>() -> Self {
        let action = |entry: &crate::ActionEntry<A>| {
            let crate::Spec { name, method, docs, given } = entry.spec;
            ActionModel { name, method, docs, given: given.to_vec(), emits: names(entry.emits) }
        };
        Self {
            name: A::NAME,
            docs: A::DOCS,
            snapshot_every: A::SNAPSHOT_EVERY,
            events: A::Events::KINDS.iter().map(EventModel::of::<A>).collect(),
            actions: A::ACTIONS.iter().map(action).collect(),
            given: A::GIVEN
                .iter()
                .map(|given| GivenModel { name: given.name, docs: given.docs })
                .collect(),
        }
    }
}

impl EventModel {
    fn of<A: Aggregate>(kind: &Kind) -> Self {
        let inverse = Inverse::<A>::of_name(kind.name).map(|inverse| InverseModel {
            method: inverse.method,
            docs: inverse.docs,
            emits: names(inverse.emits),
        });
        Self { name: kind.name, version: kind.version, docs: kind.docs, inverse }
    }
}

/// The names of what may be emitted, each once.
fn names(emits: fn(&mut Vec<&'static Kind>)) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    emits(&mut kinds);
    let mut seen = std::collections::HashSet::new();
    kinds.iter().map(|kind| kind.name).filter(|name| seen.insert(*name)).collect()
}

impl ProjectionModel {
    /// The model of a projection; `emitters` names the aggregates that emit an event type.
    pub fn of<P: Projection>(emitters: impl Fn(&Kind) -> Vec<&'static str>) -> Self {
        let takes = |handler: &crate::Handler<P>| TakesModel {
            event: handler.event.name,
            from: emitters(&handler.event),
            method: handler.method,
            docs: handler.docs,
        };
        Self {
            name: P::NAME,
            version: P::VERSION,
            docs: P::DOCS,
            keeps: if P::KEYED { Keeps::DocumentPerKey } else { Keeps::OneDocument },
            takes: P::HANDLERS.iter().map(takes).collect(),
        }
    }

    /// The model of a SQL projection; `emitters` names the aggregates that emit an event type.
    pub fn of_sql<P: SqlProjection>(emitters: impl Fn(&Kind) -> Vec<&'static str>) -> Self {
        let takes = |handler: &crate::SqlHandler<P>| TakesModel {
            event: handler.event.name,
            from: emitters(&handler.event),
            method: handler.method,
            docs: handler.docs,
        };
        Self {
            name: P::NAME,
            version: P::VERSION,
            docs: P::DOCS,
            keeps: Keeps::Tables,
            takes: P::HANDLERS.iter().map(takes).collect(),
        }
    }
}
