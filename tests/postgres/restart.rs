//! The server goes away under load and comes back: all catch up by themselves, nothing doubles.

use std::{env, time::Duration};

use actum::{
    prelude::*,
    store::{Log as _, Postgres},
};
use actum_tests::server::{Server, Stop};

use crate::{
    load::{Add, Counts, Load, Tally},
    log::{session, until},
};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn h8_a_restart_under_load_loses_and_doubles_nothing() {
    under_load([Stop::Immediate, Stop::Fast], async || {}).await;
}

/// `ACTUM_OUTAGE_SECONDS=120` makes it a long one.
#[tokio::test(flavor = "multi_thread")]
async fn h8_after_an_outage_all_go_on_by_themselves() {
    let seconds = env::var("ACTUM_OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    let outage = Duration::from_secs(seconds.unwrap_or(2));
    under_load([Stop::Fast], async || tokio::time::sleep(outage).await).await;
}

/// Writers in one app, a projection in another one; the server is stopped again and again.
async fn under_load<const N: usize>(rounds: [Stop; N], pause: impl AsyncFn()) {
    let Some(server) = Server::start(&[]) else { return };
    let url = server.url();
    let writing = start(&url, false).await;
    let folding = start(&url, true).await;
    let load = Load::start(&writing, 8);
    load.more(200).await;
    for how in rounds {
        tokio::task::block_in_place(|| server.stop(how));
        pause().await;
        tokio::task::block_in_place(|| server.up());
        load.more(200).await;
    }
    let acknowledged = load.end().await;
    let store = Postgres::connect(&url).await.expect("a store");
    let head = store.head().await.expect("a head");
    let view = folding.view::<Counts>().after(head);
    let counts = tokio::time::timeout(SOON, view).await.expect("in time").expect("a view");
    assert_eq!(counts.wrong, 0, "{counts:?}");
    assert_eq!(counts.streams, acknowledged);
    assert!(folding.health().await.expect("the health").is_well());
    let session = session(&url).await;
    let stored: i64 =
        session.query_one("select count(*) from actum.events", &[]).await.unwrap().get(0);
    assert_eq!(stored.unsigned_abs(), acknowledged.values().sum::<u64>());
    // The wake-ups have come back as well.
    let mut watch = store.watch();
    let mut number = 0..;
    until("the writers' wake-ups are back", async || {
        let add = Add { number: number.next().unwrap_or_default() };
        let id = writing.act::<Tally>("late", add).await.expect("acted").id;
        let woken = async { while watch.grown().await < id {} };
        tokio::time::timeout(Duration::from_millis(200), woken).await.is_ok()
    })
    .await;
}

async fn start(url: &str, projects: bool) -> App {
    let builder = App::new(Postgres::connect(url).await.expect("a store")).with::<Tally>();
    let builder = if projects { builder.project::<Counts>() } else { builder };
    builder.start().await.expect("an app")
}
