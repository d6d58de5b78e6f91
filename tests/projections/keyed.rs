//! A document for each key: read by key, listed, deleted, equal to the pure fold.

use actum::{
    Error, Json, ProjectionState,
    prelude::*,
    store::{Batch, NewEvent, Store},
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        ByStream, ByTag, Closed, Counted, close, count, folded, folded_to, start, total, viewed,
    },
    place::{PATIENCE, Place, everywhere, until},
};

everywhere!(
    a_document_is_read_by_its_key_and_has_seen_the_own_write,
    documents_are_listed_by_key_and_prefix_over_all_partitions,
    a_document_that_deletes_itself_is_gone_and_begins_anew,
    any_sequence_of_events_folds_as_plain_code_does,
    a_restart_goes_on_with_the_documents_that_are_stored,
    more_documents_than_fit_into_memory_are_folded_right,
    a_key_that_cannot_be_stops_the_projection_in_sight,
    the_empty_key_is_that_of_a_document,
);

async fn a_document_is_read_by_its_key_and_has_seen_the_own_write(place: &Place) {
    let app = start(place.open().await).await;
    for n in 1..=3 {
        let id = count(&app, "a", 1, "red").await;
        let one = app.view::<ByStream>().key("Counter-a").after(id).await.expect("a view");
        assert_eq!(one, Some(ByStream(total(n, n))));
        let id = count(&app, "b", 2, "red").await;
        let one = app.view::<ByTag>().key("red").after(id).await.expect("a view");
        let (times, sum) = (2 * n, 3 * n);
        assert_eq!(one, Some(ByTag(total(times, sum))));
    }
    let none = app.view::<ByStream>().key("Counter-c").await.expect("a view");
    assert_eq!(none, None);
}

async fn documents_are_listed_by_key_and_prefix_over_all_partitions(place: &Place) {
    let app = start(place.open().await).await;
    for at in 0..600 {
        let by = if at % 2 == 0 { 3 } else { 7 };
        count(&app, at % 2, by, &format!("{}-{at:03}", ["even", "odd"][at % 2])).await;
    }
    let head = app.store().head().await.expect("a head");
    let odd = app.views::<ByTag>().prefix("odd").after(head).all().await.expect("a list");
    let keys: Vec<_> = odd.iter().map(|(key, _)| key.clone()).collect();
    let wanted: Vec<_> = (1..600).step_by(2).map(|at| format!("odd-{at:03}")).collect();
    assert_eq!(keys, wanted);
    assert!(odd.iter().all(|(_, ByTag(one))| *one == total(1, 7)));
    let mut all = app.views::<ByTag>();
    let first = all.next().await.expect("not empty").expect("read");
    assert_eq!(first, ("even-000".to_owned(), ByTag(total(1, 3))));
    assert_eq!(app.views::<ByTag>().prefix("none").all().await.expect("a list"), []);
}

async fn a_document_that_deletes_itself_is_gone_and_begins_anew(place: &Place) {
    let app = start(place.open().await).await;
    count(&app, "a", 4, "red").await;
    let id = count(&app, "b", 5, "blue").await;
    app.view::<ByStream>().key("Counter-a").after(id).await.expect("a view").expect("is there");
    let id = close(&app, "a").await;
    let gone = app.view::<ByStream>().key("Counter-a").after(id).await.expect("a view");
    assert_eq!(gone, None);
    let id = count(&app, "a", 6, "red").await;
    let anew = app.view::<ByStream>().key("Counter-a").after(id).await.expect("a view");
    assert_eq!(anew, Some(ByStream(total(1, 6))));
    // Four and six are ten.
    let gone = app.view::<ByTag>().key("red").after(id).await.expect("a view");
    assert_eq!(gone, None);
    assert_eq!(viewed(&app).await, folded(&**app.store()).await);
}

/// Appends random events to a few streams, with a few tags.
async fn append_any(store: &dyn Store, batches: u64) {
    for _ in 0..batches {
        let stream = StreamId::new("Counter", fastrand::u8(0..7)).expect("a name");
        let events = (0..fastrand::usize(1..9)).map(|_| {
            if fastrand::u8(0..10) == 0 {
                return NewEvent::new(Closed::NAME, Json::from_value(&Closed {}).expect("JSON"));
            }
            let tag = format!("tag-{}", fastrand::u8(0..11));
            let data = Json::from_value(&Counted { by: fastrand::u64(0..9), tag });
            NewEvent::new(Counted::NAME, data.expect("JSON"))
        });
        let batch = Batch::new(stream, Expected::Any, events.collect());
        store.append(batch).await.expect("stored");
    }
}

