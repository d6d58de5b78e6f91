//! Altered, moved and forged values and keys: each a typed error, never a value, never a panic.

use actum::{
    Error, PersonalError,
    prelude::*,
    privacy::{Envelope, EnvelopeKey, KeyState, Keys, MemoryKeys, StoredKey, Subject, Vault},
};
use serde_json::{Value, json};

use crate::domain::{Customer, Rename, SECRET, app, envelope, name, name_of, personal, two};

/// The stored form of the name of customer 17.
async fn sealed(app: &App) -> Value {
    let customer = app.load::<Customer>("17").await.unwrap();
    serde_json::to_value(customer.name.as_ref().unwrap()).unwrap()
}

async fn opening(app: &App, value: &Value) -> PersonalError {
    let forged: Personal<String> = serde_json::from_value(value.clone()).unwrap();
    personal(app.open(&forged).await)
}

#[tokio::test]
async fn an_altered_value_is_told_from_a_forgotten_one() {
    let (app, ..) = two().await;
    let value = sealed(&app).await;
    let data = value["data"].as_str().unwrap();
    for position in [0, data.len() / 2, data.len() - 2] {
        let mut altered = data.to_owned().into_bytes();
        altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
        let mut forged = value.clone();
        forged["data"] = json!(String::from_utf8(altered).unwrap());
        let error = opening(&app, &forged).await;
        assert!(matches!(error, PersonalError::Tampered { .. }), "{position}: {error}");
    }
}

#[tokio::test]
async fn a_truncated_value_is_told() {
    let (app, ..) = two().await;
    let value = sealed(&app).await;
    let data = value["data"].as_str().unwrap();
    for length in [0, 4, data.len() - 4, data.len() - 1] {
        let mut forged = value.clone();
        forged["data"] = json!(&data[..length]);
        let error = opening(&app, &forged).await;
        let is_told =
            matches!(error, PersonalError::Tampered { .. } | PersonalError::Malformed { .. });
        assert!(is_told, "{length}: {error}");
    }
    let mut forged = value.clone();
    forged["nonce"] = json!("AAAA");
    assert!(matches!(opening(&app, &forged).await, PersonalError::Malformed { .. }));
}

#[tokio::test]
async fn a_value_moved_to_another_subject_does_not_open() {
    let (app, ..) = two().await;
    let mut forged = sealed(&app).await;
    forged["subject"] = json!("18");
    assert!(matches!(opening(&app, &forged).await, PersonalError::Tampered { .. }));
}

#[tokio::test]
async fn a_forged_key_number_is_no_absence() {
    let (app, ..) = two().await;
    for number in [0, 2, u64::MAX] {
        let mut forged = sealed(&app).await;
        forged["key"] = json!(number);
        let error = opening(&app, &forged).await;
        assert!(matches!(error, PersonalError::UnknownKey { .. }), "{number}: {error}");
    }
    let mut forged = sealed(&app).await;
    forged["subject"] = json!("nobody");
    assert!(matches!(opening(&app, &forged).await, PersonalError::UnknownKey { .. }));
}

#[tokio::test]
async fn an_unknown_form_and_an_impossible_subject_are_told() {
    let (app, ..) = two().await;
    let long = "x".repeat(300);
    for (field, value) in [
        ("sealed", json!(2)),
        ("subject", json!("")),
        ("subject", json!("a\0b")),
        ("subject", json!(long)),
    ] {
        let mut forged = sealed(&app).await;
        forged[field] = value;
        assert!(matches!(opening(&app, &forged).await, PersonalError::Malformed { .. }));
    }
}

#[tokio::test]
async fn a_damaged_value_does_not_keep_its_stream_from_being_read() {
    let (app, ..) = two().await;
    let mut forged = sealed(&app).await;
    forged["data"] = json!("§");
    let name: Personal<String> = serde_json::from_value(forged).unwrap();
    app.act::<Customer>("18", Rename { name }).await.unwrap();
    let customer = app.load::<Customer>("18").as_of(Version(2)).await.unwrap();
    let opened = app.open(customer.name.as_ref().unwrap()).await;
    assert!(matches!(personal(opened), PersonalError::Malformed { .. }));
}

