//! On PostgreSQL: what is written, what a handler may not do, and what terminated sessions leave.

use actum::{
    BoxError, Error,
    prelude::*,
    store::{ViewId, Views},
};

use crate::{
    domain::{Cart, CheckedOut, SalesDocument, append, check_out, fold, sample, told, until},
    server::Server,
};

/// What is sold by day, in a table of a schema.
struct Sales {
    schema: String,
}

#[projection]
impl Sales {
    async fn create(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        tx.batch_execute(&create(&self.schema)).await
    }

    async fn reset(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        tx.batch_execute(&format!("drop table \"{}\".sales", self.schema)).await
    }

    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &PostgresTransaction<'_>,
    ) -> Result<(), tokio_postgres::Error> {
        sell(&self.schema, tx, &event.data).await
    }
}

fn create(schema: &str) -> String {
    format!("create table \"{schema}\".sales (day text primary key, cents bigint, count bigint)")
}

async fn sell(
    schema: &str,
    tx: &PostgresTransaction<'_>,
    sold: &CheckedOut,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "insert into \"{schema}\".sales as s values ($1, $2, 1) on conflict (day)
            do update set cents = s.cents + excluded.cents, count = s.count + 1"
    );
    tx.execute(&sql, &[&sold.day, &sold.cents]).await.map(drop)
}

fn sales(server: &Server) -> Sales {
    Sales { schema: server.schema.clone() }
}

