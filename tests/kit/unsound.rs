//! Aggregates whose state cannot be had again: by replay, by a snapshot.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU32, Ordering},
};

use actum::{
    prelude::*,
    testing::{Sequences, given, given_nothing},
};
use serde::{Deserialize, Serialize};

use super::failure;

#[derive(Event, Serialize, Deserialize)]
struct Ticked;

#[derive(Events)]
enum Ticks {
    Ticked(Ticked),
}

#[derive(Serialize, Deserialize)]
struct Tick;

/// Its patch depends on more than the event.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = Ticks)]
struct Impure {
    last: u32,
}

#[patch]
impl Impure {
    fn ticked(&mut self, _: Ticked) {
        static CALLS: AtomicU32 = AtomicU32::new(1);
        self.last = CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

#[action]
impl Impure {
    fn tick(&self, _: Tick) -> Result<Ticked, Infallible> {
        Ok(Ticked)
    }
}

#[invariant]
impl Impure {}

/// Its state loses a field on its way through serde.
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = Ticks)]
struct Lossy {
    #[serde(skip_deserializing)]
    count: u32,
}

#[patch]
impl Lossy {
    fn ticked(&mut self, _: Ticked) {
        self.count += 1;
    }
}

#[action]
impl Lossy {
    fn tick(&self, _: Tick) -> Result<Ticked, Infallible> {
        Ok(Ticked)
    }
}

#[invariant]
impl Lossy {}

#[test]
fn a_patch_that_is_not_pure_is_found() {
    let text = failure(line!() + 1, || {
        Sequences::<Impure>::new().action(|_| Tick).run();
    });
    assert!(text.contains("replay differs from the live state"), "{text}");
    let text = failure(line!() + 1, || {
        given_nothing::<Impure>().when(Tick).then_sound();
    });
    assert!(text.contains("replay differs from the live state"), "{text}");
}

#[test]
fn a_state_that_does_not_survive_a_snapshot_is_found() {
    let text = failure(line!() + 1, || {
        Sequences::<Lossy>::new().action(|_| Tick).run();
    });
    assert!(text.contains("a snapshot differs from the live state"), "{text}");
    let text = failure(line!() + 1, || {
        given::<Lossy>(Ticked).then_sound();
    });
    assert!(text.contains("a snapshot differs from the live state"), "{text}");
}
