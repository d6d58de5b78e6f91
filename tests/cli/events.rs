//! What is shown of events.

use crate::{
    actum_bin::{printed, values},
    place::{Place, everywhere, fill, put},
};

everywhere!(
    log_shows_the_last_ones_or_those_behind_an_id,
    json_is_the_event_as_it_serialises,
    a_stream_is_shown_between_versions,
    a_stream_shows_what_was_undone,
    an_event_is_shown_with_every_digit,
    search_filters_by_everything,
    a_trace_is_a_tree_with_times,
    stats_add_up,
);

async fn log_shows_the_last_ones_or_those_behind_an_id(place: Place) {
    fill(&*place.open().await, "Cart-1", 50).await;
    fill(&*place.open().await, "Order-1", 5).await;
    let ids = |args: &[&str]| -> Vec<u64> {
        let events = values(&place.url, args);
        events.iter().map(|event| event["id"].as_u64().expect("an id")).collect()
    };
    assert_eq!(ids(&["log"]), (36..=55).collect::<Vec<_>>());
    assert_eq!(ids(&["log", "-n", "3"]), [53, 54, 55]);
    assert_eq!(ids(&["log", "-n", "0"]), [0; 0]);
    assert_eq!(ids(&["log", "-n", "100"]).len(), 55);
    assert_eq!(ids(&["log", "--after", "52"]), [53, 54, 55]);
    assert_eq!(ids(&["log", "--after", "10", "-n", "2"]), [11, 12]);
    assert_eq!(ids(&["log", "--after", "55"]), [0; 0]);
    assert_eq!(ids(&["log", "-n", "2", "--category", "Cart"]), [49, 50]);
    assert_eq!(ids(&["log", "-n", "2", "--where", "data.number=4"]), [4, 54]);
    assert_eq!(printed(&place.url, &["log"]).lines().count(), 20);
}