#[tokio::test]
async fn what_is_found_in_place_of_a_sealed_value_is_never_shown() {
    for found in [
        json!(SECRET),
        json!({ "name": SECRET }),
        json!({ "sealed": SECRET, "subject": 1, "key": SECRET, "nonce": 2, "data": 3 }),
        json!([SECRET]),
        json!(47_114_711),
        json!(true),
    ] {
        let error = serde_json::from_value::<Personal<String>>(found.clone()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("4711"), "{text}");
        let error = serde_json::from_str::<Personal<String>>(&found.to_string()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4711"), "{error}");
    }
}

#[tokio::test]
async fn a_value_of_another_type_is_told_without_showing_it() {
    let (app, ..) = two().await;
    let forged: Personal<u64> = serde_json::from_value(sealed(&app).await).unwrap();
    let error = app.open(&forged).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("is not a `u64`"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn a_wrong_envelope_key_is_told_and_opens_nothing() {
    let (_, store, keys) = two().await;
    let vault = Vault::new(keys, envelope(2));
    let app = App::new(store).with::<Customer>().vault(vault).start().await.unwrap();
    let customer = app.load::<Customer>("17").await.unwrap();
    let error = personal(app.open(customer.name.as_ref().unwrap()).await);
    let PersonalError::WrongEnvelope { found, known, .. } = error else { panic!("{error}") };
    assert_eq!((found.as_str(), known.as_str()), (envelope(1).id(), envelope(2).id()));
    let refused = app.act::<Customer>("17", name("17", "Ann")).await;
    assert!(matches!(refused, Err(ActError::Store(Error::Personal(_)))), "{refused:?}");
    // Forgetting needs no envelope.
    app.forget("17").await.unwrap();
    assert_eq!(name_of(&app, "17").await, Opened::Forgotten);
}

async fn key_of(keys: &MemoryKeys, id: &str) -> StoredKey {
    keys.find(&[Subject::new(id).unwrap()]).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_wrapped_key_that_was_moved_or_altered_is_refused() {
    let (app, _, keys) = two().await;
    let (ann, bob) = (key_of(&keys, "17").await, key_of(&keys, "18").await);
    let KeyState::Held { envelope, wrapped } = bob.state.clone() else { panic!("a key") };
    for wrapped in [wrapped.clone(), wrapped[..10].to_vec(), Vec::new()] {
        let before = key_of(&keys, "17").await;
        let state = KeyState::Held { envelope: envelope.clone(), wrapped };
        assert!(keys.replace(Some(&before), &StoredKey { state, ..ann.clone() }).await.unwrap());
        let customer = app.load::<Customer>("17").await.unwrap();
        let error = personal(app.open(customer.name.as_ref().unwrap()).await);
        assert!(matches!(error, PersonalError::Envelope { .. }), "{error}");
    }
    assert_eq!(name_of(&app, "18").await, Opened::Value("Bob".to_owned()));
}

#[tokio::test]
async fn odd_and_huge_values_come_back_as_they_were() {
    let app = app(Memory::new(), MemoryKeys::new()).await;
    let huge = "x".repeat(4 << 20);
    for (at, text) in ["", "a\0b", "ünï\u{1F980}", "\"}],{", &huge].into_iter().enumerate() {
        let id = format!("odd-{at}");
        app.act::<Customer>(&id, name(&id, text)).await.unwrap();
        assert_eq!(name_of(&app, &id).await, Opened::Value(text.to_owned()));
    }
}

#[tokio::test]
async fn an_impossible_subject_is_refused_before_anything_is_stored() {
    let (app, ..) = two().await;
    for subject in ["", "a\0b", "a\nb", &"x".repeat(256)] {
        let refused = app.act::<Customer>("17", name(subject, SECRET)).await;
        let Err(ActError::Store(error)) = refused else { panic!("{refused:?}") };
        assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
        let error = personal(app.forget(subject).await);
        assert!(matches!(error, PersonalError::InvalidSubject { .. }), "{error}");
    }
    assert_eq!(app.load::<Customer>("17").await.unwrap().version(), Version(1));
}

#[test]
fn an_envelope_key_that_is_none_is_refused() {
    for text in ["", "AAAA", "not base64!", &"A".repeat(43), &"A".repeat(88)] {
        assert!(EnvelopeKey::from_base64(text).is_err(), "{text}");
    }
    let key = envelope(7);
    let again = EnvelopeKey::from_base64(&format!(" {}\n", *key.to_base64())).unwrap();
    assert_eq!(again.id(), key.id());
    assert!(!format!("{key:?}").contains(key.to_base64().as_str()));
}
