//! Given / when / then for an aggregate: facts, one action, what comes of it.
//!
//! Each step is a type of its own, so a test that is not finished does not compile or warns.
//! Each step carries `#[track_caller]`: a failure points at the line of the test.

use std::{any::type_name, fmt, marker::PhantomData};

use super::{
    compare::{self, Encoded, fail},
    print::last_segment,
    sound,
};
mod undo;

use crate::{Action, Aggregate, Apply, Emits, Input, Invariants};

/// Starts from the state that these events lead to.
///
/// Takes what an action may emit: an event, a tuple of events, an array, a `Vec`, the enum.
#[track_caller]
pub fn given<A: Aggregate>(events: impl Emits<A::Events, A>) -> Given<A> {
    let mut given = Vec::new();
    events.emit(&mut given);
    let mut state = A::default();
    let stored = apply(&mut state, given);
    Given { state, stored }
}

/// Starts from an empty stream.
pub fn given_nothing<A: Aggregate>() -> Given<A> {
    Given { state: A::default(), stored: Vec::new() }
}

/// An event of `A` from its stored name and the JSON text of its payload.
#[track_caller]
pub fn event<A: Aggregate>(name: &str, json: &str) -> A::Events {
    match compare::decode::<A::Events>(name, json) {
        Ok(event) => event,
        Err(error) => fail(format_args!("no event of {}: {error}", A::NAME)),
    }
}

/// The input of an action from JSON text.
#[track_caller]
pub fn input<I: Input>(json: &str) -> I {
    let input = crate::Json::from_text(json).and_then(|json| I::decode(&json));
    match input {
        Ok(input) => input,
        Err(error) => fail(format_args!("no `{}`: {error}", last_segment(type_name::<I>()))),
    }
}

/// The state before the action.
#[must_use = "nothing is checked before a `then`"]
#[derive(Debug)]
pub struct Given<A> {
    state: A,
    stored: Vec<Encoded>,
}

impl<A: Aggregate> Given<A> {
    /// Asks the action of the state.
    #[track_caller]
    pub fn when<I: Input>(self, action: I) -> When<A, <A as Action<I>>::Error>
    where
        A: Action<I>,
    {
        let Self { mut state, stored } = self;
        // Not `map`: a closure would hide the line of the test.
        let outcome = match state.act(action) {
            Ok(emitted) => {
                let mut events = Vec::new();
                emitted.emit(&mut events);
                Ok(apply(&mut state, events))
            }
            Err(error) => Err(error),
        };
        When { state, stored, action: last_segment(type_name::<I>()), outcome }
    }

    /// Looks at the state that the events lead to.
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&A)) -> Then<A> {
        self.checked().then_state(look)
    }

    /// Compares the state that the events lead to with JSON text.
    #[track_caller]
    pub fn then_state_json(self, json: &str) -> Then<A> {
        self.checked().then_state_json(json)
    }

    /// Checks the state that the events lead to, as [`Then::then_sound`] does.
    #[track_caller]
    pub fn then_sound(self) -> Then<A>
    where
        A: Invariants,
    {
        self.checked().then_sound()
    }

    fn checked(self) -> Then<A> {
        Then { state: self.state, stored: self.stored, error: PhantomData }
    }
}

/// What came of the action, not yet looked at.
#[must_use = "nothing is checked before a `then`"]
#[derive(Debug)]
pub struct When<A, E> {
    state: A,
    /// The events before the action.
    stored: Vec<Encoded>,
    action: &'static str,
    outcome: Result<Vec<Encoded>, E>,
}

impl<A: Aggregate, E: fmt::Display> When<A, E> {
    /// Expects exactly these events, compared by name and payload.
    #[track_caller]
    pub fn then(self, expected: impl Emits<A::Events, A>) -> Then<A, E> {
        let mut events = Vec::new();
        expected.emit(&mut events);
        let expected = encode(events.iter());
        match &self.outcome {
            Ok(emitted) if compare::equal(&expected, emitted) => self.done(),
            Ok(emitted) => fail(format_args!(
                "{}, {}: other events than expected (- expected, + emitted)\n{}",
                A::NAME,
                self.action,
                compare::difference(&compare::lines(&expected), &compare::lines(emitted)),
            )),
            Err(error) => fail(format_args!(
                "{}, {}: rejected with `{error}`, expected events\n{}",
                A::NAME,
                self.action,
                compare::difference(&compare::lines(&expected), &[]),
            )),
        }
    }

    /// Expects that the action is accepted and emits nothing.
    #[track_caller]
    pub fn then_nothing(self) -> Then<A, E> {
        self.then(())
    }

