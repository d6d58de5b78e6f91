//! Random sequences of actions: after each the aggregate must keep what it promises.

use std::fmt::Write;

use fastrand::Rng;
use serde::Serialize;

use super::{
    compare::{self, Encoded, fail},
    print, sound,
};
use crate::{Action, ActionEntry, Aggregate, Apply, Input, Invariants, Json, Rejected};

/// Random sequences of actions on one aggregate.
///
/// An action that is rejected is left out. After each that is not: the [`Invariants`] hold, every
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

impl<A: Aggregate> Sequences<A> {
    /// Has no actions yet; 100 cases of up to 20 actions.
    #[allow(clippy::new_without_default, reason = "a kit without actions checks nothing")]
    pub fn new() -> Self
    where
        A: Invariants,
    {
        Self { actions: Vec::new(), cases: 100, length: 20 }
    }
}

impl<A: Invariants> Sequences<A> {
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
        let mut stored = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let before = stored.len();
            let broken = |why| Broken { why, at, before: Vec::new() };
            let events = match (step.action.entry.act)(&live, &step.input) {
                Ok(events) => events,
                Err(Rejected::Domain(_)) => continue,
                Err(error) => return Err(broken(error.to_string())),
            };
            let checked =
                take(&mut live, &mut stored, events).and_then(|()| sound::check(&live, &stored));
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
        let mut out = String::from("#[test]\nfn found() {\n");
        let _ = write!(out, "    {}", print::given::<A>(&broken.before));
        if let Some(step) = steps.get(broken.at) {
            let (name, json) = (step.action.type_name, print::literal(step.input.as_str()));
            let _ = write!(out, "\n    .when(actum::testing::input::<{name}>({json}))");
        }
        out.push_str("\n    .then_sound();\n}\n");
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
    before: Vec<Encoded>,
}

fn take<A: Aggregate>(
    live: &mut A,
    stored: &mut Vec<Encoded>,
    events: Vec<A::Events>,
) -> Result<(), String> {
    for event in events {
        stored.push(compare::survive(&event)?);
        event.apply(live);
    }
    Ok(())
}

impl<A: Aggregate> std::fmt::Debug for Sequences<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sequences").field("cases", &self.cases).finish_non_exhaustive()
    }
}
