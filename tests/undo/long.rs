//! A long stream: an undo reads its end, and the state before from a snapshot.

use std::sync::Arc;

use actum::prelude::*;
use actum_tests::faulty::{Faulty, Switches};

use crate::{
    basket::{Basket, set, start, state},
    place::{Place, everywhere},
};

everywhere!(an_undo_reads_the_end_of_a_stream, an_undo_behind_the_snapshot_folds_anew);

async fn long(app: &App) {
    for n in 1..=200 {
        for id in ["a", "b"] {
            app.act::<Basket>(id, set("tea", n)).await.expect("resized");
        }
    }
}

async fn an_undo_reads_the_end_of_a_stream(place: Place) {
    let store = place.open().await;
    let app = start(Arc::clone(&store)).await;
    long(&app).await;
    for id in ["a", "b"] {
        app.snapshot::<Basket>(id).await.expect("a snapshot");
        app.act::<Basket>(id, set("tea", 500)).await.expect("resized");
    }
    let faulty = Faulty::<Switches>::new(store);
    let app = start(faulty.clone()).await;
    for id in ["a", "b"] {
        let before = faulty.faults.events();
        app.undo::<Basket>(id).await.expect("undone");
        let read = faulty.faults.events() - before;
        assert!(read < 100, "{read} events were read of 201");
        assert_eq!(state(&app, id).await.qty("tea"), Some(200));
    }
}

async fn an_undo_behind_the_snapshot_folds_anew(place: Place) {
    let app = start(place.open().await).await;
    long(&app).await;
    for id in ["a", "b"] {
        app.snapshot::<Basket>(id).await.expect("a snapshot");
        app.undo::<Basket>(id).steps(150).await.expect("undone");
        assert_eq!(state(&app, id).await.qty("tea"), Some(50));
        app.redo::<Basket>(id).steps(149).await.expect("redone");
        assert_eq!(state(&app, id).await.qty("tea"), Some(199));
    }
}
