//! A new envelope key: every key is wrapped anew, no value changes, a cut-off rotation goes on.

use actum::{
    Result,
    prelude::*,
    privacy::{Keys, MemoryKeys, StoredKey, Subject, Vault},
    store::BoxFuture,
};
use actum_tests::faulty;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use crate::domain::{Customer, app, envelope, name, name_of};

/// Keys whose changes fail after so many.
#[derive(Clone)]
struct Tiring {
    keys: MemoryKeys,
    left: Arc<AtomicU32>,
}

impl Keys for Tiring {
    fn find<'a>(&'a self, subjects: &'a [Subject]) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        self.keys.find(subjects)
    }

    fn replace<'a>(
        &'a self,
        before: Option<&'a StoredKey>,
        after: &'a StoredKey,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
            if left.is_err() {
                faulty::failed("replace")
            } else {
                self.keys.replace(before, after).await
            }
        })
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a Subject>,
        limit: u64,
    ) -> BoxFuture<'a, Result<Vec<StoredKey>>> {
        self.keys.list(after, limit)
    }

    fn untold(&self, limit: u64) -> BoxFuture<'_, Result<Vec<StoredKey>>> {
        self.keys.untold(limit)
    }
}

/// 600 customers, of which one is forgotten: more than two pages of keys.
async fn many() -> (Memory, MemoryKeys) {
    let (store, keys) = (Memory::new(), MemoryKeys::new());
    let app = app(store.clone(), keys.clone()).await;
    for at in 0..600 {
        let id = at.to_string();
        app.act::<Customer>(&id, name(&id, &format!("name {id}"))).await.unwrap();
    }
    app.forget("5").await.unwrap();
    (store, keys)
}

async fn with(store: Memory, vault: Vault) -> App {
    App::new(store).with::<Customer>().vault(vault).start().await.unwrap()
}

#[tokio::test]
async fn a_rotation_wraps_every_key_anew_and_does_away_with_the_former_envelope() {
    let (store, keys) = many().await;
    let vault = Vault::new(keys.clone(), envelope(2)).former(envelope(1));
    let rotated = vault.rotate().await.unwrap();
    assert_eq!((rotated.rewrapped, rotated.unchanged, rotated.forgotten), (599, 0, 1));
    let app = with(store, Vault::new(keys, envelope(2))).await;
    assert_eq!(name_of(&app, "599").await, Opened::Value("name 599".to_owned()));
    assert_eq!(name_of(&app, "0").await, Opened::Value("name 0".to_owned()));
    assert_eq!(name_of(&app, "5").await, Opened::Forgotten);
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_goes_on_where_it_was() {
    let (store, keys) = many().await;
    let tiring = Tiring { keys: keys.clone(), left: Arc::new(AtomicU32::new(300)) };
    let vault = Vault::new(tiring, envelope(2)).former(envelope(1));
    vault.rotate().await.unwrap_err();
    // Meanwhile both kinds open.
    let app = with(store.clone(), Vault::new(keys.clone(), envelope(2)).former(envelope(1))).await;
    for id in ["0", "599", "300"] {
        assert_eq!(name_of(&app, id).await, Opened::Value(format!("name {id}")));
    }
    let vault = Vault::new(keys.clone(), envelope(2)).former(envelope(1));
    let rotated = vault.rotate().await.unwrap();
    assert_eq!((rotated.rewrapped, rotated.unchanged, rotated.forgotten), (299, 300, 1));
}

#[tokio::test]
async fn a_rotation_without_the_former_envelope_changes_nothing() {
    let (store, keys) = many().await;
    Vault::new(keys.clone(), envelope(2)).rotate().await.unwrap_err();
    let app = app(store, keys).await;
    assert_eq!(name_of(&app, "0").await, Opened::Value("name 0".to_owned()));
}

#[tokio::test]
async fn a_value_that_is_sealed_during_a_rotation_opens_after_it() {
    let (store, keys) = many().await;
    let old = app(store.clone(), keys.clone()).await;
    let vault = Vault::new(keys.clone(), envelope(2)).former(envelope(1));
    let (rotated, named) = tokio::join!(vault.rotate(), async {
        for at in 600..650 {
            let id = at.to_string();
            old.act::<Customer>(&id, name(&id, "late")).await.unwrap();
        }
        Ok::<_, actum::Error>(())
    });
    rotated.unwrap();
    named.unwrap();
    vault.rotate().await.unwrap();
    let app = with(store, Vault::new(keys, envelope(2))).await;
    assert_eq!(name_of(&app, "649").await, Opened::Value("late".to_owned()));
}
