//! Copies with other names and other events.

use actum::{
    Committed, Error, Id, InvalidStream, StreamId, Version,
    transfer::{self, Collision, Fault, Ids},
};

use crate::place::{Pair, all, event, everywhere, fill, json, put, put_once};

everywhere!(
    streams_get_other_names,
    streams_that_meet_are_refused_before_anything_is_stored,
    merged_streams_get_new_versions,
    a_migration_drops_changes_and_splits,
    the_key_of_a_dropped_event_meets_no_other,
    kept_ids_cannot_be_split,
    a_name_that_is_none_is_told_with_its_stream,
);

fn to_order(stream: &StreamId) -> Result<StreamId, InvalidStream> {
    match stream.category() {
        "Cart" => StreamId::new("Order", stream.id()),
        _ => Ok(stream.clone()),
    }
}

async fn streams_get_other_names(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-1", 2).await;
    fill(from, "Customer-1", 1).await;
    let meta = r#"{"key":"req-1"}"#;
    put_once(from, "Cart-1", "req-1", vec![event("Opened", "{}", meta)]).await;
    let report = transfer::copy(from, to).ids(Ids::Keep).rename(to_order).await.expect("copied");
    assert_eq!((report.keys, report.keys_of_renamed), (1, 1));
    let names: Vec<_> = all(to).await.iter().map(|event| event.stream.to_string()).collect();
    assert_eq!(names, ["Order-1", "Order-1", "Customer-1", "Order-1"]);
}

async fn streams_that_meet_are_refused_before_anything_is_stored(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Order-1", 600).await;
    fill(from, "Cart-1", 1).await;
    let refused = transfer::copy(from, to).rename(to_order).await.expect_err("a collision");
    let Error::Transfer(fault) = refused else { panic!("{refused}") };
    let Fault::Collision { collision: Collision::Streams { to: name, one, other } } = *fault else {
        panic!("{fault}")
    };
    assert_eq!([name.as_str(), one.as_str(), other.as_str()], ["Order-1", "Order-1", "Cart-1"]);
    assert_eq!(all(to).await, []);
}

async fn merged_streams_get_new_versions(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    for _ in 0..2 {
        fill(from, "Order-1", 2).await;
        fill(from, "Cart-1", 1).await;
        fill(from, "Other-1", 1).await;
    }
    put(from, "Cart-1", vec![event("Undone", "{}", r#"{"undoes":2}"#)]).await;
    transfer::copy(from, to).rename(to_order).merge().await.expect("copied");
    let copied = all(to).await;
    let of = |name: &str| {
        let of = copied.iter().filter(|event| event.stream.as_str() == name);
        of.map(|event| event.version.0).collect::<Vec<_>>()
    };
    assert_eq!((of("Order-1"), of("Other-1")), ((1..=7).collect(), vec![1, 2]));
    // The second event of the cart is the sixth of the merged stream.
    assert_eq!(copied.last().expect("events").meta.json().as_str(), r#"{"undoes":6}"#);
}

/// Drops what is `Noise`, makes two of each `Both`, and names `Old` anew.
fn migrated(event: Committed) -> Vec<Committed> {
    match &*event.name {
        "Noise" => vec![],
        "Both" => ["One", "Two"]
            .map(|name| Committed { name: name.into(), schema: 2, ..event.clone() })
            .into(),
        "Old" => vec![Committed { name: "New".into(), data: json(r#"{"new":true}"#), ..event }],
        _ => vec![event],
    }
}

async fn a_migration_drops_changes_and_splits(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    let one = |name| event(name, "{}", "{}");
    put(from, "Cart-1", vec![one("Kept"), one("Noise"), one("Both")]).await;
    put(from, "Cart-2", vec![one("Old")]).await;
    put(from, "Cart-1", vec![event("Kept", "{}", r#"{"causation":"Do#4"}"#)]).await;
    put(from, "Cart-1", vec![event("Kept", "{}", r#"{"causation":"Do#3"}"#)]).await;
    put(from, "Cart-1", vec![event("Kept", "{}", r#"{"causation":"Do#2"}"#)]).await;
    let report = transfer::copy(from, to).migrate(migrated).await.expect("copied");
    assert_eq!((report.events, report.copied, report.dropped, report.added), (7, 7, 1, 1));
    assert_eq!((report.references, report.lost_references), (1, 1));
    let copied = all(to).await;
    let told: Vec<_> = copied
        .iter()
        .map(|event| (event.id.0, &*event.name, event.stream.id(), event.version.0))
        .collect();
    assert_eq!(
        told,
        [
            (1, "Kept", "1", 1),
            (2, "One", "1", 2),
            (3, "Two", "1", 3),
            (4, "New", "2", 1),
            (5, "Kept", "1", 4),
            (6, "Kept", "1", 5),
            (7, "Kept", "1", 6),
        ]
    );
    assert_eq!(copied[1].schema, 2);
    assert_eq!(copied[3].data.as_str(), r#"{"new":true}"#);
    let causes: Vec<_> = copied[4..].iter().map(|event| event.meta.causation()).collect();
    assert_eq!(causes, [Some("Do#4"), Some("Do#2"), Some("Do#dropped-2")]);
}

async fn the_key_of_a_dropped_event_meets_no_other(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    put(from, "Cart-1", vec![event("Kept", "{}", "{}"), event("Noise", "{}", "{}")]).await;
    let meta = r#"{"causation":"Ship#2","key":"react/2/1/Shipping"}"#;
    put_once(from, "Order-1", "react/2/1/Shipping", vec![event("Shipped", "{}", meta)]).await;
    let dropped = r#"{"key":"req-9"}"#;
    put_once(from, "Order-2", "req-9", vec![event("Noise", "{}", dropped)]).await;
    let report = transfer::copy(from, to).migrate(migrated).await.expect("copied");
    assert_eq!((report.keys, report.dropped), (2, 2));
    assert_eq!(to.keyed("react/2/1/Shipping").await.expect("asked"), None);
    assert!(to.keyed("react/dropped-2/1/Shipping").await.expect("asked").is_some());
    // A request whose events were dropped is not carried out again either.
    let again = put_once(to, "Order-2", "req-9", vec![event("Noise", "{}", dropped)]).await;
    assert!(again.repeated);
    assert_eq!((again.id(), all(to).await.len()), (Id(0), 2));
}

async fn kept_ids_cannot_be_split(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-2", 1).await;
    put(from, "Cart-1", vec![event("Noise", "{}", "{}"), event("Kept", "{}", "{}")]).await;
    transfer::copy(from, to).ids(Ids::Keep).migrate(migrated).await.expect("copied");
    let copied = all(to).await;
    assert_eq!((copied[1].id, copied[1].version), (Id(3), Version(1)));

    put(from, "Cart-1", vec![event("Both", "{}", "{}")]).await;
    let empty = actum::store::Memory::new();
    let split = transfer::copy(from, &empty).ids(Ids::Keep).migrate(migrated).await;
    let Err(Error::Transfer(fault)) = split else { panic!("{split:?}") };
    assert!(matches!(*fault, Fault::Split { id: Id(4), count: 2 }), "{fault}");
}

async fn a_name_that_is_none_is_told_with_its_stream(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-1", 1).await;
    fill(from, "Cart-2", 1).await;
    let refused = transfer::copy(from, to).rename(|_| "no dash".parse()).await;
    let Err(Error::Transfer(fault)) = refused else { panic!("{refused:?}") };
    assert_eq!(fault.to_string(), "`Cart-1` gets a name that no stream can have");
    assert_eq!(all(to).await, []);
}
