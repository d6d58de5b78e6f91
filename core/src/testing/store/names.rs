//! H21: names are compared byte for byte; none is a pattern, a prefix or a piece of code.

use super::{
    Outcome, Subject,
    failure::equal,
    steps::{all, event, put, stream},
};
use crate::{
    Version,
    store::{Batch, Expected, Query, Snapshots, Store},
};

const IDS: [&str; 20] = [
    "1",
    "10",
    "01",
    "%",
    "_",
    "*",
    ">",
    "1.2",
    "1 ",
    " 1",
    "A",
    "a",
    "é",
    "e\u{301}",
    "1'; DROP TABLE events;--",
    "1\\",
    "\"1\"",
    "1-1",
    "日本語 🦀",
    "1/../2",
];
const CATEGORIES: [&str; 9] = ["Cart", "cart", "Car", "Cart2", "C_rt", "%", "Cart ", "Ca.rt", "*"];
const EVENTS: [&str; 7] = ["Opened", "opened", "Open", "Opened2", "Op%", "Op_ned", "*"];

/// A stream's events are its own, whatever the names of the others.
pub async fn stream_names_are_no_patterns(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let names = IDS.map(|id| format!("Cart-{id}"));
    for (name, count) in names.iter().zip(1..) {
        put(&*store, name, count).await?;
    }
    for (name, count) in names.iter().zip(1..) {
        let events = all(&*store, Query::stream(stream(name)?)).await?;
        let versions: Vec<_> = events.iter().map(|event| event.version).collect();
        let wanted: Vec<_> = (1..=count).map(Version).collect();
        equal(&versions, &wanted, format_args!("the versions of {name:?}"))?;
        for event in events {
            equal(&event.stream.as_str(), &name.as_str(), "the stream of an event")?;
        }
        let expected = Expected::Version(Version(count));
        let new = vec![event("Happened", 0)];
        store.append(Batch::new(stream(name)?, expected, new)).await?;
    }
    snapshots_are_apart(&*store, &names).await
}

async fn snapshots_are_apart(store: &dyn Store, names: &[String]) -> Outcome {
    for (name, version) in names.iter().zip(1..) {
        let snapshot = super::snapshots::snapshot(name, version, "shape")?;
        store.save_snapshot(snapshot).await?;
    }
    for (name, version) in names.iter().zip(1..) {
        let found = Snapshots::snapshot(store, &stream(name)?).await?;
        let wanted = super::snapshots::snapshot(name, version, "shape")?;
        equal(&found, &Some(wanted), format_args!("the snapshot of {name:?}"))?;
    }
    Ok(())
}

/// A category is the part before the first `-`, compared byte for byte.
pub async fn categories_are_no_patterns(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for (category, count) in CATEGORIES.iter().zip(1..) {
        put(&*store, &format!("{category}-1"), count).await?;
        put(&*store, &format!("{category}-Cart-1"), 1).await?;
    }
    for (category, count) in CATEGORIES.iter().zip(1..) {
        let events = all(&*store, Query::all().category(*category)).await?;
        equal(&events.len(), &(count + 1), format_args!("events of the category {category:?}"))?;
        for event in events {
            equal(&event.stream.category(), category, "the category of an event")?;
        }
    }
    Ok(())
}

/// A name of events is compared byte for byte.
pub async fn event_names_are_no_patterns(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for (name, count) in EVENTS.iter().zip(1..) {
        for stream_name in ["Cart-1", "Cart-2"] {
            let events = (0..count).map(|number| event(name, number)).collect();
            store.append(Batch::new(stream(stream_name)?, Expected::Any, events)).await?;
        }
    }
    for (name, count) in EVENTS.iter().zip(1..) {
        let events = all(&*store, Query::all().name(*name)).await?;
        equal(&events.len(), &(2 * count), format_args!("events named {name:?}"))?;
        for event in events {
            equal(&*event.name, *name, "the name of an event")?;
        }
    }
    Ok(())
}
