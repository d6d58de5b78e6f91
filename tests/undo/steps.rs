//! What one undo takes back, what one redo brings back, and what is told of it in the log.

use actum::{Done, UndoError, prelude::*};

use crate::{
    basket::{Basket, Empty, Look, Pay, history, set, start, state, story, swap},
    place::{Place, everywhere},
};

everywhere!(
    an_undo_takes_the_last_action_back,
    all_events_of_an_action_are_one_step,
    actions_of_one_correlation_and_time_are_steps_of_their_own,
    undone_is_undone_once,
    a_redo_brings_back_what_was_undone_last,
    what_was_redone_can_be_undone_again,
    an_action_ends_what_could_be_redone,
    several_steps_are_undone_at_once_and_redone_one_by_one,
    several_steps_are_redone_at_once,
    what_has_left_nothing_to_take_back_is_passed_over,
    a_redo_brings_back_only_what_was_taken_back,
    no_steps_are_nothing,
    what_is_undone_carries_who_and_why,
    an_undo_goes_on_in_another_app,
);

async fn an_undo_takes_the_last_action_back(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("tea", 5)).await.expect("resized");
        let done = app.undo::<Basket>(id).await.expect("undone");
        assert_eq!((done.version, done.events, done.repeated), (Version(3), 1, false));
        assert_eq!(state(&app, id).await.qty("tea"), Some(1));
        app.undo::<Basket>(id).await.expect("undone");
        assert_eq!(state(&app, id).await, Basket::default());
        assert_eq!(story(&app, id).await, ["Put", "Resized", "Resized undoes 2", "Taken undoes 1"]);
    }
}

async fn all_events_of_an_action_are_one_step(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        for sku in ["tea", "milk", "jam"] {
            app.act::<Basket>(id, set(sku, 2)).await.expect("put");
        }
        let before = state(&app, id).await;
        app.act::<Basket>(id, swap("gin")).await.expect("swapped");
        assert_eq!(state(&app, id).await.skus(), ["gin"]);
        let done = app.undo::<Basket>(id).await.expect("undone");
        assert_eq!((done.version, done.events), (Version(12), 4));
        assert_eq!(state(&app, id).await, before);
        let story = story(&app, id).await;
        assert_eq!(
            story[8..],
            ["Taken undoes 7", "Put undoes 6", "Put undoes 5", "Put undoes 4"],
            "the last comes first, and a look leaves nothing to take back"
        );
        let together: Vec<_> = history(&app, id).await.iter().map(|e| e.meta.together()).collect();
        assert_eq!(together, [1, 1, 1, 5, 5, 5, 5, 5, 4, 4, 4, 4]);
    }
}

/// Neither the time nor the correlation tells where a step ends.
async fn actions_of_one_correlation_and_time_are_steps_of_their_own(place: Place) {
    let clock = actum::testing::FakeClock::at("2024-06-01T14:23:00Z".parse().expect("a time"));
    let store = place.open().await;
    let app = App::new(store).clock(clock).with::<Basket>().start().await.expect("an app");
    for id in ["a", "b"] {
        for sku in ["tea", "milk"] {
            app.act::<Basket>(id, swap(sku)).correlation("visit").await.expect("swapped");
        }
        app.undo::<Basket>(id).await.expect("undone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
    }
}

async fn undone_is_undone_once(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.undo::<Basket>(id).await.expect("undone");
        let refused = app.undo::<Basket>(id).await;
        let Err(ActError::Rejected(UndoError::NothingToUndo { found: 0, steps: 1, stream })) =
            &refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(stream.id(), id);
        assert_eq!(story(&app, id).await.len(), 2);
    }
}

async fn a_redo_brings_back_what_was_undone_last(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("milk", 2)).await.expect("put");
        let full = state(&app, id).await;
        app.undo::<Basket>(id).await.expect("undone");
        app.undo::<Basket>(id).await.expect("undone");
        app.redo::<Basket>(id).await.expect("redone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
        app.redo::<Basket>(id).await.expect("redone");
        assert_eq!(state(&app, id).await, full);
        let refused = app.redo::<Basket>(id).await;
        assert!(
            matches!(refused, Err(ActError::Rejected(UndoError::NothingToRedo { found: 0, .. }))),
            "{refused:?}"
        );
        assert_eq!(
            story(&app, id).await[2..],
            ["Taken undoes 2", "Taken undoes 1", "Put undoes 4 redoes 1", "Put undoes 3 redoes 2"]
        );
    }
}

async fn what_was_redone_can_be_undone_again(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        for _ in 0..3 {
            app.undo::<Basket>(id).await.expect("undone");
            assert_eq!(state(&app, id).await, Basket::default());
            app.redo::<Basket>(id).await.expect("redone");
            assert_eq!(state(&app, id).await.skus(), ["tea"]);
        }
        assert_eq!(
            story(&app, id).await[3..],
            ["Taken undoes 3", "Put undoes 4 redoes 1", "Taken undoes 5", "Put undoes 6 redoes 1"]
        );
    }
}

