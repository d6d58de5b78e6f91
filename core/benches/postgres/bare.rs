//! What anyone can do by hand: one `INSERT`, committed, again and again.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    DATA, META, session,
    table::{Figure, per_second},
};

/// A table like the store's, without the store.
pub(crate) const SCHEMA: &str = "create schema bench_bare;
    create table bench_bare.events (id bigserial primary key, version bigint not null,
        created timestamptz not null, schema integer not null, stream text collate \"C\" not null,
        name text collate \"C\" not null, data text collate \"C\" not null,
        meta text collate \"C\" not null, unique (stream, version))";

const INSERT: &str = "insert into bench_bare.events
    (version, created, schema, stream, name, data, meta)
    values ($1, now(), 1, $2, 'ItemAdded', $3, $4)";

/// Each client has a connection and a stream of its own.
pub(crate) async fn run(url: &str, clients: usize, time: Duration) -> Figure {
    let sessions = join_all((0..clients).map(|_| session(url))).await;
    let begun = Instant::now();
    let loops = sessions.into_iter().map(|client| {
        tokio::spawn(async move {
            let insert = client.prepare(INSERT).await.unwrap();
            let stream = format!("Cart-{}", fastrand::u64(..));
            let (mut version, mut took) = (0_i64, Vec::new());
            while begun.elapsed() < time {
                version += 1;
                let called = Instant::now();
                client.execute(&insert, &[&version, &stream, &DATA, &META]).await.unwrap();
                took.push(called.elapsed());
            }
            took
        })
    });
    let took: Vec<_> = join_all(loops).await.into_iter().flat_map(Result::unwrap).collect();
    Figure { rate: per_second(took.len(), begun.elapsed()), took }
}
