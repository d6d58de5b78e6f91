//! The W3C `traceparent`: the trace an action belongs to, kept in the meta data of its events.
//!
//! What exists is valid: 55 characters, lower case, neither id zero.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use tracing::Span;

/// A W3C `traceparent`: a trace, the span that is the parent, and flags.
///
/// ```
/// use actum::trace::TraceParent;
///
/// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let parent: TraceParent = text.parse()?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), text);
/// assert!("00-00000000000000000000000000000000-b7ad6b7169203331-01".parse::<TraceParent>().is_err());
/// # Ok::<(), actum::trace::InvalidTraceParent>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: u128,
    parent: u64,
    flags: u8,
}

/// Connects an app with a system of traces, such as OpenTelemetry; see [`trace`](crate::trace).
///
/// An app is given one by [`Builder::traces`](crate::Builder::traces). Both methods are called for
/// each action: they must be quick.
///
/// ```
/// use actum::{prelude::*, trace::{TraceParent, Traces}};
///
/// tokio::task_local!(static REQUEST: TraceParent);
///
/// struct OfTheRequest;
/// impl Traces for OfTheRequest {
///     fn current(&self) -> Option<TraceParent> { REQUEST.try_with(|parent| *parent).ok() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), actum::Error> {
/// let app = App::new(Memory::new()).traces(OfTheRequest).start().await?;
/// # drop(app);
/// # Ok(()) }
/// ```
pub trait Traces: Send + Sync + 'static {
    /// The trace that goes on here and now: asked inside the span `act`, kept with its events.
    fn current(&self) -> Option<TraceParent>;

    /// Tells that a span follows from this cause: an action that was asked with a `traceparent`,
    /// or a reaction to an event that has one.
    fn follows(&self, span: &Span, cause: TraceParent) {
        let _ = (span, cause);
    }
}

impl TraceParent {
    /// Puts one together; `None` when an id is zero, which W3C forbids.
    pub const fn new(trace_id: u128, parent_id: u64, flags: u8) -> Option<Self> {
        if trace_id == 0 || parent_id == 0 {
            return None;
        }
        Some(Self { trace: trace_id, parent: parent_id, flags })
    }

    /// The same trace with a new, random parent.
    #[must_use]
    pub fn child(self) -> Self {
        Self { parent: fastrand::u64(1..), ..self }
    }

    /// The trace.
    pub const fn trace_id(self) -> u128 {
        self.trace
    }

    /// The span that is the parent.
    pub const fn parent_id(self) -> u64 {
        self.parent
    }

    /// The flags; the lowest bit says that the trace is recorded.
    pub const fn flags(self) -> u8 {
        self.flags
    }

    /// Whether the caller records the trace.
    pub const fn is_sampled(self) -> bool {
        self.flags & 1 == 1
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, self.flags)
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent: {0}; one is 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")]
pub struct InvalidTraceParent(&'static str);

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Reads version 00, and of a later version what 00 has too, as W3C asks.
    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        let mut parts = text.splitn(5, '-');
        let mut next = || parts.next().unwrap_or_default();
        let (version, trace, parent, flags) = (next(), next(), next(), next());
        let rest = parts.next();
        let version =
            hex(version, 2).ok_or(InvalidTraceParent("its version is not 2 hex digits"))?;
        if version == 0xff || (version == 0 && rest.is_some()) {
            return Err(InvalidTraceParent("its version is ff, or 00 with a further part"));
        }
        let trace = hex(trace, 32).ok_or(InvalidTraceParent("its trace is not 32 hex digits"))?;
        let parent =
            hex(parent, 16).ok_or(InvalidTraceParent("its parent is not 16 hex digits"))?;
        let flags = hex(flags, 2).ok_or(InvalidTraceParent("its flags are not 2 hex digits"))?;
        let (parent, flags) =
            (u64::try_from(parent).unwrap_or_default(), u8::try_from(flags).unwrap_or_default());
        Self::new(trace, parent, flags).ok_or(InvalidTraceParent("an id is zero"))
    }
}

/// So many lower-case hex digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.bytes().all(lower) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}
