//! A suite is worth what it catches: each of six planted faults breaks a rule that names it.

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use actum::{
    Result,
    store::{BoxFuture, Store},
    testing::store::{self, Reopen, Subject, rules, run},
};
use actum_tests::faulty::Faulty;

#[path = "planted_faults/fault.rs"]
mod fault;

use fault::{Fault, Planted, after_kill, planted};

/// Makes stores with one fault; opening one again is where the last commit may be lost.
struct Stores {
    fault: Option<Fault>,
    last: Mutex<Faulty<Planted>>,
}

impl Stores {
    fn new(fault: Option<Fault>) -> Self {
        Self { fault, last: Mutex::new(planted(fault)) }
    }
}

impl Subject for Stores {
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        let store = planted(self.fault);
        *self.last.lock().expect("no panic before") = store.clone();
        Box::pin(async { Ok(Arc::new(store) as Arc<dyn Store>) })
    }
}

impl Reopen for Stores {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        let last = self.last.lock().expect("no panic before").clone();
        Box::pin(async move { Ok(Arc::new(after_kill(&last).await?) as Arc<dyn Store>) })
    }
}

/// The rules that a store with this fault breaks, by name; `durable` is among them.
fn broken(fault: Option<Fault>) -> BTreeSet<String> {
    let mut broken = of_rules(fault, |_| true);
    if run(store::durable::events_survive(&Stores::new(fault))).is_err() {
        broken.insert("durable::events_survive".to_owned());
    }
    broken
}

fn of_rules(fault: Option<Fault>, asked: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut broken = BTreeSet::new();
    for rule in rules() {
        if !asked(&format!("{}::{}", rule.group, rule.name)) {
            continue;
        }
        let subject = Stores::new(fault);
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| run((rule.check)(&subject))));
        if !matches!(outcome, Ok(Ok(()))) {
            broken.insert(format!("{}::{}", rule.group, rule.name));
        }
    }
    broken
}

fn caught(fault: Fault, by: &[&str]) {
    let broken = broken(Some(fault));
    for rule in by {
        assert!(broken.contains(*rule), "{fault:?} is not caught by {rule}, but by {broken:?}");
    }
}

#[test]
fn without_a_fault_no_rule_is_broken() {
    assert_eq!(broken(None), BTreeSet::new());
}

#[test]
fn a_skipped_id_is_caught() {
    let by = [
        "order::tailing_readers_see_every_event_once",
        "order::head_never_runs_ahead_of_reads",
        "history::race_of_many_clients_has_an_order",
    ];
    caught(Fault::SkipsAnId, &by);
}

#[test]
fn a_torn_batch_is_caught() {
    let by = [
        "together::batch_over_streams_is_stored_whole",
        "together::racing_batches_never_tear",
        "history::race_of_many_clients_has_an_order",
    ];
    caught(Fault::TearsABatch, &by);
}

#[test]
fn an_ignored_key_is_caught() {
    let by = [
        "keys::same_content_has_the_first_outcome",
        "keys::racing_requests_are_stored_once",
        "history::race_of_many_clients_has_an_order",
    ];
    caught(Fault::IgnoresAKey, &by);
}

#[test]
fn reordered_events_are_caught() {
    let by = ["append::versions_are_contiguous", "read::stream_filters"];
    caught(Fault::ReordersAStream, &by);
}

/// Only these rules are asked: others wait long for an id that never comes.
#[test]
fn ids_of_each_stream_alone_are_caught() {
    let by = [
        "append::answer_tells_where_the_events_are",
        "order::ids_increase_from_append_to_append",
        "read::read_back_equals_append",
    ];
    let broken = of_rules(Some(Fault::CountsPerStream), |rule| by.contains(&rule));
    assert_eq!(broken, by.map(str::to_owned).into());
}

#[test]
fn a_commit_lost_by_a_kill_is_caught() {
    let broken = broken(Some(Fault::LosesTheLastCommit));
    assert_eq!(broken, BTreeSet::from(["durable::events_survive".to_owned()]));
}
