//! The PostgreSQL store: many processes, one log.

use std::sync::Arc;

use crate::{
    Id, Result, StreamId,
    store::{Appended, Batch, BoxFuture, Keyed, Log, Pages, Query, Watch},
};

mod address;
mod appender;
mod call;
mod failure;
mod lease;
mod listen;
mod mark;
mod migrate;
mod names;
mod options;
mod read;
mod row;
mod select;
mod shared;
mod single;
mod snapshot;
mod tls;
mod transaction;
mod truncate;
mod value;
mod view;
mod write;

pub use mark::Holder;
pub use options::PostgresOptions;
pub use transaction::PostgresTransaction;

use appender::Appender;
use listen::Listener;
use shared::Shared;

#[doc = include_str!("../docs/postgres.md")]
#[derive(Clone, Debug)]
pub struct Postgres(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    shared: Arc<Shared>,
    appender: Appender,
    listener: Listener,
}

impl Postgres {
    /// Connects with the defaults of [`options`](Self::options).
    ///
    /// # Errors
    ///
    /// As [`PostgresOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::options().connect(url).await
    }

    /// How to connect, to be changed before `connect`.
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }

    /// The appends that are open, of all processes: the first is the one that readers wait for.
    ///
    /// An append is open for about as long as a commit takes. One that stays here has a session
    /// that hangs, and `pg_terminate_backend` with its process id sets the readers free.
    pub async fn holding(&self) -> Result<Vec<Holder>> {
        mark::holding(self.shared()).await
    }

    /// Answers the appends that were accepted, takes no more, and stops listening.
    pub async fn close(&self) {
        self.0.appender.close().await;
        self.0.listener.stop();
    }

    fn new(shared: Arc<Shared>, appender: Appender, listener: Listener) -> Self {
        Self(Arc::new(Parts { shared, appender, listener }))
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }
}

impl Log for Postgres {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            batch.check()?;
            write::check(&batch)?;
            self.0.appender.append(batch).await
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        Box::pin(write::keyed(self.shared(), key))
    }

    fn read(&self, query: Query) -> Pages {
        read::read(&self.0.shared, query)
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        Box::pin(mark::head(self.shared()))
    }

    fn watch(&self) -> Watch {
        self.0.listener.watch()
    }

    fn truncate<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<u64>> {
        Box::pin(truncate::truncate(self.shared(), stream))
    }
}
