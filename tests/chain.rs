//! Tamper evidence: whatever is done to a log behind its back is found, and the first event is
//! named.

use std::{path::Path, sync::Arc};

use actum::{
    Committed, Json, StreamId,
    archive::Folder,
    chain::{self, Chained, Fault, Head, Key, Tampering, Verified},
    prelude::*,
    store::{Batch, Log as _, NewEvent, Store},
};
use futures_util::TryStreamExt;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod log;
#[path = "app/place.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the tests of the app")]
mod place;

use place::{Place, everywhere};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Paid {
    cents: u64,
}
#[derive(Events, Clone, Debug, PartialEq)]
enum AccountEvent {
    Paid(Paid),
}
#[derive(Aggregate, Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = AccountEvent)]
struct Account {
    cents: u64,
}
#[patch]
impl Account {
    fn paid(&mut self, event: Paid) {
        self.cents += event.cents;
    }
}
#[derive(Serialize, Deserialize)]
struct Pay {
    cents: u64,
}
#[action]
impl Account {
    fn pay(&self, Pay { cents }: Pay) -> Result<Paid, Unmet> {
        Ok(Paid { cents })
    }
}

fn key() -> Key {
    Key::from_bytes(&[7; 32])
}

async fn start(store: impl Store) -> App {
    App::new(store).with::<Account>().chained(key()).start().await.expect("an app")
}

async fn pay(app: &App, id: &str, cents: u64) {
    app.act::<Account>(id, Pay { cents }).await.expect("paid");
}

/// Six events of each of three accounts, side by side, and a head over all of them; ids 1 to 18.
async fn filled(app: &App) -> Head {
    for cents in 1..=6 {
        for id in ["1", "2", "3"] {
            pay(app, id, cents).await;
        }
    }
    app.seal().await.expect("sealed").expect("a head")
}

async fn events(store: &dyn Store, query: Query) -> Vec<Committed> {
    let pages: Vec<_> = actum::store::Log::read(store, query).try_collect().await.expect("pages");
    pages.into_iter().flatten().collect()
}

async fn verified(store: Arc<dyn Store>) -> Verified {
    chain::verify(store, None, &key().public()).await.expect("it is read")
}

everywhere![
    a_log_that_nobody_touched_is_sound,
    racing_writers_in_two_apps_make_one_chain,
    appends_without_an_expectation_are_chained,
    an_old_log_is_chained_from_here_on,
    a_head_of_another_key_is_forged,
    a_head_is_signed_once_by_many,
    states_and_repeated_requests_are_as_without_a_chain,
    what_is_archived_is_checked_as_well,
];

async fn a_log_that_nobody_touched_is_sound(place: Place) {
    let app = start(place.open().await).await;
    let head = filled(&app).await;
    assert_eq!((head.id, head.events, head.streams.len()), (Id(18), 18, 3));
    pay(&app, "1", 9).await;
    let found = verified(place.open().await).await;
    assert_eq!((found.fault, found.heads, found.signed_to), (None, 1, Id(18)));
    assert_eq!((found.events, found.chained), (20, 20));
    assert_eq!(app.verify_chain(&key().public()).await.expect("read").fault, None);
    assert!(app.seal().await.expect("sealed").is_some());
    assert_eq!(app.seal().await.expect("nothing is new"), None);
}

