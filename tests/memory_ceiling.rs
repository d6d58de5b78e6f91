//! H17: a read of 1,000,000 events streams: it needs little memory, whatever the log's length.
//!
//! The test is alone in its binary, because the allocator that counts is the binary's; for the same
//! reason one store comes after the other.

use actum::{
    Json,
    store::{Batch, Expected, NewEvent, Query, Sqlite, Store},
};
use futures_util::StreamExt;
use peak_alloc::PeakAlloc;

#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod postgres;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const EVENTS: u64 = 1_000_000;
const BATCH: u64 = 10_000;
/// The payloads alone are 64 MB; a page of any store is far below 1 MiB.
const CEILING: f32 = 16.0;

#[tokio::test]
async fn h17_a_million_events_are_read_in_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Sqlite::open(folder.path().join("long.db")).await.expect("a store");
    read_in_little_memory(&sqlite).await;
    if let Some(log) = postgres::Log::new() {
        read_in_little_memory(&log.open().await).await;
    }
}

async fn read_in_little_memory(store: &impl Store) {
    let data = Json::from_value(&"x".repeat(62)).expect("json");
    for round in 0..EVENTS / BATCH {
        let stream = format!("Cart-{}", round % 2).parse().expect("a name");
        let events = (0..BATCH).map(|_| NewEvent::new("Happened", data.clone())).collect();
        store.append(Batch::new(stream, Expected::Any, events)).await.expect("appended");
    }
    for query in [
        Query::all(),
        Query::all().backward(),
        Query::all().category("Cart").name("Happened"),
        Query::stream("Cart-1".parse().expect("a name")),
    ] {
        let wanted = if query.stream.is_some() { EVENTS / 2 } else { EVENTS };
        let before = ALLOCATOR.current_usage_as_mb();
        ALLOCATOR.reset_peak_usage();
        let mut pages = store.read(query.clone());
        let mut seen = 0;
        while let Some(page) = pages.next().await {
            seen += page.expect("a page").len() as u64;
        }
        assert_eq!(seen, wanted, "{query:?}");
        let needed = ALLOCATOR.peak_usage_as_mb() - before;
        assert!(needed < CEILING, "{query:?} needed {needed} MiB");
    }
}
