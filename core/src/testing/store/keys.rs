//! Keys: the same request is stored once.

use std::sync::Arc;

use super::{
    Failure, Outcome, Subject,
    failure::{ensure, equal},
    steps::{all, batch, conflict, count, events, put, race, stream, unchanged},
};
use crate::{
    Error, Version,
    store::{Appended, Batch, Expected, Key, Keyed, Query},
};

fn keyed(name: &str, expected: Expected, key: &Key) -> Outcome<Batch> {
    Ok(batch(name, expected, 2)?.key(key.clone()))
}

/// The same key with the same content has the first outcome and stores nothing, even when its
/// expectation no longer holds.
pub async fn same_content_has_the_first_outcome(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    put(&*store, "Cart-2", 1).await?;
    let first = store.append(keyed("Cart-1", Expected::Empty, &key)?).await?;
    put(&*store, "Cart-1", 1).await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    for _ in 0..2 {
        let again = store.append(keyed("Cart-1", Expected::Empty, &key)?).await?;
        equal(&again, &Appended { repeated: true, ..first.clone() }, "the repeated outcome")?;
    }
    unchanged(&*store, &before, "a repeated request changed the log").await
}

/// The same key with other content is an error and stores nothing.
pub async fn other_content_is_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    store.append(keyed("Cart-1", Expected::Any, &Key::new("request-1", [&b"a"[..]]))?).await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    for name in ["Cart-1", "Cart-2"] {
        let other = keyed(name, Expected::Any, &Key::new("request-1", [&b"b"[..]]))?;
        match store.append(other).await {
            Err(Error::KeyReused { key }) => equal(&key, "request-1", "the key that is told")?,
            other => {
                return Err(Failure::new(format_args!("this should be a used key: {other:?}")));
            }
        }
    }
    unchanged(&*store, &before, "a refused key changed the log").await
}

/// The lookup of a key tells the fingerprint and the first outcome; an unknown one has none.
pub async fn lookup_tells_the_first_outcome(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    equal(&store.keyed("request-1").await?, &None, "an unknown key")?;
    let key = Key::new("request-1", [&b"content"[..]]);
    let over_two = keyed("Cart-1", Expected::Any, &key)?
        .and(stream("Cart-2")?, Expected::Any, events("Happened", 3))
        .and(stream("Cart-3")?, Expected::Empty, Vec::new());
    let appended = store.append(over_two).await?;
    put(&*store, "Cart-1", 1).await?;
    let Some(Keyed { fingerprint, appended: first }) = store.keyed("request-1").await? else {
        return Err(Failure::new("a key that was used is unknown"));
    };
    equal(&fingerprint, &key.fingerprint, "the fingerprint of a key")?;
    equal(&first.placed, &appended.placed, "the first outcome of a key")?;
    for unknown in ["request-", "request-11", "Request-1", "request-%", ""] {
        equal(&store.keyed(unknown).await?, &None, "a key like one that was used")?;
    }
    Ok(())
}

/// A new key of a batch without events is kept with its outcome, as any other.
pub async fn new_key_without_events_is_kept(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 3).await?;
    put(&*store, "Cart-2", 1).await?;
    let before = all(&*store, Query::all()).await?;
    let expected = Expected::Version(Version(3));
    let key = Key::new("request-1", [&b"nothing"[..]]);
    let nothing = || Outcome::Ok(batch("Cart-1", expected, 0)?.key(key.clone()));
    let first = store.append(nothing()?).await?;
    ensure(!first.repeated, "a new key counts as used")?;
    unchanged(&*store, &before, "a batch without events changed the log").await?;
    let kept = store.keyed("request-1").await?.map(|keyed| keyed.appended.placed);
    equal(&kept.as_ref(), &Some(&first.placed), "the kept outcome of a batch without events")?;

    put(&*store, "Cart-1", 1).await?;
    let before = all(&*store, Query::all()).await?;
    let again = store.append(nothing()?).await?;
    equal(&again, &Appended { repeated: true, ..first }, "the repeated outcome")?;
    let other = keyed("Cart-2", Expected::Any, &Key::new("request-1", [&b"events"[..]]))?;
    let refused = store.append(other).await;
    ensure(
        matches!(refused, Err(Error::KeyReused { .. })),
        format_args!("this should be a used key: {refused:?}"),
    )?;
    unchanged(&*store, &before, "a used key changed the log").await
}

/// A batch that was refused has not used its key up.
pub async fn refused_batch_leaves_its_key_free(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-1", 1).await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    conflict(store.append(keyed("Cart-1", Expected::Empty, &key)?).await)?;
    equal(&store.keyed("request-1").await?, &None, "the key of a refused batch")?;
    let other = Key::new("request-1", [&b"other content"[..]]);
    let appended = store.append(keyed("Cart-2", Expected::Empty, &other)?).await?;
    ensure(!appended.repeated, "a key of a refused batch counts as used")?;
    equal(&count(&*store, "Cart-2").await?, &2, "events of Cart-2")
}

/// A key is one in the whole log, not one per stream.
pub async fn key_is_unique_in_the_whole_log(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let key = Key::new("request-1", [&b"content"[..]]);
    let first = store.append(keyed("Cart-1", Expected::Any, &key)?).await?;
    let again = store.append(keyed("Cart-2", Expected::Any, &key)?).await?;
    equal(&again, &Appended { repeated: true, ..first }, "the outcome of a key for two streams")?;
    equal(&count(&*store, "Cart-2").await?, &0, "events of Cart-2")
}

/// Keys that differ at all are different: case, spaces, wildcards, Unicode forms.
pub async fn keys_are_compared_byte_for_byte(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let keys = ["a", "A", "a ", " a", "%", "_", "é", "e\u{301}", "'; DROP TABLE keys;--", "🦀"];
    for (at, key) in keys.into_iter().enumerate() {
        let key = Key::new(key, [key.as_bytes()]);
        let name = format!("Cart-{}", at % 2);
        let appended = store.append(keyed(&name, Expected::Any, &key)?).await?;
        ensure(!appended.repeated, format_args!("{key:?} counts as one of the keys before"))?;
    }
    equal(&all(&*store, Query::all()).await?.len(), &(2 * keys.len()), "events of all keys")
}

/// H5: racing requests with the same key are stored once, and all hear the same outcome.
pub async fn racing_requests_are_stored_once(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..4 {
        let key = Key::new(format!("request-{round}"), [&b"content"[..]]);
        let racers = (0..16).map(|_| {
            let (store, key) = (Arc::clone(&store), key.clone());
            async move {
                let expected = Expected::Version(Version(2 * round));
                let batch = keyed("Cart-1", expected, &key)?.and(
                    stream("Cart-2")?,
                    expected,
                    events("Happened", 2),
                );
                Outcome::Ok(store.append(batch).await?)
            }
        });
        let answers = race(racers).await?.into_iter().collect::<Outcome<Vec<_>>>()?;
        let first = answers.iter().filter(|appended| !appended.repeated).count();
        equal(&first, &1, "racers that stored their request")?;
        let same = answers
            .windows(2)
            .all(|pair| matches!(pair, [one, other] if one.placed == other.placed));
        ensure(same, format_args!("racers heard different outcomes: {answers:?}"))?;
    }
    equal(&all(&*store, Query::all()).await?.len(), &16, "events after all races")
}
