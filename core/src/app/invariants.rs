//! Checks invariants before an append, on a copy: the state in memory is left as it is.

use crate::{
    Aggregate, Apply, Error, Events, Invariant, Json, Result, StreamId, aggregate::broken, privacy,
};

/// Refuses events that would break an invariant; does nothing where none is to be checked.
///
/// The events are applied as a replay would apply them: encoded and decoded.
pub(super) fn check<A: Aggregate>(
    invariants: &'static [Invariant<A>],
    stream: &StreamId,
    action: &str,
    state: &A,
    events: &[A::Events],
) -> Result<()> {
    if invariants.is_empty() || events.is_empty() {
        return Ok(());
    }
    let mut state = state.clone();
    for event in events {
        again(event)
            .map_err(|source| Error::Encode {
                what: format!("the event `{}` for `{stream}`", event.kind().name),
                source,
            })?
            .apply(&mut state);
    }
    match broken(invariants, &state) {
        None => Ok(()),
        Some((invariant, why)) => Err(Error::InvariantBroken {
            stream: stream.clone(),
            action: action.to_owned(),
            invariant,
            why,
        }),
    }
}

/// The event as it comes back from a store. Nothing of it is kept, so no key is needed to seal.
fn again<Es: Events>(event: &Es) -> Result<Es, serde_json::Error> {
    let kind = event.kind();
    let data = privacy::pretend(|| Json::written(|out| event.encode(out)))?;
    Es::decode(kind.name, kind.version, data.as_bytes()).map_err(serde::ser::Error::custom)
}