async fn racing_writers_in_two_apps_make_one_chain(place: Place) {
    let apps = [start(place.open().await).await, start(place.open().await).await];
    let writers = (0..8).map(|writer: usize| {
        let app = apps[writer % 2].clone();
        tokio::spawn(async move {
            for cents in 0..20 {
                pay(&app, &(cents % 2).to_string(), cents).await;
                if cents % 7 == 0 {
                    app.seal().await.expect("sealed");
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    apps[0].seal().await.expect("sealed");
    let found = verified(place.open().await).await;
    assert_eq!((found.fault.as_ref(), found.events - found.heads), (None, 160));
    let head = apps[0].store().head().await.expect("a head");
    assert!(found.signed_to.0 + found.heads >= head.0, "{found:?}");
}

async fn appends_without_an_expectation_are_chained(place: Place) {
    let stores = [Chained::new(place.open().await), Chained::new(place.open().await)];
    let writers = (0..8).map(|writer: u64| {
        let store = stores[usize::try_from(writer % 2).expect("small")].clone();
        tokio::spawn(async move {
            for number in 0..10 {
                let new = |at| NewEvent::new("Noted", Json::from_value(&(writer, at)).expect("it"));
                let stream = |id: u64| StreamId::new("Note", id).expect("a name");
                let batch = Batch::new(stream(number % 2), Expected::Any, vec![new(1), new(2)]);
                let both = batch.and(stream(7), Expected::Any, vec![new(3)]);
                store.append(both).await.expect("stored");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    let found = verified(place.open().await).await;
    assert_eq!((found.fault, found.events, found.chained), (None, 240, 240));
}

async fn an_old_log_is_chained_from_here_on(place: Place) {
    let plain = App::new(place.open().await).with::<Account>().start().await.expect("an app");
    pay(&plain, "1", 1).await;
    pay(&plain, "2", 2).await;
    let app = start(place.open().await).await;
    pay(&app, "1", 3).await;
    app.seal().await.expect("sealed");
    let found = verified(place.open().await).await;
    assert_eq!((found.fault, found.events, found.chained), (None, 4, 2));
    // Whoever is not chained appends what nobody vouches for.
    pay(&plain, "2", 4).await;
    let fault = verified(place.open().await).await.fault.expect("it is found");
    assert_eq!(told(&fault), (Tampering::Inserted, "Account-2", 2));
}

async fn a_head_of_another_key_is_forged(place: Place) {
    let app = start(place.open().await).await;
    filled(&app).await;
    let other = Key::from_bytes(&[8; 32]).public();
    let found = chain::verify(place.open().await, None, &other).await.expect("it is read");
    assert_eq!(told(&found.fault.expect("it is found")), (Tampering::Forged, Head::STREAM, 1));
}

async fn a_head_is_signed_once_by_many(place: Place) {
    let apps = [start(place.open().await).await, start(place.open().await).await];
    pay(&apps[0], "1", 1).await;
    pay(&apps[1], "2", 1).await;
    let sealing = (0..8).map(|at: usize| {
        let app = apps[at % 2].clone();
        tokio::spawn(async move { app.seal().await.expect("sealed") })
    });
    let mut signed = 0;
    for sealed in sealing.collect::<Vec<_>>() {
        signed += usize::from(sealed.await.expect("no panic").is_some());
    }
    let heads = Query::stream(Head::STREAM.parse().expect("a name"));
    assert_eq!((signed, events(&*place.open().await, heads).await.len()), (1, 1));
}

async fn states_and_repeated_requests_are_as_without_a_chain(place: Place) {
    let app = start(place.open().await).await;
    let first = app.act::<Account>("1", Pay { cents: 5 }).key("a").actor("alice").await;
    let first = first.expect("paid");
    pay(&app, "2", 1).await;
    let again = app.act::<Account>("1", Pay { cents: 5 }).key("a").await.expect("known");
    assert_eq!((again.version, again.repeated), (first.version, true));
    pay(&app, "1", 2).await;
    let later = start(place.open().await).await;
    assert_eq!(later.load::<Account>("1").await.expect("loaded").cents, 7);
    let stored = events(&*place.open().await, Query::stream(first.stream)).await;
    assert_eq!(stored[0].meta.actor(), Some("alice"));
    assert!(stored[0].meta.get("chain").is_some());
    assert_eq!(verified(place.open().await).await.fault, None);
}

async fn what_is_archived_is_checked_as_well(place: Place) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = Folder::new(folder.path());
    let app = App::new(place.open().await).with::<Account>().chained(key());
    let app = app.archive(archive.clone()).start().await.expect("an app");
    filled(&app).await;
    app.close::<Account>("2").await.expect("closed");
    app.seal().await.expect("sealed");
    let check = async |archive: Option<Folder>| {
        let archive = archive.map(|archive| Arc::new(archive) as Arc<dyn actum::Archive>);
        chain::verify(place.open().await, archive, &key().public()).await
    };
    let found = check(Some(archive)).await.expect("it is read");
    assert_eq!((found.fault, found.heads), (None, 2));
    assert_eq!(app.verify_chain(&key().public()).await.expect("read").fault, None);
    let refused = check(None).await.expect_err("it is not there");
    assert!(matches!(refused, actum::Error::NoArchive { .. }), "{refused:?}");
}

fn told(fault: &Fault) -> (Tampering, &str, u64) {
    (fault.tampering, fault.stream.as_str(), fault.version.0)
}

/// What is done to the file, and what is found: the tampering, the stream, the version, the id.
type Case = (&'static str, &'static str, (Tampering, &'static str, u64), Option<u64>);

/// In SQLite `Account-2` has the ids 2, 5, 8, 11, 14, 17; its row in `stream` is 2.
const CASES: &[Case] = &[
    (
        "a payload",
        "UPDATE event SET data = '{\"cents\":1000000}' WHERE id = 8",
        (Tampering::Edited, "Account-2", 3),
        Some(8),
    ),
    (
        "a blank in a payload",
        "UPDATE event SET data = '{\"cents\": 3}' WHERE id = 8",
        (Tampering::Edited, "Account-2", 3),
        Some(8),
    ),
    (
        "the actor",
        "UPDATE event SET meta = replace(meta, '\"causation\":\"Pay\"', '\"causation\":\"Pat\"') WHERE id = 5",
        (Tampering::Edited, "Account-2", 2),
        Some(5),
    ),
    (
        "the time",
        "UPDATE event SET created = created + 1 WHERE id = 17",
        (Tampering::Edited, "Account-2", 6),
        Some(17),
    ),
    (
        "the name",
        "INSERT INTO name VALUES (99, 'Got'); UPDATE event SET name = 99 WHERE id = 2",
        (Tampering::Edited, "Account-2", 1),
        Some(2),
    ),
    (
        "the version of the schema",
        "UPDATE event SET schema = 2 WHERE id = 11",
        (Tampering::Edited, "Account-2", 4),
        Some(11),
    ),
    (
        "a hash",
        "UPDATE event SET meta = replace(meta, '\"chain\":\"', '\"chain\":\"0000000000000000000000000000000000000000000000000000000000000000\"}') WHERE id = 8",
        (Tampering::Inserted, "Account-2", 3),
        Some(8),
    ),
    (
        "one removed from the middle",
        "DELETE FROM event WHERE id = 8",
        (Tampering::Removed, "Account-2", 3),
        None,
    ),
    (
        "one removed, and the others moved up",
        "DELETE FROM event WHERE id = 8; UPDATE event SET version = version - 1 WHERE stream = 2 AND version = 4;
         UPDATE event SET version = version - 1 WHERE stream = 2 AND version = 5;
         UPDATE event SET version = version - 1 WHERE stream = 2 AND version = 6",
        (Tampering::Edited, "Account-2", 3),
        Some(11),
    ),
    (
        "the last removed",
        "DELETE FROM event WHERE id = 17",
        (Tampering::Removed, "Account-2", 6),
        Some(17),
    ),
    (
        "the last three removed",
        "DELETE FROM event WHERE stream = 2 AND version > 3",
        (Tampering::Removed, "Account-2", 4),
        None,
    ),
    (
        "a whole stream removed",
        "DELETE FROM event WHERE stream = 2",
        (Tampering::Removed, "Account-2", 1),
        None,
    ),
    (
        "the tail before the head removed",
        "DELETE FROM event WHERE id BETWEEN 13 AND 18",
        (Tampering::Removed, "Account-1", 5),
        None,
    ),
    (
        "one put in at the end",
        "INSERT INTO event SELECT 20, 2, 7, name, schema, created, data, meta FROM event WHERE id = 17",
        (Tampering::Edited, "Account-2", 7),
        Some(20),
    ),
    (
        "one put in without a hash",
        "INSERT INTO event SELECT 20, 2, 7, name, schema, created, data, '{}' FROM event WHERE id = 17",
        (Tampering::Inserted, "Account-2", 7),
        Some(20),
    ),
    (
        "a stream put in",
        "INSERT INTO stream VALUES (99, 'Account-9');
         INSERT INTO event SELECT 20, 99, 1, name, schema, created, data, '{}' FROM event WHERE id = 17",
        (Tampering::Inserted, "Account-9", 1),
        Some(20),
    ),
    (
        "two payloads exchanged",
        "UPDATE event SET data = CASE id WHEN 5 THEN '{\"cents\":4}' ELSE '{\"cents\":2}' END WHERE id IN (5, 11)",
        (Tampering::Edited, "Account-2", 2),
        Some(5),
    ),
    (
        "two versions exchanged",
        "UPDATE event SET version = 99 WHERE id = 5; UPDATE event SET version = 2 WHERE id = 8;
         UPDATE event SET version = 3 WHERE id = 5",
        (Tampering::Moved, "Account-2", 3),
        Some(5),
    ),
    (
        "two ids exchanged",
        "UPDATE event SET id = 99 WHERE id = 17; UPDATE event SET id = 17 WHERE id = 18;
         UPDATE event SET id = 18 WHERE id = 99",
        (Tampering::Moved, "Account-1", 6),
        Some(16),
    ),
    (
        "an event of another stream",
        "UPDATE event SET stream = 3, version = 7 WHERE id = 17",
        (Tampering::Moved, "Account-3", 7),
        Some(17),
    ),
    (
        "a head",
        "UPDATE event SET data = replace(data, '\"events\":18', '\"events\":17') WHERE id = 19",
        (Tampering::Forged, Head::STREAM, 1),
        Some(19),
    ),
];

fn tamper(file: &Path, sql: &str) {
    Connection::open(file).expect("it opens").execute_batch(sql).expect("it is done");
}

#[tokio::test]
async fn every_tampering_with_a_sqlite_file_is_found_and_named() {
    for (what, sql, expected, id) in CASES {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("log.db");
        let app = start(Sqlite::open(&file).await.expect("it opens")).await;
        filled(&app).await;
        app.shutdown(std::time::Duration::from_secs(10)).await.expect("it ends");
        drop(app);
        let open = async || Arc::new(Sqlite::open(&file).await.expect("it opens"));
        assert_eq!(verified(open().await).await.fault, None, "{what}");
        tamper(&file, sql);
        let fault = verified(open().await).await.fault.unwrap_or_else(|| panic!("{what}: missed"));
        assert_eq!((told(&fault), fault.id.map(|id| id.0)), (*expected, *id), "{what}: {fault}");
    }
}

/// Whoever knows how a hash is made can make them anew behind a change; what was signed stays.
#[tokio::test]
async fn a_chain_that_was_made_anew_behind_a_change_is_found_by_the_head() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, forged) = (folder.path().join("log.db"), folder.path().join("forged.db"));
    let app = start(Sqlite::open(&file).await.expect("it opens")).await;
    filled(&app).await;
    let original = Sqlite::open(&file).await.expect("it opens");
    let copy = Chained::new(Sqlite::open(&forged).await.expect("it opens"));
    for event in events(&original, Query::all()).await {
        let edited = event.stream.as_str() == "Account-2" && event.version == Version(3);
        let data =
            if edited { Json::from_text(r#"{"cents":9}"#).expect("JSON") } else { event.data };
        let mut fields = event.meta.fields().clone();
        fields.extra.remove("chain");
        let meta = actum::Meta::new(fields).expect("JSON");
        let (name, schema, created) = (event.name.to_string(), event.schema, event.created);
        let new = NewEvent { name: name.into(), schema, data, meta, created };
        copy.append(Batch::new(event.stream, Expected::Any, vec![new])).await.expect("stored");
    }
    drop(copy);
    let open = Arc::new(Sqlite::open(&forged).await.expect("it opens"));
    let fault = verified(open).await.fault.expect("it is found");
    assert_eq!(told(&fault), (Tampering::Edited, "Account-2", 6), "{fault}");
}

#[tokio::test]
async fn a_log_that_was_put_back_shows_where_it_was_signed_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let app = start(Sqlite::open(&file).await.expect("it opens")).await;
    let first = filled(&app).await;
    pay(&app, "1", 7).await;
    let second = app.seal().await.expect("sealed").expect("a head");
    app.shutdown(std::time::Duration::from_secs(10)).await.expect("it ends");
    drop(app);
    tamper(&file, "DELETE FROM event WHERE id > 19");
    let found = verified(Arc::new(Sqlite::open(&file).await.expect("it opens"))).await;
    assert_eq!((found.fault, found.signed_to), (None, first.id));
    assert!(found.signed_to < second.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_with_postgres_is_found_and_named() {
    let cases = [
        ("update {}.events set data = '{\"cents\":9}' where id = 8", (Tampering::Edited, 3)),
        ("delete from {}.events where id = 8", (Tampering::Removed, 3)),
        ("delete from {}.events where id = 17", (Tampering::Removed, 6)),
        ("delete from {}.events where stream = 'Account-2'", (Tampering::Removed, 1)),
        (
            "insert into {}.events (id, version, created, schema, stream, name, data, meta)
                select nextval('{}.ids'), 7, created, schema, stream, name, data, meta
                from {}.events where id = 17",
            (Tampering::Edited, 7),
        ),
    ];
    for (sql, (tampering, version)) in cases {
        let Some(log) = log::Log::new() else { return };
        let app = start(log.open().await).await;
        filled(&app).await;
        log.session().await.batch_execute(&sql.replace("{}", &log.schema)).await.expect("done");
        let fault = verified(Arc::new(log.open().await)).await.fault.expect("it is found");
        assert_eq!(told(&fault), (tampering, "Account-2", version), "{sql}: {fault}");
    }
}
