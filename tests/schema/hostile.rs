//! Locks that are cut off, edited by hand, or merged without care.

use actum::schema::Broken;

use super::programs::{Place, program};

program! { now {
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

/// Neither read nor written over.
fn is_refused(place: &Place, text: &str) -> String {
    place.write(text);
    let refused = place.verify::<now::Cart>().unwrap_err();
    assert!(matches!(refused, Broken::Unreadable { .. }), "{refused} for {text}");
    let updated = actum::schema::check(place.path()).with::<now::Cart>().update();
    assert!(matches!(updated, Err(Broken::Unreadable { .. })), "{updated:?} for {text}");
    assert_eq!(place.text(), text);
    refused.to_string()
}

#[test]
fn a_lock_that_is_cut_off_anywhere_is_refused_and_not_written_over() {
    let place = Place::locked::<now::Cart>();
    let whole = place.text();
    for end in 0..whole.trim_end().len() {
        let text = is_refused(&place, &whole[..end]);
        assert!(text.contains("fetch it anew from version control"), "{text}");
    }
}

#[test]
fn an_entry_that_stands_twice_after_a_merge_is_refused() {
    let place = Place::locked::<now::Cart>();
    let double = place
        .text()
        .replace(r#""qty": "u32","#, "\"qty\": \"u32\",\n            \"qty\": \"u16\",");
    let text = is_refused(&place, &double);
    assert!(text.contains("`qty` stands here twice at line 18"), "{text}");
}

#[test]
fn what_no_check_has_written_is_refused() {
    let place = Place::locked::<now::Cart>();
    let lock = place.text();
    for (from, to, why) in [
        ("\"lock\": 1", "\"lock\": 2", "it has the form 2; this actum reads 1"),
        ("\"lock\": 1", "\"lock\": -1", "invalid value"),
        ("\"1\": {", "\"3\": {", "`ItemAdded` of `Cart` has no version 1"),
        ("\"1\": {", "\"x\": {", "expected"),
        ("{\"sku\":\"text\"}", "", "`ItemAdded` of `Cart` has no payload of version 1"),
        ("\"golden\"", "\"silver\"", "unknown field `silver`"),
        ("\"u32\"", "32", "expected a string"),
    ] {
        let text = is_refused(&place, &lock.replacen(from, to, 1));
        assert!(text.contains(why), "{why:?} in {text:?}");
    }
    for text in ["", "[]", "null", "<<<<<<< ours\n=======\n>>>>>>> theirs\n"] {
        is_refused(&place, text);
    }
}

#[test]
fn a_payload_or_a_type_that_was_edited_by_hand_shows() {
    let place = Place::locked::<now::Cart>();
    let lock = place.text();
    place.write(&lock.replace(r#"{"sku":"text"}"#, r#"{"sku":5}"#));
    let (lines, _) = place.changes::<now::Cart>();
    assert!(lines[0].contains("invalid type: integer `5`, expected a string"), "{lines:?}");
    place.write(&lock.replace("u32", "String"));
    let (lines, _) = place.changes::<now::Cart>();
    assert_eq!(
        lines,
        ["- `ItemAdded` of `Cart`, version 2: the field `qty` was String, and is u32 now"]
    );
}

#[test]
fn bytes_that_are_no_text_and_folders_are_told() {
    let place = Place::new();
    std::fs::write(place.path(), [0xff, 0xfe]).unwrap();
    assert!(matches!(place.verify::<now::Cart>(), Err(Broken::File { .. })));
    std::fs::remove_file(place.path()).unwrap();
    std::fs::create_dir(place.path()).unwrap();
    assert!(matches!(place.verify::<now::Cart>(), Err(Broken::File { .. })));
}
