//! The lock for writing, and how it is waited for.
//!
//! SQLite's own waiting sleeps for up to 100 ms between its tries, so that a process which commits
//! all the time starves the others. Here the tries follow each other within a millisecond.

use std::{
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::failure::Failure;

/// Begins a transaction that holds the lock.
pub(super) fn begin(connection: &Connection, busy: Duration) -> Result<(), Failure> {
    connection.busy_timeout(Duration::ZERO)?;
    retry(busy, || Ok(connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?))
}

/// Tries again while another holds the lock, for at most so long.
pub(super) fn retry<T>(
    busy: Duration,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let end = Instant::now() + busy;
    loop {
        match attempt() {
            Err(failure) if failure.is_busy() && Instant::now() < end => {
                thread::sleep(Duration::from_micros(fastrand::u64(100..1000)));
            }
            outcome => return outcome,
        }
    }
}
