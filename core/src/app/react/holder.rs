//! The holder of a reaction's lease at work: one task that reads the log, hands out jobs, and
//! stores what came of them.
//!
//! What must stay true: of each stream at most one job runs; a stream with a lane gets jobs from
//! there only; what belongs to a checkpoint is stored with it or before it; and after any sign that
//! another holds the lease, all that is known here is forgotten.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::{task::JoinSet, time::Instant};

use super::{
    Worker,
    health::{ReactionState, Status},
    job::{Finished, Job},
    lane::{self, Lane},
    window::Window,
};
use crate::{
    Committed, Error, Id, Json, Reaction, Result, StreamId,
    app::task::{self, Stop},
    measure,
    store::{BoxFuture, Document, Lease, Pages, Query, Store, ViewId, Watch},
};

mod commit;
mod lag;
mod lanes;
mod load;
mod requests;
mod timers;

pub(super) use load::each;

/// How many events are taken from the log before the oldest of them is settled.
const WINDOW: usize = 4096;

/// How many streams may wait for another try before no further events are taken: then it is not
/// the events that are at fault.
const WAITING: usize = 10_000;

/// How often the log and the requests are looked at even if nothing has woken the holder.
const POLL: Duration = Duration::from_secs(1);

/// Why a holder came to its end.
pub(super) enum Ended {
    /// The app is shut down.
    Stopped,
    /// Another holds the lease.
    Lost,
}

/// A holder of the lease.
pub(super) struct Holder<R> {
    worker: Arc<Worker<R>>,
    store: Arc<dyn Store>,
    requests_view: ViewId,
    lease: Lease,
    renewing: Option<BoxFuture<'static, Result<Lease>>>,
    renewed: Instant,
    watch: Watch,
    looking: Option<BoxFuture<'static, Result<Id>>>,
    looked: Instant,
    feed: Option<Feed>,
    page: VecDeque<Committed>,
    window: Window,
    /// The streams of which an event is at work, and what waits behind it.
    busy: HashMap<StreamId, VecDeque<Committed>>,
    lanes: HashMap<StreamId, Lane>,
    /// The lanes that may be given up when the checkpoint has passed them.
    idle: HashSet<StreamId>,
    /// The lanes that are tried again, and when.
    due: BTreeSet<(Timestamp, StreamId)>,
    timers: timers::Timers,
    parked: HashSet<StreamId>,
    parked_timers: usize,
    ready: VecDeque<Job>,
    jobs: JoinSet<Finished>,
    /// What is to be stored besides what the window keeps.
    changes: BTreeMap<String, Option<Json>>,
    commit: commit::Pipeline,
    requests: requests::Requests,
    lag: lag::Lag,
    /// How often in a row the store has failed, and when it may be asked again.
    failures: u32,
    patience: Option<Instant>,
    stopping: bool,
}

/// A read of the log that is under way.
struct Feed {
    pages: Pages,
    /// Up to where it goes.
    end: Id,
}

/// What the holder was waiting for.
enum Woken {
    Finished(Finished),
    Page(Option<Result<Vec<Committed>>>),
    Looked(Result<Id>),
    Committed(Result<()>),
    Renewed(Result<Lease>),
    Timers(Result<Vec<Document>>),
    Requests(Result<Vec<Document>>),
    Forgotten(Result<()>),
    /// The log has grown, or it is time to look.
    Look,
    /// Someone has left a request.
    Nudged,
    /// Something is due by the clock.
    Time,
    Stop,
    /// A job was cut off.
    Broken,
}

impl<R: Reaction> Holder<R> {
    /// Cuts off what still runs, and waits until it has ended: then another may go on.
    pub(super) async fn end(mut self) -> Lease {
        self.jobs.shutdown().await;
        lag::silence(R::NAME);
        self.lease
    }

    /// Works until the app stops or the lease is lost.
    pub(super) async fn run(&mut self, stop: &mut Stop) -> Result<Ended> {
        self.look();
        self.list_requests();
        loop {
            self.take_page();
            self.start_jobs();
            self.start_commit()?;
            self.renew_in_time();
            self.show();
            if self.stopping && self.is_done() {
                return Ok(Ended::Stopped);
            }
            match self.next(stop).await {
                Woken::Finished(finished) => {
                    self.finish(finished)?;
                    while let Some(Ok(finished)) = self.jobs.try_join_next() {
                        self.finish(finished)?;
                    }
                }
                Woken::Page(page) => self.paged(page),
                Woken::Looked(head) => self.looked(head)?,
                Woken::Committed(outcome) => self.committed(outcome)?,
                Woken::Renewed(lease) => self.renewed(lease)?,
                Woken::Timers(documents) => self.listed_timers(documents)?,
                Woken::Requests(documents) => self.listed_requests(documents).await?,
                Woken::Forgotten(outcome) => self.forgotten(outcome)?,
                Woken::Look => {
                    self.look();
                    let settled = self.commit.settled(&self.window);
                    self.tell_lag(settled);
                    if self.looked.elapsed() >= POLL {
                        self.list_requests();
                        self.commit.catch_up(self.window.seen);
                        self.looked = Instant::now();
                    }
                }
                Woken::Nudged => self.list_requests(),
                Woken::Time => {
                    self.wake_lanes();
                    self.list_timers();
                }
                Woken::Stop => self.stopping = true,
                Woken::Broken => return Ok(Ended::Lost),
            }
        }
    }

