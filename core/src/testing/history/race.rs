//! The driver: clients that race, readers that follow, and the record of it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use fastrand::Rng;
use futures_util::StreamExt;
use tokio::{sync::watch, task::JoinHandle};

use super::{Answer, Call, Entry, Feed, History, Request, client::Client};
use crate::{
    Id,
    store::{Log, Query, Store},
    testing::{
        Failure, Outcome,
        store::steps::{all, race as at_once, soon},
    },
};

/// How many race, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// Clients that append and read at the same time.
    pub clients: usize,
    /// Calls of each client.
    pub calls: usize,
    /// Streams they race for.
    pub streams: usize,
    /// Readers that follow the log meanwhile.
    pub readers: usize,
    /// Decides what each client does.
    pub seed: u64,
}

impl Race {
    /// 8 clients of 60 calls on 4 streams, followed by 4 readers.
    pub fn seeded(seed: u64) -> Self {
        Self { clients: 8, calls: 60, streams: 4, readers: 4, seed }
    }
}

/// Lets clients race on the handles of one store, and writes down what they call and hear.
///
/// Clients and readers take the handles in turn, so that several processes can be tested by
/// opening the store several times.
///
/// # Errors
///
/// The store failed where no client can go on, or a reader was not shown the end of the log.
pub async fn race(handles: &[Arc<dyn Store>], race: Race) -> Outcome<History> {
    let Some(first) = handles.first() else {
        return Err(Failure::new("a race needs a store"));
    };
    let mut random = Rng::with_seed(race.seed);
    let clock = Arc::new(AtomicU64::new(1));
    let (end, ended) = watch::channel(None);
    let readers: Vec<_> = (0..race.readers)
        .zip(handles.iter().cycle())
        .map(|(reader, handle)| follow(Arc::clone(handle), reader, ended.clone()))
        .collect();
    let clients = (0..race.clients).zip(handles.iter().cycle()).map(|(number, handle)| {
        let clock = Ticks(Arc::clone(&clock));
        let client = Client::new(number, Arc::clone(handle), clock, random.fork(), race.streams);
        client.run(race.calls)
    });
    let clients: Vec<_> = clients.collect();
    let mut calls = Vec::new();
    for answers in at_once(clients).await? {
        calls.extend(answers?);
    }
    settle(&**first, &mut calls, &Ticks(clock)).await?;
    let log = whole(&**first, &calls).await?;
    end.send_replace(Some(log.last().map(|entry| entry.id).unwrap_or_default()));
    let mut feeds = Vec::new();
    for reader in readers {
        feeds.push(soon("the end of the log in a feed", reader).await???);
    }
    Ok(History { calls, feeds, log })
}

/// The counter that stands for time: two calls overlap unless one ended before the other began.
#[derive(Clone, Debug)]
pub(super) struct Ticks(Arc<AtomicU64>);

impl Ticks {
    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// Repeats every request with a key whose outcome was not heard, so that none is under way when
/// the log is read.
async fn settle(store: &dyn Store, calls: &mut Vec<Call>, ticks: &Ticks) -> Outcome {
    let open: Vec<_> = calls
        .iter()
        .filter(|call| call.answer == Answer::Unknown)
        .filter(|call| matches!(call.request, Request::Append { key: Some(_), .. }))
        .cloned()
        .collect();
    for Call { client, request, .. } in open {
        let from = ticks.next();
        let answer = super::client::ask(store, &request).await?;
        calls.push(Call { client, from, until: ticks.next(), request, answer });
    }
    Ok(())
}

/// The whole log, once it shows everything that was acknowledged.
async fn whole(store: &dyn Store, calls: &[Call]) -> Outcome<Vec<Entry>> {
    let placed = calls.iter().filter_map(|call| match &call.answer {
        Answer::Stored { placed, .. } => Some(placed),
        _ => None,
    });
    let last = placed.flatten().map(|placed| placed.last).max().unwrap_or_default();
    soon("a head that has reached the last answer", async {
        while store.head().await? < last {
            tokio::task::yield_now().await;
        }
        Outcome::Ok(())
    })
    .await??;
    all(store, Query::all()).await?.iter().map(Entry::of).collect()
}

/// Follows the log with the last id as its only memory until it has been shown the last one.
fn follow(
    store: Arc<dyn Store>,
    reader: usize,
    ended: watch::Receiver<Option<Id>>,
) -> JoinHandle<Outcome<Feed>> {
    let category = (reader % 2 == 1).then(|| super::client::CATEGORY.to_owned());
    tokio::spawn(async move {
        let mut feed = Feed { category, entries: Vec::new() };
        let mut cursor = Id(0);
        loop {
            let end = *ended.borrow();
            let mut query = Query::all().after(cursor);
            query.categories.extend(feed.category.clone());
            query.limit = (reader % 4 >= 2).then_some(5);
            let before = feed.entries.len();
            take(&*store, query, &mut feed.entries).await?;
            cursor = feed.entries.last().map_or(cursor, |entry| entry.id);
            let idle = feed.entries.len() == before;
            let last = end.is_some_and(|end| cursor >= end || feed.category.is_some());
            // Without its other end, the race has failed and nobody waits for the feed.
            if idle && (last || ended.has_changed().is_err()) {
                return Ok(feed);
            }
            tokio::task::yield_now().await;
        }
    })
}

async fn take(log: &(impl Log + ?Sized), query: Query, entries: &mut Vec<Entry>) -> Outcome {
    let mut pages = log.read(query);
    while let Some(page) = pages.next().await {
        for event in page? {
            entries.push(Entry::of(&event)?);
        }
    }
    Ok(())
}
