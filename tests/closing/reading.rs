//! Readers see what was archived, in its place.

use actum::{Error, store::Log as _};

use crate::{
    domain::{Cart, Drawer, Stock, add, raw},
    place::{Place, everywhere},
};
use actum::prelude::*;

everywhere![
    every_read_gives_what_it_gave_before,
    states_of_the_past_come_from_the_archive,
    a_snapshot_that_does_not_fit_is_made_up_for,
    a_projection_that_is_built_anew_sees_archived_events,
    readers_that_are_under_way_miss_nothing,
    an_app_without_the_archive_refuses_to_read_past_it,
];

async fn open(place: &Place, drawer: &Drawer) -> App {
    let app = App::new(place.open().await).with::<Cart>();
    app.archive(drawer.clone()).start().await.expect("an app")
}

fn stream(id: &str) -> StreamId {
    StreamId::of::<Cart>(id).expect("a name")
}

/// Three carts of which events lie between each other.
async fn filled(app: &App) {
    for qty in 1..=40 {
        for id in ["1", "2", "3"] {
            add(app, id, qty).await;
        }
    }
}

fn queries(middle: Id) -> Vec<Query> {
    let mut queries = vec![
        Query::all(),
        Query::all().name("ItemAdded"),
        Query::all().name("$closed"),
        Query::all().name("ItemAdded").category("Cart").limit(50),
        Query::all().category("Note"),
        Query::all().after(middle),
        Query::all().to_id(middle),
        Query::all().after(middle).limit(3),
        Query::all().from_id(middle).to_id(Id(middle.0 + 20)),
    ];
    for id in ["1", "2", "3", "4"] {
        queries.extend([
            Query::stream(stream(id)),
            Query::stream(stream(id)).limit(7),
            Query::stream(stream(id)).from_version(5).to_version(9),
            Query::stream(stream(id)).from_version(30),
            Query::stream(stream(id)).from_version(99),
            Query::stream(stream(id)).name("ItemAdded").after(middle),
        ]);
    }
    queries.iter().cloned().chain(queries.iter().cloned().map(Query::backward)).collect()
}

async fn every_read_gives_what_it_gave_before(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    filled(&app).await;
    // Closed, not archived yet.
    let plain = App::new(place.open().await).with::<Cart>().start().await.expect("an app");
    plain.close::<Cart>("1").await.expect("closed");
    plain.close::<Cart>("3").await.expect("closed");
    add(&app, "2", 5).await;
    let end = app.store().head().await.expect("a head");
    let store = place.open().await;
    let queries = queries(Id(end.0 / 2));
    let mut before = Vec::new();
    for query in &queries {
        before.push(raw(&*store, query.clone()).await);
    }
    app.close::<Cart>("3").await.expect("archived");
    app.close::<Cart>("1").await.expect("archived");
    assert_eq!(raw(&*store, Query::all().name("ItemAdded")).await.len(), 41);
    for app in [app, open(&place, &drawer).await] {
        for (query, before) in queries.iter().zip(&before) {
            let mut found = raw(&**app.store(), query.clone()).await;
            // The entries of the archive are new.
            found.retain(|event| event.id <= end);
            let both = found.len().min(before.len());
            assert_eq!(found[..both], before[..both], "{query:?}");
            assert!(query.limit.is_some() || found.len() == before.len(), "{query:?}");
        }
    }
}

async fn states_of_the_past_come_from_the_archive(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    filled(&app).await;
    let middle = raw(&**app.store(), Query::stream(stream("1")).to_version(20)).await[19].clone();
    app.close::<Cart>("1").await.expect("archived");
    for app in [app, open(&place, &drawer).await] {
        let load = || app.load::<Cart>("1");
        assert_eq!(load().await.expect("loaded").items, 820);
        assert_eq!(load().await.expect("loaded").version(), Version(41));
        assert_eq!(load().as_of(Version(20)).await.expect("loaded").items, 210);
        assert_eq!(load().as_of(middle.id).await.expect("loaded").items, 210);
        assert_eq!(load().as_of(Version(99)).await.expect("loaded").items, 820);
        let as_of_time = load().as_of(middle.created).await.expect("loaded");
        assert!(as_of_time.version() >= Version(20), "{as_of_time:?}");
        let history = app.history::<Cart>("1").expect("a name").all().await.expect("events");
        assert_eq!(history.len(), 40);
        assert_eq!(app.load::<Cart>("2").as_of(Version(3)).await.expect("loaded").items, 6);
    }
}

