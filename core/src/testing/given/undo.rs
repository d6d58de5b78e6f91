//! Undo in the test kit: what the inverses of events come to.

use std::fmt;

use super::{Given, Then, When, apply};
use crate::{
    Aggregate, Apply, Inverse, StreamId, UndoError, Undoes, Version,
    testing::{
        compare::{self, Encoded, fail},
        sound,
    },
};

impl<A: Undoes> Given<A> {
    /// Undoes the last event, as if it had been stored alone.
    ///
    /// ```
    /// use actum::{prelude::*, testing::given};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// struct Renamed { name: String }
    /// #[derive(Events)]
    /// enum UserEvent { Renamed(Renamed) }
    /// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// #[aggregate(events = UserEvent, undo = [Renamed])]
    /// struct User { name: String }
    /// #[patch]
    /// impl User {
    ///     fn renamed(&mut self, event: Renamed) { self.name = event.name }
    /// }
    /// #[undo]
    /// impl User {
    ///     fn undo_renamed(before: &User, _: &Renamed) -> Renamed {
    ///         Renamed { name: before.name.clone() }
    ///     }
    /// }
    ///
    /// let named = |name: &str| Renamed { name: name.into() };
    /// given::<User>([named("ann"), named("anna")])
    ///     .undo()
    ///     .then(named("ann"))
    ///     .then_state(|user| assert_eq!(user.name, "ann"));
    /// ```
    #[track_caller]
    pub fn undo(self) -> When<A, UndoError> {
        let Self { state, stored } = self;
        let one = stored.len().min(1);
        undone(state, stored, one)
    }
}

impl<A: Undoes, E: fmt::Display> When<A, E> {
    /// Expects that the action is accepted, and undoes it.
    #[track_caller]
    pub fn undo(self) -> When<A, UndoError> {
        let emitted = self.outcome.as_ref().map_or(0, Vec::len);
        let Then { state, stored, .. } = self.then_accepted();
        undone(state, stored, emitted)
    }

    /// Expects that the action is accepted, and that an undo leads back to the very state before it;
    /// a redo then leads to the state after it.
    #[track_caller]
    pub fn then_undo_restores(self) -> Then<A, E> {
        let before = sound::replay::<A>(&self.stored);
        let emitted = self.outcome.as_ref().map_or(0, Vec::len);
        let then = self.then_accepted();
        let When { state, outcome, .. } = undone(then.state.clone(), then.stored.clone(), emitted);
        if let Err(error) = outcome {
            fail(format_args!("{}: the action is not undone: {error}", A::NAME));
        }
        let states = before.and_then(|before| {
            let write = |state: &A| compare::to_value(state).map_err(|error| error.to_string());
            Ok((write(&before)?, write(&state)?))
        });
        match states {
            Ok((before, undone)) if before == undone => then,
            Ok((before, undone)) => fail(format_args!(
                "{}: an undo leads to another state (- before the action, + after the undo)\n{}",
                A::NAME,
                compare::difference(&compare::json_lines(&before), &compare::json_lines(&undone)),
            )),
            Err(why) => fail(format_args!("{}: {why}", A::NAME)),
        }
    }
}

/// Undoes the last events.
#[track_caller]
fn undone<A: Undoes>(mut state: A, stored: Vec<Encoded>, last: usize) -> When<A, UndoError> {
    // Not `map`: a closure would hide the line of the test.
    let outcome = match decide::<A>(&stored, last) {
        Ok(Ok(events)) => Ok(apply(&mut state, events)),
        Ok(Err(error)) => Err(error),
        Err(why) => fail(format_args!("{}: {why}", A::NAME)),
    };
    When { state, stored, action: "undo", outcome }
}

type Decided<A> = Result<Vec<<A as Aggregate>::Events>, UndoError>;

fn decide<A: Undoes>(stored: &[Encoded], last: usize) -> Result<Decided<A>, String> {
    let stream = StreamId::of::<A>("given").map_err(|error| error.to_string())?;
    if stored.is_empty() {
        return Ok(Err(UndoError::NoEvents { stream }));
    }
    if last == 0 {
        return Ok(Err(UndoError::NothingToUndo { stream, steps: 1, found: 0 }));
    }
    let (before, step) = stored.split_at(stored.len().saturating_sub(last));
    let mut state = sound::replay::<A>(before)?;
    let mut all = Vec::new();
    for (version, event) in (before.len() as u64 + 1..).map(Version).zip(step) {
        let name = event.name.to_owned();
        let Some(inverse) = Inverse::<A>::of_name(event.name) else {
            let aggregate = A::NAME;
            return Ok(Err(UndoError::NotUndoable { stream, aggregate, event: name, version }));
        };
        let undo = (inverse.undo)(&state, inverse.event.version, event.text.as_bytes());
        match undo.map_err(|error| error.to_string())? {
            Ok(events) => all.push(events),
            Err(reason) => {
                return Ok(Err(UndoError::Refused { stream, event: name, version, reason }));
            }
        }
        compare::decode::<A::Events>(event.name, &event.text)?.apply(&mut state);
    }
    Ok(Ok(all.into_iter().rev().flatten().collect()))
}
