//! What an app counts, through the facade of the crate `metrics`.
//!
//! Names, labels and units stand in `docs/observability.md`. The twin of this file, `off.rs`, does
//! nothing; it is used where the feature `metrics` is not switched on.

use std::time::Instant;

use ::metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

const ACTIONS: &str = "actum_actions_total";
const CONFLICTS: &str = "actum_conflicts_total";
const RETRIES: &str = "actum_retries_total";
const APPEND: &str = "actum_append_seconds";
const GROUP: &str = "actum_append_group";
const LAG: &str = "actum_lag_events";
const LAG_TIME: &str = "actum_lag_seconds";
const REACTIONS: &str = "actum_reactions_total";
const PARKED: &str = "actum_parked";
const TIMERS: &str = "actum_timers";

/// Tells the recorder what each name means.
pub(crate) fn describe() {
    describe_counter!(ACTIONS, Unit::Count, "Actions, by what came of them");
    describe_counter!(CONFLICTS, Unit::Count, "Appends that another writer was faster than");
    describe_counter!(RETRIES, Unit::Count, "Decisions made again on a newer state");
    describe_histogram!(APPEND, Unit::Seconds, "From the request to append to its answer");
    describe_histogram!(GROUP, Unit::Count, "Requests that a store committed together");
    describe_gauge!(LAG, Unit::Count, "Ids between a projection or reaction and the head");
    describe_gauge!(LAG_TIME, Unit::Seconds, "Age of the oldest event that was not seen yet");
    describe_counter!(REACTIONS, Unit::Count, "Reactions to events, by what came of them");
    describe_gauge!(PARKED, Unit::Count, "Streams that a reaction has set aside");
    describe_gauge!(TIMERS, Unit::Count, "Timers that wait for their time");
}

/// Runs from when it is made.
pub(crate) struct Timer(Instant);

impl Timer {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// An append was answered.
    pub(crate) fn appended(self, aggregate: &'static str) {
        histogram!(APPEND, "aggregate" => aggregate).record(self.0.elapsed());
    }
}

/// An action was answered.
pub(crate) fn acted(aggregate: &'static str, action: &'static str, outcome: &'static str) {
    counter!(ACTIONS, "aggregate" => aggregate, "action" => action, "outcome" => outcome)
        .increment(1);
}

/// Another writer was faster.
pub(crate) fn conflict(aggregate: &'static str, action: &'static str) {
    counter!(CONFLICTS, "aggregate" => aggregate, "action" => action).increment(1);
}

/// A decision is made again.
pub(crate) fn retry(aggregate: &'static str, action: &'static str) {
    counter!(RETRIES, "aggregate" => aggregate, "action" => action).increment(1);
}

/// A store has committed so many requests together.
#[allow(dead_code, reason = "the memory store commits each request alone")]
pub(crate) fn group(store: &'static str, requests: usize) {
    histogram!(GROUP, "store" => store).record(count(requests as u64));
}

/// A projection or reaction is so many ids, and so many seconds, behind the head.
pub(crate) fn lag(kind: &'static str, name: &'static str, events: u64, seconds: f64) {
    gauge!(LAG, kind => name).set(count(events));
    gauge!(LAG_TIME, kind => name).set(seconds);
}

/// A reaction has handled an event, or tried to.
pub(crate) fn reacted(reaction: &'static str, outcome: &'static str) {
    counter!(REACTIONS, "reaction" => reaction, "outcome" => outcome).increment(1);
}

/// A reaction has set so many streams and timers aside.
pub(crate) fn parked(reaction: &'static str, parked: usize) {
    gauge!(PARKED, "reaction" => reaction).set(count(parked as u64));
}

/// A reaction has so many timers that wait.
pub(crate) fn timers(reaction: &'static str, timers: u64) {
    gauge!(TIMERS, "reaction" => reaction).set(count(timers));
}

#[expect(clippy::cast_precision_loss, reason = "the facade takes floating-point numbers")]
fn count(number: u64) -> f64 {
    number as f64
}
