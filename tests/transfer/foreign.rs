//! Logs that other programs wrote.

use actum::{
    Error, Id,
    store::Memory,
    transfer::{self, Fault, Foreign, Ids},
};

use crate::place::all;

const TWO: &str = r#"{"name":"ItemAdded","data":{"sku":"A1","qty":2},"stream":"Cart-1","created":"2024-06-01T14:23:00Z","meta":{"actor":"alice"}}

{"name":"CheckedOut","data":{"total":"12.50"},"stream":"Cart-2","created":"2024-06-01T14:24:00.123456789Z"}
{"name":"CheckedOut","data":{},"stream":"Cart-1","created":"2024-06-01T14:25:00Z","meta":{"causation":"Pay#1"}}"#;

#[tokio::test]
async fn the_lines_of_a_foreign_log_become_events() {
    let (foreign, store) = (Foreign::text(TWO), Memory::new());
    let report = transfer::import(&foreign, &store).await.expect("imported");
    assert_eq!((report.copied, report.names["CheckedOut"]), (3, 2));
    let events = all(&store).await;
    let told: Vec<_> =
        events.iter().map(|event| (event.id.0, event.stream.as_str(), event.version.0)).collect();
    assert_eq!(told, [(1, "Cart-1", 1), (2, "Cart-2", 1), (3, "Cart-1", 2)]);
    assert_eq!(events[0].meta.actor(), Some("alice"));
    assert_eq!(events[1].created.to_string(), "2024-06-01T14:24:00.123456Z");
    // Without ids nobody knows what 1 means.
    assert_eq!(events[2].meta.causation(), Some("Pay#1"));
}

#[tokio::test]
async fn ids_of_a_foreign_log_are_kept_or_moved() {
    let line = |id: u64, cause: u64| {
        format!(
            r#"{{"name":"A","data":1,"id":{id},"version":1,"stream":"S-1","created":"2024-06-01T14:23:00Z","meta":{{"causation":"Do#{cause}"}}}}"#
        )
    };
    let foreign = Foreign::text(format!("{}\n{}\n", line(7, 0), line(9, 7)));
    let (kept, moved) = (Memory::new(), Memory::new());
    transfer::import(&foreign, &kept).ids(Ids::Keep).await.expect("imported");
    transfer::import(&foreign, &moved).await.expect("imported");
    let told = |events: Vec<actum::Committed>| {
        let last = events.last().expect("events");
        (last.id, last.version.0, last.meta.causation().map(str::to_owned))
    };
    assert_eq!(told(all(&kept).await), (Id(9), 2, Some("Do#7".to_owned())));
    assert_eq!(told(all(&moved).await), (Id(2), 2, Some("Do#1".to_owned())));
}

#[tokio::test]
async fn what_is_no_event_is_told_with_its_line_and_nothing_is_stored() {
    let good = TWO.lines().next().expect("a line");
    let with = |bad: &str| format!("{good}\n\n{bad}\n");
    let cases = [
        (good.replace('}', ""), 1, "the line is cut off"),
        (format!("{good}\n{}", &good[..50]), 2, "the line is cut off"),
        (with("{}"), 3, "missing field `name`"),
        (with(&good.replace("\"meta\"", "\"mata\"")), 3, "unknown field `mata`"),
        (with(&good.replace("Cart-1", "Cart")), 3, "no `-`"),
        (with(&good.replace("2024-06-01T14:23:00Z", "yesterday")), 3, "this is no event"),
        (with(&good.replace("{\"actor\":\"alice\"}", "[]")), 3, "its `meta` is no object"),
        (with(&good.replace("ItemAdded", "")), 3, "the name of an event is empty"),
        (with(&good.replace("{\"name\"", "{\"id\":9,\"name\"")), 3, "some lines have an `id`"),
        (with(r#"{"actum":"export","format":1,"events":1,"blake3":""}"#), 3, "not as foreign"),
        (with("\u{0}\u{1}"), 3, "this is no event"),
    ];
    for (text, wanted, why) in cases {
        let store = Memory::new();
        let refused = transfer::import(&Foreign::text(text.clone()), &store).await;
        let Err(Error::Transfer(fault)) = refused else { panic!("{text}: {refused:?}") };
        let Fault::Line { line, why: told, .. } = &*fault else { panic!("{text}: {fault}") };
        assert!((*line, told.contains(why)) == (wanted, true), "{text}\n{fault}");
        assert_eq!(all(&store).await, [], "{text}");
    }
    let missing = Foreign::file("/nowhere/at/all.ndjson");
    let refused = transfer::import(&missing, &Memory::new()).await.expect_err("no file");
    assert!(refused.to_string().starts_with("/nowhere/at/all.ndjson, line 1: it cannot be read"));
}

#[tokio::test]
async fn an_empty_log_is_no_fault_and_a_large_line_is_none_either() {
    let store = Memory::new();
    assert_eq!(transfer::import(&Foreign::text(""), &store).await.expect("imported").events, 0);
    let large = TWO.replace("A1", &"x".repeat(1 << 20));
    transfer::import(&Foreign::text(large), &store).await.expect("imported");
    assert!(all(&store).await[0].data.as_bytes().len() > 1 << 20);
}
