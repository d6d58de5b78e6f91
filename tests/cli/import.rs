//! What is exported comes back, and what is damaged does not.

use std::fs;

use crate::{
    actum_bin::{command, fed, printed, ran, values},
    place::{Place, all, everywhere, fill, put, until},
};

everywhere!(
    an_export_comes_back_as_it_was,
    a_damaged_file_stores_nothing,
    a_second_import_stores_nothing_twice,
    a_store_with_other_events_is_refused,
    an_import_that_is_killed_goes_on,
);

async fn filled(place: &Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 30).await;
    fill(&*store, "Cart-2", 3).await;
    put(&*store, "Order-1", "Opened", r#"{"text":"ä\u0000\n"}"#, r#"{"actor":"alice"}"#).await;
}

async fn an_export_comes_back_as_it_was(place: Place) {
    filled(&place).await;
    let plain = printed(&place.url, &["export"]);
    assert_eq!(plain.lines().count(), 35, "34 events and the trailer");
    for name in ["log.ndjson", "log.ndjson.gz", "log.ndjson.zst"] {
        let file = place.file(name);
        printed(&place.url, &["export", &file]);
        assert_eq!(fs::read(&file).expect("a file") == plain.as_bytes(), name == "log.ndjson");
        let copy = place.another();
        // A schema on PostgreSQL is made by whoever opens it to write.
        drop(copy.open().await);
        let dry = &values(&copy.url, &["import", "--dry-run", &file])[0];
        assert_eq!((&dry["stored"], &dry["dry_run"]), (&34.into(), &true.into()), "{dry}");
        let report = &values(&copy.url, &["import", &file])[0];
        assert_eq!((&report["stored"], &report["other_ids"]), (&34.into(), &0.into()), "{report}");
        assert_eq!(all(&*copy.open().await).await, all(&*place.open().await).await);
        assert_eq!(printed(&copy.url, &["export"]), plain);
    }
    let copy = place.another();
    assert_eq!(fed(&copy.url, &["import"], plain.as_bytes()).code, 0);
    assert_eq!(printed(&copy.url, &["export"]), plain);
}

async fn a_damaged_file_stores_nothing(place: Place) {
    filled(&place).await;
    let plain = printed(&place.url, &["export"]);
    let lines: Vec<_> = plain.lines().collect();
    let whole = |lines: &[&str]| lines.join("\n") + "\n";
    let (events, trailer) = lines.split_at(34);
    let damaged = [
        ("cut off", plain[..plain.len() / 2].to_owned()),
        ("without its trailer", whole(events)),
        ("without an event", whole(&[&events[1..], trailer].concat())),
        ("in another order", whole(&[&events[1..2], &events[..1], &events[2..], trailer].concat())),
        ("edited", plain.replacen("\"number\":7", "\"number\":8", 1)),
        ("with more behind it", format!("{plain}{}\n", events[0])),
        ("not JSON", plain.replacen('{', "(", 1)),
        ("empty", String::new()),
    ];
    for (how, text) in damaged {
        let copy = place.another();
        let ran = fed(&copy.url, &["import"], text.as_bytes());
        assert_eq!(ran.code, 4, "{how}: {ran:?}");
        assert!(ran.error.starts_with("actum: "), "{how}: {ran:?}");
        assert_eq!(all(&*copy.open().await).await, [], "{how}");
    }
    let packed = place.file("log.gz");
    printed(&place.url, &["export", &packed]);
    let bytes = fs::read(&packed).expect("a file");
    fs::write(&packed, &bytes[..bytes.len() - 20]).expect("written");
    let copy = place.another();
    let cut = ran(&copy.url, &["import", &packed]);
    assert!(cut.code >= 4, "{cut:?}");
    assert_eq!(all(&*copy.open().await).await, []);
}

async fn a_second_import_stores_nothing_twice(place: Place) {
    filled(&place).await;
    let plain = printed(&place.url, &["export"]);
    let copy = place.another();
    // The first events of a stream are there already, under other ids.
    fill(&*copy.open().await, "Other-1", 2).await;
    for (already, stored) in [(0, 34), (34, 0)] {
        let ran = fed(&copy.url, &["import", "--format", "json"], plain.as_bytes());
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(report["already"], already, "{report}");
        assert_eq!(report["stored"], stored, "{report}");
        assert_eq!(report["other_ids"], stored, "{report}");
    }
    let (copied, original) = (all(&*copy.open().await).await, all(&*place.open().await).await);
    assert_eq!(copied.len(), 36);
    for (copied, original) in copied[2..].iter().zip(&original) {
        assert_eq!((&copied.data, &copied.meta), (&original.data, &original.meta));
        assert_eq!((&copied.stream, copied.version), (&original.stream, original.version));
        assert_eq!((copied.id.0, copied.created), (original.id.0 + 2, original.created));
    }
}

async fn a_store_with_other_events_is_refused(place: Place) {
    filled(&place).await;
    let plain = printed(&place.url, &["export"]);
    let copy = place.another();
    put(&*copy.open().await, "Cart-2", "Other", "{}", "{}").await;
    let ran = fed(&copy.url, &["import"], plain.as_bytes());
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.error.contains("Cart-2"), "{ran:?}");
    assert_eq!(all(&*copy.open().await).await.len(), 1);
}

async fn an_import_that_is_killed_goes_on(place: Place) {
    let store = place.open().await;
    for stream in 1..=20 {
        for _ in 0..4 {
            fill(&*store, &format!("Cart-{stream}"), 500).await;
        }
    }
    let file = place.file("log.zst");
    printed(&place.url, &["export", &file]);
    let copy = place.another();
    let target = copy.open().await;
    let mut killed = 0;
    for wanted in [1, 9_000, 21_000] {
        let mut command = command(&["import", &file]);
        let mut child = command.env("ACTUM_STORE", &copy.url).spawn().expect("it starts");
        let mut ended = None;
        until("it has stored so many, or has ended", async || {
            ended = child.try_wait().expect("a state");
            ended.is_some() || target.head().await.expect("a head").0 >= wanted
        })
        .await;
        child.kill().expect("killed");
        child.wait().expect("gone");
        killed += u32::from(ended.is_none());
    }
    assert!(killed > 0, "no import was interrupted");
    printed(&copy.url, &["import", &file]);
    assert_eq!(printed(&copy.url, &["export"]), printed(&place.url, &["export"]));
}
