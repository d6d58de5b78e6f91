//! A committed event as diagrams show it, without the type of its payload.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{
    Target,
    scene::{Look, Node, Rect},
};
use crate::{
    Committed, Id, Payload, StreamId, Version,
    event::{causation, undone},
};

/// A committed event whose payload is text.
#[derive(Clone, Debug)]
pub(super) struct Fact<'a> {
    pub(super) id: Id,
    pub(super) name: &'a str,
    pub(super) stream: &'a StreamId,
    pub(super) version: Version,
    pub(super) created: Timestamp,
    pub(super) actor: Option<&'a str>,
    pub(super) correlation: Option<&'a str>,
    /// The action that it came from.
    pub(super) action: Option<&'a str>,
    /// The event that the action followed from.
    pub(super) cause: Option<Id>,
    /// What it does to an earlier event: `undoes 3`.
    pub(super) told: Option<String>,
    /// The version that has undone it, among those that are shown.
    pub(super) undone: Option<Version>,
    /// The payload; none for an event that carries nothing.
    pub(super) data: Option<String>,
}

/// More of a payload is not looked at.
const LONGEST: usize = 2_000;

impl<'a> Fact<'a> {
    /// All of them in the order of their ids, each once.
    pub(super) fn all<T: Payload>(events: &'a [Committed<T>]) -> Vec<Self> {
        let mut events: Vec<_> = events.iter().collect();
        events.sort_by_key(|event| event.id);
        events.dedup_by_key(|event| event.id);
        let undone = undone::undone(events.iter().copied());
        let fact = |event: &&'a Committed<T>| {
            let undone = undone.get(&(&event.stream, event.version)).copied();
            Self { undone, ..Self::of(event) }
        };
        events.iter().map(fact).collect()
    }

    fn of<T: Payload>(event: &'a Committed<T>) -> Self {
        let causation = event.meta.causation();
        let reacted = causation.and_then(causation::parts);
        let data = match serde_json::to_string(&Data(&event.data)) {
            Ok(data) => data.chars().take(LONGEST).collect(),
            Err(error) => format!("cannot be written as JSON: {error}"),
        };
        Self {
            id: event.id,
            name: &event.name,
            stream: &event.stream,
            version: event.version,
            created: event.created,
            actor: event.meta.actor(),
            correlation: event.meta.correlation(),
            action: reacted.map(|(action, _)| action).or(causation),
            // Only what was there before can be a cause.
            cause: reacted.map(|(_, id)| id).filter(|cause| *cause < event.id),
            told: undone::told(&event.meta),
            undone: None,
            data: (data != "null").then_some(data),
        }
    }

    /// Who did what: `AddItem by alice`, and whether that takes back or is taken back.
    pub(super) fn how(&self) -> Option<String> {
        let how = match (self.action, self.actor) {
            (Some(action), Some(actor)) => Some(format!("{action} by {actor}")),
            (Some(action), None) => Some(action.to_owned()),
            (None, Some(actor)) => Some(format!("by {actor}")),
            (None, None) => None,
        };
        let undone = self.undone.map(|version| format!("undone by {version}"));
        let told = [how, self.told.clone(), undone];
        let told: Vec<_> = told.into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    pub(super) fn target(&self) -> Target {
        Target::Committed(self.id)
    }

    /// Its box, which has no place yet.
    pub(super) fn node(&self, details: Vec<String>) -> Node {
        let mut tooltip = format!(
            "{} {}\n{} version {}\n{}",
            self.name, self.id, self.stream, self.version, self.created
        );
        if let Some(data) = &self.data {
            tooltip = format!("{tooltip}\n{data}");
        }
        if let Some(how) = self.how() {
            tooltip = format!("{tooltip}\n{how}");
        }
        let rect = Rect { height: Node::height(details.len()), ..Rect::default() };
        Node {
            rect,
            look: Look::Event,
            name: self.name.to_owned(),
            details,
            tooltip,
            is_struck: self.undone.is_some(),
            target: self.target(),
            href: None,
        }
    }
}

/// The payload alone, as it is stored.
struct Data<'a, T>(&'a T);

impl<T: Payload> Serialize for Data<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
