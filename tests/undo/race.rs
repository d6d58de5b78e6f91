//! Undos that race actions, from eight tasks over two apps.
//!
//! Whatever the order is that the log tells, an editor that does the same one after the other must
//! come to the same: a step is undone once, the last one first, and none in part.

use actum::{UndoError, prelude::*};
use tokio::task::JoinSet;

use crate::{
    basket::{Basket, history, set, start, state, swap},
    place::{Place, everywhere},
    sequences::Editor,
};

const TASKS: u64 = 8;
const EACH: usize = 24;

everywhere!(undos_that_race_actions_come_in_some_order, one_of_many_undos_gets_the_last_step);

async fn undos_that_race_actions_come_in_some_order(place: Place) {
    let apps = [start(place.open().await).await, start(place.open().await).await];
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let app = apps[usize::from(number % 2 == 1)].clone();
        tasks.spawn(async move {
            let mut random = fastrand::Rng::with_seed(number);
            let mut stored = 0;
            for _ in 0..EACH {
                let id = *random.choice(&["a", "b"]).expect("two");
                stored += one(&app, id, &mut random).await;
            }
            stored
        });
    }
    let stored: u64 = tasks.join_all().await.into_iter().sum();
    let mut found = 0;
    for id in ["a", "b"] {
        let events = history(&apps[0], id).await;
        found += events.len() as u64;
        let undone = events.iter().filter(|event| event.meta.undoes().is_some()).count();
        assert!(undone > 0, "{id}: nothing was undone");
        let mut editor = Editor::default();
        editor.replay(&events);
        for app in &apps {
            assert_eq!(&state(app, id).await, editor.present());
        }
    }
    assert_eq!(found, stored, "what was answered is what is there");
}

/// Does one thing, and tells how many events it has stored.
async fn one(app: &App, id: &str, random: &mut fastrand::Rng) -> u64 {
    let done = match random.u8(..8) {
        0 | 1 => app.act::<Basket>(id, swap(&random.u8(..4).to_string())).await,
        2..5 => app.act::<Basket>(id, set(&random.u8(..4).to_string(), random.u32(..3))).await,
        number => {
            let undoing = if number == 7 { app.redo::<Basket>(id) } else { app.undo::<Basket>(id) };
            return match undoing.steps(random.u64(1..3)).await {
                Ok(done) => done.events,
                Err(
                    ActError::Conflict(_)
                    | ActError::Rejected(
                        UndoError::NoEvents { .. }
                        | UndoError::NothingToUndo { .. }
                        | UndoError::NothingToRedo { .. },
                    ),
                ) => 0,
                Err(error) => panic!("{error}"),
            };
        }
    };
    match done {
        Ok(done) => done.events,
        Err(ActError::Conflict(_)) => 0,
        Err(error) => panic!("{error}"),
    }
}

async fn one_of_many_undos_gets_the_last_step(place: Place) {
    let apps = [start(place.open().await).await, start(place.open().await).await];
    for id in ["a", "b"] {
        for sku in ["tea", "milk"] {
            apps[0].act::<Basket>(id, set(sku, 1)).await.expect("put");
        }
        let mut tasks = JoinSet::new();
        for number in 0..TASKS {
            let app = apps[usize::from(number % 2 == 1)].clone();
            let id = id.to_owned();
            tasks.spawn(async move { app.undo::<Basket>(id).expect(Version(2)).await });
        }
        let answers = tasks.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(state(&apps[1], id).await.skus().len(), 1);
    }
}
