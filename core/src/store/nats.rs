//! The NATS JetStream store: many processes, one log on a cluster.

use std::sync::Arc;

use crate::{
    Id, Result,
    store::{Appended, Batch, BoxFuture, Keyed, Log, Pages, Query, Watch},
};

mod address;
mod append;
mod failure;
mod heads;
mod jetstream;
mod key;
mod lease;
mod message;
mod names;
mod news;
mod options;
mod page;
mod patience;
mod read;
mod setup;
mod shared;
mod snapshot;
mod state;
mod view;

pub use options::{NatsOptions, Storage};

use shared::Shared;

#[doc = include_str!("../docs/nats.md")]
#[derive(Clone, Debug)]
pub struct Nats(Arc<Shared>);

impl Nats {
    /// Connects with the defaults of [`options`](Self::options).
    ///
    /// # Errors
    ///
    /// As [`NatsOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::options().connect(url).await
    }

    /// How to connect, to be changed before `connect`.
    pub fn options() -> NatsOptions {
        NatsOptions::default()
    }

    fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Log for Nats {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move { append::append(self.shared(), &batch).await })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        Box::pin(append::keyed(self.shared(), key))
    }

    fn read(&self, query: Query) -> Pages {
        read::read(&self.0, query)
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        Box::pin(async move {
            let last = self.shared().log.last_whole("find the head", ">").await?;
            Ok(Id(last.map_or(0, |last| last.sequence)))
        })
    }

    fn watch(&self) -> Watch {
        self.shared().news.watch()
    }
}