    /// Waits for what comes next.
    async fn next(&mut self, stop: &mut Stop) -> Woken {
        let clock = Arc::clone(&self.worker.clock);
        let nudge = Arc::clone(&self.worker.nudge);
        let renewal = self.renewed + self.renewal();
        let poll = self.looked + POLL;
        let commit = self.commit.due(self.patience);
        let time = self.next_time();
        let patience = self.patience;
        let reading = self.feed.is_some() && self.page.is_empty() && self.has_room();
        let resting = self.feed.is_none() && self.page.is_empty() && self.looking.is_none();
        tokio::select! {
            job = self.jobs.join_next(), if !self.jobs.is_empty() => match job {
                Some(Ok(finished)) => Woken::Finished(finished),
                _ => Woken::Broken,
            },
            page = next_page(&mut self.feed), if reading => Woken::Page(page),
            head = pending(&mut self.looking) => Woken::Looked(head),
            outcome = self.commit.running() => Woken::Committed(outcome),
            lease = pending(&mut self.renewing) => Woken::Renewed(lease),
            documents = self.timers.listing() => Woken::Timers(documents),
            documents = pending(&mut self.requests.listing) => Woken::Requests(documents),
            outcome = pending(&mut self.requests.forgetting) => Woken::Forgotten(outcome),
            _ = self.watch.grown(), if resting && patience.is_none() => Woken::Look,
            () = tokio::time::sleep_until(poll), if patience.is_none() => Woken::Look,
            () = sleep_until(patience) => { self.patience = None; Woken::Look }
            () = sleep_until(commit) => Woken::Time,
            () = until(&*clock, time) => Woken::Time,
            () = tokio::time::sleep_until(renewal), if self.renewing.is_none() => Woken::Time,
            () = nudge.notified() => Woken::Nudged,
            () = stop.wanted(), if !self.stopping => Woken::Stop,
        }
    }

    /// When the clock is to wake the holder.
    fn next_time(&self) -> Option<Timestamp> {
        if self.stopping {
            return None;
        }
        let lane = self.due.first().map(|(due, _)| *due);
        let timer = self.timers.next(self.commit.is_running());
        lane.into_iter().chain(timer).min()
    }

    /// Whether the lease is still this holder's by its own clock.
    fn is_current(&self) -> bool {
        self.worker.clock.now() < self.lease.until
    }

    fn has_room(&self) -> bool {
        !self.stopping && self.window.len() < WINDOW && self.due.len() < WAITING
    }

    /// Whether nothing is left of what was begun.
    fn is_done(&self) -> bool {
        self.jobs.is_empty() && self.commit.is_idle() && self.requests.forgetting.is_none()
    }

    /// Asks for the head of the log.
    fn look(&mut self) {
        if self.looking.is_none() && self.feed.is_none() && self.page.is_empty() && !self.stopping {
            let store = Arc::clone(&self.store);
            self.looking = Some(Box::pin(async move { store.head().await }));
        }
    }

    fn looked(&mut self, head: Result<Id>) -> Result<()> {
        self.looking = None;
        let head = match head {
            Ok(head) => head,
            Err(error) => {
                self.failing(error);
                return Ok(());
            }
        };
        let seen = self.window.seen;
        self.lag.looked(head);
        if seen > head {
            let (view, checkpoint) = (self.worker.view.to_string(), seen);
            return Err(Error::Ahead { view, checkpoint, head });
        }
        if seen < head {
            let query = super::query::<R>(Query::all().after(seen).to_id(head));
            self.feed = Some(Feed { pages: self.store.read(query), end: head });
        } else {
            self.well();
        }
        Ok(())
    }

    fn paged(&mut self, page: Option<Result<Vec<Committed>>>) {
        match page {
            Some(Ok(page)) => {
                self.page = page.into();
                self.well();
            }
            Some(Err(error)) => {
                self.feed = None;
                self.failing(error);
            }
            None => {
                if let Some(feed) = self.feed.take() {
                    self.window.seen = feed.end;
                    self.commit.moved(feed.end);
                }
            }
        }
    }

    /// Sorts the events of a page into where they wait, as far as there is room.
    fn take_page(&mut self) {
        while self.has_room() {
            let Some(event) = self.page.pop_front() else { break };
            self.take(event);
        }
    }

    fn take(&mut self, event: Committed) {
        if self.worker.reactor(&event.name, event.stream.category()).is_none() {
            self.window.seen = event.id;
            return;
        }
        self.lag.took(&event);
        if !self.window.open(event.id) {
            self.commit.touch();
        } else if self.lanes.contains_key(&event.stream) {
            self.divert(&event);
        } else if let Some(waiting) = self.busy.get_mut(&event.stream) {
            waiting.push_back(event);
        } else {
            self.busy.insert(event.stream.clone(), VecDeque::new());
            self.ready.push_back(Job::Event(event));
        }
    }

