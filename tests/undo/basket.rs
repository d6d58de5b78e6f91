//! The domain of the cases: a basket whose changes can be undone, but for some.

use std::convert::Infallible;

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Put {
    pub at: usize,
    pub sku: String,
    pub qty: u32,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Taken {
    pub sku: String,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Resized {
    pub sku: String,
    pub qty: u32,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Emptied {}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Looked {}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Paid {
    pub cents: u64,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Refunded {
    pub cents: u64,
}
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Sent {}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum BasketEvent {
    Put(Put),
    Taken(Taken),
    Resized(Resized),
    Emptied(Emptied),
    Looked(Looked),
    Paid(Paid),
    Refunded(Refunded),
    Sent(Sent),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub qty: u32,
}

#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(
    events = BasketEvent,
    snapshot_every = 10,
    undo = [Put, Taken, Resized, Emptied, Looked, Paid]
)]
pub struct Basket {
    pub items: Vec<Item>,
    pub paid: u64,
    pub is_sent: bool,
}

#[patch]
impl Basket {
    fn put(&mut self, Put { at, sku, qty }: Put) {
        self.items.insert(at.min(self.items.len()), Item { sku, qty });
    }
    fn taken(&mut self, event: Taken) {
        self.items.retain(|item| item.sku != event.sku);
    }
    fn resized(&mut self, event: Resized) {
        for item in self.items.iter_mut().filter(|item| item.sku == event.sku) {
            item.qty = event.qty;
        }
    }
    fn emptied(&mut self, _: Emptied) {
        self.items.clear();
    }
    fn looked(&mut self, _: Looked) {}
    fn paid(&mut self, event: Paid) {
        self.paid += event.cents;
    }
    fn refunded(&mut self, event: Refunded) {
        self.paid -= event.cents;
    }
    fn sent(&mut self, _: Sent) {
        self.is_sent = true;
    }
}

#[undo]
impl Basket {
    fn undo_put(_: &Basket, event: &Put) -> Taken {
        Taken { sku: event.sku.clone() }
    }
    /// It goes back to where it was.
    fn undo_taken(before: &Self, event: &Taken) -> Option<Put> {
        before.placed().find(|put| put.sku == event.sku)
    }
    fn undo_resized(before: &Basket, event: &Resized) -> Result<BasketEvent, Infallible> {
        let qty = before.qty(&event.sku).unwrap_or_default();
        Ok(Resized { sku: event.sku.clone(), qty }.into())
    }
    fn undo_emptied(before: &Basket, _: &Emptied) -> Vec<Put> {
        before.placed().collect()
    }
    /// There is nothing to take back.
    fn undo_looked(_: &Basket, _: &Looked) -> () {}
    fn undo_paid(_: &Basket, event: &Paid) -> Result<[Refunded; 1], String> {
        match event.cents {
            cents @ ..=10_000 => Ok([Refunded { cents }]),
            more => Err(format!("{more} cents are paid back by the accountant")),
        }
    }
}

impl Basket {
    fn placed(&self) -> impl Iterator<Item = Put> {
        let items = self.items.iter().enumerate();
        items.map(|(at, item)| Put { at, sku: item.sku.clone(), qty: item.qty })
    }

    pub fn qty(&self, sku: &str) -> Option<u32> {
        self.items.iter().find(|item| item.sku == sku).map(|item| item.qty)
    }

    pub fn skus(&self) -> Vec<&str> {
        self.items.iter().map(|item| item.sku.as_str()).collect()
    }
}

/// Sets how many of an article there are; none takes it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Set {
    pub sku: String,
    pub qty: u32,
}
/// Puts one in place of all others: an action of many events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Swap {
    pub sku: String,
}
#[derive(Serialize, Deserialize)]
pub struct Empty {}
#[derive(Serialize, Deserialize)]
pub struct Look {}
#[derive(Serialize, Deserialize)]
pub struct Pay {
    pub cents: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Send {}

#[action]
impl Basket {
    fn set(&self, Set { sku, qty }: Set) -> Result<Option<BasketEvent>, Infallible> {
        Ok(match (self.qty(&sku), qty) {
            (None, 0) => None,
            (Some(had), qty) if had == qty => None,
            (Some(_), 0) => Some(Taken { sku }.into()),
            (Some(_), qty) => Some(Resized { sku, qty }.into()),
            (None, qty) => Some(Put { at: self.items.len() / 2, sku, qty }.into()),
        })
    }
    fn swap(&self, Swap { sku }: Swap) -> Result<(Vec<Taken>, Put, Looked), Infallible> {
        let taken = self.items.iter().map(|item| Taken { sku: item.sku.clone() }).collect();
        Ok((taken, Put { at: 0, sku, qty: 1 }, Looked {}))
    }
    fn empty(&self, _: Empty) -> Result<Option<Emptied>, Infallible> {
        Ok((!self.items.is_empty()).then_some(Emptied {}))
    }
    fn look(&self, _: Look) -> Result<Looked, Infallible> {
        Ok(Looked {})
    }
    fn pay(&self, Pay { cents }: Pay) -> Result<Paid, Infallible> {
        Ok(Paid { cents })
    }
    fn send(&self, _: Send) -> Result<(Looked, Sent), Infallible> {
        Ok((Looked {}, Sent {}))
    }
}

#[invariant]
impl Basket {
    fn is_small(&self) -> Result<(), String> {
        let found = self.items.len();
        if found > 9 { Err(format!("{found} articles are too many")) } else { Ok(()) }
    }
}

pub fn set(sku: &str, qty: u32) -> Set {
    Set { sku: sku.to_owned(), qty }
}

pub fn swap(sku: &str) -> Swap {
    Swap { sku: sku.to_owned() }
}

pub fn app() -> actum::Builder {
    App::new(Memory::new()).with::<Basket>()
}

pub async fn start(store: impl actum::store::Store) -> App {
    App::new(store).with::<Basket>().start().await.expect("an app")
}

/// The state, which is that of the events alone.
pub async fn state(app: &App, id: &str) -> Basket {
    let mut folded = Basket::default();
    for event in history(app, id).await {
        actum::Apply::apply(event.data, &mut folded);
    }
    let state = app.load::<Basket>(id).await.expect("a state").into_state();
    assert_eq!(state, folded);
    state
}

pub async fn history(app: &App, id: &str) -> Vec<Committed<BasketEvent>> {
    app.history::<Basket>(id).expect("a stream").all().await.expect("events")
}

/// The names of the events, with what they undo and redo.
pub async fn story(app: &App, id: &str) -> Vec<String> {
    let told = |event: &Committed<BasketEvent>| {
        let undoes = event.meta.undoes().map(|version| format!(" undoes {version}"));
        let redoes = event.meta.redoes().map(|version| format!(" redoes {version}"));
        format!("{}{}{}", event.name, undoes.unwrap_or_default(), redoes.unwrap_or_default())
    };
    history(app, id).await.iter().map(told).collect()
}
