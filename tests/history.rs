//! The history checker accepts what has an order, and names each kind of contradiction.

use actum::{
    Id, StreamId, Version,
    store::{Expected, Placed},
    testing::history::{Answer, Call, Entry, Feed, History, Request, Wish},
};

fn stream(name: &str) -> StreamId {
    name.parse().expect("a name")
}

fn wish(name: &str, expected: Expected, events: &[u64]) -> Wish {
    Wish { stream: stream(name), expected, events: events.to_vec() }
}

fn call(from: u64, until: u64, writes: Vec<Wish>, answer: Answer) -> Call {
    let request = Request::Append { key: None, writes };
    Call { client: 0, from, until, request, answer }
}

fn stored(placed: &[(u64, u64)]) -> Answer {
    let place = |&(id, version): &(u64, u64)| Placed {
        first: Id(id),
        last: Id(id),
        version: Version(version),
        count: 1,
    };
    Answer::Stored { placed: placed.iter().map(place).collect(), repeated: false }
}

fn refused(name: &str, actual: u64) -> Answer {
    Answer::Refused { stream: stream(name), actual: Version(actual) }
}

fn entry(id: u64, name: &str, version: u64, event: u64) -> Entry {
    Entry { id: Id(id), stream: stream(name), version: Version(version), event }
}

fn read(from: u64, until: u64, name: &str, version: u64) -> Call {
    let request = Request::Version(stream(name));
    Call { client: 1, from, until, request, answer: Answer::Version(Version(version)) }
}

/// Two appends one after the other on one stream, one on another, and a feed that saw all.
fn sound() -> History {
    let log =
        vec![entry(1, "Cart-1", 1, 10), entry(2, "Order-1", 1, 20), entry(3, "Cart-1", 2, 30)];
    let calls = vec![
        call(1, 4, vec![wish("Cart-1", Expected::Empty, &[10])], stored(&[(1, 1)])),
        call(2, 5, vec![wish("Order-1", Expected::Any, &[20])], stored(&[(2, 1)])),
        call(6, 9, vec![wish("Cart-1", Expected::Version(Version(1)), &[30])], stored(&[(3, 2)])),
        call(7, 8, vec![wish("Cart-1", Expected::Empty, &[40])], refused("Cart-1", 1)),
        read(10, 11, "Cart-1", 2),
    ];
    let feeds = vec![
        Feed { category: None, entries: log.clone() },
        Feed { category: Some("Order".into()), entries: vec![log[1].clone()] },
    ];
    History { calls, feeds, log }
}

#[track_caller]
fn contradicts(history: &History, why: &str) {
    let failure = history.check().expect_err(why).to_string();
    assert!(failure.contains(why), "{failure}");
}

#[test]
fn a_history_with_an_order_is_accepted() {
    sound().check().expect("an order");
}

#[test]
fn a_feed_that_skips_or_doubles_is_caught() {
    let mut history = sound();
    history.feeds[0].entries.remove(1);
    contradicts(&history, "a feed skipped");
    let mut history = sound();
    let again = history.feeds[0].entries[2].clone();
    history.feeds[0].entries.push(again);
    contradicts(&history, "doubled or out of order");
    let mut history = sound();
    history.feeds[0].entries.pop();
    contradicts(&history, "a feed was never shown");
}

#[test]
fn feeds_that_disagree_are_caught() {
    let mut history = sound();
    history.feeds[1].entries[0].event = 21;
    contradicts(&history, "an event in a feed and in the log");
}

#[test]
fn a_read_that_misses_what_was_acknowledged_is_caught() {
    let mut history = sound();
    history.calls.push(read(12, 13, "Cart-1", 1));
    contradicts(&history, "did not see what was acknowledged");
}

#[test]
fn a_read_of_the_future_is_caught() {
    let mut history = sound();
    history.calls.push(read(3, 5, "Cart-1", 2));
    contradicts(&history, "saw what was asked for later");
}

#[test]
fn reads_that_go_back_are_caught() {
    let mut history = sound();
    // Both overlap the second append, but the first has seen it and the second has not.
    history.calls[2].until = 30;
    history.calls[4] = read(10, 11, "Cart-1", 2);
    history.calls.push(read(12, 13, "Cart-1", 1));
    contradicts(&history, "a stream went back in time");
}

#[test]
fn a_refusal_without_a_reason_is_caught() {
    let mut history = sound();
    history.calls[3].answer = refused("Cart-1", 0);
    contradicts(&history, "refused without a reason");
}

#[test]
fn a_refused_batch_in_the_log_is_caught() {
    let mut history = sound();
    history.calls[2].answer = refused("Cart-1", 2);
    contradicts(&history, "refused, but in the log");
}

#[test]
fn a_torn_batch_is_caught() {
    let mut history = sound();
    let Request::Append { writes, .. } = &mut history.calls[0].request else { panic!("append") };
    writes.push(wish("Cart-2", Expected::Any, &[11]));
    history.calls[0].answer = Answer::Unknown;
    contradicts(&history, "events in the log of");
}

#[test]
fn an_unknown_outcome_may_be_either() {
    let mut history = sound();
    history.calls[2].answer = Answer::Unknown;
    history.check().expect("it was stored");
    history.calls.push(call(1, 2, vec![wish("Cart-1", Expected::Any, &[50])], Answer::Unknown));
    history.check().expect("it was not stored");
}

#[test]
fn a_lost_append_is_caught() {
    let mut history = sound();
    history.log.pop();
    contradicts(&history, "events in the log of");
}

#[test]
fn an_expectation_that_did_not_hold_is_caught() {
    let mut history = sound();
    let Request::Append { writes, .. } = &mut history.calls[2].request else { panic!("append") };
    writes[0].expected = Expected::Empty;
    contradicts(&history, "stored although the stream was at 1");
}

#[test]
fn ids_against_time_are_caught() {
    let mut history = sound();
    (history.calls[1].from, history.calls[1].until) = (20, 21);
    contradicts(&history, "stored behind what was asked for later");
}

#[test]
fn a_key_that_is_stored_twice_is_caught() {
    let mut history = sound();
    let Request::Append { key, .. } = &mut history.calls[1].request else { panic!("append") };
    *key = Some("request-1".into());
    let mut again = history.calls[1].clone();
    (again.from, again.until) = (12, 13);
    history.calls.push(again);
    contradicts(&history, "one key was stored twice");
}
