//! A live subscription: what the log has, then what comes, in one stream of events.
//!
//! It goes round: read the head, read what is wanted up to the head, wait until the log has grown.
//! The position is all it remembers, and ids alone are a cursor; so there is no seam between
//! catching up and following, where an event could be lost or come twice.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::{
    App, Closed, Committed, Error, Event, Events, Id, Result,
    app::task::Stop,
    store::{Direction, Pages, Query, Store, Watch},
};

/// How soon the log is looked at again when nothing wakes the subscription; longer each time.
const SOON: Duration = Duration::from_millis(50);

/// How long a subscription waits at most until it looks at the log.
const LATEST: Duration = Duration::from_secs(1);

/// How long the log may end before the position that the subscription was given. The id of an
/// action that was answered can be ahead of what can be read while appends before it are open.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a subscription waits at most after a failure of the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

#[doc = include_str!("../docs/subscribe.md")]
#[must_use = "nothing is read before it is asked for"]
pub struct Subscription<T = Committed> {
    follower: Follower,
    /// `None` leaves the event out.
    decode: fn(Committed) -> Result<Option<T>>,
}

/// Hands out events as they are stored.
struct Follower {
    store: Arc<dyn Store>,
    query: Query,
    /// Up to where everything wanted has been handed out.
    position: Id,
    /// The highest head that was seen, and since when the subscription looks.
    seen: Id,
    begun: Instant,
    /// How many events are still wanted.
    left: u64,
    page: VecDeque<Committed>,
    state: State,
    /// Ready when the app shuts down.
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    stopping: Stop,
    /// Not while it is waited on.
    watch: Option<Watch>,
    /// How often in a row nothing new was found, or the store failed.
    idle: u32,
    failures: u32,
}

enum State {
    Head(Waiting<Result<Id>>),
    /// Reads up to this id.
    Pages(Pages, Id),
    /// The log has been read up to the head.
    Growth(Waiting<Watch>),
    Pause(Waiting<()>),
    Ended,
}

type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Subscription<Committed> {
    pub(super) fn new(app: &App, query: Query, after: Id) -> Result<Self> {
        if query.direction == Direction::Backward {
            let why = "the query reads backward, and what is to come has no end to begin at; leave \
                       `backward` out, or use `read`";
            return Err(Error::Query { action: "subscribe", why });
        }
        if !app.0.gate.is_open() {
            return Err(Error::Closed { what: "the app" });
        }
        let store = Arc::clone(app.store());
        let begin = query.from_id.map_or(Id(0), |from| Id(from.0.saturating_sub(1)));
        let stopping = app.0.tasks.stopping();
        let mut stop = stopping.clone();
        let follower = Follower {
            position: after.max(begin),
            seen: Id(0),
            begun: Instant::now(),
            left: query.limit.unwrap_or(u64::MAX),
            page: VecDeque::new(),
            // The watch is older than the first look at the head: no growth is missed.
            watch: Some(store.watch()),
            state: State::Head(head(&store)),
            stop: Box::pin(async move { stop.wanted().await }),
            stopping,
            idle: 0,
            failures: 0,
            store,
            query,
        };
        Ok(Self { follower, decode: |event| Ok(Some(event)) })
    }

    /// Decodes the events as those of a set, such as the events of an aggregate.
    ///
    /// An event that does not decode is an error that names it; the subscription goes on behind it.
    /// What closes a stream is left out.
    ///
    /// ```
    /// use actum::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize, Debug)]
    /// struct Paid { cents: u64 }
    /// #[derive(Events, Debug)]
    /// enum OrderEvent { Paid(Paid) }
    ///
    /// # async fn follow(app: App) -> actum::Result<()> {
    /// let orders = Query::all().category("Order");
    /// let mut orders = app.subscribe(orders, Id(0))?.decode_any::<OrderEvent>();
    /// while let Some(event) = orders.next().await {
    ///     let event: Committed<OrderEvent> = event?;
    ///     println!("{} {:?}", event.stream, event.data);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn decode_any<Es: Events>(self) -> Subscription<Committed<Es>> {
        let decode = |event: Committed| {
            if *event.name == *Closed::NAME {
                return Ok(None);
            }
            let data = event.decode_any::<Es>()?;
            Ok(Some(event.with(data)))
        };
        Subscription { follower: self.follower, decode }
    }
}

impl<T> Subscription<T> {
    /// The next event; waits for one that is yet to come. `None` once the app is shut down, or
    /// when a bound of the query has been reached.
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Option<Result<T>> {
        StreamExt::next(self).await
    }

