//! Trails through long streams: states on the way, so that time travel need not begin at the first
//! event each time.
//!
//! A state on a trail is never the truth: losing one costs a longer fold. There are few trails, few
//! states on each, and these take a bounded number of bytes. Where that is not enough, every second
//! state is let go of, and those to come lie twice as far apart.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::StreamExt;

use crate::{
    Aggregate, Result, StreamId, Version,
    app::{aggregate::Registered, cell::Held},
    store::Query,
};

/// How many streams have a trail: those that were travelled through last.
const STREAMS: usize = 4;

/// How many states a trail has.
const STATES: usize = 32;

/// How many bytes the states of a trail take, as JSON.
const BYTES: usize = 32 << 20;

/// How many events lie between two states at first.
const APART: u64 = 512;

/// The trails of an aggregate, the latest first.
pub(super) struct Trails<A>(Mutex<VecDeque<Trail<A>>>);

/// States of one stream.
struct Trail<A> {
    stream: StreamId,
    apart: u64,
    states: BTreeMap<Version, Kept<A>>,
    /// The last that somebody looked at, from where the next step begins.
    seen: Vec<Kept<A>>,
}

struct Kept<A> {
    held: Held<A>,
    bytes: usize,
}

impl<A: Aggregate> Registered<A> {
    /// The state at a version; folded from the nearest one that is at hand.
    pub(super) async fn travel(&self, stream: &StreamId, to: Version) -> Result<Held<A>> {
        let mut held = self.start(stream, to).await?;
        let query = Query::stream(stream.clone()).from_version(held.version.next());
        let mut pages = self.store.read(query.to_version(to).without_meta());
        while let Some(page) = pages.next().await {
            held.extend(&page?)?;
            self.trails.pass(stream, &held);
        }
        Ok(held)
    }

    /// Where to begin: a state of the trail or the snapshot, if it is of this very log.
    async fn start(&self, stream: &StreamId, to: Version) -> Result<Held<A>> {
        let near = match self.trails.nearest(stream, to) {
            Some(held) if self.is_of_the_log(stream, &held).await? => Some(held),
            Some(_) => {
                self.trails.forget(stream);
                None
            }
            None => None,
        };
        if let Some(held) = near.as_ref().filter(|held| to.0 - held.version.0 <= APART) {
            return Ok(held.clone());
        }
        let snapshot = self.snapshot(stream).await?.filter(|snapshot| snapshot.version <= to);
        let nearest = near.into_iter().chain(snapshot).max_by_key(|held| held.version);
        Ok(nearest.unwrap_or_else(Held::empty))
    }
}

impl<A> Default for Trails<A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A: Aggregate> Trails<A> {
    /// Keeps a state that somebody has looked at, of this many bytes.
    pub(super) fn see(&self, stream: &StreamId, held: &Held<A>, bytes: usize) {
        let kept = Kept { held: held.clone(), bytes };
        self.with(stream, |trail| {
            trail.seen.retain(|kept| kept.held.version != held.version);
            trail.seen.truncate(1);
            if bytes <= BYTES && held.version > Version(0) {
                trail.seen.insert(0, kept);
            }
        });
    }

    /// Lets go of a trail, for its states are those of other events.
    pub(super) fn forget(&self, stream: &StreamId) {
        self.lock().retain(|trail| trail.stream != *stream);
    }

    /// The last state at or before a version.
    fn nearest(&self, stream: &StreamId, to: Version) -> Option<Held<A>> {
        self.with(stream, |trail| {
            let seen = trail.seen.iter().filter(|kept| kept.held.version <= to);
            let kept = seen.chain(trail.before(to)).max_by_key(|kept| kept.held.version);
            kept.map(|kept| kept.held.clone())
        })
    }

    /// Keeps a state on the way, if the one before it is far enough behind.
    fn pass(&self, stream: &StreamId, held: &Held<A>) {
        let is_due = self.with(stream, |trail| {
            let before = trail.before(held.version).map_or(0, |kept| kept.held.version.0);
            held.version.0 - before >= trail.apart
        });
        // Not under the lock: it may take a while. What cannot be written is not kept.
        let Some(bytes) = is_due.then(|| size(held.state.as_ref())).flatten() else { return };
        let kept = Kept { held: held.clone(), bytes };
        self.with(stream, |trail| {
            trail.states.insert(held.version, kept);
            trail.thin();
        });
    }

    /// Does something with the trail of a stream, made where there is none, and now the latest.
    fn with<R>(&self, stream: &StreamId, work: impl FnOnce(&mut Trail<A>) -> R) -> R {
        let mut trails = self.lock();
        let found = trails.iter().position(|trail| trail.stream == *stream);
        let mut trail = found.and_then(|at| trails.remove(at)).unwrap_or_else(|| Trail {
            stream: stream.clone(),
            apart: APART,
            states: BTreeMap::new(),
            seen: Vec::new(),
        });
        let outcome = work(&mut trail);
        trails.truncate(STREAMS - 1);
        trails.push_front(trail);
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Trail<A>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A> Trail<A> {
    fn before(&self, version: Version) -> Option<&Kept<A>> {
        self.states.range(..=version).next_back().map(|(_, kept)| kept)
    }

    fn thin(&mut self) {
        let is_long = |states: &BTreeMap<_, Kept<A>>| {
            let bytes: usize = states.values().map(|kept| kept.bytes).sum();
            states.len() > STATES || bytes > BYTES
        };
        while is_long(&self.states) {
            let mut is_kept = true;
            self.states.retain(|_, _| {
                is_kept = !is_kept;
                is_kept
            });
            self.apart = self.apart.saturating_mul(2);
        }
    }
}

/// How long a value is as JSON.
fn size(value: &impl serde::Serialize) -> Option<usize> {
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).ok()?;
    Some(count.0)
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
