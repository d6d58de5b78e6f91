//! Moves the events of a closed stream into the archive.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt;

use super::{lag, own};
use crate::{
    App, Archived, Committed, Error, Id, Result, StreamId, Version,
    archive::{Index, checksum, decode, encode, name},
    clock::whole_microseconds,
    store::{Batch, BoxError, Expected, Key, Log, NewEvent, Query},
};

/// How long to wait at most between two looks at the head.
const LOOK: Duration = Duration::from_millis(20);

/// Puts the events of a closed stream into the archive, and lets the log drop them; tells where
/// they are, and how many were dropped.
pub(super) async fn put(
    app: &App,
    index: &Index,
    stream: &StreamId,
    end: Version,
    within: Duration,
    save: impl Future<Output = Result<()>>,
) -> Result<(Archived, u64)> {
    index.look().await?;
    let archived = match index.of(stream) {
        Some(known) => known,
        None => archive(app, index, stream, end).await?,
    };
    lag::passed(app, stream, archived.last, within).await?;
    save.await?;
    let removed = app.0.store.truncate(stream).await?;
    tracing::info!(%stream, name = archived.name, removed, "the stream is archived");
    Ok((Archived::clone(&archived), removed))
}

/// Puts the events into the archive, and notes in the log where they are.
///
/// Nothing was removed from the log before the entry is there, so the log has them all.
async fn archive(
    app: &App,
    index: &Index,
    stream: &StreamId,
    end: Version,
) -> Result<Arc<Archived>> {
    let version = Version(end.0.saturating_sub(1));
    let events = events(&*app.0.store, stream, version).await?;
    let ids = events.first().zip(events.last()).map(|(first, last)| (first.id, last.id));
    let (first, last) = ids.unwrap_or_default();
    let text = encode(&events).map_err(|source| Error::Encode {
        what: format!("the events of `{stream}` for the archive"),
        source,
    })?;
    let checksum = checksum(&text);
    let name = name(stream, &checksum);
    let Some(archive) = index.archive() else {
        return Err(Error::NoArchive { stream: stream.clone(), version, name });
    };
    let failed = |action| {
        let (stream, name) = (stream.clone(), name.clone());
        move |source: BoxError| Error::Archive { stream, action, name, source }
    };
    archive.put(&name, text.clone()).await.map_err(failed("put into the archive"))?;
    let kept = archive.get(&name).await.map_err(failed("read back from the archive"))?;
    let is_same = kept.as_ref() == Some(&text)
        && decode(&text).map_err(failed("read back from the archive"))? == events;
    if !is_same {
        let why = "it came back as something else than what was put there";
        return Err(failed("keep in the archive")(why.into()));
    }
    let entry = Archived { stream: stream.clone(), version, first, last, name, checksum };
    let created = whole_microseconds(app.0.clock.now());
    let event = NewEvent { created, ..own(Archived::NAME, &entry)? };
    // Of two that close the stream at once, one writes the entry; both name the same text.
    let key = Key::new(format!("{}/{stream}", Archived::NAME), [stream.as_str().as_bytes()]);
    let batch = Batch::new(Archived::STREAM.parse()?, Expected::Any, vec![event]).key(key);
    let noted = app.0.store.append(batch).await?.id();
    readable(app, noted).await?;
    index.look().await?;
    Ok(index.of(stream).unwrap_or_else(|| Arc::new(entry)))
}

/// The events of a stream up to a version, without a gap.
async fn events(log: &dyn Log, stream: &StreamId, end: Version) -> Result<Vec<Committed>> {
    let mut pages = log.read(Query::stream(stream.clone()).to_version(end));
    let mut events: Vec<Committed> = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page?);
    }
    let due = (1..=end.0).map(Version);
    if !events.iter().map(|event| event.version).eq(due) {
        return Err(Error::Store {
            store: "given",
            action: format!("read all events of `{stream}` for the archive"),
            source: format!("it gave {} of {end} events", events.len()).into(),
        });
    }
    Ok(events)
}

/// Waits until every reader of the log can have seen an event.
async fn readable(app: &App, id: Id) -> Result<()> {
    let mut watch = app.0.store.watch();
    while app.0.store.head().await? < id {
        // Whether it wakes or not, the head decides.
        let _ = tokio::time::timeout(LOOK, watch.grown()).await;
    }
    Ok(())
}
