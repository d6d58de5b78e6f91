//! What a copy came to, or would come to.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{Id, StreamId};

/// What a copy came to, or would come to.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Events read from the source.
    pub events: u64,
    /// Events that are in the target because of this copy.
    pub copied: u64,
    /// Of these, those that were there before this run: it went on where another had stopped.
    pub already: u64,
    /// Events of which the migration made nothing.
    pub dropped: u64,
    /// Events that the migration made beyond one for each.
    pub added: u64,
    /// Events with another id than in the source; only known once they are stored.
    pub other_ids: u64,
    /// Places in meta data and keys that name an event by its id, and now name it by its new one.
    pub references: u64,
    /// Places that name an event which is not in the target: it was dropped, or never there.
    pub lost_references: u64,
    /// Keys that were kept, so that a repeated act stays without effect.
    pub keys: u64,
    /// Of these, those of streams with another name: a repeated act is refused, not carried out.
    pub keys_of_renamed: u64,
    /// The events of the target by name.
    pub names: BTreeMap<String, u64>,
    /// The events of the target by stream.
    pub streams: BTreeMap<StreamId, u64>,
    /// Streams with another name in the target.
    pub renamed: BTreeMap<StreamId, StreamId>,
    /// What is in the way.
    pub collisions: Vec<Collision>,
    /// What the reactions of the source take along.
    pub reactions: Vec<MovedReaction>,
    /// The projections of the source: they are built anew from the events.
    pub projections_anew: Vec<String>,
    /// Snapshots of the source: they are made anew.
    pub snapshots_anew: u64,
    /// Whether nothing was stored because it was only asked what would be.
    pub dry_run: bool,
}

/// What a reaction takes along, or leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MovedReaction {
    /// Its name.
    pub name: String,
    /// Where it stood in the source.
    pub from: Id,
    /// Where it stands in the target; 0 when it begins with the first event.
    pub to: Id,
    /// Its timers, and those parked.
    pub timers: u64,
    /// Streams that it has set aside.
    pub lanes: u64,
}

/// Names that would meet in the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Collision {
    /// Two streams of the source get one name.
    Streams {
        /// The name they get.
        to: StreamId,
        /// The first of them.
        one: StreamId,
        /// The other.
        other: StreamId,
    },
    /// The target has a stream of this name already.
    There {
        /// The stream.
        stream: StreamId,
    },
    /// The target has used a key already.
    Key {
        /// The key.
        key: String,
    },
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Streams { to, one, other } => write!(
                f,
                "`{one}` and `{other}` both become `{to}`: name one otherwise, or ask for `merge`"
            ),
            Self::There { stream } => write!(
                f,
                "the target has a stream `{stream}` already: name one otherwise, or ask for `merge`"
            ),
            Self::Key { key } => write!(f, "the target has used the key `{key}` already"),
        }
    }
}
