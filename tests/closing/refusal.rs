//! What a closed stream answers.

use actum::{Closed, Error, Event as _, store::Log as _};

use crate::{
    domain::{AddItem, Cart, CartEvent, CheckOut, add, raw},
    place::{Place, everywhere},
};
use actum::prelude::*;

everywhere![
    an_action_on_a_closed_stream_is_refused_with_its_version_and_time,
    an_app_that_has_the_state_in_memory_is_refused_as_well,
    an_event_that_closes_is_followed_by_the_close_in_the_same_append,
    a_known_key_is_answered_after_the_close,
    a_pinned_close_is_a_conflict_when_the_stream_has_gone_on,
    closing_twice_is_closing_once,
    of_racing_actions_and_closes_none_gets_behind,
    a_closed_stream_loads_and_tells_its_history,
    a_stream_without_events_can_be_closed,
];

async fn open(place: &Place) -> App {
    App::new(place.open().await).with::<Cart>().start().await.expect("an app")
}

async fn an_action_on_a_closed_stream_is_refused_with_its_version_and_time(place: Place) {
    let app = open(&place).await;
    add(&app, "1", 2).await;
    add(&app, "2", 3).await;
    let closed = app.close::<Cart>("1").reason("lost").actor("alice").await.expect("closed");
    for qty in [1, 0] {
        match app.act::<Cart>("1", AddItem { qty }).await {
            Err(ActError::Closed(told)) => {
                assert_eq!((told.stream.as_str(), told.version.0), ("Cart-1", 2));
                assert_eq!(told.at, closed.at);
                assert!(told.to_string().contains("`Cart-1` was closed at version 2"), "{told}");
            }
            other => panic!("{other:?}"),
        }
    }
    let by_name = app.act_json("Cart", "1", "AddItem", r#"{"qty":1}"#).await;
    assert!(matches!(by_name, Err(ActError::Closed(_))), "{by_name:?}");
    let events = raw(&**app.store(), Query::stream(closed.stream)).await;
    let last = events.last().expect("an event").clone();
    assert_eq!(last.meta.actor(), Some("alice"));
    assert_eq!(last.decode::<Closed>().expect("it is").data.reason.as_deref(), Some("lost"));
    add(&app, "2", 1).await;
}

async fn an_app_that_has_the_state_in_memory_is_refused_as_well(place: Place) {
    let (one, other) = (open(&place).await, open(&place).await);
    add(&one, "1", 2).await;
    add(&one, "2", 2).await;
    assert_eq!(other.load::<Cart>("1").await.expect("loaded").items, 2);
    one.close::<Cart>("1").await.expect("closed");
    for _ in 0..2 {
        let refused = other.act::<Cart>("1", AddItem { qty: 1 }).await;
        assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
    }
    let nothing = other.act::<Cart>("1", AddItem { qty: 0 }).await;
    assert!(matches!(nothing, Err(ActError::Closed(_))), "{nothing:?}");
}

async fn an_event_that_closes_is_followed_by_the_close_in_the_same_append(place: Place) {
    let app = open(&place).await;
    add(&app, "1", 2).await;
    add(&app, "2", 2).await;
    let done = app.act::<Cart>("1", CheckOut {}).key("pay").await.expect("paid");
    assert_eq!((done.version.0, done.events), (3, 2));
    let again = app.act::<Cart>("1", CheckOut {}).key("pay").await.expect("paid");
    assert_eq!((again.version, again.events, again.repeated), (done.version, 2, true));
    let events = raw(&**app.store(), Query::stream(done.stream)).await;
    let names: Vec<_> = events.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["ItemAdded", "CheckedOut", Closed::NAME]);
    assert_eq!(events[1].meta, events[2].meta);
    let refused = app.act::<Cart>("1", AddItem { qty: 1 }).await;
    assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
    assert!(app.load::<Cart>("1").await.expect("loaded").paid);
}

