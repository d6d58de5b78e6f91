//! Reads: a replay of one stream into its state, a projection that catches up, and bare rows.

use actum::{
    Id, Json, StreamId,
    prelude::*,
    store::{Batch, Log, NewEvent, Postgres},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::{
    appends, session,
    table::{Figure, Table, per_second},
};

#[derive(Event, Serialize, Deserialize)]
struct ItemAdded {
    sku: String,
    qty: u32,
}

#[derive(Events)]
enum CartEvent {
    ItemAdded(ItemAdded),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CartEvent)]
struct Cart {
    items: u64,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items += u64::from(event.qty);
    }
}

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
}

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, std::convert::Infallible> {
        Ok(ItemAdded { sku, qty: 1 })
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Sales {
    items: u64,
}

#[projection]
impl Sales {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        self.items += u64::from(event.data.qty);
    }
}

const EVENTS: usize = 100_000;
const SCHEMA: &str = "bench_reads";

pub(crate) async fn rows(table: &mut Table, url: &str, admin: &Client) {
    let names =
        ["bare: rows by id", "events replayed into one cart", "events caught up by a projection"];
    if !names.iter().any(|name| table.wants(name)) {
        return;
    }
    let clean = format!("drop schema if exists {SCHEMA} cascade");
    admin.batch_execute(&clean).await.unwrap();
    let store = Postgres::options().schema(SCHEMA).connect(url).await.unwrap();
    for _ in 0..EVENTS / 1000 {
        let stream = StreamId::new("Cart", 1).unwrap();
        let data = Json::from_text(r#"{"sku":"A123","qty":2}"#).unwrap();
        let events = (0..1000).map(|_| NewEvent { data: data.clone(), ..appends::event() });
        store.append(Batch::new(stream, Expected::Any, events.collect())).await.unwrap();
    }
    // As it is some time after an import.
    admin.batch_execute(&format!("vacuum analyze {SCHEMA}.events")).await.unwrap();
    let [bare, replay, catch_up] = names;
    table.row(bare, None, async || by_id(url).await).await;
    table
        .row(replay, Some(bare), async || {
            let app = App::new(store.clone()).with::<Cart>().start().await.unwrap();
            let begun = Instant::now();
            let cart = app.load::<Cart>("1").await.unwrap();
            let took = begun.elapsed();
            assert_eq!(cart.state().items, 2 * EVENTS as u64);
            Figure { rate: per_second(EVENTS, took), took: Vec::new() }
        })
        .await;
    table
        .row(catch_up, Some(bare), async || {
            let head: Id = store.head().await.unwrap();
            let app = App::new(store.clone()).with::<Cart>().project::<Sales>();
            let begun = Instant::now();
            let app = app.start().await.unwrap();
            let sales = app.view::<Sales>().after(head).await.unwrap();
            let took = begun.elapsed();
            assert_eq!(sales.items, 2 * EVENTS as u64);
            Figure { rate: per_second(EVENTS, took), took: Vec::new() }
        })
        .await;
    admin.batch_execute(&clean).await.unwrap();
}

/// One statement over the driver, all columns, nothing decoded but the payload's bytes.
async fn by_id(url: &str) -> Figure {
    let client = session(url).await;
    let sql = format!("select * from {SCHEMA}.events where id > 0 order by id");
    let begun = Instant::now();
    let rows = client.query(&sql, &[]).await.unwrap();
    let bytes: usize = rows.iter().map(|row| row.get::<_, &str>("data").len()).sum();
    assert!(rows.len() == EVENTS && bytes > EVENTS);
    Figure { rate: per_second(EVENTS, begun.elapsed()), took: Vec::new() }
}
