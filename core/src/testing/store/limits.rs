//! H21: what is long, deep or odd is stored byte for byte, or refused with an error; never a
//! panic, and never harm to what else is there.

use super::{
    Failure, Outcome, Subject,
    failure::{ensure, equal},
    steps::{all, batch, correlated, count, event, put, stream},
    views::{document, stands, view},
};
use crate::{
    Error, Json, Meta, StreamId, Version,
    store::{Batch, Document, Expected, Key, NewEvent, Query, Snapshot, Snapshots, Store},
};

/// JSON that a store must not change: odd numbers, spaces, doubled names, order of names.
const ODD: [&str; 11] = [
    r#"{"b":1,"a":2,"b":3}"#,
    "  [ 1 ,\t2 ]\n",
    "[1.0,1e2,1E+400,-0,0.10,123456789012345678901234567890]",
    r#""a\u0000b\u0001\u001f""#,
    r#""\ud83d \udc00 \ud83e\udd80 \uDEAD""#,
    r#"{"\u0000":"\ud800"}"#,
    "\"\u{7f}\u{80}\u{2028}\u{feff}\u{fffd}\u{10ffff}\"",
    r#""\/\\\"\b\f\n\r\té\u00e9""#,
    "null",
    r#""'; DROP TABLE events;--""#,
    r#"{"$1":"%s ? :name @x","--":"/*"}"#,
];

async fn comes_back(store: &dyn Store, name: &str, data: Json) -> Outcome {
    let target = stream(name)?;
    let new = NewEvent { data: data.clone(), ..event("Odd", 0) };
    store.append(Batch::new(target.clone(), Expected::Any, vec![new])).await?;
    let last = all(store, Query::stream(target).backward().limit(1)).await?;
    let found = last.first().map(|event| event.data.as_bytes());
    ensure(found == Some(data.as_bytes()), format_args!("{data:.200} came back as {last:.200?}"))
}

/// A payload comes back byte for byte, whatever JSON it is.
pub async fn payloads_come_back_byte_for_byte(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for (at, text) in ODD.iter().enumerate() {
        comes_back(&*store, &format!("Cart-{}", at % 2), Json::from_text(*text)?).await?;
    }
    let log = all(&*store, Query::all()).await?;
    let found: Vec<_> = log.iter().map(|event| event.data.as_str()).collect();
    equal(&found, &ODD.to_vec(), "all payloads in one read")
}

/// Meta data comes back byte for byte, as long as it is a JSON object.
pub async fn meta_comes_back_byte_for_byte(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    for text in [
        r#"{"correlation":"a\u0000b","x":1.0}"#,
        r#"{ "correlation" : "\ud83e\udd80", "z":{"a":[]}, "actor":"'; DROP TABLE events;--" }"#,
        r#"{"extra":"\ud800","key":"no key of this batch"}"#,
        "{}",
    ] {
        let meta = Meta::from_stored(Json::from_text(text)?);
        let new = NewEvent { meta, ..event("Odd", 0) };
        store.append(Batch::new(stream("Cart-1")?, Expected::Any, vec![new])).await?;
        let last = all(&*store, Query::stream(stream("Cart-1")?).backward().limit(1)).await?;
        let found = last.first().map(|event| event.meta.json().as_str());
        equal(&found, &Some(text), "meta data")?;
    }
    let crab = all(&*store, Query::all().correlation("🦀")).await?;
    equal(&crab.len(), &1, "events with a correlation that is stored with escapes")
}

/// States of snapshots and documents of views come back byte for byte.
pub async fn states_come_back_byte_for_byte(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let sales = view("Sales", 1);
    for (text, at) in ODD.iter().zip(1..) {
        let state = Json::from_text(*text)?;
        for name in ["Cart-1", "Cart-2"] {
            let snapshot =
                Snapshot { state: state.clone(), ..super::snapshots::snapshot(name, at, "shape")? };
            store.save_snapshot(snapshot.clone()).await?;
            let found = Snapshots::snapshot(&*store, &stream(name)?).await?;
            equal(&found, &Some(snapshot), "a snapshot")?;
        }
        let odd = Document { key: "odd".to_owned(), data: Some(state.clone()) };
        store.commit(super::views::commit(&sales, at - 1, at, vec![odd])).await?;
        let (_, found) = store.document(&sales, "odd").await?;
        equal(&found, &Some(state), "a document")?;
    }
    Ok(())
}

/// Payloads, states and documents of 1 MiB come back whole, and so does a batch of several.
pub async fn payloads_of_a_mebibyte(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let large = |fill: &str| Json::from_value(&fill.repeat((1 << 20) / fill.len()));
    for (name, fill) in [("Cart-1", "x"), ("Cart-2", "é🦀"), ("Cart-1", "\u{1}"), ("Cart-2", "\\")]
    {
        comes_back(&*store, name, large(fill)?).await?;
    }
    let new = NewEvent { data: large("y")?, ..event("Large", 0) };
    let several = Batch::new(stream("Cart-1")?, Expected::Any, vec![new.clone(), new.clone()]).and(
        stream("Cart-2")?,
        Expected::Any,
        vec![new],
    );
    store.append(several).await?;
    let found = all(&*store, Query::all().name("Large")).await?;
    let sizes: Vec<_> = found.iter().map(|event| event.data.as_bytes().len()).collect();
    equal(&sizes, &vec![(1 << 20) + 2; 3], "the sizes of large payloads")?;
    let state = large("z")?;
    let snapshot =
        Snapshot { state: state.clone(), ..super::snapshots::snapshot("Cart-1", 1, "shape")? };
    store.save_snapshot(snapshot.clone()).await?;
    let kept = Snapshots::snapshot(&*store, &stream("Cart-1")?).await?;
    ensure(kept == Some(snapshot), "a snapshot of 1 MiB came back changed")?;
    let sales = view("Sales", 1);
    let whole = Document { key: String::new(), data: Some(state.clone()) };
    store.commit(super::views::commit(&sales, 0, 1, vec![whole])).await?;
    ensure(store.document(&sales, "").await?.1 == Some(state), "a document of 1 MiB changed")
}