    /// Expects this very error.
    #[expect(clippy::needless_pass_by_value, reason = "a test writes the error down as it is")]
    #[track_caller]
    pub fn then_rejected(self, expected: E) -> Then<A, E>
    where
        E: PartialEq + fmt::Debug,
    {
        match self.error() {
            error if *error == expected => self.done(),
            error => fail(format_args!(
                "{}, {}: other error than expected\n- {expected:?}\n+ {error:?}",
                A::NAME,
                self.action
            )),
        }
    }

    /// Expects an error with this text.
    #[track_caller]
    pub fn then_rejected_saying(self, expected: &str) -> Then<A, E> {
        match self.error().to_string() {
            error if error == expected => self.done(),
            error => fail(format_args!(
                "{}, {}: other error than expected\n- {expected}\n+ {error}",
                A::NAME,
                self.action
            )),
        }
    }

    /// Expects an error and looks at it.
    #[track_caller]
    pub fn then_rejected_with(self, look: impl FnOnce(&E)) -> Then<A, E> {
        look(self.error());
        self.done()
    }

    /// Expects that the action is accepted, whatever it emits.
    #[track_caller]
    pub fn then_accepted(self) -> Then<A, E> {
        match &self.outcome {
            Ok(_) => self.done(),
            Err(error) => fail(format_args!(
                "{}, {}: rejected with `{error}`, expected events",
                A::NAME,
                self.action
            )),
        }
    }

    /// Expects that the action is accepted, and looks at the state after it.
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&A)) -> Then<A, E> {
        self.then_accepted().then_state(look)
    }

    /// Expects that the action is accepted, and compares the state after it with JSON text.
    #[track_caller]
    pub fn then_state_json(self, json: &str) -> Then<A, E> {
        self.then_accepted().then_state_json(json)
    }

    /// Expects that the action is accepted, and checks the state after it, as
    /// [`Then::then_sound`] does.
    #[track_caller]
    pub fn then_sound(self) -> Then<A, E>
    where
        A: Invariants,
    {
        self.then_accepted().then_sound()
    }

    #[track_caller]
    fn error(&self) -> &E {
        match &self.outcome {
            Err(error) => error,
            Ok(emitted) => fail(format_args!(
                "{}, {}: accepted, expected an error; it emitted\n{}",
                A::NAME,
                self.action,
                compare::difference(&[], &compare::lines(emitted)),
            )),
        }
    }

    fn done(self) -> Then<A, E> {
        let Self { state, mut stored, outcome, .. } = self;
        stored.extend(outcome.unwrap_or_default());
        Then { state, stored, error: PhantomData }
    }
}

/// The state after the action; after a rejection, the state before it.
#[derive(Debug)]
pub struct Then<A, E = ()> {
    state: A,
    stored: Vec<Encoded>,
    error: PhantomData<E>,
}

impl<A: Aggregate, E> Then<A, E> {
    /// Looks at the state.
    #[allow(clippy::return_self_not_must_use, reason = "the check is done; going on is optional")]
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&A)) -> Self {
        look(&self.state);
        self
    }

    /// Compares the state with JSON text.
    #[allow(clippy::return_self_not_must_use, reason = "the check is done; going on is optional")]
    #[track_caller]
    pub fn then_state_json(self, json: &str) -> Self {
        compare::check_json(A::NAME, &self.state, json);
        self
    }

    /// Checks that every invariant holds, and that the stored events and a snapshot lead to the
    /// same state; what [`Sequences`](super::Sequences) checks after each action.
    #[allow(clippy::return_self_not_must_use, reason = "the check is done; going on is optional")]
    #[track_caller]
    pub fn then_sound(self) -> Self
    where
        A: Invariants,
    {
        match sound::check(&self.state, &self.stored) {
            Ok(()) => self,
            Err(why) => fail(format_args!("{}: {why}", A::NAME)),
        }
    }
}

/// Applies events as they come back from a store, and tells how they are stored.
#[track_caller]
fn apply<A: Aggregate>(state: &mut A, events: Vec<A::Events>) -> Vec<Encoded> {
    let encoded = encode(events.iter());
    for event in events {
        event.apply(state);
    }
    encoded
}

#[track_caller]
fn encode<'a, Es: crate::Events>(events: impl Iterator<Item = &'a Es>) -> Vec<Encoded> {
    let mut all = Vec::new();
    for event in events {
        match compare::survive(event) {
            Ok(encoded) => all.push(encoded),
            Err(why) => fail(format_args!("{why}")),
        }
    }
    all
}
