//! Personal values in events, in projections that move them on, and in those that open them.

use std::collections::BTreeMap;

use actum::{
    Delete,
    prelude::*,
    privacy::{EnvelopeKey, MemoryKeys},
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Address {
    street: String,
    number: u32,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Moved {
    to: Personal<Address>,
    others: Vec<Personal<String>>,
}

#[derive(Default, Serialize, Deserialize)]
struct Sealed {
    last: Option<Personal<Address>>,
}

#[projection]
impl Sealed {
    fn moved(&mut self, event: &Committed<Moved>) {
        self.last = Some(event.data.to.clone());
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Streets {
    all: BTreeMap<String, String>,
}

#[projection]
impl Streets {
    fn moved(&mut self, event: &Committed<Moved>, opener: &Opener) -> actum::Result<()> {
        if let Opened::Value(Address { street, number }) = opener.open(&event.data.to)? {
            self.all.insert(event.stream.to_string(), format!("{street} {number}"));
        }
        Ok(())
    }
    fn forgotten(&mut self, event: &Committed<Forgotten>) {
        self.all.remove(&event.data.subject);
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Street(String);

#[projection(key = |event| event.data.to.subject().unwrap_or("?"), partitions = 2)]
impl Street {
    fn moved(
        &mut self,
        event: &Committed<Moved>,
        opener: &actum::privacy::Opener,
    ) -> actum::Result<Option<Delete>> {
        let opened = opener.open(&event.data.to)?;
        Ok(opened.value().map_or(Some(Delete), |address| {
            self.0 = address.street;
            None
        }))
    }
    #[key(|event| &event.data.subject)]
    fn forgotten(&mut self, _: &Committed<Forgotten>) -> Delete {
        Delete
    }
}

#[tokio::main]
async fn main() {
    let vault = Vault::new(MemoryKeys::new(), EnvelopeKey::from_bytes(&[1; 32]));
    let app = App::new(Memory::new())
        .project::<Sealed>()
        .project::<Streets>()
        .project::<Street>()
        .vault(vault)
        .start()
        .await
        .expect("it starts");
    let street = Address { street: "Road".to_owned(), number: 1 };
    let fresh = Personal::new("17", street);
    assert_eq!(format!("{fresh:?}"), "Personal(17, …)");
    assert!(!app.open(&fresh).await.expect("it is clear").is_forgotten());
}
