//! Carries out what was asked of the reaction.

use std::{collections::HashSet, sync::Arc};

use super::Holder;
use crate::{
    Error, Id, Reaction, Result, StreamId, Version,
    app::react::{
        request::{Edit, Request},
        timer::{self, Timer, timer_key},
    },
    store::{BoxFuture, Document, ViewCommit},
};

/// How many requests are carried out at a time.
const PAGE: u64 = 100;

/// The requests that are known.
#[derive(Default)]
pub(super) struct Requests {
    pub(super) listing: Option<BoxFuture<'static, Result<Vec<Document>>>>,
    /// Takes those away that were carried out.
    pub(super) forgetting: Option<BoxFuture<'static, Result<()>>>,
    /// All that were carried out and are not taken away yet.
    known: HashSet<String>,
    /// Those whose effect is not on its way to the store yet.
    carried: Vec<String>,
    /// Those whose effect is on its way to the store.
    committing: Vec<String>,
}

impl Requests {
    pub(super) fn committing(&mut self) {
        self.committing.append(&mut self.carried);
    }
}

impl<R: Reaction> Holder<R> {
    /// Looks for requests.
    pub(super) fn list_requests(&mut self) {
        if self.requests.listing.is_none() && !self.stopping {
            let (store, view) = (Arc::clone(&self.store), self.requests_view.clone());
            self.requests.listing =
                Some(Box::pin(async move { store.documents(&view, "", None, PAGE).await }));
        }
    }

    pub(super) async fn listed_requests(&mut self, listed: Result<Vec<Document>>) -> Result<()> {
        self.requests.listing = None;
        let documents = match listed {
            Ok(documents) => documents,
            Err(error) => {
                self.failing(error);
                return Ok(());
            }
        };
        for Document { key, data } in documents {
            let Some(data) = data.filter(|_| self.requests.known.insert(key.clone())) else {
                continue;
            };
            let request = data.decode::<Request>().map_err(|source| Error::Document {
                view: self.requests_view.to_string(),
                source,
            })?;
            self.carry_out(request).await?;
            self.requests.carried.push(key);
            self.commit.touch();
        }
        Ok(())
    }

    async fn carry_out(&mut self, request: Request) -> Result<()> {
        tracing::info!(reaction = R::NAME, ?request, "a request");
        match request {
            Request::Stream { stream, edit, version, attempts } => {
                self.edit_lane(&stream, edit, version, attempts)
            }
            Request::Timer { event, ordinal, edit, attempts } => {
                self.edit_timer(event, ordinal, edit, attempts).await
            }
            Request::Cancel { key } => {
                let gone = Document { key: timer_key(&key), data: None };
                self.timers.touched(std::slice::from_ref(&gone));
                self.change(gone);
                Ok(())
            }
        }
    }

    fn edit_lane(
        &mut self,
        stream: &StreamId,
        edit: Edit,
        version: Version,
        attempts: u32,
    ) -> Result<()> {
        let Some(lane) = self.lanes.get_mut(stream).filter(|lane| lane.is_parked()) else {
            return Ok(());
        };
        let is_same =
            |head: &mut super::lane::Head| head.version == version && head.attempts == attempts;
        let Some(mut head) = lane.head.take_if(|head| is_same(head)) else { return Ok(()) };
        let now = self.worker.clock.now();
        match edit {
            Edit::Skip => (lane.after, lane.last) = (head.version, head.id),
            Edit::Retry => {
                (head.due, head.once) = (Some(now), true);
                lane.head = Some(head);
            }
            Edit::Unpark => {
                (head.due, head.attempts) = (Some(now), 0);
                lane.head = Some(head);
            }
        }
        let document = lane.document(stream)?;
        self.change(document);
        self.go_on(stream.clone());
        Ok(())
    }

    async fn edit_timer(
        &mut self,
        event: Id,
        ordinal: u32,
        edit: Edit,
        attempts: u32,
    ) -> Result<()> {
        let key = timer::parked(event, ordinal);
        if self.changes.contains_key(&key) || self.commit.is_running() {
            // What the store has may be out of date; a void request can be asked again.
            return Ok(());
        }
        let (_, document) = self.store.document(&self.worker.view, &key).await?;
        let Some(data) = document else { return Ok(()) };
        let mut timer = Timer::read(&self.worker.view, &data)?;
        if timer.attempts != attempts {
            return Ok(());
        }
        self.parked_timers = self.parked_timers.saturating_sub(1);
        self.change(Document { key, data: None });
        if edit == Edit::Skip {
            return Ok(());
        }
        timer.due = crate::clock::whole_microseconds(self.worker.clock.now());
        // Its name may be another's by now.
        timer.key = None;
        timer.once = edit == Edit::Retry;
        if edit == Edit::Unpark {
            timer.attempts = 0;
        }
        for document in timer.documents()? {
            self.change(document);
        }
        Ok(())
    }

    /// Takes away the requests whose effect is stored.
    pub(super) fn forget_requests(&mut self) {
        if self.requests.committing.is_empty() || self.requests.forgetting.is_some() {
            return;
        }
        let (store, view, at) = (Arc::clone(&self.store), self.requests_view.clone(), Id(0));
        let gone = self.requests.committing.iter();
        let documents = gone.map(|key| Document { key: key.clone(), data: None }).collect();
        let lease = Some(self.lease.clone());
        let commit = ViewCommit { view, from: at, to: at, documents, lease };
        self.requests.forgetting = Some(Box::pin(async move { store.commit(commit).await }));
    }

    pub(super) fn forgotten(&mut self, outcome: Result<()>) -> Result<()> {
        self.requests.forgetting = None;
        match outcome {
            Ok(()) => {
                for key in self.requests.committing.drain(..) {
                    self.requests.known.remove(&key);
                }
                Ok(())
            }
            Err(error @ Error::Fenced { .. }) => Err(error),
            Err(error) => {
                self.failing(error);
                self.commit.touch();
                Ok(())
            }
        }
    }
}
