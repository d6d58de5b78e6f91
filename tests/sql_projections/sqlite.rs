//! On SQLite: what is written, and when.

use actum::{
    Error, ProjectionState,
    prelude::*,
    store::{Log, SqliteOptions},
};
use tempfile::TempDir;

use crate::domain::{
    Cart, CheckedOut, Days, Look, SOON, SalesDocument, SalesTable, append, check_out, fold, sample,
    sell, table, until,
};

async fn start(store: &Sqlite) -> App {
    App::new(store.clone())
        .with::<Cart>()
        .project_sql(SalesTable, store)
        .start()
        .await
        .expect("an app")
}

fn days(days: &[(&str, i64, i64)]) -> Days {
    days.iter().map(|(day, cents, count)| ((*day).to_owned(), (*cents, *count))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_there_before_the_first_event_and_hold_ones_own_write() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let app = start(&Sqlite::open(&file).await.expect("a store")).await;
    assert_eq!(app.projected::<SalesTable>().await.expect("tables"), Id(0));
    assert_eq!(table(&file), days(&[]));
    app.act::<Cart>("a", check_out("1", 20)).await.expect("sold");
    app.act::<Cart>("b", Look {}).await.expect("looked");
    let done = app.act::<Cart>("b", check_out("1", 3)).await.expect("sold");
    let seen = app.projected::<SalesTable>().after(done.id).await.expect("seen");
    assert_eq!((seen, table(&file)), (done.id, days(&[("1", 23, 2)])));
    let done = app.act::<Cart>("a", check_out("2", 4)).await.expect("sold");
    app.projected::<SalesTable>().after(done.id).await.expect("seen");
    assert_eq!(table(&file), days(&[("1", 23, 2), ("2", 4, 1)]));
    let health = app.health().await.expect("the health");
    assert!(health.is_well() && health.projections[0].seen == done.id, "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_of_the_sample_equal_those_of_the_document() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let (first, second) = sample().into_iter().partition::<Vec<_>, _>(|sold| sold.cents % 2 == 0);
    append(&store, &first).await;
    let app = App::new(store.clone())
        .with::<Cart>()
        .project::<SalesDocument>()
        .project_sql(SalesTable, &store)
        .start()
        .await
        .expect("an app");
    let head = append(&store, &second).await;
    let document = app.view::<SalesDocument>().after(head).await.expect("a view").days;
    app.projected::<SalesTable>().after(head).await.expect("seen");
    assert_eq!(document.values().map(|(_, count)| count).sum::<i64>(), 6_919);
    assert_eq!(table(&file), document);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_tells_how_far_the_tables_are_and_how_fast_they_get_on() {
    let folder = TempDir::new().expect("a folder");
    let store = Sqlite::open(folder.path().join("shop.db")).await.expect("a store");
    let head = append(&store, &sample()).await;
    let app = start(&store).await;
    app.projected::<SalesTable>().after(head).await.expect("seen");
    let mut progress = app.projected::<SalesTable>().progress().await.expect("the progress");
    until("it is measured", async || {
        progress = app.projected::<SalesTable>().progress().await.expect("the progress");
        progress.rate.is_some()
    })
    .await;
    assert!(progress.serves && progress.seen == head && progress.head == head, "{progress:?}");
    assert!(progress.rate.is_some_and(|rate| rate > 0.0), "{progress:?}");
    assert_eq!(progress.eta, Some(std::time::Duration::ZERO));
    let health = app.health().await.expect("the health");
    assert_eq!(health.projections[0].rate, progress.rate);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_at_the_checkpoint() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    for n in 1..=3 {
        let store = Sqlite::open(&file).await.expect("a store");
        let app = start(&store).await;
        app.act::<Cart>("a", check_out("1", 1)).await.expect("sold");
        let done = app.act::<Cart>("b", check_out("1", 2)).await.expect("sold");
        app.projected::<SalesTable>().after(done.id).await.expect("seen");
        assert_eq!(table(&file), days(&[("1", 3 * n, 2 * n)]));
        app.shutdown(SOON).await.expect("an end in time");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_writes_the_tables_anew_for_every_process() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let (app, other) = (start(&store).await, start(&store).await);
    let done = app.act::<Cart>("a", check_out("1", 5)).await.expect("sold");
    for app in [&app, &other] {
        app.projected::<SalesTable>().after(done.id).await.expect("seen");
    }
    let by_hand = rusqlite::Connection::open(&file).expect("the file");
    by_hand.execute("UPDATE sales SET cents = 99", ()).expect("tampered");
    app.projected::<SalesTable>().reset().await.expect("reset");
    app.projected::<SalesTable>().after(done.id).await.expect("seen");
    assert_eq!(table(&file), days(&[("1", 5, 1)]));
    let done = other.act::<Cart>("b", check_out("1", 6)).await.expect("sold");
    for app in [&app, &other] {
        app.projected::<SalesTable>().after(done.id).await.expect("seen");
    }
    assert_eq!(table(&file), days(&[("1", 11, 2)]));
}

/// The next version: it also knows how many carts there are.
struct Newer;

#[projection(name = "SalesTable", version = 2)]
impl Newer {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(
            "CREATE TABLE sales (day text, cents bigint, count bigint, extra text DEFAULT '');
            CREATE UNIQUE INDEX sales_day ON sales (day)",
        )
    }
    fn reset(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch("DROP TABLE sales")
    }
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &SqliteTransaction<'_>,
    ) -> rusqlite::Result<()> {
        let sql = "INSERT INTO sales (day, cents, count) VALUES (?1, ?2, 1)
            ON CONFLICT (day) DO UPDATE SET cents = cents + excluded.cents, count = count + 1";
        tx.execute(sql, (&event.data.day, event.data.cents)).map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_takes_the_tables_over_and_the_older_one_stops() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let old = start(&store).await;
    let done = old.act::<Cart>("a", check_out("1", 5)).await.expect("sold");
    old.projected::<SalesTable>().after(done.id).await.expect("seen");

    let new = App::new(store.clone()).with::<Cart>().project_sql(Newer, &store);
    let new = new.start().await.expect("an app");
    new.projected::<Newer>().after(done.id).await.expect("seen");
    let done = new.act::<Cart>("b", check_out("2", 6)).await.expect("sold");
    new.projected::<Newer>().after(done.id).await.expect("seen");
    let stopped = old.projected::<SalesTable>().after(done.id).await.unwrap_err();
    let Error::ProjectionStopped { source, .. } = stopped else { panic!("{stopped:?}") };
    assert!(matches!(*source, Error::Superseded { newest: 2, .. }), "{source:?}");
    assert_eq!(table(&file), days(&[("1", 5, 1), ("2", 6, 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_that_race_write_every_event_once() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let mut apps = Vec::new();
    for _ in 0..3 {
        apps.push(start(&Sqlite::open(&file).await.expect("a store")).await);
    }
    let store = Sqlite::open(&file).await.expect("a store");
    let head = append(&store, &sample()[..3_000]).await;
    for app in &apps {
        app.projected::<SalesTable>().after(head).await.expect("seen");
    }
    assert_eq!(table(&file), fold(&store, head).await);
    for app in apps {
        assert!(app.health().await.expect("the health").is_well());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_may_lie_in_another_store_than_the_log() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tables.db");
    let (log, tables) = (Memory::new(), Sqlite::open(&file).await.expect("a store"));
    let app = App::new(log.clone()).with::<Cart>().project_sql(SalesTable, &tables);
    let app = app.start().await.expect("an app");
    let head = append(&log, &sample()[..500]).await;
    app.projected::<SalesTable>().after(head).await.expect("seen");
    assert_eq!(table(&file), fold(&log, head).await);
    assert_eq!(tables.head().await.expect("a head"), Id(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_database_is_tried_again_until_it_passes() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tables.db");
    let busy_timeout = std::time::Duration::from_millis(10);
    let options = SqliteOptions { busy_timeout, ..SqliteOptions::default() };
    let tables = Sqlite::open_with(&file, options).await.expect("a store");
    let app = App::new(Memory::new()).with::<Cart>().project_sql(SalesTable, &tables);
    let app = app.start().await.expect("an app");
    app.projected::<SalesTable>().await.expect("tables");
    let other = rusqlite::Connection::open(&file).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    app.act::<Cart>("a", check_out("1", 7)).await.expect("sold");
    let done = app.act::<Cart>("b", check_out("1", 8)).await.expect("sold");
    until("it tries again", async || {
        let health = app.health().await.expect("the health");
        assert!(!matches!(health.projections[0].state, ProjectionState::Stopped { .. }));
        matches!(health.projections[0].state, ProjectionState::Retrying { failures: 2.., .. })
    })
    .await;
    other.execute_batch("ROLLBACK").expect("the lock");
    app.projected::<SalesTable>().after(done.id).await.expect("seen");
    assert_eq!(table(&file), days(&[("1", 15, 2)]));
}

/// Waits in the middle of a transaction, for a test to look at what others see.
struct Slow {
    begun: std::sync::mpsc::SyncSender<()>,
    go: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

#[projection]
impl Slow {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(crate::domain::CREATE)
    }
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &SqliteTransaction<'_>,
    ) -> rusqlite::Result<()> {
        sell(tx, &event.data)?;
        self.begun.send(()).expect("the test waits");
        self.go.lock().expect("no panic").recv().expect("the test goes on");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn table_and_checkpoint_are_seen_together_or_not_at_all() {
    use actum::store::{ViewId, Views};
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("tables.db");
    let (begun, has_begun) = std::sync::mpsc::sync_channel(1);
    let (go, waits) = std::sync::mpsc::sync_channel(1);
    let slow = Slow { begun, go: std::sync::Mutex::new(waits) };
    let tables = Sqlite::open(&file).await.expect("a store");
    let app = App::new(Memory::new()).with::<Cart>().project_sql(slow, &tables);
    let app = app.start().await.expect("an app");
    app.projected::<Slow>().await.expect("tables");
    let view = ViewId { name: "Slow".into(), version: 1 };
    for n in 1..=2 {
        let done = app.act::<Cart>(n, check_out("1", 7)).await.expect("sold");
        tokio::task::block_in_place(|| has_begun.recv()).expect("it has begun");
        assert_eq!(tables.checkpoint(&view).await.expect("a checkpoint"), Id(done.id.0 - 1));
        assert_eq!(table(&file).get("1").map_or(0, |day| day.1), n - 1);
        go.send(()).expect("it waits");
        app.projected::<Slow>().after(done.id).await.expect("seen");
        assert_eq!(tables.checkpoint(&view).await.expect("a checkpoint"), done.id);
        assert_eq!(table(&file), days(&[("1", 7 * n, n)]));
    }
}
