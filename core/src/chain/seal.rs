//! Signs what has been appended since the last head.

use std::{collections::BTreeMap, time::Duration};

use futures_util::StreamExt;

use super::{
    Chained, End, Head, Key,
    key::hex,
    link::{self, Hash, NONE},
};
use crate::{
    Committed, Error, Id, Json, Result, StreamId, Version,
    app::Stop,
    store::{Batch, Expected, Log, NewEvent, Query},
};

/// How many events one head vouches for at most: it names the streams they are of.
const EVENTS: u64 = 10_000;

/// Up to where the log is signed.
pub(super) struct Signed {
    pub(super) version: Version,
    pub(super) id: Id,
    pub(super) events: u64,
    pub(super) digest: Hash,
}

/// Signs what has been appended since the last head; the new head, or `None` when nothing has.
///
/// An app that is [`chained`](crate::Builder::chained) does it by itself. Of several that do it at
/// the same time one is enough.
///
/// # Errors
///
/// What the store answers.
pub async fn seal(store: &Chained, key: &Key) -> Result<Option<Head>> {
    let mut newest = None;
    loop {
        let signed = last(store).await?;
        let to = store.head().await?;
        let Some(head) = span(store, key, &signed, to).await? else { return Ok(newest) };
        let data = Json::from_value(&head)
            .map_err(|source| Error::Encode { what: "a signed head".to_owned(), source })?;
        let event = NewEvent::new(Head::NAME, data);
        let expected = match signed.version {
            Version(0) => Expected::Empty,
            version => Expected::Version(version),
        };
        match store.append(Batch::new(Head::STREAM.parse()?, expected, vec![event])).await {
            Ok(_) => {
                tracing::debug!(id = %head.id, "the log is signed");
                newest = Some(head);
            }
            // Another has signed it.
            Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Signs every so often, until the app ends.
pub(crate) async fn keep_sealing(store: Chained, key: Key, every: Duration, mut stop: Stop) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.wanted() => {}
        }
        if let Err(error) = seal(&store, &key).await {
            tracing::warn!(%error, "cannot sign the log; trying again later");
        }
        if stop.is_wanted() {
            return;
        }
    }
}

/// Up to where the log is signed.
async fn last(store: &dyn Log) -> Result<Signed> {
    let query = Query::stream(Head::STREAM.parse()?).backward().limit(1);
    let page = store.read(query).next().await.transpose()?;
    let Some(event) = page.and_then(|page| page.into_iter().next()) else {
        return Ok(Signed { version: Version(0), id: Id(0), events: 0, digest: NONE });
    };
    let Committed { version, data, .. } = event.decode_own::<Head>(Head::NAME)?;
    Ok(Signed { version, id: data.id, events: data.events, digest: data.hash() })
}

/// A head for what lies behind another; `None` when there is nothing but heads.
async fn span(store: &dyn Log, key: &Key, signed: &Signed, to: Id) -> Result<Option<Head>> {
    let query = Query::all().after(signed.id).to_id(to).limit(EVENTS);
    let (mut id, mut events, mut digest) = (signed.id, signed.events, signed.digest);
    let mut ends = BTreeMap::<StreamId, End>::new();
    let mut has_news = false;
    let mut pages = store.read(query);
    while let Some(page) = pages.next().await {
        for event in page? {
            let hash = carried(&event);
            digest = link::digest(&digest, event.id, &hash);
            (id, events) = (event.id, events + 1);
            has_news |= event.stream.as_str() != Head::STREAM;
            let end = End { version: event.version, id, hash: hex(&hash) };
            ends.insert(event.stream, end);
        }
    }
    let streams = ends.into_iter().map(|(stream, end)| (stream.to_string(), end)).collect();
    Ok(has_news.then(|| Head::new(key, (id, events), &digest, streams)))
}

/// The hash of an event as it is written there; of one without, its own.
pub(super) fn carried(event: &Committed) -> Hash {
    let (carried, own) = link::of(event, &NONE);
    carried.unwrap_or(own)
}
