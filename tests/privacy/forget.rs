//! A subject that is forgotten is forgotten everywhere, once, and nobody else is.

use std::sync::Arc;

use actum::{Error, PersonalError, prelude::*, privacy::MemoryKeys};
use futures_util::future::join_all;

use crate::domain::{Befriend, Customer, Name, Rename, SECRET, app, name, name_of, personal, two};

#[tokio::test]
async fn a_value_opens_until_its_subject_is_forgotten_and_others_stay() {
    let (app, ..) = two().await;
    assert_eq!(name_of(&app, "17").await, Opened::Value(SECRET.to_owned()));
    app.forget("17").await.unwrap();
    assert_eq!(name_of(&app, "17").await, Opened::Forgotten);
    assert_eq!(name_of(&app, "18").await, Opened::Value("Bob".to_owned()));
}

#[tokio::test]
async fn a_state_in_memory_reveals_nothing_after_the_forgetting() {
    let (app, ..) = two().await;
    // Loaded before, right after the action that made the value: the clear value must be gone.
    let kept = app.load::<Customer>("17").await.unwrap();
    app.forget("17").await.unwrap();
    let name = kept.name.clone().unwrap();
    assert_eq!(app.open(&name).await.unwrap(), Opened::Forgotten);
    assert!(!serde_json::to_string(kept.state()).unwrap().contains(SECRET));
}

#[tokio::test]
async fn snapshots_hold_sealed_values_and_lose_them_too() {
    let (app, store, keys) = two().await;
    app.act::<Customer>("17", Befriend { friends: vec![("18".into(), "Bob".into())] })
        .await
        .unwrap();
    app.snapshot::<Customer>("17").await.unwrap();
    app.forget("17").await.unwrap();
    let other = crate::domain::app(store.clone(), keys).await;
    let (one, two) = (other.load::<Customer>("17").await.unwrap(), "17".parse::<String>().unwrap());
    let snapshot = actum::store::Snapshots::snapshot(&store, one.stream()).await.unwrap();
    assert!(snapshot.is_some(), "no snapshot of {two}");
    assert_eq!(other.open(one.name.as_ref().unwrap()).await.unwrap(), Opened::Forgotten);
    assert_eq!(other.open(&one.friends[0]).await.unwrap(), Opened::Value("Bob".to_owned()));
}

#[tokio::test]
async fn forgetting_appends_one_tombstone_however_often() {
    let (app, store, _) = two().await;
    let first = app.forget("17").await.unwrap();
    let again = app.forget("17").await.unwrap();
    assert_eq!(first, again);
    let mut tombstones = app.read(Query::all().name("$forgotten"));
    let event = tombstones.next().await.unwrap().unwrap();
    assert_eq!((event.stream.as_str(), event.id), ("$subject-17", first));
    assert_eq!(event.data.as_str(), r#"{"subject":"17"}"#);
    assert!(tombstones.next().await.is_none());
    assert_eq!(actum::store::Log::head(&store).await.unwrap(), first);
}

#[tokio::test]
async fn a_new_value_of_a_forgotten_subject_is_refused_and_nothing_stored() {
    let (app, ..) = two().await;
    app.forget("17").await.unwrap();
    let refused = app.act::<Customer>("17", name("17", "Ann again")).await;
    let Err(ActError::Store(Error::Personal(PersonalError::Forgotten { subject }))) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(subject, "17");
    assert_eq!(app.load::<Customer>("17").await.unwrap().version(), Version(1));
    app.act::<Customer>("18", name("18", "Bob the second")).await.unwrap();
}

#[tokio::test]
async fn a_subject_without_values_is_forgotten_before_it_has_any() {
    let (app, ..) = two().await;
    app.forget("19").await.unwrap();
    let refused = app.act::<Customer>("19", name("19", "Carol")).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn a_readmitted_subject_has_new_values_and_the_old_stay_forgotten() {
    let (app, ..) = two().await;
    let old = app.load::<Customer>("17").await.unwrap().name.clone().unwrap();
    let first = app.forget("17").await.unwrap();
    app.readmit("17").await.unwrap();
    app.readmit("17").await.unwrap();
    app.act::<Customer>("17", name("17", "Ann again")).await.unwrap();
    assert_eq!(app.open(&old).await.unwrap(), Opened::Forgotten);
    assert_eq!(name_of(&app, "17").await, Opened::Value("Ann again".to_owned()));
    let second = app.forget("17").await.unwrap();
    assert!(second > first, "the second forgetting is told, too");
    assert_eq!(name_of(&app, "17").await, Opened::Forgotten);
}

#[tokio::test]
async fn an_event_of_several_subjects_loses_only_the_forgotten_one() {
    let (app, ..) = two().await;
    let friends = vec![("18".into(), "Bob".into()), ("19".into(), "Carol".into())];
    app.act::<Customer>("17", Befriend { friends }).await.unwrap();
    app.forget("18").await.unwrap();
    let friends = app.load::<Customer>("17").await.unwrap().friends.clone();
    let opened = app.open_all(&friends).await.unwrap();
    assert_eq!(opened, [Opened::Forgotten, Opened::Value("Carol".to_owned())]);
}

#[tokio::test]
async fn a_value_moves_to_another_stream_and_is_forgotten_there_as_well() {
    let (app, ..) = two().await;
    let name = app.load::<Customer>("17").await.unwrap().name.clone().unwrap();
    app.act::<Customer>("18", Rename { name }).await.unwrap();
    assert_eq!(name_of(&app, "18").await, Opened::Value(SECRET.to_owned()));
    app.forget("17").await.unwrap();
    assert_eq!(name_of(&app, "18").await, Opened::Forgotten);
}

#[tokio::test]
async fn a_repeated_request_with_a_key_stores_one_value() {
    let (app, ..) = two().await;
    let ask = || app.act::<Customer>("20", name("20", "Dan")).key("request-1").into_future();
    let (first, again) = (ask().await.unwrap(), ask().await.unwrap());
    assert!(again.repeated && !first.repeated);
    assert_eq!(name_of(&app, "20").await, Opened::Value("Dan".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_races_the_forgetting_leaves_nothing_that_opens() {
    let (store, keys) = (Memory::new(), MemoryKeys::new());
    for round in 0..50 {
        let app = Arc::new(app(store.clone(), keys.clone()).await);
        let subject = format!("racer-{round}");
        let writers = (0..4).map(|at| {
            let (app, subject) = (Arc::clone(&app), subject.clone());
            tokio::spawn(async move {
                let id = format!("{subject}-{at}");
                app.act::<Customer>(&id, Name { subject, name: SECRET.to_owned() }).await.is_ok()
            })
        });
        let forgetting = {
            let (app, subject) = (Arc::clone(&app), subject.clone());
            tokio::spawn(async move { app.forget(&subject).await.map(drop) })
        };
        let stored = join_all(writers).await;
        forgetting.await.unwrap().unwrap();
        for (at, stored) in stored.into_iter().enumerate() {
            if stored.unwrap() {
                assert_eq!(name_of(&app, &format!("{subject}-{at}")).await, Opened::Forgotten);
            }
        }
    }
}

#[tokio::test]
async fn without_a_vault_a_personal_value_is_refused_and_says_what_to_do() {
    let app = App::new(Memory::new()).with::<Customer>().start().await.unwrap();
    let refused = app.act::<Customer>("17", name("17", SECRET)).await;
    let Err(ActError::Store(error)) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("add `.vault(…)`"), "{error}");
    assert!(matches!(personal(app.forget("17").await), PersonalError::NoVault));
    assert_eq!(app.load::<Customer>("17").await.unwrap().version(), Version(0));
}
