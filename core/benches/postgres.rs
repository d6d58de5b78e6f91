//! Appends and reads on PostgreSQL beside a bare loop of `INSERT … COMMIT` on the same server.
//!
//! `ACTUM_POSTGRES_URL` names the server; the bench makes two schemas there and drops them.

use std::{
    env,
    error::Error,
    time::{Duration, Instant},
};

use actum::{
    Json, StreamId,
    store::{Batch, Expected, Log, NewEvent, Postgres, Query},
};
use futures_util::{TryStreamExt, future::join_all};
use tokio_postgres::NoTls;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TIME: Duration = Duration::from_secs(3);
const DATA: &str =
    r#"{"sku":"A123","qty":2,"note":"a payload of some eighty bytes, as is common"}"#;

#[tokio::main]
async fn main() -> Result<()> {
    let Ok(url) = env::var("ACTUM_POSTGRES_URL") else {
        println!("skipped: set ACTUM_POSTGRES_URL to run");
        return Ok(());
    };
    let url = format!("{}?sslmode=disable", url.split('?').next().unwrap_or_default());
    let (admin, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    let clean =
        "drop schema if exists bench_bare cascade; drop schema if exists bench_actum cascade";
    admin.batch_execute(clean).await?;
    admin
        .batch_execute(
            "create schema bench_bare;
            create table bench_bare.events (id bigserial primary key, version bigint not null,
                created timestamptz not null, schema integer not null, stream text not null,
                name text not null, data text not null, meta text not null,
                unique (stream, version))",
        )
        .await?;
    for callers in [1, 16] {
        bare(&url, callers).await?;
        for writers in [1, 2, 4] {
            let options = Postgres::options().schema("bench_actum").writers(writers);
            let store = options.connect(&url).await?;
            appends(&store, callers, writers).await?;
        }
    }
    let store = Postgres::options().schema("bench_actum").connect(&url).await?;
    batches(&store).await?;
    for query in [Query::all(), Query::all().without_meta()] {
        let what = if query.without_meta { "read without meta" } else { "read" };
        let start = Instant::now();
        let mut pages = store.read(query.limit(200_000));
        let mut events = 0;
        while let Some(page) = pages.try_next().await? {
            events += page.len();
        }
        println!("{what}: {:.0} events/s", per_second(events, start.elapsed()));
    }
    admin.batch_execute(clean).await?;
    Ok(())
}

async fn bare(url: &str, callers: usize) -> Result<()> {
    let start = Instant::now();
    let callers_done = join_all((0..callers).map(|caller| async move {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let insert = client
            .prepare(
                "insert into bench_bare.events (version, created, schema, stream, name, data, meta)
                values ($1, now(), 1, $2, 'ItemAdded', $3, '{}')",
            )
            .await?;
        let stream = format!("Cart-{callers}-{caller}");
        let mut version = 0_i64;
        while start.elapsed() < TIME {
            version += 1;
            client.execute(&insert, &[&version, &stream, &DATA]).await?;
        }
        Ok::<_, tokio_postgres::Error>(usize::try_from(version).unwrap_or_default())
    }))
    .await;
    let events = callers_done.into_iter().sum::<std::result::Result<usize, _>>()?;
    println!("bare, {callers} callers: {:.0} commits/s", per_second(events, start.elapsed()));
    Ok(())
}

async fn appends(store: &Postgres, callers: usize, writers: usize) -> Result<()> {
    let start = Instant::now();
    let tasks = (0..callers).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let stream = StreamId::new("Cart", format_args!("{callers}-{writers}-{caller}"))?;
            let mut took = Vec::new();
            let mut version = 0;
            while start.elapsed() < TIME {
                let event = NewEvent::new("ItemAdded", Json::from_stored(DATA));
                let called = Instant::now();
                let expected = Expected::Version(actum::Version(version));
                store.append(Batch::new(stream.clone(), expected, vec![event])).await?;
                took.push(called.elapsed());
                version += 1;
            }
            Ok::<_, actum::Error>(took)
        })
    });
    let mut took = Vec::new();
    for task in join_all(tasks).await {
        took.extend(task??);
    }
    let elapsed = start.elapsed();
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    println!(
        "actum, {callers} callers, {writers} writers: {:.0} appends/s, p50 {:?}, p99 {:?}",
        per_second(took.len(), elapsed),
        at(50),
        at(99)
    );
    Ok(())
}

async fn batches(store: &Postgres) -> Result<()> {
    let start = Instant::now();
    let tasks = (0..4).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let stream = StreamId::new("Import", caller)?;
            let mut events = 0;
            while start.elapsed() < TIME {
                let batch = (0..100).map(|_| NewEvent::new("ItemAdded", Json::from_stored(DATA)));
                store.append(Batch::new(stream.clone(), Expected::Any, batch.collect())).await?;
                events += 100;
            }
            Ok::<usize, actum::Error>(events)
        })
    });
    let mut events = 0;
    for task in join_all(tasks).await {
        events += task??;
    }
    println!("batches of 100, 4 callers: {:.0} events/s", per_second(events, start.elapsed()));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "it is printed in whole numbers")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
