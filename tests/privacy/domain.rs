//! Customers with names, and orders that name whom they go to.

use actum::{
    Error, PersonalError,
    prelude::*,
    privacy::{EnvelopeKey, Keys, MemoryKeys},
};
use serde::{Deserialize, Serialize};

/// What nobody may ever see outside.
pub(crate) const SECRET: &str = "Ann-Secretson-4711";

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: Personal<String>,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Befriended {
    pub(crate) friends: Vec<Personal<String>>,
}

#[derive(Events, Clone, Debug, PartialEq)]
pub(crate) enum CustomerEvent {
    Named(Named),
    Befriended(Befriended),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CustomerEvent, snapshot_every = 2)]
pub(crate) struct Customer {
    pub(crate) name: Option<Personal<String>>,
    pub(crate) friends: Vec<Personal<String>>,
}

#[patch]
impl Customer {
    fn named(&mut self, event: Named) {
        self.name = Some(event.name);
    }
    fn befriended(&mut self, event: Befriended) {
        self.friends = event.friends;
    }
}

#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct Name {
    pub(crate) subject: String,
    pub(crate) name: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Befriend {
    pub(crate) friends: Vec<(String, String)>,
}

/// Takes over a value as it is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rename {
    pub(crate) name: Personal<String>,
}

#[action]
impl Customer {
    fn name(&self, Name { subject, name }: Name) -> Result<Named, Unmet> {
        Ok(Named { name: Personal::new(subject, name) })
    }
    fn befriend(&self, Befriend { friends }: Befriend) -> Result<Befriended, Unmet> {
        let friends = friends.into_iter().map(|(subject, name)| Personal::new(subject, name));
        Ok(Befriended { friends: friends.collect() })
    }
    fn rename(&self, Rename { name }: Rename) -> Result<Named, Unmet> {
        Ok(Named { name })
    }
}

pub(crate) fn name(subject: &str, name: &str) -> Name {
    Name { subject: subject.to_owned(), name: name.to_owned() }
}

pub(crate) fn envelope(byte: u8) -> EnvelopeKey {
    EnvelopeKey::from_bytes(&[byte; 32])
}

pub(crate) async fn app(store: impl actum::store::Store, keys: impl Keys) -> App {
    let vault = Vault::new(keys, envelope(1));
    App::new(store).with::<Customer>().vault(vault).start().await.expect("it starts")
}

/// An app in memory where the customers 17 and 18 have names.
pub(crate) async fn two() -> (App, Memory, MemoryKeys) {
    let (store, keys) = (Memory::new(), MemoryKeys::new());
    let app = app(store.clone(), keys.clone()).await;
    app.act::<Customer>("17", name("17", SECRET)).await.expect("named");
    app.act::<Customer>("18", name("18", "Bob")).await.expect("named");
    (app, store, keys)
}

pub(crate) async fn name_of(app: &App, id: &str) -> Opened<String> {
    let customer = app.load::<Customer>(id).await.expect("it loads");
    app.open(customer.name.as_ref().expect("a name")).await.expect("it opens")
}

/// What went wrong with a personal value.
#[track_caller]
pub(crate) fn personal<T: std::fmt::Debug>(answer: Result<T, Error>) -> PersonalError {
    match answer {
        Err(Error::Personal(error)) => error,
        other => panic!("no error of a personal value: {other:?}"),
    }
}
