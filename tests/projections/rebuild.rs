//! A new version is built beside the old one and swapped in; reset, verify, retire.

use std::time::Duration;

use actum::{
    Error, Json, ProjectionState,
    prelude::*,
    store::{Batch, Document, NewEvent, Store, ViewCommit, ViewId},
};

use crate::{
    domain::{ByStream, ByTag, Counted, Counter, Total, count, folded, start, total, viewed},
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    a_new_version_is_built_beside_the_old_one_and_swapped_in_whole,
    a_new_version_that_cannot_go_on_leaves_the_old_one_to_serve,
    a_build_that_was_cut_off_goes_on_where_it_was,
    other_partitions_are_another_build,
    a_reset_projection_is_built_anew_and_starts_again_after_a_stop,
    verify_finds_the_document_the_place_and_the_event,
    progress_tells_how_far_the_build_is,
);

/// The sums of the tags, in another shape than version 1 of `ByTag` has.
mod v2 {
    use actum::{Delete, prelude::*};
    use serde::{Deserialize, Serialize};

    use crate::domain::Counted;

    #[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct ByTag {
        #[serde(rename = "amount")]
        pub sum: u64,
    }

    #[projection(key = |event| &event.data.tag, partitions = 4, version = 2)]
    impl ByTag {
        fn counted(&mut self, event: &Committed<Counted>) -> Option<Delete> {
            assert_ne!(event.data.by, 13, "thirteen");
            self.sum += event.data.by;
            None
        }
    }

    /// Version 2 of the whole, which fits the document of version 1.
    #[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Total {
        pub sum: u64,
    }

    #[projection(version = 2)]
    impl Total {
        fn counted(&mut self, event: &Committed<Counted>) {
            assert_ne!(event.data.by, 13, "thirteen");
            self.sum += event.data.by * 1_000;
        }
    }

    /// Other partitions of the same version.
    pub mod spread {
        use super::{Committed, Counted, Deserialize, Serialize, projection};

        #[derive(Default, Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct ByTag {
            pub sum: u64,
        }

        #[projection(key = |event| &event.data.tag, partitions = 3, version = 2)]
        impl ByTag {
            fn counted(&mut self, event: &Committed<Counted>) {
                self.sum += event.data.by;
            }
        }
    }
}

async fn newer(store: impl Store) -> App {
    App::new(store)
        .with::<Counter>()
        .project::<v2::Total>()
        .project::<v2::ByTag>()
        .start()
        .await
        .expect("an app")
}

async fn serves(app: &App) {
    until("every version serves", async || {
        app.health().await.expect("the health").projections.iter().all(|one| one.serves)
    })
    .await;
}

async fn a_new_version_is_built_beside_the_old_one_and_swapped_in_whole(place: &Place) {
    let old = start(place.open().await).await;
    for at in 0..30 {
        count(&old, at % 3, 2, &format!("tag-{}", at % 5)).await;
    }
    let expected = viewed(&old).await;
    let new = newer(place.open().await).await;
    let head = new.store().head().await.expect("a head");
    // Who waits for an id gets what is asked for, of this version.
    let sum = new.view::<v2::Total>().after(head).await.expect("a view");
    assert_eq!(sum, v2::Total { sum: 60_000 });
    serves(&new).await;
    let tags = new.views::<v2::ByTag>().all().await.expect("a list");
    assert_eq!(tags.len(), 5);
    assert!(tags.iter().all(|(_, one)| one.sum == 12));
    // The old process goes on with its own version, on the same log.
    let id = count(&new, "b", 7, "tag-0").await;
    assert_eq!(old.view::<Total>().after(id).await.expect("a view"), total(31, 67));
    assert_eq!(expected.total, total(30, 60));
    assert_eq!(viewed(&old).await, folded(&**old.store()).await);
    old.shutdown(PATIENCE).await.expect("an end in time");
    assert_eq!(new.retire::<v2::Total>().await.expect("retired"), 1);
    assert_eq!(new.retire::<v2::ByTag>().await.expect("retired"), 1);
    assert_eq!(new.retire::<v2::ByTag>().await.expect("nothing is left"), 0);
    let gone = ViewId { name: Total::NAME.into(), version: 1 };
    let left = new.store().document(&gone, "").await.expect("read");
    assert_eq!(left, (Id(0), None));
    assert_eq!(new.view::<v2::Total>().after(id).await.expect("kept").sum, 67_000);
}

