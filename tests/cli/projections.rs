//! How far projections are, as their stored views and leases tell.

use actum::{App, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    actum_bin::{printed, ran, values},
    place::{Place, everywhere, fill, put},
};

everywhere!(projections_tell_how_far_they_are, a_watch_ends_with_the_work, views_are_printed);

#[derive(Event, Serialize, Deserialize)]
struct Happened {
    number: u64,
}

/// What happened in each stream.
#[derive(Default, Serialize, Deserialize)]
struct PerStream {
    sum: u64,
}

#[projection(key = stream, version = 3)]
impl PerStream {
    fn happened(&mut self, event: &Committed<Happened>) {
        self.sum += event.data.number;
    }
}

/// A log of seven events, of which a projection has seen six, and the app has ended.
async fn projected(place: &Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 4).await;
    fill(&*store, "Cart-2", 2).await;
    let app = App::new(store.clone()).project::<PerStream>().start().await.expect("an app");
    app.views::<PerStream>().after(Id(6)).all().await.expect("seen");
    app.shutdown(std::time::Duration::from_secs(20)).await.expect("it ends");
    put(&*store, "Cart-2", "Happened", r#"{"number":5}"#, "{}").await;
}

async fn projections_tell_how_far_they_are(place: Place) {
    projected(&place).await;
    let listed = values(&place.url, &["projections"]);
    assert_eq!(listed.len(), 1, "{listed:?}");
    let one = &listed[0];
    assert_eq!((&one["name"], &one["version"]), (&"PerStream".into(), &3.into()), "{one}");
    assert_eq!((&one["checkpoint"], &one["head"]), (&6.into(), &7.into()), "{one}");
    assert_eq!(one["lag"], 1, "{one}");
    assert!(one["lag_seconds"].as_f64().is_some_and(|lag| lag >= 0.0), "{one}");
    assert!(printed(&place.url, &["projections", "PerStream"]).contains("PerStream"));
    assert_eq!(ran(&place.url, &["projections", "Other"]).code, 1);
}

async fn a_watch_ends_with_the_work(place: Place) {
    projected(&place).await;
    let store = place.open().await;
    let app = App::new(store).project::<PerStream>().start().await.expect("an app");
    let watched = printed(&place.url, &["projections", "--watch", "--format", "json"]);
    let last = watched.lines().last().expect("a line");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    // A lag this small may be none: what is not a projection's own is not stored at once.
    assert_eq!(last["caught_up"], true, "{last}");
    drop(app);
}

async fn views_are_printed(place: Place) {
    projected(&place).await;
    let listed = values(&place.url, &["views"]);
    assert_eq!(listed[0]["name"], "PerStream", "{listed:?}");
    let documents = values(&place.url, &["views", "PerStream"]);
    assert_eq!(documents.len(), 2, "{documents:?}");
    let one = printed(&place.url, &["views", "PerStream", "Cart-1"]);
    assert!(one.contains("10"), "{one}");
    assert_eq!(ran(&place.url, &["views", "PerStream", "Cart-3"]).code, 1);
}
