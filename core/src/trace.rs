//! What an app tells of its work: the spans, the names of their fields, and the trace of a cause.
//!
//! Levels: debug for each action, info for the life of an app, warn for what is tried again, error
//! for what stands still. All of it goes through the crate `tracing`; where nobody listens, a span
//! is a comparison of two numbers and allocates nothing.
#![doc = include_str!("docs/observability.md")]

use tracing::{Span, field::Empty};

use crate::{Committed, Meta, StreamId};

mod parent;

pub use parent::{InvalidTraceParent, TraceParent, Traces};

/// The span of an action, from its request to its answer; debug.
pub const ACT: &str = "act";
/// The span of an append within an action; debug.
pub const APPEND: &str = "append";
/// The span of a projection that catches up with the log; debug.
pub const PROJECT: &str = "project";
/// The span of a reaction to an event; debug.
pub const REACT: &str = "react";

/// The field that names the aggregate.
pub const AGGREGATE: &str = "aggregate";
/// The field that names the action.
pub const ACTION: &str = "action";
/// The field that names the stream.
pub const STREAM: &str = "stream";
/// The field that names who asked.
pub const ACTOR: &str = "actor";
/// The field that names what belongs together.
pub const CORRELATION: &str = "correlation";
/// The field with the key of an idempotent request.
pub const KEY: &str = "key";
/// The field that tells how often a decision was made again.
pub const TRIES: &str = "tries";
/// The field with the version of the stream afterwards.
pub const VERSION: &str = "version";
/// The field with the place in the log.
pub const ID: &str = "id";
/// The field that counts events.
pub const EVENTS: &str = "events";
/// The field that tells what came of it: see the table of the outcomes.
pub const OUTCOME: &str = "outcome";
/// The field that names the projection.
pub const PROJECTION: &str = "projection";
/// The field that names the reaction.
pub const REACTION: &str = "reaction";
/// The field that names the event.
pub const EVENT: &str = "event";
/// The field with the W3C `traceparent` of the cause.
pub const TRACEPARENT: &str = "traceparent";

/// The span of an action.
pub(crate) fn act(
    aggregate: &'static str,
    action: &'static str,
    stream: &StreamId,
    asked: Asked<'_>,
) -> Span {
    tracing::debug_span!(
        ACT,
        { AGGREGATE } = aggregate,
        { ACTION } = action,
        { STREAM } = stream.as_str(),
        { ACTOR } = asked.actor,
        { CORRELATION } = asked.correlation,
        { KEY } = asked.key,
        { TRACEPARENT } = asked.traceparent.map(tracing::field::display),
        { TRIES } = Empty,
        { EVENTS } = Empty,
        { VERSION } = Empty,
        { ID } = Empty,
        { OUTCOME } = Empty,
    )
}

/// How an action is asked, as its span shows it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) actor: Option<&'a str>,
    pub(crate) correlation: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) traceparent: Option<TraceParent>,
}

/// The span of an append.
pub(crate) fn append(stream: &StreamId, events: usize) -> Span {
    tracing::debug_span!(APPEND, { STREAM } = stream.as_str(), { EVENTS } = events)
}

/// The span of a projection that folds what is behind an id.
///
/// Public so that projections of your own look like the app's.
///
/// ```
/// # use actum::{Id, trace};
/// let span = trace::project("Sales", Id(41));
/// span.in_scope(|| { /* fold what is behind 41 */ });
/// ```
pub fn project(projection: &str, after: crate::Id) -> Span {
    tracing::debug_span!(PROJECT, { PROJECTION } = projection, { ID } = after.0)
}

/// The span of a reaction to an event; it shows the event, what it belongs to, and the trace of
/// its cause.
///
/// Public so that reactions of your own, behind a [`Subscription`](crate::Subscription), look like
/// the app's.
///
/// ```
/// # use actum::{prelude::*, trace};
/// fn react(event: &Committed) {
///     trace::react("Receipts", event).in_scope(|| { /* send the receipt */ });
/// }
/// ```
pub fn react<T>(reaction: &str, event: &Committed<T>) -> Span {
    tracing::debug_span!(
        REACT,
        { REACTION } = reaction,
        { EVENT } = &*event.name,
        { STREAM } = event.stream.as_str(),
        { VERSION } = event.version.0,
        { ID } = event.id.0,
        { CORRELATION } = event.meta.correlation(),
        { TRACEPARENT } = event.meta.traceparent().map(tracing::field::display),
    )
}

/// The trace in which something that follows from an event goes on: the trace of the event with a
/// new parent; `None` where the event has none.
///
/// ```
/// use actum::{Meta, MetaFields, trace};
///
/// let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
/// let meta = Meta::new(MetaFields { traceparent, ..MetaFields::default() })?;
/// let next = trace::linked(&meta).expect("the event has a trace");
/// assert_eq!(next.trace_id(), 0x0af7651916cd43dd8448eb211c80319c);
/// assert_ne!(next.parent_id(), 0xb7ad6b7169203331);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn linked(meta: &Meta) -> Option<TraceParent> {
    meta.traceparent().map(TraceParent::child)
}