    /// Starts what waits, as much as may run at a time.
    fn start_jobs(&mut self) {
        let most = usize::try_from(R::POLICY.parallel.max(1)).unwrap_or(usize::MAX);
        while self.jobs.len() < most && !self.ready.is_empty() {
            // Whoever has been silent for too long first asks whether it may go on.
            if self.stopping || !self.is_current() {
                return;
            }
            let (Some(app), Some(job)) = (self.worker.app.upgrade(), self.ready.pop_front()) else {
                return;
            };
            let worker = Arc::clone(&self.worker);
            match job {
                Job::Event(event) => self.jobs.spawn(task::own(worker.event(app, event))),
                Job::Timer(timer) => self.jobs.spawn(task::own(worker.timer(app, timer))),
                Job::Lane { stream, after, tried } => {
                    if let Some(lane) = self.lanes.get_mut(&stream) {
                        lane.more = false;
                    }
                    let place = (after, tried, self.window.reach());
                    self.jobs.spawn(task::own(worker.lane(app, stream, place)))
                }
            };
        }
    }

    fn finish(&mut self, finished: Finished) -> Result<()> {
        match finished {
            Finished::Event(met, Ok(changes)) => {
                measure::reacted(R::NAME, "settled");
                self.timers.touched(&changes);
                self.window.settle(met.id, changes);
                self.commit.touch();
                self.next_of(&met.stream);
                Ok(())
            }
            Finished::Event(met, Err(fault)) => self.set_aside(&met, &fault),
            Finished::Lane(stream, outcome) => self.finish_lane(stream, outcome),
            Finished::Timer(timer, outcome) => self.finish_timer(timer, outcome),
        }
    }

    /// Lets the next event of a stream have its turn.
    fn next_of(&mut self, stream: &StreamId) {
        let Some(waiting) = self.busy.get_mut(stream) else { return };
        match waiting.pop_front() {
            Some(event) => self.ready.push_back(Job::Event(event)),
            None => {
                self.busy.remove(stream);
            }
        }
    }

    /// How long after the last time the lease is prolonged again.
    fn renewal(&self) -> Duration {
        // By a clock that leaps it may have run out at any moment.
        if self.is_current() { R::POLICY.lease / 3 } else { Duration::from_millis(10) }
    }

    /// Starts to prolong the lease when it is time.
    fn renew_in_time(&mut self) {
        if self.renewing.is_some() {
            return;
        }
        if self.renewed.elapsed() >= self.renewal() {
            let (store, lease) = (Arc::clone(&self.store), self.lease.clone());
            let now = self.worker.clock.now();
            let ttl = R::POLICY.lease;
            self.renewed = Instant::now();
            self.renewing = Some(Box::pin(async move { store.renew(&lease, now, ttl).await }));
        }
    }

    fn renewed(&mut self, lease: Result<Lease>) -> Result<()> {
        self.renewing = None;
        match lease {
            Ok(lease) => self.lease = lease,
            Err(error @ Error::Fenced { .. }) => return Err(error),
            Err(error) => self.failing(error),
        }
        Ok(())
    }

    /// Shows how the reaction fares.
    fn show(&mut self) {
        let settled = self.commit.settled(&self.window);
        let parked = self.parked.len() + self.parked_timers;
        let waiting = self.due.len();
        let timers = self.timers.count;
        let is_moved = {
            let before = self.worker.status.borrow();
            if before.parked != parked {
                measure::parked(R::NAME, parked);
            }
            if before.timers != timers {
                measure::timers(R::NAME, timers);
            }
            before.seen != settled
        };
        if is_moved {
            self.tell_lag(settled);
        }
        self.worker.status.send_if_modified(|status| {
            let news = status.seen != settled
                || status.parked != parked
                || status.waiting != waiting
                || status.timers != timers
                || (self.failures == 0 && !matches!(status.state, ReactionState::Running));
            if news {
                let running = self.failures == 0;
                let state = if running { ReactionState::Running } else { status.state.clone() };
                *status = Status { seen: settled, parked, waiting, timers, state };
            }
            news
        });
    }

    fn failing(&mut self, error: Error) {
        self.failures += 1;
        let pause = self.worker.failing(error, self.failures);
        self.patience = Some(Instant::now() + pause);
    }

    fn well(&mut self) {
        self.failures = 0;
    }
}

/// Waits for what is under way; for ever when nothing is.
async fn pending<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn next_page(feed: &mut Option<Feed>) -> Option<Result<Vec<Committed>>> {
    match feed {
        Some(feed) => feed.pages.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn until(clock: &dyn crate::Clock, time: Option<Timestamp>) {
    match time {
        Some(time) => clock.until(time).await,
        None => std::future::pending().await,
    }
}
