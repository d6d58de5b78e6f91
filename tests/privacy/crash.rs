//! A process that ends within `forget`: the value is gone, and the log is told later.

use actum::{
    Result,
    prelude::*,
    privacy::MemoryKeys,
    store::{Appended, Batch, BoxFuture, Store},
};
use actum_tests::faulty::{self, Faults, Faulty};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::domain::{Customer, SECRET, app, name, name_of};

/// Fails to append while it is switched on: before the inner store gets to see it, or after.
#[derive(Default)]
struct Cut {
    before: AtomicBool,
    after: AtomicBool,
}

impl Faults for Cut {
    fn append<'a>(&'a self, inner: &'a dyn Store, batch: Batch) -> BoxFuture<'a, Result<Appended>> {
        Box::pin(async move {
            if self.before.load(SeqCst) {
                return faulty::failed("append");
            }
            let appended = inner.append(batch).await;
            if self.after.load(SeqCst) { faulty::failed("append") } else { appended }
        })
    }
}

async fn tombstones(app: &App) -> usize {
    let (mut events, mut count) = (app.read(Query::all().name("$forgotten")), 0);
    while let Some(event) = events.next().await {
        event.unwrap();
        count += 1;
    }
    count
}

/// An app whose `forget` was cut off, by the switch that is given.
async fn cut(switch: impl Fn(&Cut) -> &AtomicBool) -> (App, Faulty<Cut>, MemoryKeys) {
    let (store, keys) = (Faulty::<Cut>::new(Memory::new()), MemoryKeys::new());
    let app = app(store.clone(), keys.clone()).await;
    app.act::<Customer>("17", name("17", SECRET)).await.unwrap();
    app.act::<Customer>("18", name("18", "Bob")).await.unwrap();
    switch(&store.faults).store(true, SeqCst);
    app.forget("17").await.unwrap_err();
    switch(&store.faults).store(false, SeqCst);
    (app, store, keys)
}

#[tokio::test]
async fn between_key_and_tombstone_the_value_is_gone_and_a_repeated_forget_completes_it() {
    let (app, ..) = cut(|cut| &cut.before).await;
    assert_eq!(name_of(&app, "17").await, Opened::Forgotten);
    assert_eq!(tombstones(&app).await, 0);
    app.forget("17").await.unwrap();
    assert_eq!(tombstones(&app).await, 1);
    assert_eq!(name_of(&app, "18").await, Opened::Value("Bob".to_owned()));
}

#[tokio::test]
async fn the_next_start_completes_what_was_cut_off() {
    let (app, store, keys) = cut(|cut| &cut.before).await;
    assert_eq!(tombstones(&app).await, 0);
    let next = crate::domain::app(store, keys).await;
    assert_eq!(tombstones(&next).await, 1);
    next.forget("17").await.unwrap();
    assert_eq!(tombstones(&next).await, 1);
}

#[tokio::test]
async fn a_lost_answer_about_the_tombstone_doubles_nothing() {
    let (app, store, keys) = cut(|cut| &cut.after).await;
    assert_eq!(tombstones(&app).await, 1);
    let next = crate::domain::app(store, keys).await;
    assert_eq!(tombstones(&next).await, 1);
    next.forget("17").await.unwrap();
    assert_eq!(tombstones(&next).await, 1);
}

#[tokio::test]
async fn readmitting_tells_the_log_first_what_was_cut_off() {
    let (app, ..) = cut(|cut| &cut.before).await;
    app.readmit("17").await.unwrap();
    assert_eq!(tombstones(&app).await, 1);
    app.act::<Customer>("17", name("17", "Ann again")).await.unwrap();
    assert_eq!(name_of(&app, "17").await, Opened::Value("Ann again".to_owned()));
}
