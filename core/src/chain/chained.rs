//! A store whose appends carry a hash chain.

use std::sync::Arc;

use futures_util::StreamExt;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::link::{self, Hash, NONE};
use crate::{
    Error, Id, Result, StreamId, Version,
    store::{
        Appended, Batch, BoxFuture, Expected, Keyed, Log, Pages, Query, Store, Watch,
        layer::passes_on,
    },
};

/// Of how many streams the last hash is remembered.
const STREAMS: usize = 1 << 16;

/// How often an append that expects nothing is repeated because others were faster.
const RETRIES: u32 = 100;

/// A store whose appends carry a hash chain: each event the BLAKE3 of itself and of the event before
/// it in its stream, as `meta.chain`.
///
/// Everything that appends must go through it; an app does that with
/// [`Builder::chained`](crate::Builder::chained). Without an expectation of its own, an append is
/// made to expect what it was hashed on, and repeated when another was faster.
#[derive(Clone)]
pub struct Chained {
    under: Arc<dyn Store>,
    shared: Arc<Shared>,
}

struct Shared {
    tips: Cache<StreamId, Tip>,
    /// Streams without an expectation take turns here: among themselves they would only conflict.
    turn: Mutex<()>,
}

/// The last event of a stream, as far as it is known here.
#[derive(Clone, Copy)]
struct Tip {
    version: Version,
    hash: Hash,
}

impl Chained {
    /// A store over another.
    pub fn new(under: impl Store) -> Self {
        Self::over(Arc::new(under))
    }

    pub(crate) fn over(under: Arc<dyn Store>) -> Self {
        let shared = Shared { tips: Cache::new(STREAMS), turn: Mutex::default() };
        Self { under, shared: Arc::new(shared) }
    }

    async fn append_chained(&self, batch: Batch) -> Result<Appended> {
        let is_free = |expected| matches!(expected, Expected::Any | Expected::Exists);
        let free = |batch: &Batch| batch.writes.iter().any(|write| is_free(write.expected));
        if !free(&batch) {
            return self.attempt(batch).await;
        }
        let _turn = self.shared.turn.lock().await;
        let mut tries = 0;
        loop {
            match self.attempt(batch.clone()).await {
                Err(Error::Conflict(conflict)) => {
                    let mut writes = batch.writes.iter();
                    let write = writes.find(|write| write.stream == conflict.stream);
                    let expected = write.map(|write| write.expected);
                    let was_faster = expected.is_some_and(|expected| {
                        is_free(expected) && expected.holds(conflict.actual)
                    });
                    if !was_faster || tries >= RETRIES {
                        return Err(conflict.into());
                    }
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    /// Appends on top of what is known now.
    async fn attempt(&self, mut batch: Batch) -> Result<Appended> {
        let mut tips = Vec::with_capacity(batch.writes.len());
        for write in &mut batch.writes {
            if write.events.is_empty() {
                tips.push(None);
                continue;
            }
            let tip = self.tip(&write.stream, write.expected).await?;
            if write.expected.holds(tip.version) {
                write.expected = match tip.version {
                    Version(0) => Expected::Empty,
                    version => Expected::Version(version),
                };
            }
            let Tip { mut version, mut hash } = tip;
            for event in &mut write.events {
                version = version.next();
                hash = link::put(event, &write.stream, version, &hash)?;
            }
            tips.push(Some((write.stream.clone(), Tip { version, hash })));
        }
        let answer = self.under.append(batch).await;
        let is_stored = answer.as_ref().is_ok_and(|appended| !appended.repeated);
        for (stream, tip) in tips.into_iter().flatten() {
            if is_stored {
                self.shared.tips.insert(stream, tip);
            } else {
                self.shared.tips.remove(&stream);
            }
        }
        answer
    }

    /// The event that the next one comes behind, if the expectation holds.
    async fn tip(&self, stream: &StreamId, expected: Expected) -> Result<Tip> {
        let none = Tip { version: Version(0), hash: NONE };
        if expected == Expected::Empty {
            return Ok(none);
        }
        if let Some(tip) = self.shared.tips.get(stream)
            && expected.holds(tip.version)
        {
            return Ok(tip);
        }
        let query = Query::stream(stream.clone());
        let query = match expected {
            Expected::Version(version) => query.from_version(version).to_version(version),
            Expected::Empty | Expected::Exists | Expected::Any => query.backward().limit(1),
        };
        let page = Log::read(&*self.under, query).next().await.transpose()?;
        let last = page.and_then(|page| page.into_iter().next());
        Ok(last.map_or(none, |last| {
            let (_, carried) = link::split(last.meta.json().as_bytes());
            Tip { version: last.version, hash: carried.unwrap_or(NONE) }
        }))
    }
}

impl Log for Chained {
    fn append(&self, batch: Batch) -> BoxFuture<'_, Result<Appended>> {
        Box::pin(async move {
            batch.check()?;
            self.append_chained(batch).await
        })
    }

    fn keyed<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Keyed>>> {
        self.under.keyed(key)
    }

    fn read(&self, query: Query) -> Pages {
        self.under.read(query)
    }

    fn head(&self) -> BoxFuture<'_, Result<Id>> {
        self.under.head()
    }

    fn watch(&self) -> Watch {
        self.under.watch()
    }

    fn truncate<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<u64>> {
        self.under.truncate(stream)
    }
}

passes_on!(Chained, under);

impl std::fmt::Debug for Chained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chained").finish_non_exhaustive()
    }
}
