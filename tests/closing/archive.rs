//! What moves into the archive, when, and what stays.

use std::time::Duration;

use actum::{Error, archive::Folder, store::Log as _};

use crate::{
    domain::{Cart, Drawer, Fearful, Stock, add, raw},
    place::{Place, everywhere},
};
use actum::prelude::*;

everywhere![
    the_events_move_into_the_archive_and_leave_the_log,
    closing_again_goes_on_where_it_was_interrupted,
    two_apps_close_the_same_stream_at_once,
    an_archive_that_refuses_leaves_everything_in_the_log,
    an_archive_that_spoils_what_it_gets_is_found_out,
    a_stopped_projection_keeps_the_events_in_the_log,
    a_projection_that_lags_keeps_the_events_in_the_log,
];

async fn open(place: &Place, drawer: &Drawer) -> App {
    let app = App::new(place.open().await).with::<Cart>().project::<Stock>();
    app.archive(drawer.clone()).start().await.expect("an app")
}

async fn left(place: &Place, id: &str) -> usize {
    let stream = format!("Cart-{id}").parse().expect("a name");
    raw(&*place.open().await, Query::stream(stream)).await.len()
}

async fn the_events_move_into_the_archive_and_leave_the_log(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    for qty in 1..=3 {
        add(&app, "1", qty).await;
        add(&app, "2", qty).await;
    }
    let before = raw(&**app.store(), Query::stream("Cart-1".parse().expect("a name"))).await;
    let closed = app.close::<Cart>("1").await.expect("closed");
    let archived = closed.archived.expect("it is archived");
    assert_eq!((closed.version, archived.version, closed.removed), (Version(4), Version(3), 3));
    assert_eq!((left(&place, "1").await, left(&place, "2").await), (1, 3));
    let [(name, text)] = &drawer.kept()[..] else { panic!("{:?}", drawer.kept()) };
    assert_eq!(*name, archived.name);
    let lines = before.iter().map(|event| serde_json::to_string(event).expect("JSON") + "\n");
    assert_eq!(std::str::from_utf8(text).expect("text"), lines.collect::<String>());
    let again = app.close::<Cart>("1").await.expect("closed");
    assert_eq!((again.archived.as_ref(), again.removed), (Some(&archived), 0));
    let refused = app.act::<Cart>("1", crate::domain::AddItem { qty: 1 }).await;
    assert!(matches!(refused, Err(ActError::Closed(_))), "{refused:?}");
}

async fn closing_again_goes_on_where_it_was_interrupted(place: Place) {
    let drawer = Drawer::default();
    let first = App::new(place.open().await).with::<Cart>().start().await.expect("an app");
    add(&first, "1", 1).await;
    add(&first, "2", 1).await;
    first.close::<Cart>("1").await.expect("closed");
    assert_eq!(left(&place, "1").await, 2);
    let app = open(&place, &drawer).await;
    assert_eq!(app.close::<Cart>("1").await.expect("closed").removed, 1);
    assert_eq!((left(&place, "1").await, drawer.kept().len()), (1, 1));
}

async fn two_apps_close_the_same_stream_at_once(place: Place) {
    let drawer = Drawer::default();
    let apps = [open(&place, &drawer).await, open(&place, &drawer).await];
    for round in 0..4 {
        let id = round.to_string();
        add(&apps[0], &id, 1).await;
        add(&apps[1], &id, 2).await;
        let both = apps.each_ref().map(|app| {
            let (app, id) = (app.clone(), id.clone());
            tokio::spawn(async move { app.close::<Cart>(id).await.expect("closed") })
        });
        let [one, other] = both;
        let (one, other) = (one.await.expect("no panic"), other.await.expect("no panic"));
        assert_eq!(one.archived, other.archived);
        assert_eq!((one.removed + other.removed, left(&place, &id).await), (2, 1));
        assert_eq!(apps[0].load::<Cart>(&id).await.expect("loaded").items, 3);
    }
    let entries = Query::stream("$archived-streams".parse().expect("a name"));
    assert_eq!(raw(&**apps[0].store(), entries).await.len(), 4);
}

async fn an_archive_that_refuses_leaves_everything_in_the_log(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    drawer.change(|inside| inside.refuses = true);
    let refused = app.close::<Cart>("1").await.expect_err("it is refused");
    assert!(matches!(refused, Error::Archive { .. }), "{refused:?}");
    assert_eq!(left(&place, "1").await, 2);
    drawer.change(|inside| inside.refuses = false);
    assert_eq!(app.close::<Cart>("1").await.expect("closed").removed, 1);
}

async fn an_archive_that_spoils_what_it_gets_is_found_out(place: Place) {
    let drawer = Drawer::default();
    let app = open(&place, &drawer).await;
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    drawer.change(|inside| inside.spoils = true);
    let refused = app.close::<Cart>("1").await.expect_err("it is found");
    assert!(matches!(refused, Error::Archive { .. }), "{refused:?}");
    assert_eq!(left(&place, "1").await, 2);
    drawer.change(|inside| inside.spoils = false);
    app.close::<Cart>("1").await.expect("closed");
    // What is spoilt later is not taken for what was put there.
    drawer.change(|inside| {
        for text in inside.kept.values_mut() {
            *text = String::from_utf8(text.to_vec())
                .expect("text")
                .replace("\"qty\":1", "\"qty\":9")
                .into();
        }
    });
    let spoilt = app.history::<Cart>("1").expect("a name").all().await.expect_err("spoilt");
    assert!(matches!(spoilt, Error::Archive { .. }), "{spoilt:?}");
    assert!(app.history::<Cart>("2").expect("a name").all().await.is_ok());
}

