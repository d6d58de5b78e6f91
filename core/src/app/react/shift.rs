//! What a reaction remembers, as it is in a log with other ids and other names of streams.

use std::collections::HashMap;

use super::{
    lane::{self, LANES, Lane},
    request::Request,
    start::BEGUN,
    timer::{COUNT, PARKED, TIMERS, Timer},
    window::{self, MARKS},
};
use crate::{
    Error, Id, Json, Result, StreamId, Version,
    store::{Document, ViewId},
    transfer::{self, Fault, Moves},
};

/// From the log of one store to that of another.
pub(crate) struct Shift<'a> {
    pub(crate) reaction: &'a str,
    pub(crate) moves: &'a Moves,
    /// For each stream where its versions went.
    pub(crate) versions: &'a HashMap<StreamId, Moves>,
    pub(crate) rename: &'a (dyn Fn(&StreamId) -> Result<StreamId> + Sync),
    /// Whether a stream of the target came of several.
    pub(crate) merged: &'a (dyn Fn(&StreamId) -> bool + Sync),
}

impl Shift<'_> {
    /// What becomes of one document of a reaction, or of the requests to it.
    pub(crate) fn document(&self, view: &ViewId, one: &Document) -> Result<Vec<Document>> {
        let Some(data) = &one.data else { return Ok(Vec::new()) };
        if *view == super::request::view(self.reaction) {
            let request = self.request(read(view, data)?)?;
            let data = written(&request, self.reaction)?;
            return Ok(vec![Document { key: one.key.clone(), data: Some(data) }]);
        }
        if let Some(id) = one.key.strip_prefix(MARKS) {
            let id = id.parse().map(Id).map_err(|_| transfer::unknown(view, &one.key))?;
            let marks = self.moves.all(id).map(window::mark);
            return Ok(marks.map(|key| Document { key, data: one.data.clone() }).collect());
        }
        if one.key.starts_with(LANES) {
            let (stream, lane) = Lane::read(view, one)?;
            let (stream, lane) = self.lane(&stream, lane)?;
            return Ok(vec![lane.document(&stream)?]);
        }
        if one.key.starts_with(TIMERS) || one.key.starts_with(PARKED) {
            let timer = self.timer(Timer::read(view, data)?)?;
            let is_set = one.key.starts_with(TIMERS);
            let key = if is_set { timer.place() } else { timer.parked() };
            return Ok(vec![Document { key, data: Some(timer.json()?) }]);
        }
        if one.key.starts_with("k/") || one.key.starts_with("h/") {
            // The place of the timer that has this name.
            let place: String = read(view, data)?;
            let place = self.place(view, &place)?;
            let data = Some(written(&place, self.reaction)?);
            return Ok(vec![Document { key: one.key.clone(), data }]);
        }
        // All timers go along, so there are as many.
        if one.key == COUNT {
            return Ok(vec![one.clone()]);
        }
        if one.key == BEGUN {
            let id: Id = read(view, data)?;
            let data = Some(written(&self.moves.up_to(id), self.reaction)?);
            return Ok(vec![Document { key: one.key.clone(), data }]);
        }
        Err(transfer::unknown(view, &one.key))
    }

    fn timer(&self, timer: Timer) -> Result<Timer> {
        Ok(Timer {
            event: self.event(timer.event, "a timer")?,
            stream: (self.rename)(&timer.stream)?,
            cause: (self.rename)(&timer.cause)?,
            action_key: transfer::moved_key(&timer.action_key, self.moves),
            ..timer
        })
    }

    /// The place of a timer: its due time, its event, its ordinal.
    fn place(&self, view: &ViewId, place: &str) -> Result<String> {
        let unknown = || transfer::unknown(view, place);
        let parts: Vec<_> = place.split('/').collect();
        let [_, due, event, ordinal] = parts.as_slice() else { return Err(unknown()) };
        let event = event.parse().map(Id).map_err(|_| unknown())?;
        let event = self.event(event, "a timer")?;
        Ok(format!("{TIMERS}{due}/{:020}/{ordinal}", event.0))
    }

    fn request(&self, request: Request) -> Result<Request> {
        Ok(match request {
            Request::Stream { stream, edit, version, attempts } => {
                let version = self.version(&stream, version);
                Request::Stream { stream: (self.rename)(&stream)?, edit, version, attempts }
            }
            Request::Timer { event, ordinal, edit, attempts } => {
                let event = self.event(event, "a timer")?;
                Request::Timer { event, ordinal, edit, attempts }
            }
            cancel @ Request::Cancel { .. } => cancel,
        })
    }

    fn lane(&self, from: &StreamId, lane: Lane) -> Result<(StreamId, Lane)> {
        let stream = (self.rename)(from)?;
        if (self.merged)(&stream) {
            let reaction = self.reaction.to_owned();
            return Err(Fault::ParkedMerged { reaction, stream: from.clone() }.into());
        }
        let head = match lane.head {
            None => None,
            Some(head) => {
                let id = self.event(head.id, "an event that failed")?;
                let version = self.version(from, head.version);
                Some(lane::Head { id, version, ..head })
            }
        };
        let (after, last) = (self.up_to(from, lane.after), self.moves.up_to(lane.last));
        Ok((stream, Lane { after, last, head, ..lane }))
    }

    /// Where an event is that is remembered.
    fn event(&self, id: Id, what: &'static str) -> Result<Id> {
        self.moves.first(id).ok_or_else(|| {
            Fault::Remembered { reaction: self.reaction.to_owned(), id, what }.into()
        })
    }

    /// The version of an event that is remembered.
    fn version(&self, stream: &StreamId, version: Version) -> Version {
        let moves = self.versions.get(stream);
        Version(moves.and_then(|moves| moves.first(Id(version.0))).unwrap_or_default().0)
    }

    /// The version up to which a stream is settled.
    fn up_to(&self, stream: &StreamId, version: Version) -> Version {
        let moves = self.versions.get(stream);
        Version(moves.map(|moves| moves.up_to(Id(version.0))).unwrap_or_default().0)
    }
}

fn read<T: serde::de::DeserializeOwned>(view: &ViewId, data: &Json) -> Result<T> {
    data.decode().map_err(|source| Error::Document { view: view.to_string(), source })
}

fn written<T: serde::Serialize>(value: &T, reaction: &str) -> Result<Json> {
    Json::from_value(value)
        .map_err(|source| Error::Encode { what: format!("what {reaction} remembers"), source })
}
