//! A log copied as it is.

use actum::{
    Error, Id, Version,
    store::{Appended, Batch, Expected, Key, Query, Restore},
    transfer::{self, Collision, Fault, Ids},
};

use crate::place::{Pair, all, event, everywhere, fill, put, put_once};

everywhere!(
    a_copy_that_keeps_ids_equals_its_source,
    a_copy_goes_behind_what_the_target_has,
    a_key_has_its_outcome_in_the_copy,
    what_names_an_event_names_the_same_one,
    large_payloads_and_odd_texts_come_through,
    a_target_with_the_same_stream_is_refused,
    ids_are_kept_in_an_empty_target_only,
    a_dry_run_stores_nothing_and_tells,
    a_restore_stores_all_or_nothing,
);

const ODD: &str = r#"{"text":"ä\u0000\n'; DROP TABLE events;--","deep":[[[{}]]],"n":1.50}"#;

async fn a_copy_that_keeps_ids_equals_its_source(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    for _ in 0..3 {
        fill(from, "Cart-1", 400).await;
        fill(from, "Cart-2", 3).await;
        put(from, "Order-%_", vec![event("Opened", ODD, r#"{ "actor":"alice" }"#)]).await;
    }
    let report = transfer::copy(from, to).ids(Ids::Keep).await.expect("copied");
    assert_eq!(
        (report.events, report.copied, report.already, report.other_ids),
        (1212, 1212, 0, 0)
    );
    assert_eq!(all(to).await, all(from).await);
    // What follows goes behind the highest id.
    let last = from.head().await.expect("a head");
    let next = fill(to, "Cart-1", 1).await.placed[0];
    assert_eq!((next.first, next.version), (last.next(), Version(1201)));
}

async fn a_copy_goes_behind_what_the_target_has(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(to, "Other-1", 5).await;
    fill(from, "Cart-1", 3).await;
    fill(from, "Cart-2", 2).await;
    let report = transfer::copy(from, to).await.expect("copied");
    assert_eq!((report.copied, report.other_ids), (5, 5));
    let copied = all(to).await;
    assert_eq!(copied.len(), 10);
    for (copied, original) in copied[5..].iter().zip(all(from).await) {
        assert_eq!((&copied.stream, copied.version), (&original.stream, original.version));
        assert_eq!((&copied.data, copied.created), (&original.data, original.created));
        assert_eq!(copied.id, Id(original.id.0 + 5));
    }
}

async fn a_key_has_its_outcome_in_the_copy(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(to, "Other-1", 7).await;
    fill(from, "Cart-2", 1).await;
    let two = || {
        let keyed = |data| event("Happened", data, r#"{"key":"req-77"}"#);
        vec![keyed("1"), keyed("2")]
    };
    let first = put_once(from, "Cart-1", "req-77", two()).await;
    fill(from, "Cart-1", 1).await;
    let report = transfer::copy(from, to).await.expect("copied");
    assert_eq!((report.keys, report.keys_of_renamed), (1, 0));
    let again = put_once(to, "Cart-1", "req-77", two()).await;
    assert!(again.repeated);
    let (first, again) = (first.placed[0], again.placed[0]);
    assert_eq!((again.first.0, again.last.0), (first.first.0 + 7, first.last.0 + 7));
    assert_eq!((again.version, again.count), (first.version, first.count));
    assert_eq!(all(to).await.len(), 11);
    let stream = "Cart-1".parse().expect("a name");
    let other = Batch::new(stream, Expected::Any, two()).key(Key::new("req-77", [&b"other"[..]]));
    assert!(matches!(to.append(other).await, Err(Error::KeyReused { .. })));
}

async fn what_names_an_event_names_the_same_one(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(to, "Other-1", 10).await;
    fill(from, "Cart-1", 2).await;
    let meta = r#"{"causation":"Ship#2","key":"react/2/1/Shipping"}"#;
    put_once(from, "Order-1", "react/2/1/Shipping", vec![event("Shipped", "{}", meta)]).await;
    put(from, "Cart-1", vec![event("Removed", "{}", r#"{"undoes":2,"causation":"Undo"}"#)]).await;
    let report = transfer::copy(from, to).await.expect("copied");
    assert_eq!((report.references, report.lost_references), (2, 0));
    let copied = all(to).await;
    let meta = &copied[12].meta;
    assert_eq!(meta.causation(), Some("Ship#12"));
    assert_eq!(meta.key(), Some("react/12/1/Shipping"));
    assert!(to.keyed("react/12/1/Shipping").await.expect("asked").is_some());
    assert_eq!(to.keyed("react/2/1/Shipping").await.expect("asked"), None);
    assert_eq!(copied[13].meta.json().as_str(), r#"{"undoes":2,"causation":"Undo"}"#);
}

async fn large_payloads_and_odd_texts_come_through(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    let large = format!(r#"{{"text":"{}"}}"#, "ä".repeat(512 * 1024));
    for stream in ["Cart-'; DROP TABLE", "Cart-%_", "Cart-🦀"] {
        put(from, stream, vec![event("Happened", &large, "{}"), event("Odd", ODD, "{}")]).await;
    }
    transfer::copy(from, to).ids(Ids::Keep).await.expect("copied");
    assert!(all(to).await == all(from).await);
}

async fn a_target_with_the_same_stream_is_refused(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(to, "Cart-1", 2).await;
    fill(from, "Cart-2", 2).await;
    fill(from, "Cart-1", 2).await;
    let refused = transfer::copy(from, to).await.expect_err("a collision");
    let Error::Transfer(fault) = &refused else { panic!("{refused}") };
    let Fault::Collision { collision: Collision::There { stream } } = &**fault else {
        panic!("{refused}")
    };
    assert_eq!(stream.as_str(), "Cart-1");
    assert_eq!(all(to).await.len(), 2);
    // Asked for, they become one.
    transfer::copy(from, to).merge().await.expect("copied");
    let versions: Vec<_> = all(to).await.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [1, 2, 1, 2, 3, 4]);
}

async fn ids_are_kept_in_an_empty_target_only(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-1", 2).await;
    fill(to, "Other-1", 1).await;
    let refused = transfer::copy(from, to).ids(Ids::Keep).await.expect_err("not empty");
    assert!(matches!(&refused, Error::Transfer(fault) if matches!(**fault, Fault::NotEmpty)));
    assert_eq!(all(to).await.len(), 1);
}

async fn a_dry_run_stores_nothing_and_tells(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-1", 3).await;
    put(from, "Cart-2", vec![event("Opened", "{}", "{}")]).await;
    fill(to, "Cart-9", 1).await;
    let rename = |stream: &actum::StreamId| match stream.as_str() {
        "Cart-2" => "Cart-9".parse(),
        _ => Ok(stream.clone()),
    };
    let report = transfer::copy(from, to).rename(rename).dry_run().await.expect("a report");
    assert!(report.dry_run);
    assert_eq!((report.names["Happened"], report.names["Opened"]), (3, 1));
    let stream = |name: &str| name.parse().expect("a name");
    assert_eq!(report.renamed[&stream("Cart-2")], stream("Cart-9"));
    assert_eq!(report.collisions, [Collision::There { stream: stream("Cart-9") }]);
    assert_eq!(all(to).await.len(), 1);
    assert_eq!(to.views().await.expect("views"), []);
}

async fn a_restore_stores_all_or_nothing(Pair { from, to }: &Pair) {
    let (from, to) = (&*from.store, &*to.store);
    fill(from, "Cart-1", 2).await;
    fill(from, "Cart-2", 2).await;
    let events = all(from).await;
    let key = |content: &[u8]| (Key::new("a", [content]), Appended::default());
    let restore = |after, events: &[_], keys| {
        to.restore(Restore { after: Id(after), events: events.to_vec(), keys })
    };
    let mut shifted = events.clone();
    shifted[3].version = Version(3);
    assert!(matches!(restore(0, &shifted, vec![]).await, Err(Error::InvalidBatch { .. })));
    assert!(matches!(restore(0, &events[1..], vec![]).await, Err(Error::Conflict(_))));
    assert!(matches!(restore(1, &events, vec![]).await, Err(Error::InvalidBatch { .. })));
    assert_eq!(all(to).await, []);
    restore(0, &events[..2], vec![key(b"one")]).await.expect("stored");
    let grown = restore(0, &events[2..], vec![]).await;
    assert!(matches!(grown, Err(Error::Grown { expected: Id(0), actual: Id(2) })), "{grown:?}");
    let reused = restore(2, &events[2..], vec![key(b"other")]).await;
    assert!(matches!(reused, Err(Error::KeyReused { .. })), "{reused:?}");
    assert_eq!(all(to).await, events[..2]);
    // With a gap, and with a key that is known already.
    let mut later = events[2..].to_vec();
    later[0].id = Id(1 << 40);
    later[1].id = Id((1 << 40) + 7);
    restore(2, &later, vec![key(b"one")]).await.expect("stored");
    assert_eq!(fill(to, "Cart-1", 1).await.id(), Id((1 << 40) + 8));
    let mut pages = to.read(Query::all().from_id(Id(3)).to_id(Id((1 << 40) + 7)));
    let page = futures_util::StreamExt::next(&mut pages).await.expect("a page").expect("events");
    assert_eq!(page, later);
}
