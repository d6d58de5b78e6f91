//! Runs one SQL projection: reads the log behind its checkpoint, decodes, and has its store
//! handle the events in transactions that move the checkpoint on.
//!
//! What a transaction stores, tables and checkpoint, it stores on top of the checkpoint that was
//! expected. So a crash repeats nothing and loses nothing, and of two processes that run the same
//! projection one is refused, reads again, and goes on from there.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tracing::Instrument;

use crate::{
    Committed, Error, Id, Result, SqlProjection,
    app::{
        health::ProjectionState,
        runner::{self, Pace},
        sql::{Reset, Status},
        task::Stop,
    },
    clock::Clock,
    measure,
    projection::Taken,
    store::{
        Query, SqlStore, Store, ViewId, Views,
        sql::{Job, Portion, Task, Worked},
    },
    trace,
};

/// How far the seen may run ahead of the stored checkpoint while nothing concerns the projection.
const FOREIGN: u64 = 1_000;

/// How long a projection waits at most after a failure of the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Follower<P: SqlProjection> {
    pub(super) log: Arc<dyn Store>,
    pub(super) tables: P::Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) projection: Arc<P>,
    pub(super) view: ViewId,
    /// For each handler the aggregates whose events it takes; empty for any.
    pub(super) from: Vec<Vec<&'static str>>,
    pub(super) status: watch::Sender<Status>,
    /// Where it stands; `None` when that must be read again.
    pub(super) place: Option<Place>,
    /// How often in a row the log had nothing new.
    pub(super) idle: u32,
}

/// Where a projection stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The stored checkpoint.
    stored: Id,
    /// Up to where the log is known to hold nothing new for it.
    seen: Id,
}