async fn start(server: &Server, store: &Postgres) -> App {
    App::new(store.clone())
        .with::<Cart>()
        .project_sql(sales(server), store)
        .start()
        .await
        .expect("an app")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_there_before_the_first_event_and_hold_ones_own_write() {
    let Some(server) = Server::new() else { return };
    let app = start(&server, &server.open().await).await;
    app.projected::<Sales>().await.expect("tables");
    assert!(server.table().await.is_empty());
    app.act::<Cart>("a", check_out("1", 20)).await.expect("sold");
    let done = app.act::<Cart>("b", check_out("1", 3)).await.expect("sold");
    app.projected::<Sales>().after(done.id).await.expect("seen");
    assert_eq!(server.table().await, [("1".to_owned(), (23, 2))].into());
    let health = app.health().await.expect("the health");
    assert!(health.is_well() && health.projections[0].lag == 0, "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sums_of_the_sample_equal_those_of_the_document() {
    let Some(server) = Server::new() else { return };
    let store = server.open().await;
    let app = App::new(store.clone())
        .with::<Cart>()
        .project::<SalesDocument>()
        .project_sql(sales(&server), &store)
        .start()
        .await
        .expect("an app");
    let head = append(&store, &sample()).await;
    let document = app.view::<SalesDocument>().after(head).await.expect("a view").days;
    app.projected::<Sales>().after(head).await.expect("seen");
    assert_eq!(document.values().map(|(_, count)| count).sum::<i64>(), 6_919);
    assert_eq!(server.table().await, document);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_race_write_every_event_once() {
    let Some(server) = Server::new() else { return };
    let mut apps = Vec::new();
    for _ in 0..3 {
        apps.push(start(&server, &server.open().await).await);
    }
    let store = server.open().await;
    let head = append(&store, &sample()[..2_000]).await;
    for app in &apps {
        app.projected::<Sales>().after(head).await.expect("seen");
        assert!(app.health().await.expect("the health").is_well());
    }
    assert_eq!(server.table().await, fold(&store, head).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn terminated_sessions_neither_lose_nor_double_anything() {
    const ROUNDS: usize = 12;
    let Some(server) = Server::new() else { return };
    let store = server.open().await;
    let application = format!("{}_tables", server.schema);
    let tables = server.open_as(&application).await;
    let app = App::new(store.clone()).with::<Cart>().project_sql(sales(&server), &tables);
    let app = app.start().await.expect("an app");
    app.projected::<Sales>().await.expect("tables");
    let (admin, view) = (server.session().await, ViewId { name: "Sales".into(), version: 1 });
    let sample = sample();
    let (mut head, mut terminated) = (Id(0), 0);
    for round in 0..ROUNDS {
        head = append(&store, &sample[round * 200..][..200]).await;
        // In the midst of a statement, mostly: the transaction is open.
        let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity
            where application_name = $1 and state <> 'idle' and query not like '%pg_notify%'
                and xact_start is not null";
        until("a session is terminated or all is seen", async || {
            let ended: i64 = admin.query_one(sql, &[&application]).await.expect("ended").get(0);
            terminated += ended;
            ended > 0 || store.checkpoint(&view).await.expect("a checkpoint") >= head
        })
        .await;
        let checkpoint = store.checkpoint(&view).await.expect("a checkpoint");
        // Another may have been committed since, but never without its rows.
        let (table, folded) = (server.table().await, fold(&store, checkpoint).await);
        if store.checkpoint(&view).await.expect("a checkpoint") == checkpoint {
            assert_eq!(table, folded);
        }
        app.projected::<Sales>().after(head).await.expect("it goes on by itself");
    }
    assert_eq!(server.table().await, fold(&store, head).await);
    assert!(terminated > 3, "only {terminated} sessions were terminated at work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_writes_the_tables_anew_for_every_process() {
    let Some(server) = Server::new() else { return };
    let store = server.open().await;
    let (app, other) = (start(&server, &store).await, start(&server, &server.open().await).await);
    let done = app.act::<Cart>("a", check_out("1", 5)).await.expect("sold");
    for app in [&app, &other] {
        app.projected::<Sales>().after(done.id).await.expect("seen");
    }
    let tamper = format!("update \"{}\".sales set cents = 99", server.schema);
    server.session().await.batch_execute(&tamper).await.expect("tampered");
    app.projected::<Sales>().reset().await.expect("reset");
    app.projected::<Sales>().after(done.id).await.expect("seen");
    assert_eq!(server.table().await, [("1".to_owned(), (5, 1))].into());
    let done = other.act::<Cart>("b", check_out("1", 6)).await.expect("sold");
    for app in [&app, &other] {
        app.projected::<Sales>().after(done.id).await.expect("seen");
    }
    assert_eq!(server.table().await, [("1".to_owned(), (11, 2))].into());
}

/// The next version of [`Sales`].
struct Newer(Sales);

#[projection(name = "Sales", version = 2)]
impl Newer {
    async fn create(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        self.0.create(tx).await
    }
    async fn reset(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        self.0.reset(tx).await
    }
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &PostgresTransaction<'_>,
    ) -> Result<(), tokio_postgres::Error> {
        self.0.checked_out(event, tx).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_takes_the_tables_over_and_the_older_one_stops() {
    let Some(server) = Server::new() else { return };
    let store = server.open().await;
    let old = start(&server, &store).await;
    let done = old.act::<Cart>("a", check_out("1", 5)).await.expect("sold");
    old.projected::<Sales>().after(done.id).await.expect("seen");
    let new = App::new(store.clone()).with::<Cart>().project_sql(Newer(sales(&server)), &store);
    let new = new.start().await.expect("an app");
    // Only then have the tables changed hands.
    new.projected::<Newer>().after(done.id).await.expect("seen");
    let done = new.act::<Cart>("b", check_out("2", 6)).await.expect("sold");
    new.projected::<Newer>().after(done.id).await.expect("seen");
    let stopped = old.projected::<Sales>().after(done.id).await.unwrap_err();
    let Error::ProjectionStopped { source, .. } = stopped else { panic!("{stopped:?}") };
    assert!(matches!(*source, Error::Superseded { newest: 2, .. }), "{source:?}");
    let expected = [("1".to_owned(), (5, 1)), ("2".to_owned(), (6, 1))].into();
    assert_eq!(server.table().await, expected);
}

/// How it fails at a purchase of a negative amount.
#[derive(Clone, Copy)]
enum Fault {
    Statement(&'static str),
    Hidden(&'static str),
    Panic,
}

struct Faulty {
    sales: Sales,
    fault: Fault,
}

#[projection]
impl Faulty {
    async fn create(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        self.sales.create(tx).await
    }
    async fn checked_out(
        &self,
        event: &Committed<CheckedOut>,
        tx: &PostgresTransaction<'_>,
    ) -> Result<(), BoxError> {
        self.sales.checked_out(event, tx).await?;
        if event.data.cents >= 0 {
            return Ok(());
        }
        let sql = |sql: &str| sql.replace("sales", &format!("\"{}\".sales", self.sales.schema));
        match self.fault {
            Fault::Statement(text) => Ok(tx.batch_execute(&sql(text)).await?),
            Fault::Hidden(texts) => {
                for text in texts.split(';') {
                    drop(tx.batch_execute(&sql(text)).await);
                }
                Ok(())
            }
            Fault::Panic => panic!("too cheap"),
        }
    }
}

/// What the projection says when it has stopped; nothing of the event is left, all before it is
/// there.
async fn stops(server: &Server, fault: Fault) -> String {
    let store = server.open().await;
    let faulty = Faulty { sales: sales(server), fault };
    let app = App::new(store.clone()).with::<Cart>().project_sql(faulty, &store);
    let sold = |day: &str, cents| CheckedOut { day: day.to_owned(), cents };
    let last = append(&store, &[sold("1", 10), sold("1", 5)]).await;
    let bad = append(&store, &[sold("1", -1), sold("2", 1), sold("2", 1)]).await;
    let app = app.start().await.expect("an app");
    let stopped = app.projected::<Faulty>().after(bad).await.unwrap_err();
    let Error::ProjectionStopped { at, ref source, .. } = stopped else { panic!("{stopped:?}") };
    let failed = last.next();
    assert!(at < failed, "{at}");
    match &**source {
        Error::Handler { id, .. } | Error::Panicked { id, .. } => assert_eq!(*id, failed),
        other => panic!("{other:?}"),
    }
    assert!(!app.health().await.expect("the health").is_well());
    assert_eq!(server.table().await, [("1".to_owned(), (15, 2))].into());
    told(&**source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_stops_the_projection_before_its_event() {
    for (fault, said) in [
        (Fault::Statement("insert into sales values ('1', 0, 0)"), "duplicate key"),
        (Fault::Statement("select 1 / 0"), "division by zero"),
        (Fault::Hidden("select 1 / 0"), "current transaction is aborted"),
        (Fault::Panic, "too cheap"),
    ] {
        let Some(server) = Server::new() else { return };
        let told = stops(&server, fault).await;
        assert!(told.contains(said), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_cannot_end_the_transaction_that_it_is_lent() {
    let (refused, ended) = ("which may not commit it", "was ended by the projection");
    for (fault, said) in [
        (Fault::Statement("commit"), refused),
        (Fault::Statement("commit and chain"), refused),
        (Fault::Hidden("commit;begin;insert into sales values ('loose', 1, 1);commit"), ended),
        (Fault::Hidden("rollback;insert into sales values ('loose', 1, 1)"), ended),
        (Fault::Statement("rollback"), ended),
        (Fault::Statement("rollback and chain"), ended),
    ] {
        let Some(server) = Server::new() else { return };
        let told = stops(&server, fault).await;
        assert!(told.contains(said), "{told}");
    }
}
