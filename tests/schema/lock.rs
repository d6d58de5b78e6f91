//! The lock over the life of a program: written, kept up to date, never losing an old payload.

use actum::schema::{self, Broken, What};

use super::programs::{Place, program};

program! { first {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded { sku: String }
} }

program! { second {
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    pub(crate) struct ItemAddedV1 { sku: String }
    #[derive(Event, Serialize, Deserialize)]
    #[event(version = 2, from = ItemAddedV1)]
    pub(crate) struct ItemAdded { sku: String, qty: u32 }
    impl From<ItemAddedV1> for ItemAdded {
        fn from(old: ItemAddedV1) -> Self { Self { sku: old.sku, qty: 1 } }
    }
} }

program! { third {
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    pub(crate) struct ItemAddedV1 { sku: String }
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded", version = 2, from = ItemAddedV1)]
    pub(crate) struct ItemAddedV2 { sku: String, qty: u32 }
    #[derive(Event, Serialize, Deserialize)]
    #[event(version = 3, from = ItemAddedV2)]
    pub(crate) struct ItemAdded { sku: String, grams: u64 }
    impl From<ItemAddedV1> for ItemAddedV2 {
        fn from(old: ItemAddedV1) -> Self { Self { sku: old.sku, qty: 1 } }
    }
    impl From<ItemAddedV2> for ItemAdded {
        fn from(old: ItemAddedV2) -> Self { Self { sku: old.sku, grams: u64::from(old.qty) * 100 } }
    }
} }

program! { second_with_another_first {
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    pub(crate) struct ItemAddedV1 { article: String }
    #[derive(Event, Serialize, Deserialize)]
    #[event(version = 2, from = ItemAddedV1)]
    pub(crate) struct ItemAdded { sku: String, qty: u32 }
    impl From<ItemAddedV1> for ItemAdded {
        fn from(old: ItemAddedV1) -> Self { Self { sku: old.article, qty: 1 } }
    }
} }

program! { second_without_version {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded { sku: String, qty: u32 }
} }

program! { event_renamed {
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemPut")]
    pub(crate) struct ItemAdded { sku: String }
} }

#[test]
fn without_a_lock_the_check_says_how_to_write_one() {
    let place = Place::new();
    let missing = place.verify::<first::Cart>().unwrap_err();
    assert!(matches!(missing, Broken::Missing { .. }));
    assert!(missing.to_string().ends_with(
        "events.lock is not there: run this test with ACTUM_LOCK=update to write it, then commit it"
    ));
}

#[test]
fn the_lock_holds_fields_types_and_a_payload_of_each_version() {
    let place = Place::locked::<third::Cart>();
    let expected = r#"{
  "about": "written by actum::schema::check; commit it; ACTUM_LOCK=update accepts what has changed",
  "lock": 1,
  "aggregates": {
    "Cart": {
      "ItemAdded": {
        "1": {
          "fields": {
            "sku": "String"
          },
          "golden": [
            {"sku":"text"}
          ]
        },
        "2": {
          "fields": {
            "qty": "u32",
            "sku": "String"
          },
          "golden": [
            {"sku":"text","qty":1}
          ]
        },
        "3": {
          "fields": {
            "grams": "u64",
            "sku": "String"
          },
          "golden": [
            {"sku":"text","grams":1}
          ]
        }
      }
    }
  }
}
"#;
    assert_eq!(place.text(), expected);
}

#[test]
fn a_lock_that_is_up_to_date_is_not_written() {
    let place = Place::locked::<first::Cart>();
    let text = place.text().replace("\n  ", "\n      ");
    place.write(&text);
    assert_eq!(place.update::<first::Cart>(), []);
    assert_eq!(place.text(), text);
}

