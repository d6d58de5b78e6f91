//! What must hold of a state after every action, whatever the aggregate.

use serde::Serialize;
use serde_json::Value;

use super::compare::{self, Encoded};
use crate::{Aggregate, Apply, Invariants, aggregate::broken};

/// Checks the invariants of a state, and that its stored events and a snapshot lead to it.
pub(super) fn check<A: Invariants>(live: &A, stored: &[Encoded]) -> Result<(), String> {
    if let Some((name, why)) = broken(A::INVARIANTS, live) {
        return Err(format!("the invariant `{name}` does not hold: {why}"));
    }
    let state = json(live)?;
    same("replay", &state, &json(&replay::<A>(stored)?)?)?;
    let snapshot: A = serde_json::from_str(&state.to_string())
        .map_err(|error| format!("a snapshot cannot be decoded: {error}"))?;
    same("a snapshot", &state, &json(&snapshot)?)
}

/// The state that stored events lead to.
pub(super) fn replay<A: Aggregate>(stored: &[Encoded]) -> Result<A, String> {
    let mut state = A::default();
    for event in stored {
        compare::decode::<A::Events>(event.name, &event.text)?.apply(&mut state);
    }
    Ok(state)
}

fn json<A: Serialize>(state: &A) -> Result<Value, String> {
    compare::to_value(state).map_err(|error| format!("the state cannot be encoded: {error}"))
}

fn same(what: &str, live: &Value, other: &Value) -> Result<(), String> {
    if live == other {
        return Ok(());
    }
    let shown = compare::difference(&compare::json_lines(live), &compare::json_lines(other));
    Err(format!("{what} differs from the live state (- live, + {what})\n{shown}"))
}
