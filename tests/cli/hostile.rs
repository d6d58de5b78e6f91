//! What others have stored neither reaches the terminal as it is nor another stream.

use std::fs;

use crate::{
    actum_bin::{printed, ran, values},
    place::{Place, everywhere, fill, put},
};

everywhere!(escapes_are_shown_not_sent, hostile_names_are_only_names, large_payloads_are_shown);

/// Turns round what is written behind it; control characters no name has.
const NAME: &str = "\u{202e}red";
const DATA: &str = r#"{"text":"\u001b]0;title\u0007\u0000\u0085"}"#;

async fn escapes_are_shown_not_sent(place: Place) {
    let store = place.open().await;
    put(&*store, "Cart-1", NAME, DATA, r#"{"actor":"\u001b[2J","correlation":"\u001b[2J"}"#).await;
    put(&*store, "Cart-\u{202e}1", "Happened", DATA, "{}").await;
    let commands: [&[&str]; 9] = [
        &["log"],
        &["stream", "Cart-1"],
        &["event", "1"],
        &["trace", "\u{1b}[2J"],
        &["search", "--name", NAME],
        &["stats"],
        &["views"],
        &["projections"],
        &["verify"],
    ];
    for args in commands {
        let ran = ran(&place.url, args);
        for text in [&ran.out, &ran.error] {
            let raw = text.chars().find(|letter| letter.is_control() && *letter != '\n');
            assert_eq!(raw, None, "{args:?}: {text:?}");
            assert!(!text.contains('\u{202e}'), "{args:?}: {text:?}");
        }
    }
    for event in values(&place.url, &["log"]) {
        assert_eq!(event["data"]["text"], "\u{1b}]0;title\u{7}\0\u{85}");
    }
}

async fn hostile_names_are_only_names(place: Place) {
    let store = place.open().await;
    for id in ["..", "'; DROP TABLE event --", "%", "_", "a/../../b", "-"] {
        let stream = format!("Cart-{id}");
        put(&*store, &stream, "Happened", "{}", "{}").await;
        assert_eq!(values(&place.url, &["stream", &stream]).len(), 1, "{id}");
        assert_eq!(values(&place.url, &["search", "--stream", &stream]).len(), 1, "{id}");
    }
    let file = place.file("log.ndjson");
    printed(&place.url, &["export", &file]);
    assert_eq!(fs::read_to_string(&file).expect("a file").lines().count(), 7);
    for args in [
        &["stream", "Cart"][..],
        &["stream", "Cart-\n"],
        &["event", "-1"],
        &["search", "--where", "data"],
    ] {
        assert_eq!(ran(&place.url, args).code, 2, "{args:?}");
    }
    for args in [&["stream", "Cart-x"][..], &["event", "99"], &["trace", "'"]] {
        assert_eq!(ran(&place.url, args).code, 1, "{args:?}");
    }
}

async fn large_payloads_are_shown(place: Place) {
    let store = place.open().await;
    let data = format!(r#"{{"text":"{}"}}"#, "ü".repeat(1 << 19));
    put(&*store, "Cart-1", "Happened", &data, "{}").await;
    fill(&*store, "Cart-2", 1).await;
    assert_eq!(
        values(&place.url, &["event", "1"])[0]["data"]["text"].as_str().map(str::len),
        Some(1 << 20)
    );
    let log = printed(&place.url, &["log"]);
    assert_eq!(log.lines().count(), 2);
}
