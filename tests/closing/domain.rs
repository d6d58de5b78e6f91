//! The domain of the cases: carts that close when they are checked out, and notes that do not.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use actum::{Archive, BoxError, Closed, prelude::*, store::BoxFuture};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ItemAdded {
    pub qty: u64,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct CheckedOut {}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = CartEvent, closes_after = [CheckedOut, "90d"])]
pub struct Cart {
    pub items: u64,
    pub paid: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.items += event.qty;
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.paid = true;
    }
}

#[derive(Serialize, Deserialize)]
pub struct AddItem {
    pub qty: u64,
}
#[derive(Serialize, Deserialize)]
pub struct CheckOut {}

#[action]
impl Cart {
    fn add_item(&self, AddItem { qty }: AddItem) -> Result<Option<ItemAdded>, Unmet> {
        Ok((qty > 0).then_some(ItemAdded { qty }))
    }
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(CheckedOut {})
    }
}

/// What each cart holds, and which are closed.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    pub items: BTreeMap<String, u64>,
    pub closed: Vec<String>,
}

#[projection]
impl Stock {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        *self.items.entry(event.stream.to_string()).or_default() += event.data.qty;
    }
    fn closed(&mut self, event: &Committed<Closed>) {
        self.closed.push(event.stream.to_string());
    }
}

/// Cannot take 13 items.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fearful {
    pub seen: u64,
}

#[projection]
impl Fearful {
    fn item_added(&mut self, event: &Committed<ItemAdded>) {
        assert_ne!(event.data.qty, 13, "thirteen");
        self.seen += 1;
    }
}

/// An archive in memory that may be told to fail.
#[derive(Clone, Default)]
pub struct Drawer(Arc<Mutex<Inside>>);

#[derive(Default)]
pub struct Inside {
    pub kept: HashMap<String, Bytes>,
    pub refuses: bool,
    pub spoils: bool,
}

impl Drawer {
    pub fn change(&self, change: impl FnOnce(&mut Inside)) {
        change(&mut self.0.lock().expect("no panic before"));
    }

    pub fn kept(&self) -> Vec<(String, Bytes)> {
        let inside = self.0.lock().expect("no panic before");
        let mut kept: Vec<_> = inside.kept.clone().into_iter().collect();
        kept.sort();
        kept
    }
}

impl Archive for Drawer {
    fn put<'a>(&'a self, name: &'a str, text: Bytes) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut inside = self.0.lock().expect("no panic before");
            if inside.refuses {
                return Err("the drawer is locked".into());
            }
            let kept = if inside.spoils { text.slice(1..) } else { text };
            inside.kept.insert(name.to_owned(), kept);
            Ok(())
        })
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BoxError>> {
        Box::pin(async move { Ok(self.0.lock().expect("no panic before").kept.get(name).cloned()) })
    }
}

pub async fn add(app: &App, id: &str, qty: u64) {
    app.act::<Cart>(id, AddItem { qty }).await.expect("it is added");
}

/// The events as the store itself has them.
pub async fn raw(store: &dyn actum::store::Store, query: Query) -> Vec<Committed> {
    use futures_util::TryStreamExt;
    let pages: Vec<_> = actum::store::Log::read(store, query).try_collect().await.expect("pages");
    pages.into_iter().flatten().collect()
}
