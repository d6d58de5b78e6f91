//! Asks which versions of payloads the log of an app has.

use std::{collections::HashMap, future::IntoFuture};

use crate::{App, Audit, Result, audit, store::BoxFuture};

/// Counts the versions of stored payloads; made by [`App::audit`], runs when awaited.
#[must_use = "nothing is read before it is awaited"]
#[derive(Debug)]
pub struct Auditing<'a> {
    app: &'a App,
    streams: usize,
}

impl<'a> Auditing<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, streams: audit::STREAMS }
    }

    /// Names at most so many streams of each version; 100 unless told otherwise.
    ///
    /// The events of further streams are counted, but their streams are not named: that is what
    /// bounds the memory.
    pub fn streams(mut self, at_most: usize) -> Self {
        self.streams = at_most;
        self
    }

    async fn run(self) -> Result<Audit> {
        let aggregates = &self.app.model().aggregates;
        let newest: HashMap<_, _> = aggregates
            .iter()
            .flat_map(|one| one.events.iter().map(|event| ((one.name, event.name), event.version)))
            .collect();
        let newest = |aggregate: &str, name: &str, _| newest.get(&(aggregate, name)).copied();
        audit::audit(self.app.store().as_ref(), self.streams, newest, |_| {}).await
    }
}

impl<'a> IntoFuture for Auditing<'a> {
    type Output = Result<Audit>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