async fn a_known_key_is_answered_after_the_close(place: Place) {
    let app = open(&place).await;
    add(&app, "2", 1).await;
    let first = app.act::<Cart>("1", AddItem { qty: 1 }).key("a").await.expect("added");
    app.close::<Cart>("1").await.expect("closed");
    let again = app.act::<Cart>("1", AddItem { qty: 1 }).key("a").await.expect("known");
    assert_eq!((again.version, again.repeated), (first.version, true));
}

async fn a_pinned_close_is_a_conflict_when_the_stream_has_gone_on(place: Place) {
    let app = open(&place).await;
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    add(&app, "1", 1).await;
    let refused = app.close::<Cart>("1").expect(Version(1)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    add(&app, "1", 1).await;
    app.close::<Cart>("1").expect(Version(3)).await.expect("closed");
}

async fn closing_twice_is_closing_once(place: Place) {
    let app = open(&place).await;
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    let first = app.close::<Cart>("1").await.expect("closed");
    let head = app.store().head().await.expect("a head");
    assert_eq!(app.close::<Cart>("1").reason("again").await.expect("closed"), first);
    assert_eq!(app.store().head().await.expect("a head"), head);
}

async fn of_racing_actions_and_closes_none_gets_behind(place: Place) {
    let apps = [open(&place).await, open(&place).await];
    for round in 0..6 {
        let ids = [format!("{round}a"), format!("{round}b")];
        let racers = (0..24).map(|racer| {
            let (app, id) = (apps[racer % 2].clone(), ids[racer / 2 % 2].clone());
            tokio::spawn(async move {
                if racer % 6 == 5 {
                    app.close::<Cart>(id).await.expect("closed");
                    return false;
                }
                match app.act::<Cart>(id, AddItem { qty: 1 }).await {
                    Ok(_) => true,
                    Err(ActError::Closed(_)) => false,
                    Err(error) => panic!("{error:?}"),
                }
            })
        });
        let mut added = 0;
        for racer in racers.collect::<Vec<_>>() {
            added += u64::from(racer.await.expect("no panic"));
        }
        let mut found = 0;
        for id in ids {
            app_of(&apps).close::<Cart>(&id).await.expect("closed");
            let stream = format!("Cart-{id}").parse().expect("a name");
            let events = raw(&**apps[0].store(), Query::stream(stream)).await;
            let closes = events.iter().filter(|event| &*event.name == Closed::NAME).count();
            assert_eq!((closes, &*events.last().expect("one").name), (1, Closed::NAME));
            found += apps[1].load::<Cart>(&id).await.expect("loaded").items;
        }
        assert_eq!(found, added);
    }
}

fn app_of(apps: &[App; 2]) -> &App {
    &apps[0]
}

async fn a_closed_stream_loads_and_tells_its_history(place: Place) {
    let app = open(&place).await;
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    add(&app, "1", 2).await;
    app.close::<Cart>("1").await.expect("closed");
    app.snapshot::<Cart>("1").await.expect("a snapshot");
    let later = open(&place).await;
    assert_eq!(later.load::<Cart>("1").await.expect("loaded").version(), Version(3));
    assert_eq!(later.load::<Cart>("1").await.expect("loaded").items, 3);
    assert_eq!(later.load::<Cart>("1").as_of(Version(1)).await.expect("loaded").items, 1);
    let history = later.history::<Cart>("1").expect("a name").all().await.expect("events");
    assert_eq!(history.len(), 2);
    assert!(matches!(&history[1].data, CartEvent::ItemAdded(event) if event.qty == 2));
    let refused = later.act::<Cart>("1", AddItem { qty: 1 }).await;
    assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
}

async fn a_stream_without_events_can_be_closed(place: Place) {
    let app = open(&place).await;
    add(&app, "2", 1).await;
    let closed = app.close::<Cart>("1").await.expect("closed");
    assert_eq!((closed.version, closed.archived), (Version(1), None));
    let refused = app.act::<Cart>("1", AddItem { qty: 1 }).await;
    assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
}
