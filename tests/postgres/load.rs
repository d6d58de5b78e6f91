//! Writers that count, each on its own stream, and a projection that counts with them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actum::{ActError, prelude::*};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::proxy::MARK;

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Added {
    pub number: u64,
}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum TallyEvent {
    Added(Added),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = TallyEvent, snapshot_every = 50)]
pub struct Tally {
    pub count: u64,
}

#[patch]
impl Tally {
    fn added(&mut self, _: Added) {
        self.count += 1;
    }
}

#[derive(Serialize, Deserialize)]
pub struct Add {
    pub number: u64,
}

#[action]
impl Tally {
    fn add(&self, Add { number }: Add) -> Result<Added, std::convert::Infallible> {
        Ok(Added { number })
    }
}

/// How far each stream has counted, and how often a number was not the next one.
#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    pub streams: BTreeMap<String, u64>,
    pub wrong: u64,
}

#[projection]
impl Counts {
    fn added(&mut self, event: &Committed<Added>) {
        let next = self.streams.entry(event.stream.to_string()).or_default();
        self.wrong += u64::from(event.data.number != *next);
        *next += 1;
    }
}

/// Writers at work.
pub struct Load {
    pub acknowledged: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
    writers: JoinSet<(String, u64)>,
}

impl Load {
    pub fn start(app: &App, writers: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let acknowledged = Arc::new(AtomicU64::new(0));
        let writers = (0..writers).map(|at| {
            write(app.clone(), format!("{at}"), Arc::clone(&acknowledged), stopped.clone())
        });
        Self { writers: writers.collect(), acknowledged, stop }
    }

    /// Stops the writers, and tells what each stream was acknowledged to have.
    pub async fn end(self) -> BTreeMap<String, u64> {
        self.stop.send_replace(true);
        self.writers.join_all().await.into_iter().collect()
    }

    /// Waits until some more has been acknowledged.
    pub async fn more(&self, count: u64) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + count;
        crate::log::until("appends go on", async || {
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.acknowledged.load(Ordering::Relaxed) >= goal
        })
        .await;
    }
}

/// Counts until it is stopped; what fails is asked again with the same key.
async fn write(
    app: App,
    id: String,
    acknowledged: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
) -> (String, u64) {
    let mut pace = interval(Duration::from_millis(20));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    while !*stopped.borrow() {
        match app.act::<Tally>(&id, Add { number }).key(format!("{MARK} {id} {number}")).await {
            Ok(done) => {
                assert_eq!(done.version.0, number + 1, "stream {id}");
                acknowledged.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
            Err(ActError::Store(_)) => drop(pace.tick().await),
            Err(error) => panic!("stream {id}, number {number}: {error:?}"),
        }
    }
    (format!("Tally-{id}"), number)
}
