//! The file: opened again, foreign, newer, read by a person, with large numbers.

use actum::{
    Id, Version,
    store::{Expected, Log, Query, Sqlite},
};

use futures_util::FutureExt;

use super::{Folder, add, all, ids, is_store_error, stream};

async fn refusal(folder: &Folder) -> String {
    match Sqlite::open(folder.path()).await {
        Ok(_) => panic!("it opened"),
        Err(error) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            format!("{error}: {}", source.unwrap_or_default())
        }
    }
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 3).await.expect("empty");
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    drop(store);
    let store = folder.open().await;
    assert_eq!(store.head().await.expect("head"), Id(4));
    let next = add(&store, "Cart-1", Expected::Version(Version(3)), 1).await.expect("kept");
    assert_eq!(next.id(), Id(5));
    assert_eq!(ids(&store, Query::stream(stream("Cart-1"))).await, [1, 2, 3, 5]);
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_was_queued() {
    let folder = Folder::new();
    let store = folder.open().await;
    let mut pending = Vec::new();
    for at in 0..50 {
        let store = store.clone();
        let name = format!("Cart-{at}");
        let mut append = Box::pin(async move { add(&store, &name, Expected::Empty, 1).await });
        // Polled once, it is queued; then nobody waits any more.
        assert!((&mut append).now_or_never().is_none());
        pending.push(append);
    }
    drop(pending);
    drop(store);
    let count: i64 = folder
        .connect()
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(count, 50);
}

#[tokio::test]
async fn a_foreign_file_is_refused_and_left_as_it_was() {
    let folder = Folder::new();
    folder
        .connect()
        .execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
        .expect("sql");
    let before = std::fs::read(folder.path()).expect("the file");
    assert!(refusal(&folder).await.contains("is not the file of an actum store"));
    assert_eq!(std::fs::read(folder.path()).expect("the file"), before);
    std::fs::write(folder.path(), "not a database, but long enough to have a header ".repeat(40))
        .expect("written");
    assert!(refusal(&folder).await.contains("is not the file of an actum store"));
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let folder = Folder::new();
    drop(folder.open().await);
    folder.connect().execute_batch("PRAGMA user_version = 99").expect("sql");
    assert!(refusal(&folder).await.contains("version 99"));
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_an_error() {
    let missing = Folder::new().path().join("no/such/folder.db");
    assert!(is_store_error(&Sqlite::open(missing).await));
}

#[tokio::test]
async fn the_view_shows_names_and_times() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 1).await.expect("empty");
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    let created = all(&store, Query::all()).await.expect("a read")[1].created.to_string();
    let row: (i64, String, i64, String, String, String, String) = folder
        .connect()
        .query_row(
            "SELECT id, stream, version, name, created, data, meta FROM log WHERE id = 2",
            [],
            |row| {
                let get = |at: usize| row.get::<_, String>(at);
                Ok((row.get(0)?, get(1)?, row.get(2)?, get(3)?, get(4)?, get(5)?, get(6)?))
            },
        )
        .expect("a row");
    assert_eq!((row.0, &*row.1, row.2, &*row.3), (2, "Cart-2", 1, "Added"));
    assert_eq!(row.4.parse::<actum::Timestamp>().expect("a time").to_string(), created);
    assert_eq!((&*row.5, &*row.6), (r#""0""#, "{}"));
}

#[tokio::test]
async fn h16_ids_and_versions_beyond_32_and_53_bits_are_exact() {
    for start in [(1_u64 << 31) - 2, (1 << 32) - 2, (1 << 53) - 2, (1 << 62)] {
        let folder = Folder::new();
        drop(folder.open().await);
        let floor = i64::try_from(start).expect("63 bits");
        folder.connect().execute("UPDATE floor SET id = ?1", [floor]).expect("sql");
        let store = folder.open().await;
        assert_eq!(store.head().await.expect("head"), Id(start));
        add(&store, "Cart-1", Expected::Empty, 2).await.expect("empty");
        let appended = add(&store, "Cart-2", Expected::Empty, 2).await.expect("empty");
        assert_eq!(appended.id(), Id(start + 4));
        let expected: Vec<u64> = (start + 1..=start + 4).collect();
        assert_eq!(ids(&store, Query::all()).await, expected);
        assert_eq!(ids(&store, Query::all().after(Id(start + 3)).backward()).await, [start + 4]);
        folder
            .connect()
            .execute("UPDATE event SET version = version + ?1 WHERE stream = 1", [floor])
            .expect("sql");
        let expected = Expected::Version(Version(start + 2));
        let appended = add(&store, "Cart-1", expected, 1).await.expect("seen");
        assert_eq!(appended.placed[0].version, Version(start + 3));
    }
}
