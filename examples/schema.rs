//! A payload that changes twice over one SQLite file, as three releases of a program would do it:
//! what each of them reads, what the lock says of a careless change, which versions are on disk.
//!
//! `cargo run --example schema` begins with a file of its own; `-- shop.db` goes on with one of
//! yours, run after run.

use std::{error::Error, path::PathBuf};

use actum::{prelude::*, schema};

/// The rest of each release, which is the same: a cart that holds its events.
macro_rules! cart {
    () => {
        #[derive(Events, Clone, Debug)]
        pub enum CartEvent {
            ItemAdded(ItemAdded),
        }

        #[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
        #[aggregate(events = CartEvent)]
        pub struct Cart {
            pub items: Vec<ItemAdded>,
        }

        #[patch]
        impl Cart {
            fn item_added(&mut self, event: ItemAdded) {
                self.items.push(event);
            }
        }

        /// Puts into the cart what is given, as it is.
        #[derive(Serialize, Deserialize)]
        pub struct AddItem(pub ItemAdded);

        #[action]
        impl Cart {
            fn add_item(&self, AddItem(item): AddItem) -> Result<ItemAdded, Unmet> {
                Ok(item)
            }
        }
    };
}
use cart;

/// The first release: one item at a time.
mod first {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    pub struct ItemAdded {
        pub sku: String,
    }

    super::cart!();
}

/// The second release: several at once. The old form stays, under the old wire name.
mod second {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    #[event(name = "ItemAdded")]
    pub struct ItemAddedV1 {
        pub sku: String,
    }

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    #[event(version = 2, from = ItemAddedV1)]
    pub struct ItemAdded {
        pub sku: String,
        pub qty: u32,
    }

    impl From<ItemAddedV1> for ItemAdded {
        fn from(old: ItemAddedV1) -> Self {
            Self { sku: old.sku, qty: 1 }
        }
    }

    super::cart!();
}

/// The third release: by weight. Each form knows only how it becomes the next.
mod third {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    #[event(name = "ItemAdded")]
    pub struct ItemAddedV1 {
        pub sku: String,
    }

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    #[event(name = "ItemAdded", version = 2, from = ItemAddedV1)]
    pub struct ItemAddedV2 {
        pub sku: String,
        pub qty: u32,
    }

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    #[event(version = 3, from = ItemAddedV2)]
    pub struct ItemAdded {
        pub sku: String,
        pub grams: u64,
    }

    impl From<ItemAddedV1> for ItemAddedV2 {
        fn from(old: ItemAddedV1) -> Self {
            Self { sku: old.sku, qty: 1 }
        }
    }

    impl From<ItemAddedV2> for ItemAdded {
        fn from(old: ItemAddedV2) -> Self {
            Self { sku: old.sku, grams: u64::from(old.qty) * 250 }
        }
    }

    super::cart!();
}

/// What somebody wrote in a hurry: it compiles, and could not read what is stored.
mod careless {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Clone, Debug)]
    pub struct ItemAdded {
        pub article: String,
    }

    super::cart!();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = std::env::args_os().nth(1).map(PathBuf::from);
    let file = file.unwrap_or_else(|| folder.path().join("shop.db"));
    let lock = folder.path().join("events.lock");
    let sku = || "A123".to_owned();

    {
        use first::{AddItem, Cart, ItemAdded};
        let app = App::new(Sqlite::open(&file).await?).with::<Cart>().start().await?;
        app.act::<Cart>("1", AddItem(ItemAdded { sku: sku() })).await?;
        println!("release 1 reads {:?}", app.load::<Cart>("1").await?.items);
        schema::check(&lock).with::<Cart>().update()?; // a user's test, with ACTUM_LOCK=update
    }
    {
        use second::{AddItem, Cart, ItemAdded};
        let app = App::new(Sqlite::open(&file).await?).with::<Cart>().start().await?;
        app.act::<Cart>("1", AddItem(ItemAdded { sku: sku(), qty: 2 })).await?;
        println!("release 2 reads {:?}", app.load::<Cart>("1").await?.items);
        schema::check(&lock).with::<Cart>().update()?;
    }
    let app = App::new(Sqlite::open(&file).await?).with::<third::Cart>().start().await?;
    {
        use third::{AddItem, Cart, ItemAdded};
        app.act::<Cart>("1", AddItem(ItemAdded { sku: sku(), grams: 80 })).await?;
        println!("release 3 reads {:?}", app.load::<Cart>("1").await?.items);
        schema::check(&lock).with::<Cart>().update()?;
        schema::check(&lock).with::<Cart>().assert(); // a user's test
    }

    println!("\nwhat is on disk:");
    for one in app.audit().await?.versions {
        let (name, schema, events) = (&one.name, one.schema, one.events);
        println!("  {name}, version {schema}: {events} events, {:?}", one.standing);
    }

    println!("\nwhat the lock of release 1 says of a careless change:");
    let lock = folder.path().join("first.lock");
    schema::check(&lock).with::<first::Cart>().update()?;
    match schema::check(&lock).with::<careless::Cart>().verify() {
        Ok(()) => Err("the change went unnoticed".into()),
        Err(broken) => {
            println!("{broken}");
            Ok(())
        }
    }
}