/// JSON 100 levels deep is stored; JSON 10,000 levels deep is stored or refused.
pub async fn deep_json_is_stored_or_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    let deep = |levels| Json::from_text("[".repeat(levels) + &"]".repeat(levels));
    comes_back(&*store, "Cart-1", deep(100)?).await?;
    let new = NewEvent { data: deep(10_000)?, ..event("Odd", 0) };
    let deeper = Batch::new(stream("Cart-1")?, Expected::Any, vec![new.clone()]);
    let stored = match store.append(deeper).await {
        Ok(_) => 1,
        Err(_) => 0,
    };
    let events = all(&*store, Query::stream(stream("Cart-1")?)).await?;
    equal(&events.len(), &(1 + stored), "events after deep JSON")?;
    if stored == 1 {
        let data = events.last().map(|event| &event.data);
        ensure(data == Some(&new.data), "deep JSON came back changed")?;
    }
    equal(&count(&*store, "Cart-2").await?, &1, "events of Cart-2")
}

/// Streams with names of 512 bytes are kept apart; longer names and control characters are
/// refused before any store sees them.
pub async fn longest_stream_names(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let common = "x".repeat(StreamId::MAX_LEN - "Cart-".len() - 4);
    let names = ["aaaa", "aaab", "🦀", "%%%%"].map(|end| format!("Cart-{common}{end}"));
    for (name, count) in names.iter().zip(1..) {
        equal(&name.len(), &StreamId::MAX_LEN, "the length of a long name")?;
        put(&*store, name, count).await?;
        store.save_snapshot(super::snapshots::snapshot(name, count, "shape")?).await?;
    }
    let category = "C".repeat(StreamId::MAX_LEN - 2);
    put(&*store, &format!("{category}-1"), 7).await?;
    for (name, wanted) in names.iter().zip(1..) {
        equal(&count(&*store, name).await?, &wanted, "events of a stream with a long name")?;
    }
    equal(&all(&*store, Query::all().category(category)).await?.len(), &7, "a long category")?;
    for bad in [format!("Cart-{common}aaaaa"), "Cart-a\0b".into(), "Cart-".into(), "-1".into()] {
        ensure(bad.parse::<StreamId>().is_err(), format_args!("{bad:?} names a stream"))?;
    }
    Ok(())
}

/// Other texts with NUL or of great length are kept exactly or refused; the store goes on.
pub async fn odd_texts_are_kept_or_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    put(&*store, "Cart-2", 1).await?;
    for text in ["a\0b".to_owned(), "\u{feff}".to_owned(), "k".repeat(5_000)] {
        key_is_kept_or_refused(&*store, &text).await?;
        correlation_is_kept_or_refused(&*store, &text).await?;
        let view = crate::store::ViewId { name: text.clone().into(), version: 1 };
        let documents = vec![document(&text, "odd")?];
        if store.commit(super::views::commit(&view, 0, 1, documents)).await.is_ok() {
            stands(&*store, &view, 1, (&text, Some("odd"))).await?;
        }
        for query in [Query::all().name(&*text), Query::all().category(&*text)] {
            if let Ok(found) = all(&*store, query).await {
                equal(&found.len(), &0, "events of a name that none has")?;
            }
        }
    }
    store.append(batch("Cart-2", Expected::Version(Version(1)), 1)?).await?;
    Ok(())
}

async fn key_is_kept_or_refused(store: &dyn Store, text: &str) -> Outcome {
    let before = count(store, "Cart-1").await?;
    let key = Key::new(text, [&b"content"[..]]);
    let keyed = batch("Cart-1", Expected::Any, 1)?.key(key.clone());
    let stored = match store.append(keyed).await {
        Ok(appended) => {
            let found = store.keyed(text).await?.map(|keyed| keyed.appended.placed);
            equal(&found, &Some(appended.placed), "what an odd key was used for")?;
            1
        }
        Err(Error::Conflict(conflict)) => return Err(Failure::from(conflict)),
        Err(_) => 0,
    };
    equal(&count(store, "Cart-1").await?, &(before + stored), "events after an odd key")
}

async fn correlation_is_kept_or_refused(store: &dyn Store, text: &str) -> Outcome {
    let before = count(store, "Cart-1").await?;
    let new = correlated(event("Happened", 1), text)?;
    let odd = Batch::new(stream("Cart-1")?, Expected::Any, vec![new]);
    if store.append(odd).await.is_err() {
        return equal(&count(store, "Cart-1").await?, &before, "events after an odd correlation");
    }
    equal(&all(store, Query::all().correlation(text)).await?.len(), &1, "an odd correlation")
}