async fn a_stopped_projection_keeps_the_events_in_the_log(place: Place) {
    let app = App::new(place.open().await).with::<Cart>().project::<Fearful>();
    let app = app.archive(Drawer::default()).start().await.expect("an app");
    add(&app, "2", 13).await;
    add(&app, "1", 1).await;
    let refused = app.close::<Cart>("1").await.expect_err("it is told");
    let text = refused.to_string();
    assert!(matches!(refused, Error::ProjectionStopped { .. }), "{refused:?}");
    assert!(text.contains("Fearful (version 1) has stopped"), "{text}");
    assert_eq!(left(&place, "1").await, 2);
}

async fn a_projection_that_lags_keeps_the_events_in_the_log(place: Place) {
    use actum::store::{ViewCommit, ViewId, Views as _};
    let app = App::new(place.open().await).with::<Cart>().archive(Drawer::default());
    let app = app.start().await.expect("an app");
    add(&app, "2", 1).await;
    // Another app follows the log, and has got nowhere yet.
    let view = ViewId { name: "Elsewhere".into(), version: 1 };
    let begun = ViewCommit { view, from: Id(0), to: Id(1), documents: Vec::new(), lease: None };
    app.store().commit(begun).await.expect("a checkpoint");
    for _ in 0..1100 {
        app.store().append(nothing()).await.expect("stored");
    }
    add(&app, "1", 1).await;
    let refused = app.close::<Cart>("1").within(Duration::ZERO).await.expect_err("it is told");
    let text = refused.to_string();
    assert!(matches!(refused, Error::Lagging { .. }), "{refused:?}");
    assert!(text.contains("`Cart-1`") && text.contains("Elsewhere (version 1)"), "{text}");
    assert_eq!(left(&place, "1").await, 2);
}

fn nothing() -> actum::store::Batch {
    let new =
        vec![actum::store::NewEvent::new("Noted", actum::Json::from_value(&1).expect("JSON"))];
    actum::store::Batch::new("Note-1".parse().expect("a name"), Expected::Any, new)
}

#[tokio::test]
async fn a_folder_keeps_whole_files_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = App::new(Memory::new()).with::<Cart>();
    let app = app.archive(Folder::new(folder.path().join("closed"))).start().await.expect("an app");
    for id in ["1", "../2 é", &"x".repeat(300)] {
        add(&app, id, 7).await;
        app.close::<Cart>(id).await.expect("closed");
        assert_eq!(app.history::<Cart>(id).expect("a name").all().await.expect("events").len(), 1);
    }
    let files: Vec<_> = std::fs::read_dir(folder.path().join("closed/Cart")).expect("it").collect();
    assert_eq!(files.len(), 3);
    for file in files {
        let name = file.expect("a file").file_name().into_string().expect("text");
        assert!(name.ends_with(".ndjson"), "{name}");
    }
}

#[tokio::test]
async fn an_object_store_keeps_objects() {
    let folder = tempfile::tempdir().expect("a folder");
    let local = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).expect("it");
    let memory = object_store::memory::InMemory::new();
    let stores = [
        actum::archive::Objects::new(local),
        actum::archive::Objects::new(object_store::prefix::PrefixStore::new(memory, "shop/closed")),
    ];
    for objects in stores {
        let app = App::new(Memory::new()).with::<Cart>().archive(objects);
        let app = app.start().await.expect("an app");
        for id in ["1", "../2 é%"] {
            add(&app, id, 7).await;
            assert_eq!(app.close::<Cart>(id).await.expect("closed").removed, 1);
            assert_eq!(app.load::<Cart>(id).as_of(Version(1)).await.expect("loaded").items, 7);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_only_append_is_told_which_right_it_needs() {
    let Some(log) = crate::log::Log::new() else { return };
    drop(log.open().await);
    let (admin, schema) = (log.session().await, &log.schema);
    let role = format!("{schema}_closer");
    let grants = format!(
        "create role {role} login;
        grant usage on schema {schema} to {role};
        grant execute on all functions in schema {schema} to {role};
        grant select, insert on {schema}.events, {schema}.keys to {role};
        grant select, usage, update on sequence {schema}.ids to {role};
        grant select on {schema}.migrations to {role};
        grant select, insert, update, delete
            on {schema}.snapshots, {schema}.views, {schema}.documents, {schema}.leases to {role}"
    );
    admin.batch_execute(&grants).await.expect("granted");
    let (_, server) = log.url.split_once('@').expect("user@host");
    let store = log.options().connect(&format!("postgres://{role}@{server}")).await.expect("it");
    let app = App::new(store).with::<Cart>().archive(Drawer::default()).start().await.expect("it");
    add(&app, "1", 1).await;
    add(&app, "2", 1).await;
    let refused = app.close::<Cart>("1").await.expect_err("it may not");
    assert!(matches!(refused, Error::Rights { .. }), "{refused:?}");
    assert!(refused.to_string().contains("grant delete on"), "{refused}");
    let grant = format!("grant delete on {schema}.events to {role}");
    admin.batch_execute(&grant).await.expect("granted");
    assert_eq!(app.close::<Cart>("1").await.expect("closed").removed, 1);
    app.shutdown(Duration::from_secs(5)).await.expect("it ends");
    drop(app);
    let ended = format!("drop owned by {role}; drop role {role}");
    admin.batch_execute(&ended).await.expect("dropped");
}
