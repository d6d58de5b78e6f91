//! Registers two customers, forgets one, and looks for the name in the raw files.
//!
//! `cargo run --example privacy`

use std::{collections::BTreeMap, fs, path::Path};

use actum::{
    prelude::*,
    privacy::{EnvelopeKey, SqliteKeys},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Registered {
    name: Personal<String>,
    country: String,
}

#[derive(Events)]
enum CustomerEvent {
    Registered(Registered),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CustomerEvent)]
struct Customer {
    name: Option<Personal<String>>,
    country: String,
}

#[patch]
impl Customer {
    fn registered(&mut self, event: Registered) {
        self.name = Some(event.name);
        self.country = event.country;
    }
}

#[derive(Serialize, Deserialize)]
struct Register {
    customer: String,
    name: String,
    country: String,
}

#[action]
impl Customer {
    fn register(&self, input: Register) -> Result<Registered, Unmet> {
        let Register { customer, name, country } = input;
        Ok(Registered { name: Personal::new(customer, name), country })
    }
}

/// Who lives where, in clear; so it has to handle `Forgotten`.
#[derive(Default, Serialize, Deserialize)]
struct Directory {
    names: BTreeMap<String, String>,
}

#[projection]
impl Directory {
    fn registered(&mut self, event: &Committed<Registered>, opener: &Opener) -> actum::Result<()> {
        let subject = event.data.name.subject().unwrap_or_default().to_owned();
        if let Opened::Value(name) = opener.open(&event.data.name)? {
            self.names.insert(subject, format!("{name} ({})", event.data.country));
        }
        Ok(())
    }

    fn forgotten(&mut self, event: &Committed<Forgotten>) {
        self.names.remove(&event.data.subject);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (logs, secrets) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let keys = SqliteKeys::open(secrets.path().join("keys.db")).await?;
    // In production: `EnvelopeKey::from_env()?`.
    let vault = Vault::new(keys, EnvelopeKey::generate()?);
    let app = App::new(Sqlite::open(logs.path().join("log.db")).await?)
        .with::<Customer>()
        .vault(vault)
        .start()
        .await?;

    for (customer, name) in [("17", "Ann Example"), ("18", "Bob Example")] {
        let country = "AT".to_owned();
        let register = Register { customer: customer.to_owned(), name: name.to_owned(), country };
        app.act::<Customer>(customer, register).await?;
    }
    let mut events = app.read(Query::all());
    while let Some(event) = events.next().await {
        println!("{}", event?.data);
    }
    let ann = app.load::<Customer>("17").await?;
    let name = ann.name.as_ref().ok_or("no name")?;
    println!("\n{:?}", *ann);
    println!("opened: {}", app.open(name).await?.value().as_deref().unwrap_or("forgotten"));
    println!("in the files of the log: {} times", count(logs.path(), "Ann Example")?);

    let told = app.forget("17").await?;
    println!("\nforgotten, as event {told} tells");
    println!("opened: {}", app.open(name).await?.value().as_deref().unwrap_or("forgotten"));
    println!("in the files of the log: {} times", count(logs.path(), "Ann Example")?);
    println!("the rest stays: {}", app.load::<Customer>("17").await?.country);

    directory().await
}

/// A read model in clear, and what becomes of it.
async fn directory() -> Result<(), Box<dyn std::error::Error>> {
    let vault = Vault::new(actum::privacy::MemoryKeys::new(), EnvelopeKey::generate()?);
    let app = App::new(Memory::new()).with::<Customer>().project::<Directory>().vault(vault);
    let app = app.start().await?;
    let mut last = Id(0);
    for (customer, name) in [("17", "Ann Example"), ("18", "Bob Example")] {
        let country = "AT".to_owned();
        let register = Register { customer: customer.to_owned(), name: name.to_owned(), country };
        last = app.act::<Customer>(customer, register).await?.id;
    }
    println!("\ndirectory: {:?}", app.view::<Directory>().after(last).await?.names);
    let told = app.forget("17").await?;
    println!("directory: {:?}", app.view::<Directory>().after(told).await?.names);
    Ok(())
}

/// How often a text occurs in the files of a folder.
fn count(folder: &Path, text: &str) -> std::io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let bytes = fs::read(entry?.path())?;
        count += bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count();
    }
    Ok(count)
}