async fn a_new_version_that_cannot_go_on_leaves_the_old_one_to_serve(place: &Place) {
    let old = start(place.open().await).await;
    count(&old, "a", 3, "red").await;
    let id = count(&old, "b", 13, "red").await;
    old.view::<Total>().after(id).await.expect("a view");
    viewed(&old).await;
    let new = newer(place.open().await).await;
    until("the build has stopped", async || {
        let health = new.health().await.expect("the health");
        let stopped = |state: &ProjectionState| matches!(state, ProjectionState::Stopped { .. });
        health.projections.iter().all(|one| stopped(&one.state) && !one.serves)
    })
    .await;
    let unready = new.view::<v2::Total>().await;
    assert!(matches!(unready, Err(Error::Building { .. })), "{unready:?}");
    let unready = new.views::<v2::ByTag>().all().await;
    assert!(matches!(unready, Err(Error::Building { .. })), "{unready:?}");
    // The document of version 1 fits; that of the tags has another shape.
    let older = new.view::<v2::Total>().or_older().await.expect("version 1");
    assert_eq!(older.sum, 16);
    let unfit = new.view::<v2::ByTag>().key("red").or_older().await;
    assert!(matches!(unfit, Err(Error::Document { .. })), "{unfit:?}");
    assert!(matches!(new.retire::<v2::Total>().await, Err(Error::Building { .. })));
    assert_eq!(old.view::<Total>().await.expect("it serves"), total(2, 16));
}

async fn fill(store: &dyn Store, batches: u64) {
    for at in 0..batches {
        let data = Json::from_value(&Counted { by: 1, tag: format!("tag-{}", at % 7) });
        let event = NewEvent::new(Counted::NAME, data.expect("JSON"));
        let stream = StreamId::new("Counter", at % 3).expect("a name");
        let batch = Batch::new(stream, Expected::Any, vec![event; 500]);
        store.append(batch).await.expect("stored");
    }
}

/// What a worker stored before it was killed is not folded again.
async fn a_build_that_was_cut_off_goes_on_where_it_was(place: &Place) {
    let store = place.open().await;
    fill(&*store, 4).await;
    let old = start(store.clone()).await;
    viewed(&old).await;
    old.shutdown(PATIENCE).await.expect("an end in time");
    // The first half, with a sum that shows that it was not folded anew.
    let view = ViewId { name: Total::NAME.into(), version: 2 };
    let data = Some(Json::from_value(&v2::Total { sum: 5 }).expect("JSON"));
    let documents = vec![Document { key: String::new(), data }];
    let half = ViewCommit { view, from: Id(0), to: Id(1_000), documents, lease: None };
    store.commit(half).await.expect("stored");
    let new = newer(store.clone()).await;
    let sum = new.view::<v2::Total>().after(Id(2_000)).await.expect("a view").sum;
    assert_eq!(sum, 5 + 1_000 * 1_000);
    serves(&new).await;
    assert_eq!(new.view::<v2::Total>().await.expect("it serves").sum, sum);
}

async fn other_partitions_are_another_build(place: &Place) {
    let store = place.open().await;
    fill(&*store, 7).await;
    let four = newer(store.clone()).await;
    let tags = four.views::<v2::ByTag>().after(Id(3_500)).all().await.expect("a list");
    assert_eq!(tags.len(), 7);
    four.shutdown(PATIENCE).await.expect("an end in time");
    let three = App::new(store)
        .with::<Counter>()
        .project::<v2::spread::ByTag>()
        .start()
        .await
        .expect("an app");
    serves(&three).await;
    let tags = three.views::<v2::spread::ByTag>().all().await.expect("a list");
    assert_eq!(tags.len(), 7);
    assert!(tags.iter().all(|(_, one)| one.sum == 500));
    let id = count(&three, "b", 1, "tag-3").await;
    let one = three.view::<v2::spread::ByTag>().key("tag-3").after(id).await.expect("a view");
    assert_eq!(one.map(|one| one.sum), Some(501));
    assert_eq!(three.retire::<v2::spread::ByTag>().await.expect("retired"), 1);
}

