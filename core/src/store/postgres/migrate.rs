//! Brings the tables and functions of a log into being: additive, once each, one process at a time.

use deadpool_postgres::{Client, Transaction};

use crate::{
    Error,
    store::postgres::{failure, names::Names},
};

/// In order; what stands here never changes again, later needs get a new file.
const MIGRATIONS: [&str; 7] = [
    include_str!("sql/0001_log.sql"),
    include_str!("sql/0002_append.sql"),
    include_str!("sql/0003_mark.sql"),
    include_str!("sql/0004_view.sql"),
    include_str!("sql/0005_single.sql"),
    include_str!("sql/0006_lend.sql"),
    include_str!("sql/0007_close.sql"),
];

/// The versions of PostgreSQL whose behaviour the order of the log is known to rest on.
const SERVERS: std::ops::RangeInclusive<i32> = 14..=18;

/// Checks the server, then runs the migrations that the log does not have yet.
///
/// A log that has them all is only read, so that a role without the right to create can connect.
pub(super) async fn run(client: &mut Client, names: &Names) -> Result<(), Error> {
    check(client).await?;
    if applied(client, names).await? == newest() {
        return Ok(());
    }
    migrate(client, names).await
}

/// Checks that the server and the log are as they should be, and changes nothing.
pub(super) async fn verify(client: &mut Client, names: &Names) -> Result<(), Error> {
    check(client).await?;
    match applied(client, names).await? {
        found if found == newest() => Ok(()),
        found => {
            let why = format!("the log has migration {found}, it needs {}", newest());
            Err(failure::to("work without migrations", why))
        }
    }
}

async fn migrate(client: &mut Client, names: &Names) -> Result<(), Error> {
    let failed = |source| failure::to("migrate the log", Box::new(source));
    let transaction = client.transaction().await.map_err(failed)?;
    let lock = "select pg_advisory_xact_lock(hashtextextended('actum migrations', 0))";
    transaction.batch_execute(lock).await.map_err(failed)?;
    if !exists(&transaction, "select from pg_namespace where nspname = $1", &names.schema).await? {
        let sql = format!("create schema \"{}\"", names.schema);
        transaction.batch_execute(&sql).await.map_err(failed)?;
    }
    let table = names.sql(
        "create table if not exists @migrations (
            number integer primary key, applied timestamptz not null default now())",
    );
    transaction.batch_execute(&table).await.map_err(failed)?;
    let last = last(&transaction, names).await?;
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > last) {
        transaction.batch_execute(&names.sql(migration)).await.map_err(failed)?;
        let note = names.sql("insert into @migrations (number) values ($1)");
        transaction.execute(&note, &[&number]).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

async fn check(client: &Client) -> Result<(), Error> {
    let failed = |source| failure::to("look at the server", Box::new(source));
    let row = client
        .query_one(
            "select current_setting('server_version_num')::integer / 10000,
                current_setting('server_encoding'), pg_is_in_recovery()",
            &[],
        )
        .await
        .map_err(failed)?;
    let (version, encoding, standby) = (
        row.try_get::<_, i32>(0).map_err(failed)?,
        row.try_get::<_, String>(1).map_err(failed)?,
        row.try_get::<_, bool>(2).map_err(failed)?,
    );
    let refuse = |why: String| Err(failure::to("work with this server", why));
    if !SERVERS.contains(&version) {
        let (first, last) = (SERVERS.start(), SERVERS.end());
        return refuse(format!("it is PostgreSQL {version}; known are {first} to {last}"));
    }
    if encoding != "UTF8" {
        return refuse(format!("the database is encoded in {encoding}; it must be UTF8"));
    }
    if standby {
        return refuse("it is a standby; connect to the primary".to_owned());
    }
    Ok(())
}

async fn applied(client: &mut Client, names: &Names) -> Result<i32, Error> {
    let failed = |source| failure::to("look at the migrations", Box::new(source));
    let transaction = client.transaction().await.map_err(failed)?;
    let table = names.sql("@migrations");
    if !exists(&transaction, "select where to_regclass($1) is not null", &table).await? {
        return Ok(0);
    }
    let last = last(&transaction, names).await?;
    transaction.commit().await.map_err(failed)?;
    if last > newest() {
        let why = format!("the log has migration {last}, this program knows {}", newest());
        return Err(failure::to("work with a log of a newer actum", why));
    }
    Ok(last)
}

async fn last(transaction: &Transaction<'_>, names: &Names) -> Result<i32, Error> {
    let failed = |source| failure::to("look at the migrations", Box::new(source));
    let sql = names.sql("select coalesce(max(number), 0) from @migrations");
    let row = transaction.query_one(&sql, &[]).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}

async fn exists(transaction: &Transaction<'_>, sql: &str, name: &String) -> Result<bool, Error> {
    let found = transaction.query_opt(sql, &[name]).await;
    Ok(found.map_err(|source| failure::to("look at the log", Box::new(source)))?.is_some())
}

fn newest() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}