async fn an_action_ends_what_could_be_redone(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.undo::<Basket>(id).await.expect("undone");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
        assert!(app.redo::<Basket>(id).await.is_err(), "the tea is gone");
        // The action that came in between can be, but what lies before it still cannot.
        app.undo::<Basket>(id).await.expect("undone");
        app.redo::<Basket>(id).await.expect("redone");
        assert!(app.redo::<Basket>(id).await.is_err(), "the tea is gone");
        app.undo::<Basket>(id).await.expect("undone");
        assert!(app.undo::<Basket>(id).await.is_err(), "nothing is left");
        assert_eq!(state(&app, id).await, Basket::default());
    }
}

async fn several_steps_are_undone_at_once_and_redone_one_by_one(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, swap("gin")).await.expect("swapped");
        app.act::<Basket>(id, set("gin", 7)).await.expect("resized");
        let done = app.undo::<Basket>(id).steps(3).await.expect("undone");
        assert_eq!((done.events, state(&app, id).await), (4, Basket::default()));
        for skus in [("tea", 1), ("gin", 1), ("gin", 7)] {
            app.redo::<Basket>(id).await.expect("redone");
            let state = state(&app, id).await;
            assert_eq!((state.skus(), state.qty(skus.0)), (vec![skus.0], Some(skus.1)));
        }
        let refused = app.undo::<Basket>(id).steps(4).await.expect_err("there are three");
        let text =
            format!("`Basket-{id}` has 3 steps to undo, and 4 were asked for; nothing was stored");
        assert_eq!(refused.to_string(), text);
    }
}

async fn several_steps_are_redone_at_once(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, swap("gin")).await.expect("swapped");
        app.act::<Basket>(id, Empty {}).await.expect("emptied");
        for _ in 0..3 {
            app.undo::<Basket>(id).await.expect("undone");
        }
        app.redo::<Basket>(id).steps(2).await.expect("redone");
        assert_eq!(state(&app, id).await.skus(), ["gin"]);
        let refused = app.redo::<Basket>(id).steps(2).await.expect_err("one is left");
        assert!(refused.to_string().contains("has 1 step to redo, and 2 were"), "{refused}");
        app.redo::<Basket>(id).await.expect("redone");
        assert_eq!(state(&app, id).await, Basket::default());
        app.undo::<Basket>(id).steps(2).await.expect("undone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
    }
}

async fn what_has_left_nothing_to_take_back_is_passed_over(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, Look {}).await.expect("looked");
        assert!(app.undo::<Basket>(id).await.is_err(), "there is nothing to take back");
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, Look {}).await.expect("looked");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
        app.act::<Basket>(id, Look {}).await.expect("looked");
        app.undo::<Basket>(id).steps(2).await.expect("undone");
        assert_eq!(state(&app, id).await, Basket::default());
        app.redo::<Basket>(id).await.expect("redone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
    }
}

/// Nothing that stayed is doubled.
async fn a_redo_brings_back_only_what_was_taken_back(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, swap("gin")).await.expect("swapped");
        app.undo::<Basket>(id).await.expect("undone");
        app.redo::<Basket>(id).await.expect("redone");
        assert_eq!(
            story(&app, id).await,
            ["Put", "Looked", "Taken undoes 1", "Put undoes 3 redoes 1"]
        );
    }
}

async fn no_steps_are_nothing(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        let done = app.undo::<Basket>(id).steps(0).await.expect("nothing");
        assert_eq!((done.events, done.version), (0, Version(1)));
    }
}

async fn what_is_undone_carries_who_and_why(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, Pay { cents: 5 }).actor("alice").await.expect("paid");
        let key = format!("undo-{id}");
        let undo = app.undo::<Basket>(id).actor("bob").correlation("mistake").key(&key);
        let done: Done = undo.await.expect("undone");
        let redo = app.redo::<Basket>(id).actor("carol").expect(done.version);
        redo.await.expect("redone");
        let all = history(&app, id).await;
        let meta = all[1].meta.fields();
        assert_eq!(meta.actor.as_deref(), Some("bob"));
        assert_eq!(meta.correlation.as_deref(), Some("mistake"));
        assert_eq!(meta.causation.as_deref(), Some("undo"));
        assert_eq!(meta.key.as_deref(), Some(&*key));
        let meta = all[2].meta.fields();
        assert_eq!(
            (meta.actor.as_deref(), meta.causation.as_deref()),
            (Some("carol"), Some("redo"))
        );
        assert_eq!((meta.undoes, meta.redoes), (Some(Version(2)), Some(Version(1))));
    }
}

async fn an_undo_goes_on_in_another_app(place: Place) {
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    for id in ["a", "b"] {
        one.act::<Basket>(id, set("tea", 1)).await.expect("put");
        two.act::<Basket>(id, set("milk", 1)).await.expect("put");
        one.undo::<Basket>(id).await.expect("undone, though the milk was put elsewhere");
        assert_eq!(state(&two, id).await.skus(), ["tea"]);
        two.undo::<Basket>(id).await.expect("undone");
        one.redo::<Basket>(id).steps(2).await.expect("redone");
        assert_eq!(state(&two, id).await.skus().len(), 2);
    }
}
