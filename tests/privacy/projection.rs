//! Projections: move values on sealed, or open them and forget.

use std::collections::BTreeMap;

use actum::{
    Delete, Error, PersonalError, Projection,
    prelude::*,
    privacy::{MemoryKeys, Vault},
};
use serde::{Deserialize, Serialize};

use crate::domain::{Customer, Named, SECRET, envelope, name};

/// The names of all customers, in clear.
#[derive(Default, Serialize, Deserialize, Debug)]
pub(crate) struct Directory {
    names: BTreeMap<String, String>,
}

#[projection]
impl Directory {
    fn named(&mut self, event: &Committed<Named>, opener: &Opener) -> actum::Result<()> {
        let subject = event.data.name.subject().unwrap_or_default().to_owned();
        if let Opened::Value(name) = opener.open(&event.data.name)? {
            self.names.insert(subject, name);
        }
        Ok(())
    }

    fn forgotten(&mut self, event: &Committed<Forgotten>) {
        self.names.remove(&event.data.subject);
    }
}

/// The names as they are: sealed.
#[derive(Default, Serialize, Deserialize, Debug)]
struct Moved {
    names: Vec<Personal<String>>,
}

#[projection]
impl Moved {
    fn named(&mut self, event: &Committed<Named>) {
        self.names.push(event.data.name.clone());
    }
}

/// A document for each subject, with the length of the name.
#[derive(Default, Serialize, Deserialize, Debug)]
struct Lengths {
    length: usize,
}

#[projection]
impl Lengths {
    #[key(|event| event.data.name.subject().unwrap_or("?"))]
    fn named(&mut self, event: &Committed<Named>, opener: &Opener) -> actum::Result<()> {
        self.length = opener.open(&event.data.name)?.value().map_or(0, |name| name.len());
        Ok(())
    }

    #[key(|event| &event.data.subject)]
    fn forgotten(&mut self, _: &Committed<Forgotten>) -> Delete {
        Delete
    }
}

async fn started() -> App {
    let vault = Vault::new(MemoryKeys::new(), envelope(1));
    let app = App::new(Memory::new())
        .with::<Customer>()
        .project::<Directory>()
        .project::<Moved>()
        .project::<Lengths>()
        .vault(vault)
        .start()
        .await
        .unwrap();
    app.act::<Customer>("17", name("17", SECRET)).await.unwrap();
    app.act::<Customer>("18", name("18", "Bob")).await.unwrap();
    app
}

#[test]
fn only_what_opens_is_personal() {
    assert!(Directory::PERSONAL && Lengths::PERSONAL && !Moved::PERSONAL);
}

#[tokio::test]
async fn a_projection_opens_values_and_forgets_them_with_the_subject() {
    let app = started().await;
    let head = app.store().head().await.unwrap();
    let names = app.view::<Directory>().after(head).await.unwrap().names.clone();
    assert_eq!(names["17"], SECRET);
    let told = app.forget("17").await.unwrap();
    let names = app.view::<Directory>().after(told).await.unwrap().names.clone();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), [("18".to_owned(), "Bob".to_owned())]);
}

#[tokio::test]
async fn a_document_of_a_subject_goes_with_it() {
    let app = started().await;
    let told = app.forget("17").await.unwrap();
    assert!(app.view::<Lengths>().key("17").after(told).await.unwrap().is_none());
    assert_eq!(app.view::<Lengths>().key("18").after(told).await.unwrap().unwrap().length, 3);
}

#[tokio::test]
async fn values_that_are_moved_on_are_sealed_in_the_document() {
    let app = started().await;
    let told = app.forget("17").await.unwrap();
    let json = app.view_json("Moved").after(told).await.unwrap().unwrap();
    assert!(json.to_string().contains("sealed") && !json.to_string().contains("Bob"), "{json}");
    let moved = app.view::<Moved>().after(told).await.unwrap();
    let opened = app.open_all(&moved.names).await.unwrap();
    assert_eq!(opened, [Opened::Forgotten, Opened::Value("Bob".to_owned())]);
}

#[tokio::test]
async fn a_projection_that_is_built_anew_after_the_forgetting_is_the_same() {
    let app = started().await;
    let told = app.forget("17").await.unwrap();
    app.view::<Directory>().after(told).await.unwrap();
    app.reset::<Directory>().await.unwrap();
    let names = app.view::<Directory>().after(told).await.unwrap().names.clone();
    assert_eq!(names.into_keys().collect::<Vec<_>>(), ["18"]);
    let verification = app.verify::<Directory>().await.unwrap();
    assert!(verification.is_equal(), "{verification:?}");
}

#[tokio::test]
async fn a_value_that_cannot_be_opened_stops_the_projection_and_names_the_subject() {
    let (store, keys) = (Memory::new(), MemoryKeys::new());
    let first = crate::domain::app(store.clone(), keys.clone()).await;
    first.act::<Customer>("17", name("17", SECRET)).await.unwrap();
    first.act::<Customer>("18", name("18", "Bob")).await.unwrap();
    // Other keys than those of this log.
    let vault = Vault::new(MemoryKeys::new(), envelope(1));
    let app = App::new(store).project::<Directory>().vault(vault).start().await.unwrap();
    let head = app.store().head().await.unwrap();
    let error = app.view::<Directory>().after(head).await.unwrap_err();
    let Error::ProjectionStopped { source, .. } = &error else { panic!("{error:?}") };
    let Error::Handler { id: Id(1), stream, source, .. } = &**source else { panic!("{source:?}") };
    assert_eq!(stream.as_str(), "Customer-17");
    let source = source.downcast_ref::<Error>().unwrap();
    assert!(
        matches!(source, Error::Personal(PersonalError::UnknownKey { subject, .. }) if subject == "17"),
        "{source:?}"
    );
}

#[tokio::test]
async fn a_projection_that_opens_values_needs_a_vault() {
    let started = App::new(Memory::new()).project::<Directory>().start().await;
    assert!(matches!(started, Err(Error::Personal(PersonalError::NoVault))), "{started:?}");
}
