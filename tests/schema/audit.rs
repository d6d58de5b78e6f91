//! Which versions are on disk: counted by name and stream, on every store.

use actum::{AuditedVersion, Standing, prelude::*};

use crate::{
    domain::{Cart, fill, put},
    place::{Place, everywhere},
};

everywhere!(
    an_audit_counts_each_version_and_names_the_streams_of_old_ones,
    an_audit_tells_what_cannot_be_read,
    an_audit_names_no_more_streams_than_it_is_told,
);

fn told(one: &AuditedVersion) -> (&str, &str, u32, Standing, u64) {
    (&one.aggregate, &one.name, one.schema, one.standing, one.events)
}

async fn an_audit_counts_each_version_and_names_the_streams_of_old_ones(at: Place) {
    let store = at.open().await;
    let head = fill(&*store).await;
    let late = put(&*store, "Cart-b", 1, r#"{"sku":"one"}"#).await;
    let app = App::new(store).with::<Cart>().start().await.expect("it starts");
    let audit = app.audit().await.expect("an audit");
    assert_eq!((audit.head, audit.events), (late, 7));
    assert_eq!(
        audit.versions.iter().map(told).collect::<Vec<_>>(),
        [
            ("Cart", "ItemAdded", 1, Standing::Old, 3),
            ("Cart", "ItemAdded", 2, Standing::Old, 2),
            ("Cart", "ItemAdded", 3, Standing::Newest, 2),
        ]
    );
    let [first, _, newest] = &audit.versions[..] else { panic!("three versions") };
    let streams: Vec<_> =
        first.streams.iter().map(|one| (one.stream.as_str(), one.events)).collect();
    assert_eq!(streams, [("Cart-a", 1), ("Cart-b", 2)]);
    assert_eq!((first.last, first.elsewhere), (late, 0));
    assert_eq!((newest.last, newest.streams.len()), (head, 0));
    assert_eq!(audit.old().count(), 2);
    assert_eq!(audit.unreadable().count(), 0);
}

async fn an_audit_tells_what_cannot_be_read(at: Place) {
    let store = at.open().await;
    put(&*store, "Cart-a", 4, r#"{"sku":"four"}"#).await;
    put(&*store, "Basket-a", 1, r#"{"sku":"one"}"#).await;
    let app = App::new(store).with::<Cart>().start().await.expect("it starts");
    let audit = app.audit().await.expect("an audit");
    assert_eq!(
        audit.unreadable().map(told).collect::<Vec<_>>(),
        [
            ("Basket", "ItemAdded", 1, Standing::Unknown, 1),
            ("Cart", "ItemAdded", 4, Standing::Newer, 1),
        ]
    );
    assert_eq!(audit.versions[0].streams[0].stream.as_str(), "Basket-a");
}

async fn an_audit_names_no_more_streams_than_it_is_told(at: Place) {
    let store = at.open().await;
    for cart in ["Cart-a", "Cart-b", "Cart-c", "Cart-a"] {
        put(&*store, cart, 1, r#"{"sku":"one"}"#).await;
    }
    let app = App::new(store).with::<Cart>().start().await.expect("it starts");
    let audit = app.audit().streams(2).await.expect("an audit");
    let old = &audit.versions[0];
    let streams: Vec<_> = old.streams.iter().map(|one| (one.stream.as_str(), one.events)).collect();
    assert_eq!((streams, old.elsewhere), (vec![("Cart-a", 2), ("Cart-b", 1)], 1));
    assert_eq!(old.events, 4);
}
