//! Any sequence of actions, undos and redos comes to what an editor would come to, which keeps all
//! its states; and what was stored together is told apart again from the log alone.

use actum::{UndoError, prelude::*, store::Store, testing::store::run};
use proptest::prelude::*;

use crate::{
    basket::{Basket, BasketEvent, Empty, Look, Set, Swap, start, state},
    log::Log,
};

/// What an editor keeps: the states before, and those that were undone.
#[derive(Debug, Default)]
pub struct Editor {
    past: Vec<Basket>,
    present: Basket,
    future: Vec<Basket>,
}

impl Editor {
    pub fn present(&self) -> &Basket {
        &self.present
    }

    fn done(&mut self, now: Basket) {
        self.past.push(std::mem::replace(&mut self.present, now));
        self.future.clear();
    }

    /// All of the steps, or none and how many there are.
    fn undo(&mut self, steps: usize) -> Result<(), usize> {
        let found = self.past.len();
        if found < steps {
            return Err(found);
        }
        for _ in 0..steps {
            let before = self.past.pop().expect("they were counted");
            self.future.push(std::mem::replace(&mut self.present, before));
        }
        Ok(())
    }

    fn redo(&mut self, steps: usize) -> Result<(), usize> {
        std::mem::swap(&mut self.past, &mut self.future);
        let answer = self.undo(steps);
        std::mem::swap(&mut self.past, &mut self.future);
        answer
    }

    /// Does what a log tells, step by step; checks that each undo and redo comes to what it should.
    pub fn replay(&mut self, events: &[Committed<BasketEvent>]) {
        let mut rest = events;
        while let Some(first) = rest.first() {
            let together = usize::try_from(first.meta.together()).expect("a small number");
            let (step, others) = rest.split_at(together);
            rest = others;
            assert!(step.iter().all(|event| event.meta.together() == first.meta.together()));
            let mut now = self.present.clone();
            for event in step {
                actum::Apply::apply(event.data.clone(), &mut now);
            }
            let answer = match (first.meta.undoes(), first.meta.redoes()) {
                (_, Some(_)) => self.redo(1),
                (Some(_), None) => self.undo(1),
                (None, None) if step.iter().all(|event| &*event.name == "Looked") => {
                    self.future.clear();
                    Ok(())
                }
                (None, None) => {
                    self.done(now.clone());
                    Ok(())
                }
            };
            assert_eq!(answer, Ok(()), "version {}: there was nothing", first.version);
            assert_eq!(self.present, now, "version {}: another state", first.version);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Set(Set),
    Swap(Swap),
    Empty,
    Look,
    Undo(u64),
    Redo(u64),
    /// Another app goes on, which has nothing in memory.
    Anew,
}

fn step() -> impl Strategy<Value = Step> {
    let sku = (0_u8..4).prop_map(|sku| sku.to_string());
    prop_oneof![
        6 => (sku.clone(), 0_u32..3).prop_map(|(sku, qty)| Step::Set(Set { sku, qty })),
        2 => sku.prop_map(|sku| Step::Swap(Swap { sku })),
        1 => Just(Step::Empty),
        1 => Just(Step::Look),
        6 => (1_u64..4).prop_map(Step::Undo),
        4 => (1_u64..4).prop_map(Step::Redo),
        1 => Just(Step::Anew),
    ]
}

/// Steps of two streams.
fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    prop::collection::vec((any::<bool>(), step()), 1..40)
}

async fn holds(store: std::sync::Arc<dyn Store>, steps: Vec<(bool, Step)>) {
    let mut app = start(std::sync::Arc::clone(&store)).await;
    let mut editors = [Editor::default(), Editor::default()];
    for (which, step) in steps {
        let id = ["a", "b"][usize::from(which)];
        let editor = &mut editors[usize::from(which)];
        let done = match step {
            Step::Set(input) => app.act::<Basket>(id, input).await.expect("done"),
            Step::Swap(input) => app.act::<Basket>(id, input).await.expect("done"),
            Step::Empty => app.act::<Basket>(id, Empty {}).await.expect("done"),
            Step::Look => {
                app.act::<Basket>(id, Look {}).await.expect("done");
                editor.future.clear();
                continue;
            }
            Step::Undo(steps) => {
                let answer = app.undo::<Basket>(id).steps(steps).await;
                compare(answer, editor.undo(usize::try_from(steps).expect("few")));
                assert_eq!(&state(&app, id).await, editor.present());
                continue;
            }
            Step::Redo(steps) => {
                let answer = app.redo::<Basket>(id).steps(steps).await;
                compare(answer, editor.redo(usize::try_from(steps).expect("few")));
                assert_eq!(&state(&app, id).await, editor.present());
                continue;
            }
            Step::Anew => {
                app = start(std::sync::Arc::clone(&store)).await;
                continue;
            }
        };
        if done.events > 0 {
            editor.done(state(&app, id).await);
        }
    }
}

fn compare(answer: Result<actum::Done, ActError<UndoError>>, editor: Result<(), usize>) {
    let found = match answer {
        Ok(done) => {
            assert!(done.events > 0);
            Ok(())
        }
        Err(ActError::Rejected(UndoError::NoEvents { .. })) => Err(0),
        Err(ActError::Rejected(
            UndoError::NothingToUndo { found, .. } | UndoError::NothingToRedo { found, .. },
        )) => Err(usize::try_from(found).expect("a small number")),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(found, editor);
}

fn cases(number: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(number) }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn undo_and_redo_are_those_of_an_editor_in_memory(steps in steps()) {
        run(async {
            holds(std::sync::Arc::new(Memory::new()), steps).await;
            Ok(())
        }).expect("in time");
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn undo_and_redo_are_those_of_an_editor_in_sqlite(steps in steps()) {
        run(async {
            let folder = tempfile::tempdir()?;
            let store = Sqlite::open(folder.path().join("undo.db")).await?;
            holds(std::sync::Arc::new(store), steps).await;
            Ok(())
        }).expect("in time");
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn undo_and_redo_are_those_of_an_editor_in_postgres(steps in steps()) {
        let Some(log) = Log::new() else { return Ok(()) };
        run(async {
            holds(std::sync::Arc::new(log.open().await), steps).await;
            Ok(())
        }).expect("in time");
    }
}
