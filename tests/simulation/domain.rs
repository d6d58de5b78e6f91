//! Orders that are placed, parcels that are shipped for them, one ledger for all.

use std::{convert::Infallible, sync::Mutex, time::Duration};

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
pub struct Placed {
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize)]
pub struct Shipped {
    /// The id of the event `Placed`.
    pub of: u64,
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize)]
pub struct Reminded {
    pub of: u64,
}

#[derive(Event, Serialize, Deserialize)]
pub struct Booked {
    pub of: u64,
    pub amount: u64,
}

#[derive(Events)]
pub enum OrderEvent {
    Placed(Placed),
}
#[derive(Events)]
pub enum ParcelEvent {
    Shipped(Shipped),
    Reminded(Reminded),
}
#[derive(Events)]
pub enum LedgerEvent {
    Booked(Booked),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent, snapshot_every = 3)]
pub struct Order {
    placed: u64,
}
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = ParcelEvent)]
pub struct Parcel;
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = LedgerEvent, snapshot_every = 5)]
pub struct Ledger {
    amount: u64,
}

#[patch]
impl Order {
    fn placed(&mut self, _: Placed) {
        self.placed += 1;
    }
}
#[patch]
impl Parcel {
    fn shipped(&mut self, _: Shipped) {}
    fn reminded(&mut self, _: Reminded) {}
}
#[patch]
impl Ledger {
    fn booked(&mut self, event: Booked) {
        self.amount += event.amount;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Place {
    pub amount: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Ship {
    pub of: u64,
    pub amount: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Remind {
    pub of: u64,
}
#[derive(Serialize, Deserialize)]
pub struct Book {
    pub of: u64,
    pub amount: u64,
}

#[action]
impl Order {
    fn place(&self, Place { amount }: Place) -> Result<Placed, Infallible> {
        Ok(Placed { amount })
    }
}
#[action]
impl Parcel {
    fn ship(&self, Ship { of, amount }: Ship) -> Result<Shipped, Infallible> {
        Ok(Shipped { of, amount })
    }
    fn remind(&self, Remind { of }: Remind) -> Result<Reminded, Infallible> {
        Ok(Reminded { of })
    }
}
#[action]
impl Ledger {
    fn book(&self, Book { of, amount }: Book) -> Result<Booked, Infallible> {
        Ok(Booked { of, amount })
    }
}

/// How long after an order its reminder comes.
pub const REMINDER: Duration = Duration::from_secs(3);

/// Whether an order has a reminder.
pub fn is_reminded(version: Version) -> bool {
    version.0 % 2 == 1
}

/// Ships what is placed; now and then it fails before or after.
pub struct Fulfil(pub Mutex<fastrand::Rng>);

impl Fulfil {
    fn luck(&self) -> Result<Duration, Fault> {
        let mut rng = self.0.lock().expect("no panic under the lock");
        match rng.u32(0..12) {
            0 => Err(std::io::Error::other("no luck").into()),
            _ => Ok(Duration::from_micros(rng.u64(0..4_000))),
        }
    }
}

#[reaction(attempts = 100, backoff = "20ms", longest = "500ms", lease = "2s", parallel = 4)]
impl Fulfil {
    async fn placed(
        &self,
        event: &Committed<Placed>,
        ship: Ask<'_, Parcel, Ship>,
        remind: Ask<'_, Parcel, Remind>,
    ) -> Result<(), Fault> {
        tokio::time::sleep(self.luck()?).await;
        let (of, amount) = (event.id.0, event.data.amount);
        ship.act(event.stream.id(), Ship { of, amount }).await?;
        if is_reminded(event.version) {
            remind.later(REMINDER, event.stream.id(), Remind { of }).await?;
        }
        self.luck()?;
        Ok(())
    }
}

/// Books what is shipped, all in one ledger.
pub struct Bookkeeping;

#[reaction(attempts = 100, backoff = "20ms", longest = "500ms", lease = "3s")]
impl Bookkeeping {
    async fn shipped(
        &self,
        event: &Committed<Shipped>,
        book: Ask<'_, Ledger, Book>,
    ) -> Result<(), Fault> {
        let Shipped { of, amount } = event.data;
        book.act("all", Book { of, amount }).await?;
        Ok(())
    }
}

/// The first version counts.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count {
    pub placed: u64,
    pub booked: u64,
}

#[projection(name = "Totals")]
impl Count {
    fn placed(&mut self, _: &Committed<Placed>) {
        self.placed += 1;
    }
    fn booked(&mut self, _: &Committed<Booked>) {
        self.booked += 1;
    }
}

/// The second version adds up, and depends on the order.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    pub amount: u64,
    pub last: u64,
    pub chain: Chain,
}

/// Depends on the order of the ids, and can be put together from parts.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chain {
    links: u32,
    sum: u64,
}

impl Chain {
    fn add(&mut self, id: u64) {
        self.join(&Self { links: 1, sum: id });
    }

    fn join(&mut self, later: &Self) {
        let moved = self.sum.wrapping_mul(31_u64.wrapping_pow(later.links));
        self.sum = moved.wrapping_add(later.sum);
        self.links += later.links;
    }
}

impl Sum {
    pub fn add(&mut self, id: u64, amount: u64) {
        self.amount += amount;
        self.last = id;
        self.chain.add(id);
    }
}

#[projection(name = "Totals", version = 2)]
impl Sum {
    fn placed(&mut self, event: &Committed<Placed>) {
        self.add(event.id.0, event.data.amount);
    }
    fn booked(&mut self, event: &Committed<Booked>) {
        self.add(event.id.0, event.data.amount);
    }
    fn merge(&mut self, later: Self) {
        self.amount += later.amount;
        self.last = later.last;
        self.chain.join(&later.chain);
    }
}

/// What each stream has brought, a document each.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerStream {
    pub amount: u64,
    pub chain: Chain,
}

impl PerStream {
    pub fn add(&mut self, id: u64, amount: u64) {
        self.amount += amount;
        self.chain.add(id);
    }
}

#[projection(key = stream, partitions = 2)]
impl PerStream {
    fn placed(&mut self, event: &Committed<Placed>) {
        self.add(event.id.0, event.data.amount);
    }
    fn shipped(&mut self, event: &Committed<Shipped>) {
        self.add(event.id.0, event.data.amount);
    }
    fn merge(&mut self, later: Self) {
        self.amount += later.amount;
        self.chain.join(&later.chain);
    }
}