async fn a_snapshot_that_does_not_fit_is_made_up_for(place: Place) {
    use actum::store::{Snapshot, Snapshots as _};
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    filled(&app).await;
    app.close::<Cart>("1").await.expect("archived");
    let kept = app.store().snapshot(&stream("1")).await.expect("read").expect("one");
    let other = Snapshot { fingerprint: "another shape".to_owned(), ..kept };
    app.store().save_snapshot(other).await.expect("saved");
    let later = open(&place, &drawer).await;
    let loaded = later.load::<Cart>("1").await.expect("loaded");
    assert_eq!((loaded.items, loaded.version()), (820, Version(41)));
}

async fn a_projection_that_is_built_anew_sees_archived_events(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    filled(&app).await;
    for id in ["1", "3"] {
        app.close::<Cart>(id).await.expect("archived");
    }
    let later = App::new(place.open().await).with::<Cart>().project::<Stock>();
    let later = later.archive(drawer.clone()).start().await.expect("an app");
    let head = later.store().head().await.expect("a head");
    let stock = later.view::<Stock>().after(head).await.expect("a view");
    assert_eq!(stock.items.values().copied().collect::<Vec<_>>(), [820, 820, 820]);
    assert_eq!(stock.closed, ["Cart-1", "Cart-3"]);
    later.reset::<Stock>().await.expect("it begins anew");
    let again = later.view::<Stock>().after(head).await.expect("a view");
    assert_eq!(again.items.len(), 3);
    assert!(later.verify::<Stock>().await.expect("verified").is_equal());
}

/// Many readers go through the log again and again while streams are closed beside them: each
/// sees every event, in order.
async fn readers_that_are_under_way_miss_nothing(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    let carts = 12;
    for qty in 1..=60 {
        for id in 0..carts {
            app.store().append(item(id, qty)).await.expect("stored");
        }
    }
    let (done, closed) = tokio::sync::watch::channel(false);
    let readers: Vec<_> = (0..4_usize)
        .map(|reader| {
            let (app, closed) = (app.clone(), closed.clone());
            tokio::spawn(async move {
                loop {
                    let last = *closed.borrow();
                    let query = Query::all().name("ItemAdded");
                    let query = if reader % 2 == 0 { query } else { query.backward() };
                    let events = raw(&**app.store(), query).await;
                    let mut ids: Vec<_> = events.iter().map(|event| event.id).collect();
                    if reader % 2 == 1 {
                        ids.reverse();
                    }
                    assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
                    assert_eq!(events.len(), 60 * carts, "reader {reader}");
                    let one = raw(&**app.store(), Query::stream(stream("3"))).await;
                    let versions: Vec<_> = one.iter().map(|event| event.version.0).collect();
                    assert_eq!(versions[..60], (1..=60).collect::<Vec<_>>());
                    if last {
                        return;
                    }
                }
            })
        })
        .collect();
    for id in 0..carts {
        app.close::<Cart>(id).await.expect("archived");
    }
    done.send_replace(true);
    for reader in readers {
        reader.await.expect("nothing was missed");
    }
    assert_eq!(raw(&*place.open().await, Query::all().name("ItemAdded")).await.len(), 0);
}

fn item(id: usize, qty: u64) -> actum::store::Batch {
    use actum::{Json, store::NewEvent};
    let data = Json::from_value(&crate::domain::ItemAdded { qty }).expect("JSON");
    let new = vec![NewEvent::new("ItemAdded", data)];
    actum::store::Batch::new(stream(&id.to_string()), Expected::Any, new)
}

async fn an_app_without_the_archive_refuses_to_read_past_it(place: Place) {
    let app = open(&place, &Drawer::default()).await;
    filled(&app).await;
    app.close::<Cart>("1").await.expect("archived");
    let bare = App::new(place.open().await).with::<Cart>().start().await.expect("an app");
    let refused = bare.load::<Cart>("1").as_of(Version(2)).await.expect_err("it is not there");
    assert!(matches!(refused, Error::NoArchive { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("`Cart-1`") && text.contains(".archive(…)"), "{text}");
    let refused = bare.read(Query::all()).all().await.expect_err("it is not whole");
    assert!(matches!(refused, Error::NoArchive { .. }), "{refused:?}");
    // What needs nothing of it goes on.
    add(&bare, "2", 1).await;
    assert_eq!(bare.load::<Cart>("1").await.expect("the snapshot").items, 820);
}
