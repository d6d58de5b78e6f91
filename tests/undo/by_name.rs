//! Undo without types, and what the model tells of it.

use actum::{Error, UndoError, prelude::*};

use crate::{
    basket::{Basket, app, set, start, state},
    place::{Place, everywhere},
};

everywhere!(undo_works_by_name);

async fn undo_works_by_name(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
        let done = app.undo_json("Basket", id).steps(2).actor("alice").await.expect("undone");
        assert_eq!((done.version, done.events), (Version(4), 2));
        let refused = app.undo_json("Basket", id).await;
        assert!(
            matches!(refused, Err(ActError::Rejected(UndoError::NothingToUndo { .. }))),
            "{refused:?}"
        );
        app.redo_json("Basket", id).await.expect("redone");
        assert_eq!(state(&app, id).await.skus(), ["tea"]);
    }
    for undoing in [app.undo_json("Parcel", "a"), app.redo_json("Parcel", "a")] {
        let refused = undoing.await.expect_err("there is none");
        let ActError::Store(Error::Unknown { what: "aggregate", .. }) = &refused else {
            panic!("{refused:?}")
        };
    }
}

#[test]
fn the_model_tells_what_can_be_undone_and_how() {
    let model = app().model();
    let told: Vec<_> = model.aggregates[0]
        .events
        .iter()
        .filter_map(|event| Some((event.name, event.inverse.as_ref()?)))
        .map(|(event, inverse)| format!("{event} {} {}", inverse.method, inverse.emits.join(" ")))
        .collect();
    assert_eq!(
        told,
        [
            "Put undo_put Taken",
            "Taken undo_taken Put",
            "Resized undo_resized Put Taken Resized Emptied Looked Paid Refunded Sent",
            "Emptied undo_emptied Put",
            "Looked undo_looked ",
            "Paid undo_paid Refunded",
        ]
    );
    let taken = &model.aggregates[0].events[1].inverse.as_ref().expect("an inverse");
    assert_eq!(taken.docs, "It goes back to where it was.");
    let json = serde_json::to_value(&model).expect("JSON");
    assert_eq!(json["aggregates"][0]["events"][0]["inverse"]["method"], "undo_put");
    assert!(json["aggregates"][0]["events"][7].get("inverse").is_none());
}
