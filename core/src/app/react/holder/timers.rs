//! The timers that are due.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{Holder, pending};
use crate::{
    Error, Fault, Json, Reaction, Result,
    app::react::{
        job::{Fired, Job},
        timer::{self, COUNT, TIMERS, Timer, timer_key},
    },
    clock::whole_microseconds,
    store::{BoxFuture, Document, Store, ViewId},
};

/// How many timers act at a time at most.
const ACTING: usize = 256;

/// What is known of the timers; all others are in the store alone.
pub(super) struct Timers {
    /// When to look for timers that are due.
    next: Option<Timestamp>,
    listing: Option<BoxFuture<'static, Result<Vec<Document>>>>,
    /// Where the timers are kept that act, or have acted while their end is not stored yet.
    acting: HashSet<String>,
    /// The pointers of those that act, and whether one was set anew or taken away meanwhile.
    pointers: HashMap<String, bool>,
    /// Those that have acted and whose end is not on its way to the store yet.
    acted: Vec<String>,
    /// Those whose end is on its way to the store.
    committing: Vec<String>,
    /// The earliest of the timers that are on their way to the store.
    coming: Option<Timestamp>,
    /// Whether to wait for the next commit before looking again.
    blocked: bool,
    /// How many there are, those among them that were cancelled and are not due yet.
    pub(super) count: u64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            // What was left by others is looked for at once.
            next: Some(Timestamp::MIN),
            listing: None,
            acting: HashSet::new(),
            pointers: HashMap::new(),
            acted: Vec::new(),
            committing: Vec::new(),
            coming: None,
            blocked: false,
            count: 0,
        }
    }
}

impl Timers {
    /// Those that were left by the holder before.
    pub(super) async fn load(store: &dyn Store, view: &ViewId) -> Result<Self> {
        Ok(Self { count: timer::count(store, view).await?, ..Self::default() })
    }

    /// Counts what is on its way to the store, and has the number go with it.
    pub(super) fn counting(&mut self, documents: &mut Vec<Document>) -> Result<()> {
        let mut is_other = false;
        for document in documents.iter().filter(|one| one.key.starts_with(TIMERS)) {
            is_other = true;
            self.count = match document.data {
                Some(_) => self.count + 1,
                None => self.count.saturating_sub(1),
            };
        }
        if is_other {
            let count = Json::from_value(&self.count)
                .map_err(|source| Error::Encode { what: "a number".to_owned(), source })?;
            documents.push(Document { key: COUNT.to_owned(), data: Some(count) });
        }
        Ok(())
    }

    /// When to look for timers that are due; never while a commit may change them.
    pub(super) fn next(&self, committing: bool) -> Option<Timestamp> {
        let is_free = self.listing.is_none() && !self.blocked && !committing;
        self.next.filter(|_| is_free && self.acting.len() < ACTING)
    }

    pub(super) async fn listing(&mut self) -> Result<Vec<Document>> {
        let documents = pending(&mut self.listing).await;
        self.listing = None;
        documents
    }

    /// Notes which pointers are set or taken away by what a handler has left.
    pub(super) fn touched(&mut self, changes: &[Document]) {
        for change in changes {
            if let Some(touched) = self.pointers.get_mut(&change.key) {
                *touched = true;
            }
        }
    }

    /// Notes what is on its way to the store.
    pub(super) fn committing(&mut self, documents: &[Document]) {
        self.committing = std::mem::take(&mut self.acted);
        let set = documents.iter().filter(|document| document.data.is_some());
        self.coming = set.filter_map(|document| due(&document.key)).min();
    }

    /// Notes that it is stored.
    pub(super) fn committed(&mut self) {
        for place in self.committing.drain(..) {
            self.acting.remove(&place);
        }
        self.next = self.next.into_iter().chain(self.coming.take()).min();
        self.blocked = false;
    }
}

/// When the timer that is kept there is due.
fn due(place: &str) -> Option<Timestamp> {
    let due = place.strip_prefix(TIMERS)?.get(..20)?;
    Timestamp::from_microsecond(due.parse().ok()?).ok()
}

