//! Histories: an order exists that explains everything that racing clients were told.

use std::slice::from_ref;

use super::{Outcome, Subject, seed::seeded};
use crate::testing::history::{Race, race};

/// 8 clients race for 4 streams, followed by 4 readers; the history has an order.
pub async fn race_of_many_clients_has_an_order(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    seeded(async |mut random| race(from_ref(&store), Race::seeded(random.u64(..))).await?.check())
        .await
}

/// The hardest race: all clients want the same two streams.
pub async fn race_for_two_streams_has_an_order(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    seeded(async |mut random| {
        let tight = Race { streams: 2, readers: 2, ..Race::seeded(random.u64(..)) };
        race(from_ref(&store), tight).await?.check()
    })
    .await
}
