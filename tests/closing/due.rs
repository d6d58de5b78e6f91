//! What closes by itself.

use actum::testing::FakeClock;

use crate::{
    domain::{Cart, CheckOut, Drawer, add},
    place::{Place, both},
};
use actum::prelude::*;

both![
    streams_that_were_left_alone_are_closed,
    what_an_event_has_closed_is_archived,
    one_that_fails_does_not_keep_the_others,
];

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

async fn streams_that_were_left_alone_are_closed(place: Place) {
    let clock = FakeClock::at("2026-01-01T00:00:00Z".parse().expect("a time"));
    let app = App::new(place.open().await).with::<Cart>().clock(clock.clone());
    let app = app.start().await.expect("an app");
    for id in ["1", "2", "3"] {
        add(&app, id, 1).await;
    }
    clock.advance(60 * DAY);
    add(&app, "2", 1).await;
    app.close::<Cart>("3").await.expect("closed");
    assert_eq!(app.close_due().await.expect("nothing is due"), []);
    clock.advance(31 * DAY);
    let closed = app.close_due().await.expect("closed");
    let names: Vec<_> = closed.iter().map(|one| one.stream.as_str()).collect();
    assert_eq!(names, ["Cart-1"]);
    let refused = app.act::<Cart>("1", CheckOut {}).await;
    assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
    assert_eq!(app.close_due().await.expect("nothing is due"), []);
    add(&app, "2", 1).await;
}

async fn what_an_event_has_closed_is_archived(place: Place) {
    let drawer = Drawer::default();
    let app = App::new(place.open().await).with::<Cart>().archive(drawer.clone());
    let app = app.start().await.expect("an app");
    for id in ["1", "2"] {
        add(&app, id, 1).await;
    }
    app.act::<Cart>("1", CheckOut {}).await.expect("paid");
    let closed = app.close_due().await.expect("archived");
    assert_eq!(closed.iter().map(|one| one.removed).collect::<Vec<_>>(), [2]);
    assert_eq!(drawer.kept().len(), 1);
    assert_eq!(app.close_due().await.expect("nothing is due"), []);
    assert!(app.load::<Cart>("1").await.expect("loaded").paid);
}

async fn one_that_fails_does_not_keep_the_others(place: Place) {
    let drawer = Drawer::default();
    let app = App::new(place.open().await).with::<Cart>().archive(drawer.clone());
    let app = app.start().await.expect("an app");
    for id in ["1", "2"] {
        add(&app, id, 1).await;
        app.act::<Cart>(id, CheckOut {}).await.expect("paid");
    }
    drawer.change(|inside| inside.refuses = true);
    app.close_due().await.expect_err("the drawer is locked");
    assert_eq!(drawer.kept().len(), 0);
    drawer.change(|inside| inside.refuses = false);
    assert_eq!(app.close_due().await.expect("archived").len(), 2);
}
