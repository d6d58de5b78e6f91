//! Closes carts, by hand and by themselves, and reads them back from the archive.
//!
//! `cargo run -p actum-examples --example close`

use actum::{Closed, archive::Folder, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug)]
struct ItemAdded {
    sku: String,
}
#[derive(Event, Serialize, Deserialize, Debug)]
struct CheckedOut {}

#[derive(Events, Debug)]
enum CartEvent {
    ItemAdded(ItemAdded),
    CheckedOut(CheckedOut),
}

/// A cart is over when it is checked out, or when nothing happens for 90 days.
#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CartEvent, closes_after = [CheckedOut, "90d"])]
struct Cart {
    skus: Vec<String>,
    paid: bool,
}

#[patch]
impl Cart {
    fn item_added(&mut self, event: ItemAdded) {
        self.skus.push(event.sku);
    }
    fn checked_out(&mut self, _: CheckedOut) {
        self.paid = true;
    }
}

#[derive(Serialize, Deserialize)]
struct AddItem {
    sku: String,
}
#[derive(Serialize, Deserialize)]
struct CheckOut {}

#[action]
impl Cart {
    fn add_item(&self, AddItem { sku }: AddItem) -> Result<ItemAdded, Unmet> {
        Ok(ItemAdded { sku })
    }
    fn check_out(&self, _: CheckOut) -> Result<CheckedOut, Unmet> {
        Ok(CheckedOut {})
    }
}

/// How many carts were opened, and how many are over.
#[derive(Default, Debug, Serialize, Deserialize)]
struct Carts {
    items: u64,
    closed: u64,
}

#[projection]
impl Carts {
    fn item_added(&mut self, _: &Committed<ItemAdded>) {
        self.items += 1;
    }
    fn closed(&mut self, _: &Committed<Closed>) {
        self.closed += 1;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Sqlite::open(folder.path().join("shop.db")).await?;
    let archive = Folder::new(folder.path().join("closed"));
    let app = App::new(store).with::<Cart>().project::<Carts>().archive(archive).start().await?;

    for id in ["alice", "bob"] {
        for sku in ["A1", "B2", "C3"] {
            app.act::<Cart>(id, AddItem { sku: sku.to_owned() }).await?;
        }
    }

    // Alice checks out: the cart closes in the same append, and the nightly run archives it.
    let done = app.act::<Cart>("alice", CheckOut {}).await?;
    println!("{} is at version {} after {} events", done.stream, done.version, done.events);
    for closed in app.close_due().await? {
        println!("{}: {} events moved into the archive", closed.stream, closed.removed);
    }

    // Bob's is closed by hand.
    let closed = app.close::<Cart>("bob").reason("moved away").actor("support").await?;
    println!("{}: closed at version {}", closed.stream, closed.version);
    match app.act::<Cart>("bob", AddItem { sku: "D4".to_owned() }).await {
        Err(ActError::Closed(closed)) => println!("refused: {closed}"),
        other => println!("this should be refused: {other:?}"),
    }

    // Everything can be read as before.
    println!("bob had {:?}", app.load::<Cart>("bob").as_of(Version(2)).await?.skus);
    app.reset::<Carts>().await?;
    let carts = app.view::<Carts>().after(closed.id).await?;
    println!("built anew: {} items, {} carts are over", carts.items, carts.closed);
    Ok(())
}
