//! An undo with a key happens once, whatever becomes of its answer.

use std::sync::atomic::Ordering::SeqCst;

use actum::{Error, prelude::*};
use actum_tests::faulty::{Faulty, Switches};

use crate::{
    basket::{Basket, set, start, state, story},
    place::{Place, everywhere},
};

everywhere!(
    a_repeated_undo_undoes_nothing_more,
    a_key_stands_for_one_request,
    an_undo_whose_answer_was_lost_is_not_doubled,
);

async fn a_repeated_undo_undoes_nothing_more(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
        let key = format!("undo-{id}");
        let first = app.undo::<Basket>(id).key(&key).await.expect("undone");
        app.act::<Basket>(id, set("jam", 1)).await.expect("put");
        let again = app.undo::<Basket>(id).key(&key).await.expect("as before");
        assert_eq!((again.version, again.id, again.events), (first.version, first.id, 1));
        assert!(again.repeated && !first.repeated);
        assert_eq!(story(&app, id).await, ["Put", "Put", "Taken undoes 2", "Put"]);
    }
}

async fn a_key_stands_for_one_request(place: Place) {
    let app = start(place.open().await).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
    }
    app.undo::<Basket>("a").key("k").await.expect("undone");
    for other in [
        app.undo::<Basket>("a").steps(2).key("k"),
        app.redo::<Basket>("a").key("k"),
        app.undo::<Basket>("b").key("k"),
    ] {
        let refused = other.await;
        assert!(matches!(refused, Err(ActError::Store(Error::KeyReused { .. }))), "{refused:?}");
    }
    let refused = app.act::<Basket>("a", set("tea", 2)).key("k").await;
    assert!(matches!(refused, Err(ActError::Store(Error::KeyReused { .. }))), "{refused:?}");
}

async fn an_undo_whose_answer_was_lost_is_not_doubled(place: Place) {
    let faulty = Faulty::<Switches>::new(place.open().await);
    let app = start(faulty.clone()).await;
    for id in ["a", "b"] {
        app.act::<Basket>(id, set("tea", 1)).await.expect("put");
        app.act::<Basket>(id, set("milk", 1)).await.expect("put");
        for (way, skus) in [("undo", 1), ("redo", 2)] {
            let ask = || match way {
                "undo" => app.undo::<Basket>(id).key(format!("{way}-{id}")),
                _ => app.redo::<Basket>(id).key(format!("{way}-{id}")),
            };
            faulty.faults.loses_answers.store(true, SeqCst);
            let lost = ask().await;
            assert!(matches!(lost, Err(ActError::Store(Error::Store { .. }))), "{lost:?}");
            faulty.faults.loses_answers.store(false, SeqCst);
            assert!(ask().await.expect("it is there").repeated);
            assert_eq!(state(&app, id).await.items.len(), skus);
        }
    }
}
