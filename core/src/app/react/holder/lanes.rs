//! Streams that go their own way since one of their events failed.

use super::{Holder, POLL};
use crate::{
    Committed, Fault, Id, Reaction, Result, StreamId, Version,
    app::react::{
        job::{Job, Met, Outcome, Tried},
        lane::{self, Head, Lane},
    },
    measure,
};

impl<R: Reaction> Holder<R> {
    /// Gives a stream whose event has failed a lane of its own.
    pub(super) fn set_aside(&mut self, met: &Met, fault: &Fault) -> Result<()> {
        let waiting = self.busy.remove(&met.stream).unwrap_or_default();
        let after = Version(met.version.0.saturating_sub(1));
        let lane = Lane { after, last: Id(0), head: None, more: !waiting.is_empty(), busy: false };
        self.lanes.insert(met.stream.clone(), lane);
        self.failed(met, fault)?;
        // From here on they are read from the log again.
        for event in waiting {
            self.window.settle(event.id, Vec::new());
        }
        self.window.settle(met.id, Vec::new());
        // The lane says that all before it is settled, so that must be stored with it.
        self.window.mark_all();
        Ok(())
    }

    /// Leaves an event to the lane of its stream.
    pub(super) fn divert(&mut self, event: &Committed) {
        self.window.settle(event.id, Vec::new());
        self.commit.touch();
        let Some(lane) = self.lanes.get_mut(&event.stream) else { return };
        if event.version > lane.after {
            lane.more = true;
            if lane.head.is_none() && !lane.busy {
                self.go_on(event.stream.clone());
            }
        }
    }

    /// Lets the next event of a lane have its turn.
    pub(super) fn go_on(&mut self, stream: StreamId) {
        let Some(lane) = self.lanes.get_mut(&stream) else { return };
        self.idle.remove(&stream);
        self.parked.remove(&stream);
        lane.busy = true;
        let tried = lane.head.as_ref().map_or(Tried { version: Version(0), attempts: 0 }, |head| {
            Tried { version: head.version, attempts: head.attempts }
        });
        self.ready.push_back(Job::Lane { after: lane.after, stream, tried });
    }

    /// Tries again what is due.
    pub(super) fn wake_lanes(&mut self) {
        let now = self.worker.clock.now();
        while self.due.first().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, stream)) = self.due.pop_first() {
                self.go_on(stream);
            }
        }
    }

    pub(super) fn finish_lane(
        &mut self,
        stream: StreamId,
        outcome: Result<Option<(Met, Outcome)>>,
    ) -> Result<()> {
        let Some(lane) = self.lanes.get_mut(&stream) else { return Ok(()) };
        lane.busy = false;
        match outcome {
            Ok(None) if lane.more => self.go_on(stream),
            Ok(None) => {
                // If there is a head, no handler takes it any longer.
                lane.head = None;
                self.idle.insert(stream);
                self.commit.touch();
            }
            Ok(Some((met, Ok(changes)))) => {
                measure::reacted(R::NAME, "settled");
                (lane.after, lane.last, lane.head) = (met.version, met.id, None);
                let document = lane.document(&stream)?;
                self.timers.touched(&changes);
                for change in changes.into_iter().chain([document]) {
                    self.change(change);
                }
                self.go_on(stream);
            }
            Ok(Some((met, Err(fault)))) => self.failed(&met, &fault)?,
            Err(error) => {
                lane.more = true;
                let now = self.worker.clock.now();
                self.due.insert((now.saturating_add(POLL).unwrap_or(now), stream));
                self.failing(error);
            }
        }
        Ok(())
    }

    /// Notes a failure: the event is tried again later, or its stream is parked.
    fn failed(&mut self, met: &Met, fault: &Fault) -> Result<()> {
        let Some(lane) = self.lanes.get_mut(&met.stream) else { return Ok(()) };
        let now = self.worker.clock.now();
        let before = lane.head.take().filter(|head| head.version == met.version);
        let attempts = before.as_ref().map_or(0, |head| head.attempts) + 1;
        let once = before.as_ref().is_some_and(|head| head.once);
        let is_parked = fault.is_permanent() || once || attempts >= R::POLICY.attempts;
        let pause = R::POLICY.pause(attempts);
        let due = (!is_parked).then(|| now.saturating_add(pause).unwrap_or(now));
        let error = fault.text();
        let (stream, event) = (&met.stream, met.id);
        if is_parked {
            self.parked.insert(stream.clone());
            tracing::error!(reaction = R::NAME, %stream, %event, attempts, error, "parked");
        } else {
            tracing::warn!(reaction = R::NAME, %stream, %event, attempts, error, "tries again");
        }
        measure::reacted(R::NAME, if is_parked { "parked" } else { "failed" });
        let since = before.map_or(now, |head| head.since);
        lane.head = Some(Head {
            id: met.id,
            version: met.version,
            name: met.name.to_string(),
            attempts,
            error,
            since,
            due,
            once: false,
        });
        let document = lane.document(stream)?;
        self.due.extend(due.map(|due| (due, stream.clone())));
        self.change(document);
        Ok(())
    }

    /// Gives up the lanes that have nothing left and lie behind the checkpoint.
    pub(super) fn give_up_lanes(&mut self, checkpoint: Id) {
        let lanes = &self.lanes;
        let is_over = |stream: &&StreamId| {
            lanes.get(*stream).is_none_or(|lane| lane.is_idle() && lane.last <= checkpoint)
        };
        let over: Vec<StreamId> = self.idle.iter().filter(is_over).cloned().collect();
        for stream in over {
            self.idle.remove(&stream);
            self.lanes.remove(&stream);
            self.changes.insert(lane::key(&stream), None);
        }
    }
}
