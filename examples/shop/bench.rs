//! What HTTP costs: `AddItem` of the shop, each on a cart of its own, by 16 callers in this process
//! and by 16 connections of `wrk`: `cargo bench -p actum-examples --bench shop`.
//!
//! Needs `wrk` (`apt-get install wrk`). Each run has a new SQLite file; every commit is synced to
//! the disk. `ACTUM_BENCH_RUNS` sets how many runs (3), `ACTUM_BENCH_SECONDS` how long each takes (4).

use std::{
    env,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use actum::prelude::*;
use tokio::{net::TcpListener, task::JoinSet};

#[path = "../shop.rs"]
#[allow(dead_code, reason = "only its domain and its routes are wanted")]
mod shop;

use shop::{AddItem, AnyError, Cart};

const CALLERS: usize = 16;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let (runs, seconds) = (number("ACTUM_BENCH_RUNS", 3), number("ACTUM_BENCH_SECONDS", 4));
    println!("| AddItem, each on a new cart | slower … faster run | p50 | p99 |");
    println!("|---|---|---|---|");
    let (mut own, mut full, mut minimal) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        own.push(in_process(seconds).await?);
        full.push(over_http(seconds, "").await?);
        minimal.push(over_http(seconds, "return=minimal").await?);
    }
    for (name, mut figures) in [
        ("in process, 16 callers", own),
        ("HTTP, 16 connections", full),
        ("HTTP, 16 connections, `Prefer: return=minimal`", minimal),
    ] {
        figures.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        if let (Some(slowest), Some(fastest)) = (figures.first(), figures.last()) {
            let (rates, middle) = ((slowest.rate, fastest.rate), &figures[figures.len() / 2]);
            println!(
                "| {name} | {:.0}/s … {:.0}/s | {} | {} |",
                rates.0, rates.1, middle.p50, middle.p99
            );
        }
    }
    Ok(())
}

/// What one run has shown.
struct Figures {
    rate: f64,
    p50: String,
    p99: String,
}

async fn in_process(seconds: u64) -> Result<Figures, AnyError> {
    let folder = tempfile::tempdir()?;
    let app = shop::start(&format!("sqlite:{}", folder.path().join("shop.db").display())).await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    let begun = Instant::now();
    for caller in 0..CALLERS {
        let (app, is_over) = (app.clone(), Arc::clone(&is_over));
        callers.spawn(async move {
            let mut times = Vec::new();
            while !is_over.load(Relaxed) {
                let asked = Instant::now();
                let id = format!("{caller}-{}", times.len());
                let input = AddItem { sku: "A123".to_owned(), qty: 2, cents: 950 };
                app.act::<Cart>(id, input).await?;
                times.push(asked.elapsed());
            }
            Ok::<_, AnyError>(times)
        });
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    is_over.store(true, Relaxed);
    let mut times = Vec::new();
    while let Some(caller) = callers.join_next().await {
        times.extend(caller??);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| format!("{:.2?}", times[times.len() * percent / 100]);
    Ok(Figures { rate, p50: at(50), p99: at(99) })
}

async fn over_http(seconds: u64, prefer: &'static str) -> Result<Figures, AnyError> {
    let folder = tempfile::tempdir()?;
    let app = shop::start(&format!("sqlite:{}", folder.path().join("shop.db").display())).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = actum::axum::serve(shop::at_once(listener), shop::service(&app));
    let server = tokio::spawn(serving.into_future());
    let wrk = tokio::task::spawn_blocking(move || {
        Command::new("wrk")
            .args(["-t2".to_owned(), format!("-c{CALLERS}"), format!("-d{seconds}s")])
            .args(["--latency", "-s", concat!(env!("CARGO_MANIFEST_DIR"), "/shop/add_item.lua")])
            .arg(format!("http://{address}"))
            .env("PREFER", prefer)
            .output()
    });
    let output = wrk.await?.map_err(|error| format!("`wrk` cannot be run: {error}"))?;
    server.abort();
    let text = String::from_utf8(output.stdout)?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)).map(str::to_owned)
    };
    let (Some(rate), Some(p50), Some(p99)) = (field("Requests/sec:"), field("50%"), field("99%"))
    else {
        return Err(format!("`wrk` says {text}").into());
    };
    // Whatever was refused or broken would make it look fast.
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("not all went well: {text}").into());
    }
    Ok(Figures { rate: rate.parse()?, p50, p99 })
}

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
