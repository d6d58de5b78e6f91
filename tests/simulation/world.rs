//! A run: processes come and go while clients ask, then all is calm and what is left is judged.

use std::{sync::Mutex, time::Duration};

use actum::store::{Log, Memory};
use futures_util::future::join_all;
use tokio::{sync::watch, time::Instant};

use crate::{
    check::{self, Verdict},
    client,
    domain::{Bookkeeping, Fulfil, REMINDER},
    process::{Process, Release},
    wire::{Planted, Wire},
};

pub struct World {
    store: Memory,
    planted: Planted,
    /// Whether the log is printed when something is wrong.
    is_told: bool,
    begun: Instant,
    processes: Mutex<Vec<Process>>,
    started: Mutex<u64>,
}

/// Runs one seed in virtual time.
pub fn run(seed: u64, planted: Planted, is_told: bool) -> Verdict {
    // The pauses of the code under test are drawn from this.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let run = async {
        let limit = Duration::from_hours(1);
        let story = World::story(fastrand::Rng::with_seed(seed), planted, is_told);
        tokio::time::timeout(limit, story).await.unwrap_or_else(|_| Err("it never ends".to_owned()))
    };
    runtime.block_on(run)
}

impl World {
    async fn story(mut rng: fastrand::Rng, planted: Planted, is_told: bool) -> Verdict {
        let world = Self {
            store: Memory::new(),
            planted,
            is_told,
            begun: Instant::now(),
            processes: Mutex::default(),
            started: Mutex::new(0),
        };
        for _ in 0..rng.u32(1..=3) {
            world.start(Release::First, &mut rng).await;
        }
        let clients = rng.u64(1..=4);
        let times = rng.u64(1..=8);
        let (end, ends) = watch::channel(None);
        let follower = client::follow(&world, ends, rng.fork());
        let play = async {
            let asking: Vec<_> =
                (0..clients).map(|client| client::ask(&world, client, times, rng.fork())).collect();
            let chaos = world.chaos(rng.fork());
            let acknowledged = tokio::select! {
                acknowledged = join_all(asking) => acknowledged.concat(),
                () = chaos => Vec::new(),
            };
            let verdict = world.judge(&acknowledged, &mut rng).await;
            end.send_replace(Some(world.head().await));
            verdict
        };
        let (verdict, seen) = tokio::join!(play, follower);
        verdict?;
        check::followed(&check::log(&world.store).await?, &seen)
    }

    /// One of the processes that run, whoever that is now.
    pub fn process(&self, rng: &mut fastrand::Rng) -> Process {
        self.any(rng).expect("there is one until the end is judged")
    }

    /// As `process`, where there may be none: a start takes time.
    pub fn any(&self, rng: &mut fastrand::Rng) -> Option<Process> {
        let processes = self.processes.lock().expect("no panic under the lock");
        rng.choice(processes.iter()).cloned()
    }

    async fn start(&self, release: Release, rng: &mut fastrand::Rng) {
        let wire = Wire::new(self.store.clone(), self.planted, rng.fork());
        let number = {
            let mut started = self.started.lock().expect("no panic under the lock");
            *started += 1;
            *started
        };
        let process = Process::start(number, wire, release, self.begun, rng).await;
        self.processes.lock().expect("no panic under the lock").push(process);
    }

    fn take(&self, rng: &mut fastrand::Rng) -> Process {
        let mut processes = self.processes.lock().expect("no panic under the lock");
        let at = rng.usize(0..processes.len());
        processes.swap_remove(at)
    }

    fn count(&self) -> usize {
        self.processes.lock().expect("no panic under the lock").len()
    }

    /// For ever: crashes, pauses, releases.
    async fn chaos(&self, mut rng: fastrand::Rng) {
        loop {
            tokio::time::sleep(Duration::from_millis(rng.u64(1..800))).await;
            let release = if rng.bool() { Release::First } else { Release::Second };
            match rng.u32(0..7) {
                // A crash; another one may already run, or comes now.
                0 | 1 => {
                    self.start(release, &mut rng).await;
                    self.take(&mut rng).wire.cut();
                }
                2 => {
                    let time = Duration::from_millis(rng.u64(100..8_000));
                    self.process(&mut rng).wire.pause(time);
                }
                3 if self.count() < 4 => self.start(release, &mut rng).await,
                4 if self.count() > 1 => {
                    let process = self.take(&mut rng);
                    let grace = Duration::from_millis(rng.u64(0..2_000));
                    // What was cut off goes on elsewhere.
                    let _ = process.app.shutdown(grace).await;
                    process.wire.cut();
                }
                5 => {
                    let process = self.process(&mut rng);
                    tokio::select! {
                        () = process.reset(&mut rng) => {}
                        () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    }
                }
                _ => {}
            }
        }
    }

    async fn head(&self) -> actum::Id {
        self.store.head().await.expect("a head")
    }

    /// Starts one process of each release, waits until nothing is left to do, and looks.
    async fn judge(&self, acknowledged: &[String], rng: &mut fastrand::Rng) -> Verdict {
        while self.count() > 0 {
            self.take(rng).wire.cut();
        }
        for release in [Release::First, Release::Second] {
            self.start(release, rng).await;
        }
        let last = self.processes.lock().expect("no panic under the lock").clone();
        let [first, second] = &last[..] else { return Err("two processes".to_owned()) };
        for process in [first, second] {
            process.wire.calm();
        }
        // A follow-up can lead to another, and a timer to an event.
        let mut settled = None;
        loop {
            let head = self.head().await;
            if settled == Some(head) {
                break;
            }
            let wait = async {
                first.app.settled::<Fulfil>(head).await?;
                first.app.settled::<Bookkeeping>(head).await
            };
            wait.await.map_err(|error| error.to_string())?;
            tokio::time::sleep(REMINDER + Duration::from_secs(2)).await;
            settled = Some(head);
        }
        let log = check::log(&self.store).await?;
        let judged = async {
            check::order(&log)?;
            check::requests(&log, acknowledged)?;
            check::follow_ups(&log)?;
            check::projections(&log, &first.app, &second.app).await
        };
        let verdict = judged.await;
        if verdict.is_err() && self.is_told {
            check::tell(&log, &self.store).await;
        }
        verdict
    }
}