impl<R: Reaction> Holder<R> {
    /// Looks for timers that are due, if it is time.
    pub(super) fn list_timers(&mut self) {
        let next = self.timers.next(self.commit.is_running());
        let is_time = next.is_some_and(|next| next <= self.worker.clock.now());
        if self.stopping || !is_time {
            return;
        }
        let (store, view) = (Arc::clone(&self.store), self.worker.view.clone());
        // One more than may act tells when to look again.
        let limit = (ACTING + self.timers.acting.len() + 1) as u64;
        self.timers.listing =
            Some(Box::pin(async move { store.documents(&view, TIMERS, None, limit).await }));
    }

    pub(super) fn listed_timers(&mut self, documents: Result<Vec<Document>>) -> Result<()> {
        let documents = match documents {
            Ok(documents) => documents,
            Err(error) => {
                self.failing(error);
                self.timers.blocked = true;
                self.commit.touch();
                return Ok(());
            }
        };
        let now = self.worker.clock.now();
        self.timers.next = None;
        for Document { key: place, data } in documents {
            let (Some(due), Some(data)) = (due(&place), data) else { continue };
            if due > now || self.timers.acting.len() >= ACTING {
                self.wait_for_timer(due);
                break;
            }
            if self.timers.acting.contains(&place) {
                continue;
            }
            let timer = Timer::read(&self.worker.view, &data)?;
            if let Some(key) = &timer.key {
                let pointer = timer_key(key);
                let is_open = self.commit.is_running()
                    || self.changes.contains_key(&pointer)
                    || self.window.has(&pointer)
                    || self.timers.pointers.contains_key(&pointer);
                if is_open {
                    // Whether this one still counts will be known after the next commit.
                    self.wait_for_timer(due);
                    self.timers.blocked = true;
                    self.commit.touch();
                    continue;
                }
                self.timers.pointers.insert(pointer, false);
            }
            self.timers.acting.insert(place);
            self.ready.push_back(Job::Timer(Box::new(timer)));
        }
        Ok(())
    }

    fn wait_for_timer(&mut self, due: Timestamp) {
        self.timers.next = Some(self.timers.next.map_or(due, |next| next.min(due)));
    }

    pub(super) fn finish_timer(
        &mut self,
        timer: Box<Timer>,
        outcome: Result<Fired, Fault>,
    ) -> Result<()> {
        let place = timer.place();
        let pointer = timer.key.as_deref().map(timer_key);
        let touched = pointer.as_ref().and_then(|pointer| self.timers.pointers.remove(pointer));
        self.change(Document { key: place.clone(), data: None });
        self.timers.acted.push(place);
        match outcome {
            // Its pointer, if there is one, names another.
            Ok(Fired::Void) => Ok(()),
            // It was cancelled or replaced meanwhile, so the pointer is no longer its own.
            _ if touched == Some(true) => Ok(()),
            Ok(Fired::Acted) => {
                if let Some(key) = pointer {
                    self.change(Document { key, data: None });
                }
                Ok(())
            }
            Err(fault) => self.fail_timer(timer, &fault),
        }
    }

    /// Sets a timer that failed for later, or parks it.
    fn fail_timer(&mut self, mut timer: Box<Timer>, fault: &Fault) -> Result<()> {
        let now = self.worker.clock.now();
        let error = fault.text();
        timer.attempts += 1;
        timer.error = Some(error.clone());
        let (stream, attempts) = (&timer.stream, timer.attempts);
        if fault.is_permanent() || timer.once || attempts >= R::POLICY.attempts {
            tracing::error!(reaction = R::NAME, %stream, attempts, error, "a timer is parked");
            self.parked_timers += 1;
            timer.since = Some(timer.since.unwrap_or(now));
            self.change(Document { key: timer.parked(), data: Some(timer.json()?) });
            if let Some(key) = timer.key.as_deref().map(timer_key) {
                self.change(Document { key, data: None });
            }
            return Ok(());
        }
        tracing::warn!(reaction = R::NAME, %stream, attempts, error, "a timer tries again");
        timer.since = Some(timer.since.unwrap_or(now));
        let due = now.saturating_add(R::POLICY.pause(attempts)).unwrap_or(now);
        timer.due = whole_microseconds(due);
        for document in timer.documents()? {
            self.change(document);
        }
        Ok(())
    }
}
