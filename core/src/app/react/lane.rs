//! A lane: a stream of which an event failed, and whose further events are set aside for it.
//!
//! The events themselves stay in the log: a lane is read on from there, one event at a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Id, Json, Result, StreamId, Version,
    store::{Document, ViewId},
};

/// What the keys of all lanes begin with.
pub(super) const LANES: &str = "s/";

/// A stream that goes its own way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Lane {
    /// Every event of the stream up to this version is settled.
    pub(super) after: Version,
    /// The id of the event with that version; 0 when none was settled here.
    pub(super) last: Id,
    /// What failed, if the next event has failed.
    pub(super) head: Option<Head>,
    /// Whether events may be waiting that were not looked for.
    #[serde(skip, default = "yes")]
    pub(super) more: bool,
    /// Whether a try is under way or waits for its turn.
    #[serde(skip)]
    pub(super) busy: bool,
}

/// The event that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) id: Id,
    pub(super) version: Version,
    pub(super) name: String,
    pub(super) attempts: u32,
    pub(super) error: String,
    /// Since when it has failed.
    pub(super) since: Timestamp,
    /// When it is tried again; `None` when it is parked.
    pub(super) due: Option<Timestamp>,
    /// Whether a failure parks it at once: someone asked for one try.
    #[serde(default)]
    pub(super) once: bool,
}

fn yes() -> bool {
    true
}

impl Lane {
    pub(super) fn is_parked(&self) -> bool {
        !self.busy && self.head.as_ref().is_some_and(|head| head.due.is_none())
    }

    /// Whether nothing is left to do.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.head.is_none() && !self.more
    }

    pub(super) fn document(&self, stream: &StreamId) -> Result<Document> {
        let data = Json::from_value(self)
            .map_err(|source| Error::Encode { what: format!("the lane of `{stream}`"), source })?;
        Ok(Document { key: key(stream), data: Some(data) })
    }

    pub(super) fn read(view: &ViewId, document: &Document) -> Result<(StreamId, Self)> {
        let stream = document.key.strip_prefix(LANES).unwrap_or_default().parse()?;
        let data = document.data.clone().unwrap_or(Json::from_stored(&b"null"[..]));
        let lane =
            data.decode().map_err(|source| Error::Document { view: view.to_string(), source })?;
        Ok((stream, lane))
    }
}

pub(super) fn key(stream: &StreamId) -> String {
    format!("{LANES}{stream}")
}
