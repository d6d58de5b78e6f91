//! One client: what it asks, decided by its random source and by what it has heard.

use std::{collections::HashMap, sync::Arc};

use fastrand::Rng;
use futures_util::FutureExt;

use super::{Answer, Call, Request, Wish, race::Ticks};
use crate::{
    Error, Json, StreamId, Version,
    store::{Appended, Batch, Expected, Key, NewEvent, Query, Store},
    testing::{
        Failure, Outcome,
        store::steps::{all, stream},
    },
};

/// The aggregate of every other stream.
pub(super) const CATEGORY: &str = "Cart";

/// Every so many calls all clients make the same request, with the same key.
const SHARED: usize = 10;

pub(super) struct Client {
    number: usize,
    store: Arc<dyn Store>,
    ticks: Ticks,
    random: Rng,
    streams: usize,
    versions: HashMap<StreamId, Version>,
    events: u64,
    calls: Vec<Call>,
}

impl Client {
    pub(super) fn new(
        number: usize,
        store: Arc<dyn Store>,
        ticks: Ticks,
        random: Rng,
        streams: usize,
    ) -> Self {
        let events = (number as u64 + 1) << 32;
        let (versions, calls) = (HashMap::new(), Vec::new());
        Self { number, store, ticks, random, streams, versions, events, calls }
    }

    pub(super) async fn run(mut self, calls: usize) -> Outcome<Vec<Call>> {
        for at in 0..calls {
            let request = self.request(at)?;
            let keyed = matches!(request, Request::Append { key: Some(_), .. });
            let abandoned = keyed && self.random.u8(0..4) == 0;
            self.call(request.clone(), abandoned).await?;
            if keyed && self.random.bool() {
                self.call(request, false).await?;
            }
            tokio::task::yield_now().await;
        }
        Ok(self.calls)
    }

    async fn call(&mut self, request: Request, abandoned: bool) -> Outcome {
        let from = self.ticks.next();
        let asked = ask(&*self.store, &request);
        let answer = if abandoned {
            asked.now_or_never().unwrap_or(Ok(Answer::Unknown))?
        } else {
            asked.await?
        };
        let until = self.ticks.next();
        self.learn(&request, &answer);
        self.calls.push(Call { client: self.number, from, until, request, answer });
        Ok(())
    }

    fn learn(&mut self, request: &Request, answer: &Answer) {
        match (request, answer) {
            (Request::Version(stream), Answer::Version(version)) => {
                self.versions.insert(stream.clone(), *version);
            }
            (_, Answer::Refused { stream, actual }) => {
                self.versions.insert(stream.clone(), *actual);
            }
            (Request::Append { writes, .. }, Answer::Stored { placed, .. }) => {
                for (wish, placed) in writes.iter().zip(placed) {
                    self.versions.insert(wish.stream.clone(), placed.version);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, at: usize) -> Outcome<Request> {
        if at % SHARED == SHARED - 1 {
            return self.shared(at as u64);
        }
        if self.random.u8(0..5) == 0 {
            let number = self.random.usize(0..self.streams);
            return Ok(Request::Version(target(number)?));
        }
        let most = self.streams.min(3);
        let count = if self.random.u8(0..3) == 0 { self.random.usize(1..=most) } else { 1 };
        let mut writes = Vec::new();
        let first = self.random.usize(0..self.streams);
        for offset in 0..count {
            let wished = target((first + offset) % self.streams)?;
            let expected = self.expected(&wished);
            // A later write may be a mere check; the first one has an event.
            let events = if offset > 0 { self.random.u64(0..3) } else { self.random.u64(1..4) };
            let numbers = self.events + 1..=self.events + events;
            self.events += events;
            writes.push(Wish { stream: wished, expected, events: numbers.collect() });
        }
        let key = (self.random.u8(0..4) == 0).then(|| format!("client {} call {at}", self.number));
        Ok(Request::Append { key, writes })
    }

    /// The request that all clients make as their call number `at`.
    fn shared(&self, at: u64) -> Outcome<Request> {
        let (first, second) = (target(0)?, target(self.streams - 1)?);
        let wish = |stream, event| Wish { stream, expected: Expected::Any, events: vec![event] };
        let mut writes = vec![wish(first.clone(), at * 2)];
        if second != first {
            writes.push(wish(second, at * 2 + 1));
        }
        Ok(Request::Append { key: Some(format!("all clients, call {at}")), writes })
    }

    fn expected(&mut self, stream: &StreamId) -> Expected {
        let known = self.versions.get(stream).copied().unwrap_or_default();
        match self.random.u8(0..10) {
            0 => Expected::Empty,
            1 => Expected::Exists,
            2..5 => Expected::Any,
            _ => Expected::Version(known),
        }
    }
}

/// The streams that clients race for: every other one is of another aggregate.
fn target(number: usize) -> Outcome<StreamId> {
    let category = if number.is_multiple_of(2) { CATEGORY } else { "Order" };
    stream(&format!("{category}-{number}"))
}

/// Makes a call; only a failure that leaves the outcome open is an answer.
pub(super) async fn ask(store: &dyn Store, request: &Request) -> Outcome<Answer> {
    match request {
        Request::Version(stream) => {
            let last = all(store, Query::stream(stream.clone()).backward().limit(1)).await?;
            Ok(Answer::Version(last.first().map(|event| event.version).unwrap_or_default()))
        }
        Request::Append { key, writes } => {
            let mut batch = Batch::default();
            for Wish { stream, expected, events } in writes {
                let events = events
                    .iter()
                    .map(|number| Ok(NewEvent::new("Happened", Json::from_value(number)?)));
                let events = events.collect::<Outcome<_>>()?;
                batch = batch.and(stream.clone(), *expected, events);
            }
            if let Some(key) = key {
                batch = batch.key(Key::new(key.as_str(), [key.as_bytes()]));
            }
            match store.append(batch).await {
                Ok(Appended { placed, repeated }) => Ok(Answer::Stored { placed, repeated }),
                Err(Error::Conflict(conflict)) => {
                    Ok(Answer::Refused { stream: conflict.stream, actual: conflict.actual })
                }
                Err(Error::Store { .. }) => Ok(Answer::Unknown),
                Err(error) => Err(Failure::from(error)),
            }
        }
    }
}
