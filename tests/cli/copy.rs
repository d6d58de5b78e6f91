//! Logs that are copied and imported from the shell, also when that is killed.

use std::fs;

use crate::{
    actum_bin::{command, fed, ran, values},
    place::{Place, all, everywhere, fill, put, until},
};

everywhere!(
    a_copy_that_is_killed_goes_on_until_it_equals_its_source,
    a_copy_tells_what_it_would_do_and_does_it,
    a_foreign_log_is_imported_once,
);

async fn a_copy_that_is_killed_goes_on_until_it_equals_its_source(place: Place) {
    let source = place.open().await;
    for stream in 1..=20 {
        for _ in 0..4 {
            fill(&*source, &format!("Cart-{stream}"), 250).await;
        }
    }
    let wanted = all(&*source).await;
    let (mut killed, mut round) = (0, 0);
    while killed < 20 {
        let copy = place.another();
        let target = copy.open().await;
        let args = ["copy", &place.url, &copy.url, "--ids", "keep"];
        // Anywhere: before the first event, in the midst, near the end.
        for part in [0, 3, 7, 12, 19] {
            round += 1;
            let goal = (part * 1000 + round * 37) % 20_000;
            let mut child = command(&args).spawn().expect("it starts");
            let mut ended = false;
            until("it has stored so many, or has ended", async || {
                ended = child.try_wait().expect("a state").is_some();
                ended || target.head().await.expect("a head").0 >= goal
            })
            .await;
            child.kill().expect("killed");
            child.wait().expect("gone");
            killed += u32::from(!ended);
        }
        if target.head().await.expect("a head").0 < 20_000 {
            let ran = ran("", &args);
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        assert!(all(&*target).await == wanted, "after {killed} kills");
    }
}

async fn a_copy_tells_what_it_would_do_and_does_it(place: Place) {
    let source = place.open().await;
    fill(&*source, "Basket-1", 3).await;
    put(&*source, "Order-1", "Opened", "{}", r#"{"causation":"Open#3"}"#).await;
    let copy = place.another();
    let target = copy.open().await;
    fill(&*target, "Cart-1", 2).await;
    let args = ["copy", &place.url, &copy.url, "--rename", "Basket=Cart"];
    let dry = ran("", &[&args[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 1, "{dry:?}");
    assert!(dry.out.contains("the target has a stream `Cart-1` already"), "{dry:?}");
    let refused = ran("", &args);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert_eq!(all(&*target).await.len(), 2);
    let args = ["copy", &place.url, &copy.url, "--rename", "Basket-1=Cart-2"];
    let report = &values("", &args)[0];
    assert_eq!((&report["copied"], &report["references"]), (&4.into(), &1.into()), "{report}");
    let copied = all(&*target).await;
    let last = copied.last().expect("events");
    assert_eq!((last.stream.as_str(), last.meta.causation()), ("Order-1", Some("Open#5")));
}

async fn a_foreign_log_is_imported_once(place: Place) {
    drop(place.open().await);
    let line = |number: u32| {
        format!(
            r#"{{"name":"Opened","data":{{"n":{number}}},"stream":"Cart-{number}","created":"2024-06-01T14:23:00Z"}}"#
        )
    };
    let text: String = (1..=700).map(|number| line(number) + "\n").collect();
    let file = place.file("foreign.ndjson");
    fs::write(&file, &text).expect("written");
    let report = &values(&place.url, &["import", "--foreign", "--dry-run", &file])[0];
    assert_eq!((&report["copied"], &report["dry_run"]), (&700.into(), &true.into()));
    let report = &values(&place.url, &["import", "--foreign", &file])[0];
    assert_eq!(report["names"]["Opened"], 700);
    let store = place.open().await;
    assert_eq!(all(&*store).await.len(), 700);
    // Its streams are there already.
    let again = fed(&place.url, &["import", "--foreign"], text.as_bytes());
    assert_eq!(again.code, 4, "{again:?}");
    let cut = fed(&place.another().url, &["import", "--foreign"], &text.as_bytes()[..5000]);
    assert_eq!(cut.code, 4, "{cut:?}");
    assert!(cut.error.contains("the line is cut off"), "{cut:?}");
    let plain = ran(&place.url, &["import", "--merge", &file]);
    assert_eq!(plain.code, 2, "{plain:?}");
    assert_eq!(all(&*store).await.len(), 700);
}
