//! How fast actum is on PostgreSQL, beside a bare loop of `INSERT … COMMIT` on the same server:
//! `cargo bench -p actum --features postgres --bench postgres`.
//!
//! `ACTUM_POSTGRES_URL` names the server; the bench makes two schemas there and drops them. It
//! prints one table. Each figure is the median of the runs, with the slowest and the fastest; in
//! each run the bare loops stand beside what they are compared with. `ACTUM_BENCH_RUNS` sets how
//! many runs (3), `ACTUM_BENCH_SECONDS` how long each loop takes (3), `ACTUM_BENCH_ONLY` picks
//! rows by a part of their name, `ACTUM_BENCH_WRITERS` sets the writers of a process.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::env;

use actum::store::{Postgres, PostgresOptions};
use tokio_postgres::{Client, NoTls};

#[path = "postgres/appends.rs"]
mod appends;
#[path = "postgres/bare.rs"]
mod bare;
#[path = "postgres/latency.rs"]
mod latency;
#[path = "postgres/reads.rs"]
mod reads;
#[path = "postgres/table.rs"]
mod table;

use table::Table;

const DATA: &str =
    r#"{"sku":"A123","qty":2,"note":"a payload of some eighty bytes, as is common"}"#;
const META: &str =
    r#"{"correlation":"01936d6c-7b5e-7c3a-9d7e-2f6a1b3c4d5e","causation":"AddItem"}"#;
const CLEAN: &str =
    "drop schema if exists bench_bare cascade; drop schema if exists bench_actum cascade";

#[tokio::main]
async fn main() {
    let Ok(url) = env::var("ACTUM_POSTGRES_URL") else {
        println!("skipped: set ACTUM_POSTGRES_URL to run");
        return;
    };
    let url = format!("{}?sslmode=disable", url.split('?').next().unwrap_or_default());
    if let Ok(task) = env::var(appends::WORKER) {
        if let Some(pace) = task.strip_prefix(latency::TASK) {
            return latency::work(&url, pace).await;
        }
        return appends::work(&url, &task).await;
    }
    let admin = session(&url).await;
    let mut table = Table::from_environment();
    for run in 0..table.runs {
        admin.batch_execute(CLEAN).await.unwrap();
        admin.batch_execute(bare::SCHEMA).await.unwrap();
        options().connect(&url).await.unwrap().close().await;
        admin.batch_execute("checkpoint").await.unwrap();
        let seconds = table.seconds;
        for (callers, against) in [(1, "bare: 1 client"), (16, "bare: 16 clients")] {
            table.row(against, None, async || bare::run(&url, callers, seconds).await).await;
            let name = format!("appends, {callers} caller(s)");
            table
                .row(&name, Some(against), async || appends::run(&url, run, callers, seconds).await)
                .await;
        }
        table.row("bare: 32 clients", None, async || bare::run(&url, 32, seconds).await).await;
        table
            .row("appends, 4 processes of 8 callers", Some("bare: 32 clients"), async || {
                appends::processes(run, seconds).await
            })
            .await;
        table
            .row("events in batches of 100", None, async || appends::batches(&url, seconds).await)
            .await;
        reads::rows(&mut table, &url, &admin).await;
    }
    table.print();
    if table.wants("latency") {
        latency::print(&url, &admin).await;
    }
    admin.batch_execute(CLEAN).await.unwrap();
}

fn options() -> PostgresOptions {
    let options = Postgres::options().schema("bench_actum");
    match env::var("ACTUM_BENCH_WRITERS").ok().and_then(|text| text.parse().ok()) {
        Some(writers) => options.writers(writers),
        None => options,
    }
}

async fn session(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
