//! A log for one test, under a prefix of its own, and what tests append to it and read from it.

use std::sync::atomic::{AtomicU32, Ordering};

use actum::{
    Committed, Json, Result, StreamId,
    store::{Batch, Expected, Log as _, Nats, NatsOptions, NewEvent, Query},
};
use actum_tests::nats::Servers;
use futures_util::TryStreamExt;

/// A log for one test.
#[derive(Clone)]
pub struct Log {
    pub url: String,
    pub prefix: String,
    pub replicas: usize,
}

impl Log {
    /// On the server that the tests share; `None` where there is none.
    pub fn new() -> Option<Self> {
        Servers::shared().map(Self::on)
    }

    /// On servers of one's own, on as many of them as there are.
    pub fn on(servers: &Servers) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let replicas = servers.count();
        Self { url: servers.url(), prefix: format!("test_{number}"), replicas }
    }

    pub fn options(&self) -> NatsOptions {
        Nats::options().prefix(&self.prefix).replicas(self.replicas)
    }
}

pub fn stream(name: &str) -> StreamId {
    name.parse().expect("a stream")
}

pub fn event(data: &impl serde::Serialize) -> NewEvent {
    NewEvent::new("Counted", Json::from_value(data).expect("JSON"))
}

pub fn batch(name: &str, expected: Expected) -> Batch {
    Batch::new(stream(name), expected, vec![event(&1)])
}

pub async fn read(store: &Nats, query: Query) -> Result<Vec<Committed>> {
    store.read(query).try_concat().await
}
