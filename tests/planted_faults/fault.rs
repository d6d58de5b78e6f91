//! The memory store with one fault planted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use actum::{
    Committed, Id, Result,
    store::{Appended, Batch, BoxFuture, Log, Memory, Pages, Query, Store},
};
use actum_tests::faulty::{Faults, Faulty};
use futures_util::{StreamExt, TryStreamExt};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A reader is shown id N+1 while it is not yet shown N.
    SkipsAnId,
    /// Of a batch over several streams, only the first is stored.
    TearsABatch,
    /// A key is forgotten at once.
    IgnoresAKey,
    /// A read of one stream gives two neighbours in the wrong order.
    ReordersAStream,
    /// Each stream counts ids of its own (H10).
    CountsPerStream,
    /// What was committed last is gone after a kill.
    LosesTheLastCommit,
}

/// A fault at work.
pub struct Planted {
    fault: Option<Fault>,
    reads: AtomicU64,
    commits: Mutex<Vec<Batch>>,
    late: Mutex<HashMap<Id, u64>>,
}

/// An empty store with a fault, or without one.
pub fn planted(fault: Option<Fault>) -> Faulty<Planted> {
    let (reads, commits, late) = (AtomicU64::new(0), Mutex::default(), Mutex::default());
    Faulty::with(Memory::new(), Planted { fault, reads, commits, late })
}

/// What is there after the process was killed: with the fault, all commits but the last.
pub async fn after_kill(store: &Faulty<Planted>) -> Result<Faulty<Planted>> {
    if !store.faults.has(Fault::LosesTheLastCommit) {
        return Ok(store.clone());
    }
    let mut commits = store.faults.commits.lock().expect("no panic before").clone();
    commits.pop();
    let survivor = planted(store.faults.fault);
    for batch in commits {
        survivor.append(batch).await?;
    }
    Ok(survivor)
}

impl Planted {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Of two appends that stand side by side, the earlier becomes visible one read later.
    fn is_late(&self, event: &Committed, read: u64) -> bool {
        let mut late = self.late.lock().expect("no panic before");
        let first = *late.entry(event.id).or_insert(read);
        event.id.0 % 5 == 3 && first == read
    }
}

impl Faults for Planted {
    fn append<'a>(
        &'a self,
        inner: &'a dyn Store,
        mut batch: Batch,
    ) -> BoxFuture<'a, Result<Appended>> {
        Box::pin(async move {
            let whole = batch.clone();
            if self.has(Fault::IgnoresAKey) {
                batch.key = None;
            }
            if self.has(Fault::TearsABatch) && batch.writes.len() > 1 {
                return inner.append(torn(batch)).await;
            }
            let appended = inner.append(batch).await?;
            self.commits.lock().expect("no panic before").push(whole);
            Ok(appended)
        })
    }

    fn read(self: Arc<Self>, inner: &dyn Store, query: Query) -> Pages {
        let read = self.reads.fetch_add(1, SeqCst);
        let one_stream = query.stream.is_some();
        let pages = inner.read(query).map_ok(move |mut page| {
            if self.has(Fault::ReordersAStream) && one_stream && page.len() > 1 {
                page.swap(0, 1);
            }
            if self.has(Fault::CountsPerStream) {
                page.iter_mut().for_each(|event| event.id = Id(event.version.0));
            }
            if self.has(Fault::SkipsAnId) && !one_stream {
                let last = page.len() - 1;
                let mut at = 0;
                page.retain(|event| {
                    at += 1;
                    at > last || !self.is_late(event, read)
                });
            }
            page
        });
        Box::pin(pages.filter(|page| {
            let shown = page.as_ref().map_or(true, |page| !page.is_empty());
            std::future::ready(shown)
        }))
    }
}

/// Only the first write; the others are only checked, so that a refusal is still one.
fn torn(batch: Batch) -> Batch {
    let mut torn = batch.clone();
    torn.writes.truncate(1);
    for write in batch.writes.into_iter().skip(1) {
        torn = torn.and(write.stream, write.expected, Vec::new());
    }
    torn
}
