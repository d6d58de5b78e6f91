//! What is refused: nothing is stored, and the error says why.

use std::sync::Arc;

use actum::{
    Error, Json, UndoError,
    prelude::*,
    store::{Batch, NewEvent, Store},
};

use crate::{
    basket::{Basket, Empty, Look, Pay, Send, set, start, state, story},
    place::{Place, everywhere},
};

everywhere!(
    an_event_that_is_not_undoable_stays,
    an_inverse_refuses_for_a_reason,
    a_stream_without_events_is_told,
    a_pinned_version_is_kept,
    an_invariant_holds_against_an_undo,
    events_from_elsewhere_are_steps_of_their_own,
    an_unreadable_event_is_no_step,
    an_app_that_is_shut_down_undoes_nothing,
);

async fn an_event_that_is_not_undoable_stays(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, Send {}).await.expect("sent");
        app.act::<Basket>(id, set("tea", 2)).await.expect("resized");
        let refused = app.undo::<Basket>(id).steps(2).await.expect_err("it is sent");
        let text = format!(
            "`Sent`, version 3 of `Basket-{id}`, cannot be undone: `Basket` does not declare it \
             undoable; nothing was stored"
        );
        assert_eq!(refused.to_string(), text);
        assert_eq!(story(&app, id).await.len(), 4, "neither of the two steps");
        app.undo::<Basket>(id).await.expect("the last step can be undone");
        let refused = app.undo::<Basket>(id).await;
        let Err(ActError::Rejected(UndoError::NotUndoable { event, version, .. })) = &refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!((event.as_str(), *version), ("Sent", Version(3)));
    }
}

async fn an_inverse_refuses_for_a_reason(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, Pay { cents: 10_001 }).await.expect("paid");
        let refused = app.undo::<Basket>(id).await.expect_err("it is much");
        let text = format!(
            "`Paid`, version 1 of `Basket-{id}`, is not undone: 10001 cents are paid back by the \
             accountant; nothing was stored"
        );
        assert_eq!(refused.to_string(), text);
        assert_eq!(story(&app, id).await, ["Paid"]);
    }
}

async fn a_stream_without_events_is_told(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Basket>("b", Look {}).await.expect("looked");
    for way in [app.undo::<Basket>("a"), app.redo::<Basket>("a")] {
        let refused = way.await;
        assert!(
            matches!(refused, Err(ActError::Rejected(UndoError::NoEvents { .. }))),
            "{refused:?}"
        );
    }
    let refused = app.undo::<Basket>("a\0").await;
    assert!(matches!(refused, Err(ActError::Store(Error::InvalidStream(_)))), "{refused:?}");
}

async fn a_pinned_version_is_kept(place: Place) {
    let (one, two) = (start(place.open().await).await, start(place.open().await).await);
    for id in ["a", "b"] {
        let seen = one.act::<Basket>(id, set("tea", 1)).await.expect("put");
        two.act::<Basket>(id, set("milk", 1)).await.expect("put");
        let refused = one.undo::<Basket>(id).expect(seen.version).await;
        let Err(ActError::Conflict(conflict)) = &refused else { panic!("{refused:?}") };
        assert_eq!((conflict.actual, conflict.between.len()), (Version(2), 1));
        assert_eq!(state(&one, id).await.items.len(), 2);
    }
}

async fn an_invariant_holds_against_an_undo(place: Place) {
    let unchecked = start(place.open().await).await;
    let store = place.open().await;
    let app = App::new(store).with_checked::<Basket>().start().await.expect("an app");
    for id in ["a", "b"] {
        for n in 0..10 {
            unchecked.act::<Basket>(id, set(&format!("sku-{n}"), 1)).await.expect("unchecked");
        }
        app.act::<Basket>(id, Empty {}).await.expect("emptied");
        let refused = app.undo::<Basket>(id).await.expect_err("ten are too many");
        let text = format!("`undo` would break the invariant `is_small` of `Basket-{id}`: 10");
        assert!(refused.to_string().starts_with(&text), "{refused}");
        app.undo::<Basket>(id).steps(2).await.expect("nine are not");
        assert_eq!(state(&app, id).await.items.len(), 9);
    }
}

async fn append(store: &Arc<dyn Store>, id: &str, name: &'static str, json: &str) {
    let stream = actum::StreamId::of::<Basket>(id).expect("a name");
    let event = NewEvent::new(name, Json::from_text(json.to_owned()).expect("JSON"));
    store.append(Batch::new(stream, Expected::Any, vec![event])).await.expect("appended");
}

async fn events_from_elsewhere_are_steps_of_their_own(place: Place) {
    let store = place.open().await;
    let app = start(Arc::clone(&store)).await;
    for id in ["a", "b"] {
        for sku in ["tea", "milk"] {
            let json = format!(r#"{{"at":0,"sku":"{sku}","qty":1}}"#);
            append(&store, id, "Put", &json).await;
        }
        app.undo::<Basket>(id).await.expect("undone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
    }
}

async fn an_unreadable_event_is_no_step(place: Place) {
    let store = place.open().await;
    let app = start(Arc::clone(&store)).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        append(&store, id, "Put", r#"{"nonsense":1}"#).await;
        let refused = start(Arc::clone(&store)).await.undo::<Basket>(id).await;
        assert!(
            matches!(refused, Err(ActError::Store(Error::Decode { version: Version(2), .. }))),
            "{refused:?}"
        );
    }
}

async fn an_app_that_is_shut_down_undoes_nothing(place: Place) {
    let app = start(place.open().await).await;
    app.act::<Basket>("a", set("tea", 1)).await.expect("put");
    app.shutdown(std::time::Duration::from_secs(20)).await.expect("an end in time");
    for id in ["a", "b"] {
        let refused = app.undo::<Basket>(id).await;
        assert!(matches!(refused, Err(ActError::Store(Error::Closed { .. }))), "{refused:?}");
    }
}