impl<P: SqlProjection> Follower<P> {
    pub(super) async fn run(mut self, mut stop: Stop, mut resets: mpsc::Receiver<Reset>) {
        let mut watch = self.log.watch();
        let mut failures = 0;
        while !stop.is_wanted() {
            let before = self.status.borrow().seen;
            let span = trace::project(P::NAME, before.unwrap_or_default());
            let caught_up = tokio::select! {
                caught_up = self.catch_up().instrument(span) => caught_up,
                () = stop.wanted() => break,
            };
            let mut pause = Some(runner::idle_pause(self.idle));
            match caught_up {
                Ok(()) => {
                    failures = 0;
                    self.idle = self.idle.saturating_add(1);
                }
                Err(error) => {
                    self.place = None;
                    match error {
                        Error::Stale { .. } => continue,
                        error if is_final(&error) => {
                            self.stopped(error);
                            pause = None;
                        }
                        error => {
                            let is_stuck = self.status.borrow().seen == before;
                            failures = if is_stuck { failures + 1 } else { 1 };
                            pause = Some(self.failing(error, failures));
                        }
                    }
                }
            }
            let paused = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = watch.grown(), if failures == 0 && pause.is_some() => {}
                () = paused => {}
                Some(reply) = resets.recv() => {
                    let reset = self.reset().await;
                    failures = 0;
                    // Whoever asked may have gone.
                    let _ = reply.send(reset);
                }
                () = stop.wanted() => break,
            }
        }
        tracing::debug!(view = %self.view, "the projection has been shut down");
    }

    /// Handles what is new up to the head of the log.
    async fn catch_up(&mut self) -> Result<()> {
        let mut place = match self.place {
            Some(place) => place,
            None => self.begin().await?,
        };
        // Read after the checkpoint, it is never below it, unless the log is another.
        let head = self.log.head().await?;
        if place.seen > head {
            let (view, checkpoint) = (self.view.to_string(), place.seen);
            return Err(Error::Ahead { view, checkpoint, head });
        }
        if place.seen < head {
            self.idle = 0;
            self.follow(&mut place, head).await?;
            place.seen = head;
            if head.0 - place.stored.0 >= FOREIGN {
                self.handle(&mut place, Vec::new(), head).await?;
            }
        }
        self.place = Some(place);
        self.tell(place.seen);
        measure::lag("projection", P::NAME, 0, 0.0);
        Ok(())
    }

    /// Makes the tables if they are not there yet, and reads where they stand.
    async fn begin(&self) -> Result<Place> {
        let stored = self.tables.checkpoint(&self.view).await?;
        let mut place = Place { stored, seen: stored };
        self.handle(&mut place, Vec::new(), stored).await?;
        Ok(place)
    }

    async fn follow(&self, place: &mut Place, head: Id) -> Result<()> {
        let mut query = Query::all().after(place.seen).to_id(head);
        for handler in P::HANDLERS {
            query = query.name(handler.event.name);
        }
        let speed = Pace::from(place.seen);
        let mut pages = self.log.read(query);
        while let Some(page) = pages.next().await {
            let page = page?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { continue };
            let last = last.id;
            self.lags(head, first);
            let mut events = Vec::with_capacity(page.len());
            let decoded = self.decode(page, &mut events);
            // What comes before an event that cannot be read is handled all the same.
            let to = match &decoded {
                Ok(()) => last,
                Err(_) => events.last().map_or(place.seen, |event| event.place().0),
            };
            if !events.is_empty() {
                self.handle(place, events, to).await?;
            }
            decoded?;
            place.seen = last;
            self.tell(place.seen);
            self.paced(speed.rate(last));
        }
        self.paced(speed.rate(head));
        Ok(())
    }

    fn decode(&self, page: Vec<Committed>, events: &mut Vec<Box<dyn Taken<P>>>) -> Result<()> {
        for event in page {
            let takes = |from: &Vec<&'static str>| {
                from.is_empty() || from.contains(&event.stream.category())
            };
            let mut handlers = P::HANDLERS.iter().zip(&self.from);
            let found =
                handlers.find(|(handler, from)| *handler.event.name == *event.name && takes(from));
            if let Some((handler, _)) = found {
                events.push(handler.decode(event)?);
            }
        }
        Ok(())
    }

    /// Handles all events, in as many transactions as it takes.
    async fn handle(
        &self,
        place: &mut Place,
        events: Vec<Box<dyn Taken<P>>>,
        to: Id,
    ) -> Result<()> {
        let events = Arc::new(events);
        let (mut done, mut until) = (0, events.len());
        let mut failed = None;
        loop {
            let portion =
                Portion { from: place.stored, events: Arc::clone(&events), done, until, to };
            match self.work(Task::Take(portion)).await {
                Ok(worked) => {
                    (place.stored, done) = (worked.checkpoint, worked.done);
                    self.tell(place.stored);
                }
                Err(error) => {
                    // What comes before the event that cannot be handled is handled all the same.
                    let Some(at) = event_of(&error).filter(|_| failed.is_none()) else {
                        return Err(error);
                    };
                    until = events.partition_point(|event| event.place().0 < at);
                    failed = Some(error);
                }
            }
            if done >= until {
                return failed.map_or(Ok(()), Err);
            }
        }
    }

    async fn reset(&mut self) -> Result<()> {
        self.place = None;
        self.work(Task::Reset).await?;
        self.status.send_replace(Status::new());
        Ok(())
    }

    async fn work(&self, task: Task<P>) -> Result<Worked> {
        let (projection, view) = (Arc::clone(&self.projection), self.view.clone());
        self.tables.work(Job { projection, view, task }).await
    }

    fn tell(&self, seen: Id) {
        self.status.send_if_modified(|status| {
            let news =
                status.seen != Some(seen) || !matches!(status.state, ProjectionState::Running);
            (status.seen, status.state) = (Some(seen), ProjectionState::Running);
            news
        });
    }

    /// Notes how fast it goes; nobody waits for that.
    fn paced(&self, rate: Option<f64>) {
        self.status.send_if_modified(|status| {
            status.rate = rate;
            false
        });
    }

    /// Tells how far it is behind, before it handles the next event.
    fn lags(&self, head: Id, next: &Committed) {
        let age = self.clock.now().duration_since(next.created).as_secs_f64();
        measure::lag("projection", P::NAME, head.0 - next.id.0 + 1, age.max(0.0));
    }

    fn stopped(&self, error: Error) {
        tracing::error!(view = %self.view, %error, "the projection has stopped");
        let since = self.clock.now();
        let error = Arc::new(error);
        self.status.send_modify(|status| status.state = ProjectionState::Stopped { since, error });
    }

    fn failing(&self, error: Error, failures: u32) -> Duration {
        tracing::warn!(view = %self.view, %error, failures, "the projection tries again");
        let now = self.clock.now();
        self.status.send_modify(|status| {
            let since = match &status.state {
                ProjectionState::Retrying { since, .. } => *since,
                _ => now,
            };
            let error = Arc::new(error);
            status.state = ProjectionState::Retrying { since, failures, error };
        });
        let most = runner::POLL.saturating_mul(1 << failures.min(7)).min(LONGEST_PAUSE);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Whether trying again would end in the same way.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::Decode { .. }
            | Error::Panicked { .. }
            | Error::Ahead { .. }
            | Error::Handler { .. }
            | Error::Tables { .. }
            | Error::Superseded { .. }
    )
}

/// The event that cannot be handled, if that is what is wrong.
const fn event_of(error: &Error) -> Option<Id> {
    match error {
        Error::Handler { id, .. } | Error::Panicked { id, .. } => Some(*id),
        _ => None,
    }
}