async fn json_is_the_event_as_it_serialises(place: Place) {
    let store = place.open().await;
    put(&*store, "Cart-1", "Happened", r#"{"b":1.10,"a":[{}]}"#, r#"{"actor":"alice"}"#).await;
    let event = &crate::place::all(&*store).await[0];
    let wanted = serde_json::to_string(event).expect("JSON");
    for args in [&["log"][..], &["event", "1"], &["stream", "Cart-1"], &["search"]] {
        let printed = printed(&place.url, &[args, &["--format", "json"]].concat());
        assert_eq!(printed, format!("{wanted}\n"), "{args:?}");
    }
}

async fn a_stream_is_shown_between_versions(place: Place) {
    fill(&*place.open().await, "Cart-1", 9).await;
    fill(&*place.open().await, "Cart-10", 9).await;
    let versions = |args: &[&str]| -> Vec<u64> {
        let events = values(&place.url, &[&["stream", "Cart-1"], args].concat());
        assert!(events.iter().all(|event| event["stream"] == "Cart-1"));
        events.iter().map(|event| event["version"].as_u64().expect("a version")).collect()
    };
    assert_eq!(versions(&[]), (1..=9).collect::<Vec<_>>());
    assert_eq!(versions(&["--from", "3", "--to", "5"]), [3, 4, 5]);
    assert_eq!(versions(&["-n", "2"]), [1, 2]);
}

async fn a_stream_shows_what_was_undone(place: Place) {
    let store = place.open().await;
    for stream in ["Cart-1", "Cart-2"] {
        put(&*store, stream, "ItemAdded", "{}", r#"{"actor":"alice"}"#).await;
        put(&*store, stream, "ItemRemoved", "{}", r#"{"actor":"bob","undoes":1}"#).await;
        put(&*store, stream, "ItemAdded", "{}", r#"{"undoes":2,"redoes":1}"#).await;
        let printed = printed(&place.url, &["stream", stream]);
        let lines: Vec<_> = printed.lines().map(str::trim_end).collect();
        assert!(lines[0].ends_with("(alice)"), "{printed}");
        assert!(lines[1].ends_with("(bob)  undoes 1"), "{printed}");
        assert!(lines[2].ends_with("  redoes 1"), "{printed}");
    }
}

async fn an_event_is_shown_with_every_digit(place: Place) {
    let store = place.open().await;
    let data = r#"{"z":123456789012345678901234567890,"a":1.10}"#;
    put(&*store, "Cart-1", "Happened", data, "{}").await;
    let shown = printed(&place.url, &["event", "1"]);
    assert!(shown.contains("\"z\": 123456789012345678901234567890,\n"), "{shown}");
    assert!(shown.contains("\"a\": 1.10\n") && shown.contains("stream   Cart-1"), "{shown}");
}

async fn search_filters_by_everything(place: Place) {
    let store = place.open().await;
    let meta = |actor: &str| format!(r#"{{"actor":"{actor}"}}"#);
    put(&*store, "Cart-1", "Added", r#"{"sku":"A123","qty":2}"#, &meta("alice")).await;
    put(&*store, "Cart-2", "Added", r#"{"sku":"A123","qty":3}"#, &meta("bob")).await;
    put(&*store, "Cart-2", "Removed", r#"{"sku":"A123"}"#, &meta("alice")).await;
    put(&*store, "Order-2", "Added", r#"{"sku":"B","lines":[{"a.b":1}]}"#, &meta("alice")).await;
    let found = |args: &[&str]| -> Vec<u64> {
        let events = values(&place.url, &[&["search"], args].concat());
        events.iter().map(|event| event["id"].as_u64().expect("an id")).collect()
    };
    assert_eq!(found(&["--where", "data.sku=A123"]), [1, 2, 3]);
    assert_eq!(found(&["--where", "data.sku=A123", "--where", "data.qty=2"]), [1]);
    assert_eq!(found(&["--where", "meta.actor!=alice"]), [2]);
    assert_eq!(found(&["--where", "/data/lines/0/a.b=1"]), [4]);
    assert_eq!(found(&["--name", "Added", "--name", "Removed", "--category", "Cart"]), [1, 2, 3]);
    assert_eq!(found(&["--stream", "Cart-2", "--name", "Added"]), [2]);
    assert_eq!(found(&["--since", "1h", "--newest", "-n", "2"]), [4, 3]);
    assert_eq!(found(&["--until", "9990-12-30", "-n", "1"]), [1]);
    assert_eq!(crate::actum_bin::ran(&place.url, &["search", "--until", "2001-01-01"]).code, 1);
}

async fn a_trace_is_a_tree_with_times(place: Place) {
    let store = place.open().await;
    let meta = |correlation: &str, causation: &str| {
        format!(r#"{{"correlation":"{correlation}","causation":"{causation}"}}"#)
    };
    put(&*store, "Cart-1", "CheckedOut", "{}", &meta("one", "CheckOut")).await;
    put(&*store, "Cart-2", "CheckedOut", "{}", &meta("two", "CheckOut")).await;
    put(&*store, "Order-1", "Paid", "{}", &meta("one", "Pay#1")).await;
    put(&*store, "Order-1", "Shipped", "{}", &meta("one", "Ship#3")).await;
    put(&*store, "Order-1", "Reminded", "{}", &meta("one", "Remind#1")).await;
    // A cause that is not there, or is of the future, leaves a root.
    put(&*store, "Order-1", "Closed", "{}", &meta("one", "Close#99")).await;
    let nodes = values(&place.url, &["trace", "one"]);
    let shape: Vec<_> = nodes
        .iter()
        .map(|node| (node["event"]["id"].as_u64(), node["parent"].as_u64(), node["depth"].as_u64()))
        .map(|(id, parent, depth)| (id.expect("an id"), parent, depth.expect("a depth")))
        .collect();
    let wanted = [(1, None, 0), (3, Some(1), 1), (4, Some(3), 2), (5, Some(1), 1), (6, None, 0)];
    assert_eq!(shape, wanted);
    let micros = nodes.iter().map(|node| node["since_first_us"].as_i64().expect("micros"));
    assert!(micros.into_iter().all(|micros| micros >= 0), "{nodes:?}");
    let drawn = printed(&place.url, &["trace", "one"]);
    let branches = ["", "", "├─ ", "│  └─ ", "└─ ", ""];
    for (line, branch) in drawn.lines().zip(branches) {
        assert!(line.starts_with(branch), "{branch:?}: {drawn}");
    }
    assert!(
        drawn.contains("5 events") && drawn.contains("#4  Shipped  Order-1 v2  by Ship"),
        "{drawn}"
    );
}

async fn stats_add_up(place: Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 3).await;
    fill(&*store, "Cart-2", 2).await;
    put(&*store, "Order-1", "Opened", "[1,2,3]", "{}").await;
    let stats = &values(&place.url, &["stats"])[0];
    assert_eq!((&stats["events"], &stats["streams"]), (&6.into(), &3.into()), "{stats}");
    assert_eq!(stats["categories"]["Cart"]["events"], 5, "{stats}");
    assert_eq!(stats["categories"]["Cart"]["streams"], 2, "{stats}");
    assert_eq!(stats["names"]["Opened"]["data_bytes"], 7, "{stats}");
    assert_eq!(stats["names"]["Happened"]["data_bytes"], 5 * r#"{"number":1}"#.len(), "{stats}");
    assert!(stats["first"].as_str() < stats["last"].as_str(), "{stats}");
    assert!(printed(&place.url, &["stats"]).contains("AGGREGATE"));
}