async fn a_reset_projection_is_built_anew_and_starts_again_after_a_stop(place: &Place) {
    let store = place.open().await;
    let app = start(store.clone()).await;
    count(&app, "b", 3, "red").await;
    let id = count(&app, "a", 4, "blue").await;
    assert_eq!(viewed(&app).await, folded(&*store).await);
    // Someone has spoilt what is stored.
    spoil(&app, "Counter-a", &total(9, 9)).await;
    app.reset::<ByStream>().await.expect("reset");
    app.reset::<ByTag>().await.expect("reset");
    app.reset::<Total>().await.expect("reset");
    assert_eq!(viewed(&app).await, folded(&*store).await);
    serves(&app).await;
    let one = app.view::<ByStream>().key("Counter-a").await.expect("it serves");
    assert_eq!(one, Some(ByStream(total(1, 4))));
    // A document that cannot be read is retried; once it is gone the projection goes on.
    let view = ViewId { name: Total::NAME.into(), version: 1 };
    let from = store.checkpoint(&view).await.expect("a checkpoint");
    let data = Some(Json::from_text("[true]").expect("JSON"));
    let documents = vec![Document { key: String::new(), data }];
    let spoilt = ViewCommit { view, from, to: id.next(), documents, lease: None };
    store.commit(spoilt).await.expect("stored");
    count(&app, "b", 5, "red").await;
    until("the projection is ill", async || !app.health().await.expect("health").is_well()).await;
    app.reset::<Total>().await.expect("reset");
    assert_eq!(viewed(&app).await, folded(&*store).await);
}

/// Stores another document for a stream, at the checkpoint as it is.
async fn spoil(app: &App, key: &str, wrong: &Total) {
    let store = app.store();
    let view = ViewId { name: ByStream::NAME.into(), version: 1 };
    let from = store.checkpoint(&view).await.expect("a checkpoint");
    let data = Some(Json::from_value(&ByStream(wrong.clone())).expect("JSON"));
    let documents = vec![Document { key: key.to_owned(), data }];
    let commit = ViewCommit { view, from, to: from, documents, lease: None };
    store.commit(commit).await.expect("stored");
}

async fn verify_finds_the_document_the_place_and_the_event(place: &Place) {
    let app = start(place.open().await).await;
    for at in 0..300 {
        count(&app, at, 1, "red").await;
    }
    let second = count(&app, 7, 10, "blue").await;
    let third = count(&app, 7, 100, "blue").await;
    viewed(&app).await;
    assert!(app.verify::<Total>().await.expect("verified").is_equal());
    let found = app.verify::<ByStream>().await.expect("verified");
    assert!(found.is_equal() && found.documents == 300 && found.at == third, "{found:?}");
    assert!(app.verify::<ByTag>().await.expect("verified").is_equal());
    // As if the last event had not been folded.
    spoil(&app, "Counter-7", &total(2, 11)).await;
    let found = app.verify::<ByStream>().await.expect("verified");
    let first = found.first.expect("a difference");
    assert_eq!((found.differing, &*first.key, &*first.path), (1, "Counter-7", "/sum"));
    assert_eq!(first.event, Some(third));
    assert_eq!(first.stored, Some(Json::from_text("11").expect("JSON")));
    assert_eq!(first.folded, Some(Json::from_text("111").expect("JSON")));
    // A value that no state of the fold ever had: since the first event of the document.
    spoil(&app, "Counter-7", &total(3, 12)).await;
    let first = app.verify::<ByStream>().await.expect("verified").first.expect("a difference");
    assert_eq!((first.event, &*first.path), (Some(Id(8)), "/sum"));
    assert!(second > Id(8));
    // A document that no event speaks of.
    spoil(&app, "Counter-7", &total(3, 111)).await;
    spoil(&app, "Counter-none", &total(1, 1)).await;
    let found = app.verify::<ByStream>().await.expect("verified");
    let first = found.first.expect("a difference");
    assert_eq!((found.differing, &*first.key, first.event), (1, "Counter-none", None));
    app.reset::<ByStream>().await.expect("reset");
    viewed(&app).await;
    assert!(app.verify::<ByStream>().await.expect("verified").is_equal());
}

async fn progress_tells_how_far_the_build_is(place: &Place) {
    let store = place.open().await;
    fill(&*store, 6).await;
    let app = start(store).await;
    viewed(&app).await;
    let progress = app.progress::<ByTag>().await.expect("the progress");
    assert!(progress.serves && progress.seen == Id(3_000) && progress.head == Id(3_000));
    assert!(progress.rate.is_some_and(|rate| rate > 0.0), "{progress:?}");
    assert!((progress.share() - 1.0).abs() < f64::EPSILON);
    assert_eq!(progress.eta, Some(Duration::ZERO));
    let health = app.health().await.expect("the health");
    assert!(health.projections.iter().all(|one| one.rate.is_some() && one.serves));
}
