//! The raw bytes of the files: neither the value nor, once it is forgotten, the key.

use std::{fs, path::Path};

use actum::{
    prelude::*,
    privacy::{KeyState, Keys, SqliteKeys, Subject},
    store::Store,
};
use tempfile::TempDir;

use crate::domain::{Befriend, Customer, SECRET, app, name, name_of};

/// How often bytes occur in the files of a folder: databases, write-ahead logs, journals.
fn found(folder: &Path, wanted: &[u8]) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(wanted.len()).filter(|part| *part == wanted).count()).sum()
}

async fn keys(folder: &TempDir) -> SqliteKeys {
    SqliteKeys::open(folder.path().join("keys.db")).await.unwrap()
}

async fn store(folder: &TempDir) -> Sqlite {
    Sqlite::open(folder.path().join("log.db")).await.unwrap()
}

async fn wrapped(keys: &SqliteKeys, id: &str) -> Vec<u8> {
    let found = keys.find(&[Subject::new(id).unwrap()]).await.unwrap().remove(0);
    let KeyState::Held { wrapped, .. } = found.state else { panic!("no key of {id}") };
    wrapped
}

#[tokio::test]
async fn no_file_holds_the_value_before_or_after_and_the_key_is_gone_after() {
    let (logs, secrets) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (store, keys) = (store(&logs).await, keys(&secrets).await);
    let app = app(store.clone(), keys.clone()).await;
    for id in ["17", "18"] {
        let friends = vec![("17".into(), SECRET.into())];
        app.act::<Customer>(id, name(id, SECRET)).key(format!("key-{id}")).await.unwrap();
        app.act::<Customer>(id, Befriend { friends }).await.unwrap();
        app.snapshot::<Customer>(id).await.unwrap();
    }
    let (ann, bob) = (wrapped(&keys, "17").await, wrapped(&keys, "18").await);
    // The log can be searched: what is not personal is found.
    assert!(found(logs.path(), b"Befriended") > 0 && found(logs.path(), b"sealed") > 0);
    assert_eq!(found(logs.path(), SECRET.as_bytes()), 0);
    assert_eq!(found(secrets.path(), SECRET.as_bytes()), 0);
    assert_eq!((found(secrets.path(), &ann), found(secrets.path(), &bob)), (1, 1));

    app.forget("17").await.unwrap();
    assert_eq!((found(secrets.path(), &ann), found(secrets.path(), &bob)), (0, 1));
    assert_eq!(found(logs.path(), SECRET.as_bytes()), 0);
    assert_eq!(name_of(&app, "17").await, Opened::Forgotten);
    assert_eq!(name_of(&app, "18").await, Opened::Value(SECRET.to_owned()));
}

#[tokio::test]
async fn of_many_keys_in_a_tree_that_grew_and_moved_none_that_was_deleted_is_left() {
    let secrets = TempDir::new().unwrap();
    let keys = keys(&secrets).await;
    let app = app(Memory::new(), keys.clone()).await;
    // In an order that splits pages all over the tree.
    let ids: Vec<_> =
        (0..400_u32).map(|at| format!("{:08x}", at.wrapping_mul(2_654_435_761))).collect();
    let mut all = Vec::new();
    for id in &ids {
        app.act::<Customer>(id, name(id, "x")).await.unwrap();
        all.push(wrapped(&keys, id).await);
    }
    for id in ids.iter().step_by(2) {
        app.forget(id).await.unwrap();
    }
    let files = fs::read(secrets.path().join("keys.db")).unwrap();
    let counts: Vec<_> =
        all.iter().map(|key| files.windows(key.len()).filter(|part| part == key).count()).collect();
    assert!(counts.iter().step_by(2).all(|count| *count == 0), "{counts:?}");
    assert!(counts.iter().skip(1).step_by(2).all(|count| *count >= 1), "{counts:?}");
}

#[tokio::test]
async fn a_rotation_leaves_no_key_under_the_former_envelope() {
    let secrets = TempDir::new().unwrap();
    let keys = keys(&secrets).await;
    let app = app(Memory::new(), keys.clone()).await;
    app.act::<Customer>("17", name("17", SECRET)).await.unwrap();
    app.act::<Customer>("18", name("18", "Bob")).await.unwrap();
    let before = wrapped(&keys, "17").await;
    let vault = Vault::new(keys.clone(), crate::domain::envelope(2));
    vault.former(crate::domain::envelope(1)).rotate().await.unwrap();
    assert_eq!(found(secrets.path(), &before), 0);
    assert_eq!(found(secrets.path(), &wrapped(&keys, "17").await), 1);
}

#[tokio::test]
async fn the_file_of_the_log_is_refused_for_keys_and_that_of_keys_for_a_log() {
    let folder = TempDir::new().unwrap();
    drop(store(&folder).await);
    drop(keys(&folder).await);
    let refused = SqliteKeys::open(folder.path().join("log.db")).await.unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains("keep the keys in a file of their own"), "{source}");
    Sqlite::open(folder.path().join("keys.db")).await.unwrap_err();
    fs::write(folder.path().join("text.db"), "no database at all, but long enough").unwrap();
    SqliteKeys::open(folder.path().join("text.db")).await.unwrap_err();
}

#[tokio::test]
async fn a_copy_of_the_log_that_was_made_before_opens_nothing_after() {
    let (logs, backup) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let secrets = TempDir::new().unwrap();
    let keys = keys(&secrets).await;
    let live = app(store(&logs).await, keys.clone()).await;
    live.act::<Customer>("17", name("17", SECRET)).await.unwrap();
    live.act::<Customer>("18", name("18", "Bob")).await.unwrap();
    for entry in fs::read_dir(logs.path()).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, backup.path().join(from.file_name().unwrap())).unwrap();
    }
    live.forget("17").await.unwrap();
    let restored = app(store(&backup).await, keys).await;
    assert_eq!(name_of(&restored, "17").await, Opened::Forgotten);
    assert_eq!(name_of(&restored, "18").await, Opened::Value("Bob".to_owned()));
    // The restored log was never told; forgetting again tells it.
    restored.forget("17").await.unwrap();
    let store: &dyn Store = &**restored.store();
    assert_eq!(store.head().await.unwrap(), actum::Id(3));
}
