//! Who asks: callers that repeat a request with its key until they hear an outcome, and one who
//! follows the log.

use std::time::Duration;

use actum::prelude::*;

use crate::{
    domain::{Order, Place},
    world::World,
};

/// Asks so many times; the keys of what was acknowledged.
pub async fn ask(world: &World, client: u64, times: u64, mut rng: fastrand::Rng) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for at in 0..times {
        let key = format!("client-{client}-{at}");
        let (stream, amount) = (rng.u64(0..4), rng.u64(1..100));
        loop {
            let process = world.process(&mut rng);
            let act = process.app.act::<Order>(stream, Place { amount }).key(&key);
            // A caller that gives up does not know whether it was heard.
            let patience = Duration::from_millis(rng.u64(1..2_000));
            let heard = tokio::select! {
                heard = act => heard.is_ok(),
                () = process.wire.is_cut() => false,
                () = tokio::time::sleep(patience) => false,
            };
            if heard {
                break;
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(0..50))).await;
        }
        acknowledged.push(key);
        tokio::time::sleep(Duration::from_millis(rng.u64(0..400))).await;
    }
    acknowledged
}

/// Follows the log, at another process whenever one is gone, until it has seen an id.
pub async fn follow(
    world: &World,
    mut end: tokio::sync::watch::Receiver<Option<Id>>,
    mut rng: fastrand::Rng,
) -> Vec<Id> {
    let mut seen: Vec<Id> = Vec::new();
    loop {
        let Some(process) = world.any(&mut rng) else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let last = seen.last().copied().unwrap_or_default();
        let Ok(mut events) = process.app.subscribe(Query::all(), last) else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        loop {
            if (*end.borrow()).is_some_and(|end| seen.last().copied().unwrap_or_default() >= end) {
                return seen;
            }
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => seen.push(event.id),
                    Some(Err(_)) => {}
                    None => break,
                },
                () = process.wire.is_cut() => break,
                _ = end.changed() => {}
            }
        }
    }
}
