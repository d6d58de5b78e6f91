//! Orders that are placed, and accounts that pay for them; nothing here keeps an account from
//! paying twice.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use actum::{prelude::*, store::Store};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::place::PATIENCE;

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Placed")]
pub struct PlacedV1 {
    pub cents: u64,
}

/// What was placed; the first version counted in cents.
#[derive(Event, Serialize, Deserialize)]
#[event(version = 2, from = PlacedV1)]
pub struct Placed {
    pub price: String,
}

impl From<PlacedV1> for Placed {
    fn from(old: PlacedV1) -> Self {
        Self { price: format!("{}.{:02}", old.cents / 100, old.cents % 100) }
    }
}

#[derive(Events)]
pub enum OrderEvent {
    Placed(Placed),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
pub struct Order;

#[patch]
impl Order {
    fn placed(&mut self, _: Placed) {}
}

#[derive(Serialize, Deserialize)]
pub struct Place;

#[action]
impl Order {
    fn place(&self, _: Place) -> Result<Placed, Infallible> {
        Ok(Placed { price: "1.00".to_owned() })
    }
}

#[derive(Event, Serialize, Deserialize)]
pub struct Paid {
    /// The version of the order's event.
    pub what: u64,
    pub price: String,
    pub receipt: String,
}

#[derive(Events)]
pub enum AccountEvent {
    Paid(Paid),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = AccountEvent)]
pub struct Account;

#[patch]
impl Account {
    fn paid(&mut self, _: Paid) {}
}

#[derive(Serialize, Deserialize)]
pub struct Pay {
    pub what: u64,
    pub price: String,
    pub receipt: String,
}

#[action]
impl Account {
    fn pay(&self, Pay { what, price, receipt }: Pay) -> Result<Paid, Infallible> {
        Ok(Paid { what, price, receipt })
    }
}

/// What a handler does when it is called.
#[derive(Clone)]
pub enum Do {
    Work,
    Fail(&'static str),
    Park(&'static str),
    Panic,
    /// Waits until it is told to go on.
    Wait(watch::Receiver<bool>),
}

/// A call of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub stream: String,
    pub version: u64,
    pub attempt: u32,
}

/// Decides what each call of the handler does, and remembers all.
pub struct Desk {
    pub receipt: String,
    pub script: Arc<Script>,
}

type Plot = Box<dyn Fn(&Call) -> Do + Send + Sync>;

pub struct Script {
    plot: Mutex<Plot>,
    calls: Mutex<Vec<Call>>,
}

impl Script {
    pub fn new(plot: impl Fn(&Call) -> Do + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { plot: Mutex::new(Box::new(plot)), calls: Mutex::default() })
    }

    /// Goes on in another way.
    pub fn turn(&self, plot: impl Fn(&Call) -> Do + Send + Sync + 'static) {
        *self.plot.lock().expect("no panic") = Box::new(plot);
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no panic").clone()
    }

    /// The versions that were handled of one stream, in order.
    pub fn of(&self, stream: &str) -> Vec<u64> {
        let of = |call: Call| (call.stream == stream).then_some(call.version);
        self.calls().into_iter().filter_map(of).collect()
    }

    fn call(&self, call: &Call) -> Do {
        self.calls.lock().expect("no panic").push(call.clone());
        (self.plot.lock().expect("no panic"))(call)
    }
}

/// Pays for what was placed.
#[reaction(attempts = 3, backoff = "1ms", longest = "4ms", lease = "2s")]
impl Desk {
    /// The account of the order pays.
    async fn placed(
        &self,
        event: &Committed<Placed>,
        cx: &Cx,
        pay: Ask<'_, Account, Pay>,
    ) -> Result<(), Fault> {
        let (stream, version) = (event.stream.to_string(), event.version.0);
        match self.script.call(&Call { stream, version, attempt: cx.attempt() }) {
            Do::Work => {}
            Do::Fail(why) => return Err(Fault::retry(why)),
            Do::Park(why) => return Err(Fault::park(why)),
            Do::Panic => panic!("on purpose"),
            Do::Wait(mut go) => {
                go.wait_for(|go| *go).await?;
            }
        }
        let (price, receipt) = (event.data.price.clone(), self.receipt.clone());
        pay.act(event.stream.id(), Pay { what: version, price, receipt }).await?;
        Ok(())
    }
}

pub async fn start(store: impl Store, script: &Arc<Script>, receipt: &str) -> App {
    let desk = Desk { receipt: receipt.to_owned(), script: Arc::clone(script) };
    let app = App::new(store).with::<Order>().with::<Account>().react(desk);
    app.start().await.expect("it starts")
}

/// Places so many orders in a stream; the id of the last one.
pub async fn place(app: &App, id: &str, times: u32) -> Id {
    let mut last = Id(0);
    for _ in 0..times {
        last = app.act::<Order>(id, Place).await.expect("placed").id;
    }
    last
}

/// What an account has paid for, in order: which version, and with which receipt.
pub async fn paid(app: &App, id: &str) -> Vec<(u64, String)> {
    let history = app.history::<Account>(id).expect("a name").all().await.expect("read");
    let paid = history.into_iter().map(|event| match event.data {
        AccountEvent::Paid(Paid { what, receipt, .. }) => (what, receipt),
    });
    paid.collect()
}

/// As `paid`, without the receipts.
pub async fn paid_for(app: &App, id: &str) -> Vec<u64> {
    paid(app, id).await.into_iter().map(|(what, _)| what).collect()
}

/// Waits until the desk has settled everything up to this id.
pub async fn settled(app: &App, id: Id) {
    let settled = tokio::time::timeout(PATIENCE, app.settled::<Desk>(id)).await;
    settled.expect("in time").expect("settled");
}