#[test]
fn a_new_version_with_its_upcaster_is_accepted_and_the_old_payload_stays() {
    let place = Place::locked::<first::Cart>();
    let (lines, help) = place.changes::<second::Cart>();
    assert_eq!(lines, ["+ `ItemAdded` of `Cart`, version 2: is not in the lock yet"]);
    assert!(help.contains("run this test with ACTUM_LOCK=update"), "{help}");
    let first = place.text();
    place.update::<second::Cart>();
    place.verify::<second::Cart>().unwrap();
    place.update::<third::Cart>();
    place.verify::<third::Cart>().unwrap();
    assert!(first.contains(r#"{"sku":"text"}"#) && place.text().contains(r#"{"sku":"text"}"#));
}

#[test]
fn an_old_version_that_is_changed_must_get_its_form_back() {
    let place = Place::locked::<second::Cart>();
    let (lines, help) = place.changes::<second_with_another_first::Cart>();
    assert!(
        lines[0].contains("version 1") && lines[0].contains("missing field `article`"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "- `ItemAdded` of `Cart`, version 1: the field `sku` is gone; it was String"
    );
    let advice = "`ItemAddedV1` says how version 1 is stored; give it back its form (sku: String).";
    assert!(help.contains(advice), "{help}");
}

#[test]
fn a_version_that_is_gone_is_missed() {
    let place = Place::locked::<third::Cart>();
    let (lines, help) = place.changes::<second::Cart>();
    let gone = "- `ItemAdded` of `Cart`, version 3: the event type has no such version any more";
    assert_eq!(lines, [gone]);
    assert!(
        help.contains("Bring back the event type of version 3 (grams: u64, sku: String)"),
        "{help}"
    );
}

#[test]
fn an_event_that_is_gone_or_has_another_wire_name_is_missed() {
    let place = Place::locked::<first::Cart>();
    let (lines, help) = place.changes::<event_renamed::Cart>();
    assert_eq!(
        lines,
        [
            "+ `ItemPut` of `Cart`, version 1: is not in the lock yet",
            "- `ItemAdded` of `Cart`, version 1: the event is gone",
        ]
    );
    assert!(help.contains("Keep the variant `ItemAdded` with its patch"), "{help}");
}

#[test]
fn an_aggregate_that_the_check_is_not_told_of_is_missed() {
    let place = Place::locked::<first::Cart>();
    let Err(Broken::Changed { changes, help, .. }) = schema::check(place.path()).verify() else {
        panic!("the aggregate is not missed");
    };
    assert_eq!(changes[0].what, What::AggregateGone);
    assert!(help.contains(".with::<Cart>()"), "{help}");
}

#[test]
fn an_update_accepts_a_change_that_breaks_and_tells_it() {
    let place = Place::locked::<first::Cart>();
    let accepted = place.update::<second_without_version::Cart>();
    assert!(accepted.iter().any(actum::schema::Change::is_breaking), "{accepted:?}");
    place.verify::<second_without_version::Cart>().unwrap();
}

program! { with_note {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded { sku: String, note: Option<String> }
} }

#[test]
fn payloads_of_each_earlier_form_must_go_on_being_read() {
    let place = Place::locked::<first::Cart>();
    place.update::<with_note::Cart>();
    let text = place.text();
    for golden in [r#"{"sku":"text"}"#, r#"{"sku":"text","note":"text"}"#] {
        assert!(text.contains(golden), "{golden} in {text}");
    }
    place.verify::<with_note::Cart>().unwrap();
    let (lines, _) = place.changes::<first::Cart>();
    assert_eq!(
        lines,
        [
            "- `ItemAdded` of `Cart`, version 1: the field `note` is gone; it was Option<String> (optional)"
        ]
    );
}

/// As a user has it; the lock is that of the repository.
#[test]
fn the_lock_of_this_test_is_up_to_date() {
    schema::check("schema/events.lock").with::<third::Cart>().assert();
}

/// Where the test below has this one look.
const ELSEWHERE: &str = "ACTUM_TEST_LOCK";

/// Nothing unless the next test runs it, as a process with other variables.
#[test]
fn asserts_elsewhere() {
    if let Some(path) = std::env::var_os(ELSEWHERE) {
        schema::check(path).with::<second::Cart>().assert();
    }
}

#[test]
fn the_variable_accepts_what_has_changed() {
    let place = Place::locked::<first::Cart>();
    let run = |value: &str| {
        let test = std::env::current_exe().unwrap();
        let output = std::process::Command::new(test)
            .args(["--exact", "lock::asserts_elsewhere", "--nocapture"])
            .env(ELSEWHERE, place.path())
            .env("ACTUM_LOCK", value)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let is = |run: (bool, String), passes: bool, text: &str| {
        assert!(run.0 == passes && run.1.contains(text), "{text:?} in {run:?}");
    };
    let before = place.text();
    is(run(""), false, "run this test with ACTUM_LOCK=update, and commit the file");
    is(run("1"), false, "ACTUM_LOCK is `1`; the only value it has is `update`");
    assert_eq!(place.text(), before);
    is(run("update"), true, "accepted: `ItemAdded` of `Cart`, version 2: is not in the lock yet");
    is(run(""), true, "");
}