    /// Up to where everything that is wanted has been handed out: where to resume.
    ///
    /// It is the id of the last event handed out, or a later one when what came since concerned
    /// others.
    pub fn position(&self) -> Id {
        self.follower.position
    }
}

impl<T> Stream for Subscription<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let Some(event) = ready!(self.follower.poll_next(cx)) else {
                return Poll::Ready(None);
            };
            if let Some(decoded) = event.and_then(self.decode).transpose() {
                return Poll::Ready(Some(decoded));
            }
        }
    }
}

impl Follower {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Committed>>> {
        loop {
            if self.stopping.is_wanted() {
                self.end();
            }
            if let Some(event) = self.page.pop_front() {
                self.position = event.id;
                self.left -= 1;
                return Poll::Ready(Some(Ok(event)));
            }
            if self.is_over() {
                self.end();
            }
            let moved = match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Head(head) => head.as_mut().poll(cx).map(|head| self.begin(head)),
                State::Pages(pages, head) => {
                    let head = *head;
                    pages.as_mut().poll_next(cx).map(|page| self.take(page, head))
                }
                State::Growth(growth) => growth.as_mut().poll(cx).map(|watch| {
                    self.watch = Some(watch);
                    self.look();
                    None
                }),
                State::Pause(pause) => pause.as_mut().poll(cx).map(|()| {
                    self.look();
                    None
                }),
            };
            match moved {
                Poll::Ready(Some(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {}
                // Polled whenever this waits, so that a shutdown wakes it.
                Poll::Pending => match self.stop.as_mut().poll(cx) {
                    Poll::Ready(()) => self.end(),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// Whether a bound of the query has been reached.
    fn is_over(&self) -> bool {
        self.left == 0 || self.query.to_id.is_some_and(|to| self.position >= to)
    }

    fn end(&mut self) {
        self.page.clear();
        self.state = State::Ended;
    }

    fn look(&mut self) {
        self.state = State::Head(head(&self.store));
    }

    /// Reads on, up to the head.
    fn begin(&mut self, head: Result<Id>) -> Option<Error> {
        let head = match head {
            Ok(head) => head,
            Err(error) => return Some(self.pause(error)),
        };
        if head < self.seen || (head < self.position && self.begun.elapsed() > PATIENCE) {
            // What is appended to that log until it is as long again would be left out.
            self.state = State::Ended;
            let (view, checkpoint) = ("the subscription".to_owned(), self.position);
            return Some(Error::Ahead { view, checkpoint, head });
        }
        self.seen = head;
        if head <= self.position {
            self.failures = 0;
            self.wait();
            return None;
        }
        self.idle = 0;
        let to = self.query.to_id.map_or(head, |to| to.min(head));
        let mut query = self.query.clone().after(self.position).to_id(to);
        query.limit = self.query.limit.map(|_| self.left);
        self.state = State::Pages(self.store.read(query), to);
        None
    }

    /// Takes a page, or the end of the read: then nothing wanted is left up to the head.
    fn take(&mut self, page: Option<Result<Vec<Committed>>>, head: Id) -> Option<Error> {
        match page {
            Some(Ok(page)) => {
                self.failures = 0;
                self.page = page.into();
                None
            }
            Some(Err(error)) => Some(self.pause(error)),
            None => {
                self.failures = 0;
                self.position = self.position.max(head);
                self.look();
                None
            }
        }
    }

    /// Waits until the log has grown; what wakes it only makes it faster.
    fn wait(&mut self) {
        let most = SOON.saturating_mul(1 << self.idle.min(5)).min(LATEST);
        self.idle = self.idle.saturating_add(1);
        let mut watch = self.watch.take().unwrap_or_else(|| self.store.watch());
        self.state = State::Growth(Box::pin(async move {
            tokio::select! {
                _ = watch.grown() => {}
                () = tokio::time::sleep(most) => {}
            }
            watch
        }));
    }

    /// After a failure it waits, longer each time, and reads again from its position.
    fn pause(&mut self, error: Error) -> Error {
        self.failures = self.failures.saturating_add(1);
        let most = SOON.saturating_mul(1 << self.failures.min(8)).min(LONGEST_PAUSE);
        let pause = most.mul_f64(0.5 + fastrand::f64() / 2.0);
        tracing::warn!(%error, position = %self.position, ?pause, "a subscription tries again");
        self.state = State::Pause(Box::pin(tokio::time::sleep(pause)));
        error
    }
}

/// Reads the head of the log, when it is asked for.
fn head(store: &Arc<dyn Store>) -> Waiting<Result<Id>> {
    let store = Arc::clone(store);
    Box::pin(async move { store.head().await })
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("query", &self.follower.query)
            .field("position", &self.follower.position)
            .finish_non_exhaustive()
    }
}
