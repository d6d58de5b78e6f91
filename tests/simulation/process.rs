//! One process: an app on its own wire, with its own clock.

use std::{
    num::NonZeroU64,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use actum::{App, Clock, Ids, Timestamp};
use tokio::time::Instant;

use crate::{
    domain::{Bookkeeping, Count, Fulfil, Ledger, Order, Parcel, PerStream, Sum},
    wire::Wire,
};

/// Which versions of the read models a process builds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Release {
    First,
    Second,
}

#[derive(Clone)]
pub struct Process {
    pub app: App,
    pub wire: Wire,
    release: Release,
}

/// Virtual time, ahead or behind by a constant.
struct Skewed {
    begun: Instant,
    skew: i64,
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let base = 1_700_000_000_000_000 + self.skew;
        let passed = i64::try_from(self.begun.elapsed().as_micros()).expect("a short run");
        Timestamp::from_microsecond(base + passed).expect("a time")
    }
}

/// Ids that are the same at every repetition of a run.
struct Numbered {
    process: u64,
    next: AtomicU64,
}

impl Ids for Numbered {
    fn id(&self) -> String {
        format!("{}-{}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Process {
    /// Has a read model built anew; the wire may fail in the middle of it.
    pub async fn reset(&self, rng: &mut fastrand::Rng) {
        let _ = match (rng.bool(), self.release) {
            (true, _) => self.app.reset::<PerStream>().await,
            (false, Release::First) => self.app.reset::<Count>().await,
            (false, Release::Second) => self.app.reset::<Sum>().await,
        };
    }

    /// Starts the process with this number; the store may be out of reach at first.
    pub async fn start(
        number: u64,
        wire: Wire,
        release: Release,
        begun: Instant,
        rng: &mut fastrand::Rng,
    ) -> Self {
        let skew = rng.i64(-200_000..200_000);
        loop {
            let builder = App::new(wire.clone())
                .with::<Order>()
                .with::<Parcel>()
                .with::<Ledger>()
                .react(Fulfil(Mutex::new(rng.fork())))
                .react(Bookkeeping)
                .project::<PerStream>()
                // Short, so that a rebuild is merged from several.
                .range(NonZeroU64::new(3).expect("not zero"))
                .clock(Skewed { begun, skew })
                .ids(Numbered { process: number, next: AtomicU64::new(0) });
            let builder = match release {
                Release::First => builder.project::<Count>(),
                Release::Second => builder.project::<Sum>(),
            };
            if let Ok(app) = builder.start().await {
                return Self { app, wire, release };
            }
        }
    }
}
