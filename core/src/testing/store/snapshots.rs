//! Snapshots: the latest of each stream, exactly as it was saved.

use super::{
    Outcome, Subject,
    failure::equal,
    steps::{all, put, stream, unchanged},
};
use crate::{
    Id, Json, Version,
    store::{Query, Snapshot, Snapshots},
};

pub(super) fn snapshot(name: &str, version: u64, fingerprint: &str) -> Outcome<Snapshot> {
    Ok(Snapshot {
        stream: stream(name)?,
        version: Version(version),
        id: Id(version * 10),
        fingerprint: fingerprint.to_owned(),
        state: Json::from_value(&format!("{name} at {version} in the shape {fingerprint}"))?,
    })
}

async fn kept(store: &dyn crate::store::Store, wanted: Option<Snapshot>, name: &str) -> Outcome {
    let found = Snapshots::snapshot(store, &stream(name)?).await?;
    equal(&found, &wanted, format_args!("the snapshot of {name}"))
}

/// A stream has no snapshot until one is saved, whatever its events.
pub async fn none_until_one_is_saved(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    kept(&*store, None, "Cart-1").await?;
    store.save_snapshot(snapshot("Cart-2", 1, "a")?).await?;
    kept(&*store, None, "Cart-1").await
}

/// A snapshot is read back exactly, and each stream has its own.
pub async fn each_stream_has_its_own(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (one, two) = (snapshot("Cart-1", 3, "a")?, snapshot("Cart-2", 5, "b")?);
    store.save_snapshot(one.clone()).await?;
    store.save_snapshot(two.clone()).await?;
    kept(&*store, Some(one), "Cart-1").await?;
    kept(&*store, Some(two), "Cart-2").await
}

/// A later one takes the place of the one before; a lower version of the same shape is dropped.
pub async fn latest_is_kept(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    store.save_snapshot(snapshot("Cart-2", 9, "a")?).await?;
    for (saved, latest) in [(3, 3), (7, 7), (5, 7), (7, 7), (8, 8)] {
        store.save_snapshot(snapshot("Cart-1", saved, "a")?).await?;
        kept(&*store, Some(snapshot("Cart-1", latest, "a")?), "Cart-1").await?;
    }
    kept(&*store, Some(snapshot("Cart-2", 9, "a")?), "Cart-2").await
}

/// One of another shape takes the place of the one before, also at a lower version.
pub async fn another_shape_replaces(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    store.save_snapshot(snapshot("Cart-2", 9, "a")?).await?;
    for (version, shape) in [(7, "a"), (2, "b"), (7, "a"), (1, "")] {
        store.save_snapshot(snapshot("Cart-1", version, shape)?).await?;
        kept(&*store, Some(snapshot("Cart-1", version, shape)?), "Cart-1").await?;
    }
    Ok(())
}

/// A list has the latest of each stream, in the order of the names' bytes, page by page.
pub async fn latest_are_listed_page_by_page(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    equal(&store.snapshots(None, 9).await?, &[][..], "the snapshots of an empty store")?;
    let names = ["Cart-1", "Cart-10", "Cart-2", "Cart-%", "Cart-_", "cart-1", "Cart-é", "Cart-🦀"];
    for name in names.iter().rev() {
        store.save_snapshot(snapshot(name, 1, "a")?).await?;
        store.save_snapshot(snapshot(name, 2, "b")?).await?;
    }
    let mut sorted = names;
    sorted.sort_unstable();
    let wanted = sorted.iter().map(|name| snapshot(name, 2, "b")).collect::<Outcome<Vec<_>>>()?;
    equal(&store.snapshots(None, 99).await?, &wanted, "all snapshots")?;
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.snapshots(after.as_ref(), 3).await?;
        let is_last = page.len() < 3;
        after = page.last().map(|snapshot| snapshot.stream.clone()).or(after);
        listed.extend(page);
        if is_last {
            break;
        }
    }
    equal(&listed, &wanted, "the snapshots of all pages")?;
    let between = store.snapshots(Some(&stream("Cart-11")?), 1).await?;
    equal(&between, &vec![snapshot("Cart-2", 2, "b")?], "what comes behind a name without one")?;
    equal(&store.snapshots(None, 0).await?, &[][..], "a page of no snapshots")
}

/// Snapshots leave the log alone.
pub async fn log_is_left_alone(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 2).await?;
    put(&*store, "Cart-2", 2).await?;
    let before = all(&*store, Query::all()).await?;
    store.save_snapshot(snapshot("Cart-1", 2, "a")?).await?;
    store.save_snapshot(snapshot("Cart-3", 2, "a")?).await?;
    unchanged(&*store, &before, "a snapshot changed the log").await
}
