//! All that an action may emit: one event, none, several, the set's enum, and these in each other.

use std::convert::Infallible;

use actum::{Actions, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Opened;

#[derive(Event, Serialize, Deserialize)]
struct Closed(u32);

#[derive(Events)]
enum DoorEvent {
    Opened(Opened),
    Closed(Closed),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = DoorEvent)]
struct Door {
    moves: u32,
}

#[patch]
impl Door {
    const STEP: u32 = 1;

    fn opened(&mut self, _: Opened) {
        self.moves += Self::STEP;
    }

    fn closed(&mut self, Closed(moves): Closed) {
        self.moves += moves;
    }
}

macro_rules! inputs {
    ($($name:ident)*) => {
        $(#[derive(Serialize, Deserialize)] struct $name;)*
    };
}

inputs!(One Nothing Maybe Many Fixed Pair Set Nested);

type Outcome<T> = Result<T, Infallible>;

#[action]
impl Door {
    fn one(&self, _: One) -> Result<Opened, Infallible> {
        Ok(Opened)
    }

    fn nothing(&self, _: Nothing) -> Result<(), Infallible> {
        Ok(())
    }

    fn maybe(&self, _: Maybe) -> Result<Option<Opened>, Infallible> {
        Ok(None)
    }

    fn many(&self, _: Many) -> Result<Vec<Opened>, Infallible> {
        Ok(vec![Opened, Opened])
    }

    fn fixed(&self, _: Fixed) -> Outcome<[Opened; 2]> {
        Ok([Opened, Opened])
    }

    fn pair(&self, _: Pair) -> Outcome<(Opened, Closed)> {
        Ok((Opened, Closed(1)))
    }

    fn set(&self, _: Set) -> Outcome<DoorEvent> {
        Ok(Closed(1).into())
    }

    fn nested(&self, _: Nested) -> Outcome<(Option<Opened>, Vec<DoorEvent>, [(Opened, Closed); 1])> {
        Ok((Some(Opened), vec![Opened.into()], [(Opened, Closed(self.moves))]))
    }
}

fn main() {
    let null = actum::Json::from_text("null").unwrap();
    let counts: Vec<usize> = Door::ACTIONS
        .iter()
        .map(|action| (action.act)(&Door::default(), &null).unwrap().len())
        .collect();
    assert_eq!(counts, [1, 0, 0, 2, 2, 2, 1, 4]);
}
