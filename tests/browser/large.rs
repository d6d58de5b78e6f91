//! A log of 1,000,000 events in a SQLite file.

use actum::{
    Json, Meta, MetaFields, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent, Write},
};

use crate::chromium::visit;

const EVENTS: u64 = 1_000_000;
const STREAMS: u64 = 1_000;
const AT_ONCE: u64 = 50;

/// Every stream gets as many events as every other, all of them in turns.
async fn filled(store: &Sqlite) {
    let created = Timestamp::now();
    let each = EVENTS / STREAMS;
    for round in 0..each / AT_ONCE {
        let correlation = Some(format!("round {round}"));
        let meta =
            Meta::new(MetaFields { correlation, ..MetaFields::default() }).expect("meta data");
        for hundred in 0..STREAMS / 100 {
            let writes = (0..100).map(|one| {
                let stream = StreamId::new("Cart", hundred * 100 + one).expect("a stream");
                let events = (0..AT_ONCE).map(|at| NewEvent {
                    name: if (at, one, hundred) == (0, 0, 0) { "Rare" } else { "ItemAdded" }.into(),
                    schema: 1,
                    data: Json::from_stored(format!(r#"{{"sku":"S{at}","qty":{round}}}"#)),
                    meta: meta.clone(),
                    created,
                });
                Write { stream, expected: Expected::Any, events: events.collect() }
            });
            let batch = Batch { writes: writes.collect(), key: None };
            store.append(batch).await.expect("stored");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_events_are_a_page_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Sqlite::open(folder.path().join("large.db")).await.expect("a store");
    filled(&store).await;
    visit(inspector::router_of(store), async |browser| {
        const ROWS: &str = "document.querySelectorAll('.event').length";
        browser.open("log").await;
        browser.until(&format!("{ROWS} === 50")).await;
        assert_eq!(browser.ask("document.querySelector('.event').id").await, "e1000000");
        browser.click(".pages a[rel=next]").await;
        browser.until("document.querySelector('.event').id === 'e999950'").await;
        for (page, rows) in [
            ("log?before=500000", 50),
            ("log?name=ItemAdded&before=3", 1),
            ("log?name=Nothing", 0),
            ("log?stream=Cart-500", 50),
            ("log?stream=Cart-500&before=500", 50),
            ("log?correlation=round+7", 50),
        ] {
            browser.open(page).await;
            browser.until(&format!("{ROWS} === {rows}")).await;
        }
        browser.open("stream?name=Cart-999&version=700").await;
        browser.until("document.querySelector('output').innerText === 'version 700 of 1000'").await;
        browser.open("correlation?of=round+3").await;
        browser.until("document.querySelectorAll('.waterfall li').length === 300").await;
    })
    .await;
}
