//! What a reaction has parked is let go from outside, while its app runs and while none does.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use actum::{App, Fault, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    actum_bin::{printed, ran, values},
    place::{Place, everywhere, until},
};

everywhere!(a_running_app_hears_of_it, the_next_app_hears_of_it);

#[derive(Event, Serialize, Deserialize)]
struct Counted {
    by: u64,
}

#[derive(Events)]
enum CounterEvent {
    Counted(Counted),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = CounterEvent)]
struct Counter {
    count: u64,
}

#[patch]
impl Counter {
    fn counted(&mut self, event: Counted) {
        self.count += event.by;
    }
}

#[derive(Serialize, Deserialize)]
struct Count {
    by: u64,
}

#[action]
impl Counter {
    fn count(&self, input: Count) -> Result<Counted, std::convert::Infallible> {
        Ok(Counted { by: input.by })
    }
}

/// Sums up what it is told, and fails for good while it is told to.
#[derive(Clone, Default)]
struct Sum {
    fails: Arc<AtomicBool>,
    sum: Arc<AtomicU64>,
}

#[reaction]
impl Sum {
    async fn counted(&self, event: &Committed<Counted>) -> Result<(), Fault> {
        if self.fails.load(SeqCst) {
            return Err(Fault::park("the sum is closed"));
        }
        self.sum.fetch_add(event.data.by, SeqCst);
        Ok(())
    }
}

async fn start(place: &Place, sum: &Sum) -> App {
    let app = App::new(place.open().await).with::<Counter>().react(sum.clone());
    app.start().await.expect("an app")
}

/// An app whose reaction has parked two streams.
async fn parked(place: &Place, sum: &Sum) -> App {
    sum.fails.store(true, SeqCst);
    let app = start(place, sum).await;
    for (id, by) in [("a", 1), ("a", 10), ("b", 100)] {
        app.act::<Counter>(id, Count { by }).await.expect("counted");
    }
    until("both are parked", async || app.parked::<Sum>().await.expect("a list").len() == 2).await;
    sum.fails.store(false, SeqCst);
    app
}

async fn a_running_app_hears_of_it(place: Place) {
    let sum = Sum::default();
    let app = parked(&place, &sum).await;
    let listed = values(&place.url, &["parked", "list"]);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0]["stream"], "Counter-a", "{listed:?}");
    assert!(printed(&place.url, &["parked", "list"]).contains("the sum is closed"));
    printed(&place.url, &["parked", "skip", "Counter-a"]);
    printed(&place.url, &["parked", "retry", "Counter-b"]);
    until("all but what was skipped is summed up", async || sum.sum.load(SeqCst) == 110).await;
    until("nothing is parked", async || app.parked::<Sum>().await.expect("a list").is_empty())
        .await;
    assert_eq!(ran(&place.url, &["parked", "retry", "Counter-a"]).code, 1);
    assert_eq!(values(&place.url, &["parked", "list"]).len(), 0);
}

async fn the_next_app_hears_of_it(place: Place) {
    let sum = Sum::default();
    let app = parked(&place, &sum).await;
    app.shutdown(std::time::Duration::from_secs(20)).await.expect("it ends");
    printed(&place.url, &["parked", "retry", "--all"]);
    assert_eq!(sum.sum.load(SeqCst), 0);
    assert_eq!(values(&place.url, &["parked", "list"]).len(), 2);
    let _app = start(&place, &sum).await;
    until("all is summed up", async || sum.sum.load(SeqCst) == 111).await;
}
