//! SQL projections decode on the same way as all readers.

use std::sync::Arc;

use actum::prelude::*;

use crate::{
    domain::{CART, Cart, ItemAdded, fill, shown},
    log::Log,
};

struct Table;

#[projection]
impl Table {
    fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch("CREATE TABLE items (item text)")
    }

    fn item_added(
        &self,
        event: &Committed<ItemAdded>,
        tx: &SqliteTransaction<'_>,
    ) -> rusqlite::Result<()> {
        tx.execute("INSERT INTO items VALUES (?1)", [shown(&event.data)]).map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_on_sqlite_has_every_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let store = Sqlite::open(&file).await.expect("a store");
    let head = fill(&store).await;
    let builder = App::new(store.clone()).with::<Cart>().project_sql(Table, &store);
    let app = builder.start().await.expect("it starts");
    app.projected::<Table>().after(head).await.expect("projected");
    let connection = rusqlite::Connection::open(file).expect("the file");
    let mut select = connection.prepare("SELECT item FROM items ORDER BY rowid").expect("a table");
    let items = select.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    assert_eq!(items.map(Result::unwrap).collect::<Vec<_>>(), [CART, CART].concat());
}

/// The same in a schema of PostgreSQL.
struct InSchema {
    schema: Arc<str>,
}

#[projection]
impl InSchema {
    async fn create(&self, tx: &PostgresTransaction<'_>) -> Result<(), tokio_postgres::Error> {
        let columns = "place bigint generated always as identity, item text";
        tx.batch_execute(&format!("create table \"{}\".items ({columns})", self.schema)).await
    }

    async fn item_added(
        &self,
        event: &Committed<ItemAdded>,
        tx: &PostgresTransaction<'_>,
    ) -> Result<(), tokio_postgres::Error> {
        let insert = format!("insert into \"{}\".items (item) values ($1)", self.schema);
        tx.execute(&insert, &[&shown(&event.data)]).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_on_postgres_has_every_version() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let head = fill(&store).await;
    let table = InSchema { schema: log.schema.as_str().into() };
    let builder = App::new(store.clone()).with::<Cart>().project_sql(table, &store);
    let app = builder.start().await.expect("it starts");
    app.projected::<InSchema>().after(head).await.expect("projected");
    let select = format!("select item from \"{}\".items order by place", log.schema);
    let rows = log.session().await.query(&select, &[]).await.expect("rows");
    let items: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(items, [CART, CART].concat());
}