async fn any_sequence_of_events_folds_as_plain_code_does(place: &Place) {
    let seed = fastrand::u64(..);
    fastrand::seed(seed);
    let app = start(place.open().await).await;
    for _ in 0..5 {
        append_any(&**app.store(), 40).await;
        assert_eq!(viewed(&app).await, folded(&**app.store()).await, "seed {seed}");
    }
}

async fn a_restart_goes_on_with_the_documents_that_are_stored(place: &Place) {
    let (mut sums, store) = (0, place.open().await);
    for by in 1..=4 {
        let app = start(store.clone()).await;
        count(&app, "b", by, "blue").await;
        let id = count(&app, "a", by, "red").await;
        sums += by;
        let one = app.view::<ByStream>().key("Counter-a").after(id).await.expect("a view");
        assert_eq!(one, Some(ByStream(total(by, sums))));
        viewed(&app).await;
        app.shutdown(PATIENCE).await.expect("an end in time");
    }
    let app = start(place.open().await).await;
    assert_eq!(viewed(&app).await, folded(&*store).await);
}

/// Each stream twice, so far apart that its document was let go of in between.
async fn more_documents_than_fit_into_memory_are_folded_right(place: &Place) {
    const STREAMS: u64 = 11_000;
    let store = place.open().await;
    for round in 0..2 {
        for at in 0..STREAMS / 500 {
            let mut batch = Batch::default();
            for stream in at * 500..(at + 1) * 500 {
                let data = Counted { by: round + 1, tag: format!("t{}", stream % 3) };
                let event = NewEvent::new(Counted::NAME, Json::from_value(&data).expect("JSON"));
                let stream = StreamId::new("Counter", stream).expect("a name");
                batch = batch.and(stream, Expected::Any, vec![event]);
            }
            store.append(batch).await.expect("stored");
        }
    }
    let app = start(store).await;
    let seen = viewed(&app).await;
    assert_eq!(seen.streams.len() as u64, STREAMS);
    assert!(seen.streams.values().all(|one| *one == total(2, 3)));
    assert_eq!(seen.total, total(2 * STREAMS, 3 * STREAMS));
}

/// Takes the tag as it is, which may be anything.
#[derive(Default, Debug, Serialize, Deserialize)]
struct Bare {
    times: u64,
}

#[projection]
impl Bare {
    #[key(|event| event.data.tag.clone())]
    fn counted(&mut self, _: &Committed<Counted>) {
        self.times += 1;
    }
    #[key(stream)]
    fn closed(&mut self, _: &Committed<Closed>) {
        self.times += 100;
    }
}

async fn the_empty_key_is_that_of_a_document(place: &Place) {
    let store = place.open().await;
    let bare = || App::new(store.clone()).with::<crate::domain::Counter>().project::<Bare>();
    let app = bare().start().await.expect("an app");
    count(&app, "a", 1, "").await;
    count(&app, "b", 1, "red").await;
    let id = count(&app, "b", 1, "").await;
    let nameless = app.view::<Bare>().key("").after(id).await.expect("a view");
    assert_eq!(nameless.map(|one| one.times), Some(2));
    let all = app.views::<Bare>().after(id).all().await.expect("a list");
    assert_eq!(all.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["", "red"]);
    assert!(app.verify::<Bare>().await.expect("verified").is_equal());
    app.shutdown(PATIENCE).await.expect("an end in time");
    let app = bare().start().await.expect("an app");
    let id = count(&app, "a", 1, "").await;
    let nameless = app.view::<Bare>().key("").after(id).await.expect("a view");
    assert_eq!(nameless.map(|one| one.times), Some(3));
    assert!(app.health().await.expect("the health").is_well());
}

async fn a_key_that_cannot_be_stops_the_projection_in_sight(place: &Place) {
    let app = App::new(place.open().await)
        .with::<crate::domain::Counter>()
        .project::<Bare>()
        .start()
        .await
        .expect("an app");
    count(&app, "a", 1, "red").await;
    let good = close(&app, "b").await;
    let of_stream = app.view::<Bare>().key("Counter-b").after(good).await.expect("a view");
    assert_eq!(of_stream.map(|one| one.times), Some(100));
    let bad = count(&app, "b", 1, "a\nb").await;
    let answer = app.view::<Bare>().key("red").after(bad).await;
    assert!(matches!(answer, Err(Error::ProjectionStopped { .. })), "{answer:?}");
    until("the projection has stopped", async || {
        let health = app.health().await.expect("the health");
        match &health.projections[0].state {
            ProjectionState::Stopped { error, .. } => {
                let text = format!("event {bad} of `Counter-b` names the key \"a\\nb\"");
                assert!(error.to_string().contains(&text), "{error}");
                true
            }
            _ => false,
        }
    })
    .await;
    let before = folded_to(&**app.store(), good).await;
    assert_eq!(before.total.times, 1);
}
