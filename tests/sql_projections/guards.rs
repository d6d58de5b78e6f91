//! On SQLite: what a handler may not do, and what is left when it fails: nothing.

use actum::{
    BoxError, Error, Event, ProjectionState,
    prelude::*,
    store::{Key, Log},
};
use tempfile::TempDir;

use crate::domain::{CREATE, Cart, CheckedOut, check_out, sell, table, told, until};

/// How it fails at a purchase of a negative amount.
type Fault = fn(&SqliteTransaction<'_>) -> Result<(), BoxError>;

struct Faulty(Fault);

#[projection]
impl Faulty {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(CREATE)
    }
    fn reset(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch("DROP TABLE sales")
    }
    fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &SqliteTransaction<'_>,
    ) -> Result<(), BoxError> {
        sell(tx, &event.data)?;
        if event.data.cents < 0 { (self.0)(tx) } else { Ok(()) }
    }
}

/// What the projection says when it has stopped; nothing of the event is left, all before it is
/// there, and the log takes further events.
async fn stops(fault: Fault) -> String {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let app = App::new(store.clone()).with::<Cart>().project_sql(Faulty(fault), &store);
    let app = app.start().await.expect("an app");
    app.act::<Cart>("a", check_out("1", 10)).await.expect("sold");
    let last = app.act::<Cart>("b", check_out("1", 5)).await.expect("sold");
    let bad = app.act::<Cart>("bad", check_out("1", -1)).await.expect("sold");
    let acts = (0..20).map(|n| app.act::<Cart>(n, check_out("2", 1)).into_future());
    for done in futures_util::future::join_all(acts).await {
        done.expect("the log takes it");
    }
    let stopped = app.projected::<Faulty>().after(bad.id).await.unwrap_err();
    let Error::ProjectionStopped { at, ref source, .. } = stopped else { panic!("{stopped:?}") };
    assert_eq!(at, last.id);
    match &**source {
        Error::Handler { id, stream, .. } => {
            assert_eq!((*id, stream.as_str()), (bad.id, "Cart-bad"));
        }
        Error::Panicked { id, .. } => assert_eq!(*id, bad.id),
        other => panic!("{other:?}"),
    }
    let health = app.health().await.expect("the health");
    let state = &health.projections[0].state;
    assert!(!health.is_well() && matches!(state, ProjectionState::Stopped { .. }), "{state:?}");
    assert_eq!(table(&file), [("1".to_owned(), (15, 2))].into());
    assert_eq!(store.head().await.expect("a head"), Id(bad.id.0 + 20));
    told(&**source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_stops_the_projection_before_its_event() {
    let told =
        stops(|tx| Ok(tx.execute("INSERT INTO sales VALUES ('1', 0, 0)", ()).map(drop)?)).await;
    assert!(told.contains("UNIQUE constraint failed"), "{told}");
    let told = stops(|_| Err("too cheap".into())).await;
    assert!(told.contains("of `Cart-bad`: too cheap"), "{told}");
    let told = stops(|_| panic!("too cheap")).await;
    assert!(told.contains("panicked at event") && told.contains("too cheap"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_cannot_end_the_transaction_that_it_is_lent() {
    let refused = "may not begin or end a transaction";
    let told = stops(|tx| Ok(tx.execute_batch("COMMIT")?)).await;
    assert!(told.contains(refused) && told.contains("not authorized"), "{told}");
    // To hide it helps as little.
    let told = stops(|tx| {
        drop(tx.execute_batch("COMMIT; BEGIN"));
        Ok(())
    })
    .await;
    assert!(told.contains(refused), "{told}");
    let told = stops(|tx| Ok(tx.execute("ROLLBACK", ()).map(drop)?)).await;
    assert!(told.contains(refused), "{told}");
    // The store itself keeps this statement prepared.
    let told = stops(|tx| Ok(tx.prepare_cached("COMMIT")?.execute(()).map(drop)?)).await;
    assert!(told.contains("may not commit") || told.contains(refused), "{told}");
    let told = stops(|tx| Ok(tx.execute_batch("RELEASE actum_projection")?)).await;
    assert!(told.contains("belongs to the store"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_rolls_back_on_its_own_leaves_nothing_either() {
    let told = stops(|tx| {
        let sql = "INSERT OR ROLLBACK INTO sales VALUES ('1', 0, 0)";
        Ok(tx.execute(sql, ()).map(drop)?)
    })
    .await;
    assert!(told.contains("rolled back"), "{told}");
    // What comes behind it would be a transaction of its own.
    let told = stops(|tx| {
        drop(tx.execute("INSERT OR ROLLBACK INTO sales VALUES ('1', 0, 0)", ()));
        drop(tx.execute("INSERT INTO sales VALUES ('loose', 1, 1)", ()));
        Ok(())
    })
    .await;
    assert!(told.contains("may not commit"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_cannot_change_what_belongs_to_the_store() {
    for fault in [
        (|tx| Ok(tx.execute("DELETE FROM event", ()).map(drop)?)) as Fault,
        |tx| Ok(tx.execute("UPDATE view SET checkpoint = 1000", ()).map(drop)?),
        |tx| Ok(tx.execute("insert into KEYED values ('a', 'b', 'c')", ()).map(drop)?),
        |tx| Ok(tx.execute_batch("DROP TABLE stream")?),
        |tx| Ok(tx.execute_batch("DROP VIEW log")?),
        |tx| Ok(tx.execute_batch("ALTER TABLE lease ADD COLUMN x")?),
        |tx| Ok(tx.execute_batch("CREATE INDEX event_name ON event (name)")?),
        |tx| {
            let sql = "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM sales; END";
            Ok(tx.execute_batch(sql)?)
        },
    ] {
        let told = stops(fault).await;
        assert!(told.contains("which belongs to the store"), "{told}");
    }
    for fault in [
        (|tx| Ok(tx.execute_batch("PRAGMA user_version = 99")?)) as Fault,
        |tx| Ok(tx.execute_batch("PRAGMA writable_schema = ON")?),
        |tx| Ok(tx.execute_batch("ATTACH ':memory:' AS other")?),
    ] {
        let told = stops(fault).await;
        assert!(told.contains("it may not"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_read_the_log_and_use_savepoints() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let fine: Fault = |tx| {
        let count: i64 = tx.query_row("SELECT count(*) FROM event", (), |row| row.get(0))?;
        assert_eq!(count, 2);
        tx.execute_batch("PRAGMA table_info(sales); SAVEPOINT mine; DELETE FROM sales")?;
        tx.execute_batch("ROLLBACK TO mine; RELEASE mine")?;
        Ok(())
    };
    let app = App::new(store.clone()).with::<Cart>().project_sql(Faulty(fine), &store);
    let app = app.start().await.expect("an app");
    app.projected::<Faulty>().await.expect("tables");
    app.act::<Cart>("a", check_out("1", 10)).await.expect("sold");
    let done = app.act::<Cart>("b", check_out("1", -3)).await.expect("sold");
    app.projected::<Faulty>().after(done.id).await.expect("it runs");
    assert_eq!(table(&file), [("1".to_owned(), (7, 2))].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_beside_a_handler_that_rolls_back_are_answered_and_stored() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let rolls_back: Fault =
        |tx| Ok(tx.execute("INSERT OR ROLLBACK INTO sales VALUES ('1', 0, 0)", ()).map(drop)?);
    let app = App::new(store.clone()).with::<Cart>().project_sql(Faulty(rolls_back), &store);
    let app = app.start().await.expect("an app");
    let mut all = Vec::new();
    for round in 0..20 {
        let acts = (0..50).map(|n| {
            let act = app.act::<Cart>(n, check_out("1", if n == 25 { -1 } else { 1 }));
            act.key(format!("{round} {n}")).into_future()
        });
        for done in futures_util::future::join_all(acts).await {
            all.push(done.expect("stored"));
        }
        let stopped = app.projected::<Faulty>().after(all[all.len() - 1].id).await.unwrap_err();
        assert!(matches!(stopped, Error::ProjectionStopped { .. }), "{stopped:?}");
        app.projected::<Faulty>().reset().await.expect("it runs again");
    }
    all.sort_by_key(|done| done.id);
    assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(all.len() as u64, store.head().await.expect("a head").0);
    let keyed = store.keyed(&Key::new("19 49", [b"".as_slice()]).key).await.expect("read");
    assert!(keyed.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_stopped_runs_again_after_a_reset() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    static FAILS: AtomicBool = AtomicBool::new(true);
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("shop.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let fault: Fault = |_| if FAILS.load(SeqCst) { Err("no".into()) } else { Ok(()) };
    let app = App::new(store.clone()).with::<Cart>().project_sql(Faulty(fault), &store);
    let app = app.start().await.expect("an app");
    app.act::<Cart>("a", check_out("1", 4)).await.expect("sold");
    let done = app.act::<Cart>("b", check_out("1", -1)).await.expect("sold");
    app.projected::<Faulty>().after(done.id).await.unwrap_err();
    FAILS.store(false, SeqCst);
    app.projected::<Faulty>().reset().await.expect("reset");
    app.projected::<Faulty>().after(done.id).await.expect("seen");
    assert_eq!(table(&file), [("1".to_owned(), (3, 2))].into());
    until("it is well", async || app.health().await.expect("the health").is_well()).await;
    assert_eq!(CheckedOut::NAME, "CheckedOut");
}
