//! Where a new reaction on an old log begins: with the first event, or now.

use std::sync::{Arc, Mutex};

use actum::{Start, prelude::*, store::Store};

use crate::{
    domain::{Account, Order, Placed, place},
    place::{PATIENCE, Place, everywhere},
};

everywhere!(
    one_that_begins_now_leaves_the_old_events_alone,
    one_that_begins_now_on_an_empty_log_handles_the_first_event,
    now_is_when_it_first_ran_not_when_it_starts_again,
    one_that_says_nothing_begins_with_the_first_event,
);

/// The ids that were handled, in any order: streams are handled beside each other.
type Seen = Arc<Mutex<Vec<Id>>>;

struct Late(Seen);

#[reaction(from = now)]
impl Late {
    async fn placed(&self, event: &Committed<Placed>) -> Result<(), Fault> {
        self.0.lock().expect("no panic").push(event.id);
        Ok(())
    }
}

struct Early(Seen);

#[reaction]
impl Early {
    async fn placed(&self, event: &Committed<Placed>) -> Result<(), Fault> {
        self.0.lock().expect("no panic").push(event.id);
        Ok(())
    }
}

async fn start<R: Reaction>(store: Arc<dyn Store>, reaction: R) -> App {
    let app = App::new(store).with::<Order>().with::<Account>().react(reaction);
    app.start().await.expect("it starts")
}

async fn settled<R: Reaction>(app: &App, id: Id) {
    let settled = tokio::time::timeout(PATIENCE, app.settled::<R>(id)).await;
    settled.expect("in time").expect("settled");
}

/// The ids that were handled, by their size.
fn seen(seen: &Seen) -> Vec<Id> {
    let mut ids = seen.lock().expect("no panic").clone();
    ids.sort_unstable();
    ids
}

/// A log with some orders, and the last of them.
async fn old(at: &Place) -> (Arc<dyn Store>, Id) {
    let store = at.open().await;
    let app = App::new(store.clone()).with::<Order>().start().await.expect("an app");
    place(&app, "a", 3).await;
    let last = place(&app, "b", 2).await;
    (store, last)
}

async fn one_that_begins_now_leaves_the_old_events_alone(at: Place) {
    let (store, last) = old(&at).await;
    let handled = Seen::default();
    let app = start(store, Late(Arc::clone(&handled))).await;
    // From the moment at which the app has started nothing is left out.
    let first = place(&app, "a", 1).await;
    let second = place(&app, "b", 1).await;
    settled::<Late>(&app, second).await;
    assert_eq!(seen(&handled), [first, second]);
    let health = app.health().await.expect("the health");
    assert!(health.is_well() && health.reactions[0].seen > last, "{health:?}");
    assert_eq!((Late::START, Early::START), (Start::Now, Start::Beginning));
}

async fn one_that_begins_now_on_an_empty_log_handles_the_first_event(at: Place) {
    let handled = Seen::default();
    // It is started and goes away before it has seen any event.
    let app = start(at.open().await, Late(Arc::default())).await;
    app.shutdown(PATIENCE).await.expect("an end in time");
    let app = App::new(at.open().await).with::<Order>().start().await.expect("an app");
    let first = place(&app, "a", 1).await;
    let app = start(at.open().await, Late(Arc::clone(&handled))).await;
    let second = place(&app, "b", 1).await;
    settled::<Late>(&app, second).await;
    assert_eq!(seen(&handled), [first, second]);
}

async fn now_is_when_it_first_ran_not_when_it_starts_again(at: Place) {
    let (store, _) = old(&at).await;
    let handled = Seen::default();
    let app = start(store, Late(Arc::clone(&handled))).await;
    app.shutdown(PATIENCE).await.expect("an end in time");
    // While it does not run, the log goes on.
    let app = App::new(at.open().await).with::<Order>().start().await.expect("an app");
    let (first, second) = (place(&app, "a", 1).await, place(&app, "b", 1).await);
    let app = start(at.open().await, Late(Arc::clone(&handled))).await;
    settled::<Late>(&app, second).await;
    assert_eq!(seen(&handled), [first, second]);
}

async fn one_that_says_nothing_begins_with_the_first_event(at: Place) {
    let (store, last) = old(&at).await;
    let handled = Seen::default();
    let app = start(store, Early(Arc::clone(&handled))).await;
    settled::<Early>(&app, last).await;
    let ids = seen(&handled);
    assert_eq!(ids.len(), 5);
    assert_eq!((ids[0], ids[4]), (Id(1), last));
}
