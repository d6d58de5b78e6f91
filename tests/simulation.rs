//! A whole system in virtual time: several processes on one log, calls that fail, are delayed or
//! lose their answers, processes that crash, pause beyond their leases and come back, read models
//! that are built anew meanwhile, in ranges beside each other. Each seed is one run, and a run can be repeated.
//!
//! At the end every projection must equal the plain fold of the log, every follow-up must have
//! happened once, and whoever followed the log must have seen each event once, in order.
//!
//! `ACTUM_SIMULATION_SEEDS` sets how many seeds are run (500), `ACTUM_SIMULATION_SEED` runs one:
//!
//! ```sh
//! ACTUM_SIMULATION_SEEDS=10000 cargo test --release -p actum-tests --test simulation
//! ```

use std::{num::NonZeroUsize, panic, thread};

#[path = "simulation/check.rs"]
mod check;
#[path = "simulation/client.rs"]
mod client;
#[path = "simulation/domain.rs"]
mod domain;
#[path = "simulation/process.rs"]
mod process;
#[path = "simulation/wire.rs"]
mod wire;
#[path = "simulation/world.rs"]
mod world;

use wire::Planted;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not `{text}`")))
}

/// Runs seeds on as many threads as there are processors; the first that fails, if one does.
fn first_failure(seeds: std::ops::Range<u64>, planted: Planted) -> Option<(u64, String)> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (seeds.start..)
            .take(threads)
            .map(|first| {
                let seeds = seeds.clone();
                scope.spawn(move || {
                    (first..seeds.end).step_by(threads).find_map(|seed| {
                        world::run(seed, planted, false).err().map(|what| (seed, what))
                    })
                })
            })
            .collect();
        let ends = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        ends.flatten().min()
    })
}

#[test]
fn every_projection_equals_the_fold_and_every_follow_up_happens_once() {
    if let Some(seed) = number("ACTUM_SIMULATION_SEED") {
        if let Err(what) = world::run(seed, Planted::Nothing, true) {
            panic!("seed {seed}: {what}");
        }
        return;
    }
    let seeds = number("ACTUM_SIMULATION_SEEDS").unwrap_or(500);
    if let Some((seed, what)) = first_failure(0..seeds, Planted::Nothing) {
        panic!("seed {seed}: {what}\nrepeat it with ACTUM_SIMULATION_SEED={seed}");
    }
}

/// A planted fault must be found, or a run without a failure would mean nothing.
fn found(planted: Planted, by: &[&str]) {
    let (seed, what) = first_failure(0..200, planted).expect("the planted fault is found");
    assert!(
        by.iter().any(|by| what.contains(by)),
        "{planted:?} was found by seed {seed}, but as: {what}"
    );
}

#[test]
fn a_store_that_forgets_the_keys_of_follow_ups_is_found() {
    found(Planted::ForgetsKeys, &["happened", "was shipped after"]);
}

#[test]
fn a_store_that_lets_stale_workers_commit_is_found() {
    found(Planted::LetsStaleCommit, &["is not the fold", "happened"]);
}

#[test]
fn a_store_that_tears_documents_from_their_checkpoint_is_found() {
    found(Planted::TearsCommits, &["is not the fold"]);
}
