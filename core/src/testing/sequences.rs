//! Random sequences of actions: after each the aggregate must keep what it promises.

use std::fmt::Write;

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::{
    compare::{self, fail},
    print,
};
use crate::{Action, ActionEntry, Aggregate, Apply, Events, Input, Json, Rejected};

/// What must hold of a state at all times.
pub trait Invariant {
    /// Tells what does not hold.
    fn check(&self) -> Result<(), String>;
}

/// Random sequences of actions on one aggregate.
///
/// An action that is rejected is left out. After each that is not: the [`Invariant`] holds, every
/// event survives serde, the stored events fold into the live state, and so does a snapshot.
/// What fails is cut down to the actions it takes, and printed as a test.
#[must_use = "nothing is checked before `run`"]
pub struct Sequences<A: Aggregate> {
    actions: Vec<Random<A>>,
    cases: u32,
    length: usize,
}

struct Random<A: Aggregate> {
    entry: ActionEntry<A>,
    input: Box<MakeInput>,
    type_name: &'static str,
}

type MakeInput = dyn Fn(&mut Rng) -> Result<Json, serde_json::Error>;

impl<A: Aggregate + Invariant> Sequences<A> {
    /// Has no actions yet; 100 cases of up to 20 actions.
    #[allow(clippy::new_without_default, reason = "a kit without actions checks nothing")]
    pub fn new() -> Self {
        Self { actions: Vec::new(), cases: 100, length: 20 }
    }

    /// Adds an action with random input.
    pub fn action<I>(mut self, input: impl Fn(&mut Rng) -> I + 'static) -> Self
    where
        I: Input + Serialize,
        A: Action<I>,
    {
        self.actions.push(Random {
            entry: ActionEntry::of::<I>(),
            input: Box::new(move |rng| Json::from_value(&input(rng))),
            type_name: print::last_segment(std::any::type_name::<I>()),
        });
        self
    }

    /// Sets how many sequences are tried.
    pub fn cases(self, cases: u32) -> Self {
        Self { cases, ..self }
    }

    /// Tries them; `ACTUM_SEED` sets the seed.
    #[track_caller]
    pub fn run(self) {
        let seed = match super::seed::seed() {
            Ok(seed) => seed,
            Err(error) => fail(format_args!("ACTUM_SEED is no number: {error}")),
        };
        if self.actions.is_empty() {
            fail(format_args!("{}: no action was added, so nothing is checked", A::NAME));
        }
        let mut rng = Rng::with_seed(seed);
        for _ in 0..self.cases {
            let steps = match self.sequence(&mut rng) {
                Ok(steps) => steps,
                Err(error) => fail(format_args!("an input cannot be encoded: {error}")),
            };
            if let Err(broken) = Self::play(&steps) {
                let (steps, broken) = Self::shrink(steps, broken);
                let test = Self::print(&steps, &broken);
                fail(format_args!(
                    "{}: {}\n\n{test}\nset ACTUM_SEED={seed} to repeat it",
                    A::NAME,
                    broken.why
                ));
            }
        }
    }

    fn sequence(&self, rng: &mut Rng) -> Result<Vec<Step<'_, A>>, serde_json::Error> {
        let mut steps = Vec::new();
        for _ in 0..rng.usize(1..=self.length) {
            if let Some(action) = rng.choice(&self.actions) {
                steps.push(Step { action, input: (action.input)(rng)? });
            }
        }
        Ok(steps)
    }

    /// Plays the steps up to the first after which something does not hold.
    fn play(steps: &[Step<'_, A>]) -> Result<(), Broken> {
        let mut live = A::default();
        let mut stored: Vec<(&'static str, String)> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let before = stored.len();
            let broken = |why| Broken { why, at, before: Vec::new() };
            let events = match (step.action.entry.act)(&live, &step.input) {
                Ok(events) => events,
                Err(Rejected::Domain(_)) => continue,
                Err(error) => return Err(broken(error.to_string())),
            };
            let checked = take(&mut live, &mut stored, events).and_then(|()| hold(&live, &stored));
            if let Err(why) = checked {
                stored.truncate(before);
                return Err(Broken { before: stored, ..broken(why) });
            }
        }
        Ok(())
    }

    /// Leaves out one step after the other, as long as something still does not hold.
    fn shrink(mut steps: Vec<Step<'_, A>>, mut broken: Broken) -> (Vec<Step<'_, A>>, Broken) {
        steps.truncate(broken.at + 1);
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.remove(at);
            match Self::play(&fewer) {
                Ok(()) => at += 1,
                Err(still) => {
                    fewer.truncate(still.at + 1);
                    (steps, broken) = (fewer, still);
                    at = 0;
                }
            }
        }
        (steps, broken)
    }

    fn print(steps: &[Step<'_, A>], broken: &Broken) -> String {
        let aggregate = print::last_segment(std::any::type_name::<A>());
        let mut out = String::from("#[test]\nfn found() {\n");
        let _ = write!(out, "    {}", print::given::<A>(&broken.before));
        if let Some(step) = steps.get(broken.at) {
            let (name, json) = (step.action.type_name, print::literal(step.input.as_str()));
            let _ = write!(out, "\n    .when(actum::testing::input::<{name}>({json}))");
        }
        let check = format!("<{aggregate} as actum::testing::Invariant>::check(state)");
        let _ = write!(out, "\n    .then_state(|state| assert_eq!({check}, Ok(())));\n}}\n");
        out
    }
}

struct Step<'a, A: Aggregate> {
    action: &'a Random<A>,
    input: Json,
}

impl<A: Aggregate> Clone for Step<'_, A> {
    fn clone(&self) -> Self {
        Self { action: self.action, input: self.input.clone() }
    }
}

/// What does not hold, after which step, and the events before that step.
struct Broken {
    why: String,
    at: usize,
    before: Vec<(&'static str, String)>,
}

fn take<A: Aggregate>(
    live: &mut A,
    stored: &mut Vec<(&'static str, String)>,
    events: Vec<A::Events>,
) -> Result<(), String> {
    for event in events {
        compare::survive(&event)?;
        let mut json = Vec::new();
        event.encode(&mut json).map_err(|error| error.to_string())?;
        stored.push((event.kind().name, String::from_utf8_lossy(&json).into_owned()));
        event.apply(live);
    }
    Ok(())
}

fn hold<A: Aggregate + Invariant>(
    live: &A,
    stored: &[(&'static str, String)],
) -> Result<(), String> {
    live.check().map_err(|why| format!("the invariant does not hold: {why}"))?;
    let state = json(live)?;
    let mut replayed = A::default();
    for (name, data) in stored {
        compare::decode::<A::Events>(name, data)?.apply(&mut replayed);
    }
    same("replay", &state, &json(&replayed)?)?;
    let snapshot: A = serde_json::from_str(&state.to_string())
        .map_err(|error| format!("a snapshot cannot be decoded: {error}"))?;
    same("a snapshot", &state, &json(&snapshot)?)
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

impl<A: Aggregate> std::fmt::Debug for Sequences<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequences").field("cases", &self.cases).finish_non_exhaustive()
    }
}
