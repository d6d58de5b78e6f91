//! Which changes of a payload stored events can bear, and what is told of the others.

use super::programs::{Place, program};

program! { first {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String }
    #[derive(Serialize, Deserialize)]
    pub(crate) struct Size { width: u8 }
    #[derive(Serialize, Deserialize)]
    pub(crate) enum Gift { No, Wrapped { paper: String } }
} }

/// The first program, with another `ItemAdded`.
macro_rules! changed {
    ($time:ident { $($fields:tt)* }) => {
        changed! { $time { $($fields)* } Size { width: u8 } Gift { No, Wrapped { paper: String } } }
    };
    ($time:ident { $($fields:tt)* } Size { $($size:tt)* } Gift { $($gift:tt)* }) => {
        program! { $time {
            #[derive(Event, Serialize, Deserialize)]
            pub(crate) struct ItemAdded { $($fields)* }
            #[derive(Serialize, Deserialize)]
            pub(crate) struct Size { $($size)* }
            #[derive(Serialize, Deserialize)]
            pub(crate) enum Gift { $($gift)* }
        } }
    };
}

macro_rules! expect {
    ($rule:ident: $fields:tt => $($line:expr),+) => {
        #[test]
        fn $rule() {
            changed! { now $fields }
            let (lines, _) = Place::locked::<first::Cart>().changes::<now::Cart>();
            assert_eq!(lines, [$($line),+]);
        }
    };
    ($rule:ident: $fields:tt $size:ident $sizes:tt $gift:ident $gifts:tt => $($line:expr),+) => {
        #[test]
        fn $rule() {
            changed! { now $fields $size $sizes $gift $gifts }
            let (lines, _) = Place::locked::<first::Cart>().changes::<now::Cart>();
            assert_eq!(lines, [$($line),+]);
        }
    };
}

expect!(a_field_that_is_gone_breaks:
    { sku: String, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "- `ItemAdded` of `Cart`, version 1: the field `qty` is gone; it was u32");

expect!(a_renamed_field_breaks_both_ways:
    { sku: String, count: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "- `ItemAdded` of `Cart`, version 1: a payload of the lock can no longer be read: the payload of \
     `ItemAdded` does not fit its type: missing field `count` at line 1 column 70\n      \
     {\"sku\":\"text\",\"qty\":1,\"sizes\":[{\"width\":1}],\"gift\":\"No\",\"note\":\"text\"}",
    "- `ItemAdded` of `Cart`, version 1: a payload of the lock can no longer be read: the payload of \
     `ItemAdded` does not fit its type: missing field `count` at line 1 column 94\n      \
     {\"sku\":\"text\",\"qty\":1,\"sizes\":[{\"width\":1}],\"gift\":{\"Wrapped\":{\"paper\":\"text\"}},\"note\":\"text\"}",
    "- `ItemAdded` of `Cart`, version 1: the field `qty` is gone; it was u32",
    "- `ItemAdded` of `Cart`, version 1: the field `count` is new and required, a u32");

expect!(a_field_renamed_with_an_alias_is_compatible:
    { sku: String, #[serde(alias = "qty")] count: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "+ `ItemAdded` of `Cart`, version 1: the field `qty` is read under another name, too",
    "+ `ItemAdded` of `Cart`, version 1: the field `count` is new, u32");

expect!(a_field_that_keeps_its_wire_name_is_compatible_with_a_wider_type:
    { sku: String, #[serde(rename = "qty")] count: u64, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "+ `ItemAdded` of `Cart`, version 1: the field `qty` was u32, and is u64 now");

expect!(a_narrower_type_breaks:
    { sku: String, qty: u16, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "- `ItemAdded` of `Cart`, version 1: the field `qty` was u32, and is u16 now");

expect!(an_option_around_a_type_is_compatible:
    { sku: Option<String>, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } =>
    "+ `ItemAdded` of `Cart`, version 1: the field `sku` was String, and is Option<String> (optional) now");

expect!(a_new_field_that_may_be_missing_is_compatible:
    { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String, by: Option<String>,
      #[serde(default)] priority: u8 } =>
    "+ `ItemAdded` of `Cart`, version 1: the field `by` is new, Option<String> (optional)",
    "+ `ItemAdded` of `Cart`, version 1: the field `priority` is new, u8 (optional)");

expect!(a_default_that_is_lost_breaks:
    { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, note: String } =>
    "- `ItemAdded` of `Cart`, version 1: the field `note` could be missing, and is required now");

expect!(a_field_deep_inside_counts_as_well:
    { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String }
    Size { #[serde(default)] height: u8 } Gift { No, Wrapped { #[serde(default)] colour: String } } =>
    "- `ItemAdded` of `Cart`, version 1: the field `gift::Wrapped.paper` is gone; it was String",
    "- `ItemAdded` of `Cart`, version 1: the field `sizes[].width` is gone; it was u8",
    "+ `ItemAdded` of `Cart`, version 1: the field `gift::Wrapped.colour` is new, String (optional)",
    "+ `ItemAdded` of `Cart`, version 1: the field `sizes[].height` is new, u8 (optional)");

expect!(a_new_variant_is_compatible:
    { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String }
    Size { width: u8 } Gift { No, Wrapped { paper: String }, Card(String) } =>
    "+ `ItemAdded` of `Cart`, version 1: the variant `gift::Card` is new, String");

#[test]
fn a_variant_that_is_gone_breaks() {
    changed! { now
        { sku: String, qty: u32, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String }
        Size { width: u8 } Gift { Wrapped { paper: String } }
    }
    let (lines, _) = Place::locked::<first::Cart>().changes::<now::Cart>();
    assert!(lines[0].contains("unknown variant `No`"), "{lines:?}");
    assert_eq!(
        lines[1],
        "- `ItemAdded` of `Cart`, version 1: the variant `gift::No` is gone; it was unit"
    );
}

#[test]
fn a_change_without_a_version_tells_the_field_and_what_to_type() {
    changed! { now { sku: String, sizes: Vec<Size>, gift: Gift, #[serde(default)] note: String } }
    let place = Place::locked::<first::Cart>();
    let (_, help) = place.changes::<now::Cart>();
    let path = place.path();
    assert_eq!(
        help,
        format!("{}: what is stored would no longer be read as it was:\n", path.display())
            + r#"  - `ItemAdded` of `Cart`, version 1: the field `qty` is gone; it was u32
To change `ItemAdded`, keep its old form and tell what becomes of it:

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    struct ItemAddedV1 { gift: enum, note: String, qty: u32, sizes: Vec<struct>, sku: String }

    #[event(version = 2, from = ItemAddedV1)] // on `ItemAdded`

    impl From<ItemAddedV1> for ItemAdded { fn from(old: ItemAddedV1) -> Self { … } }

A new field that may be missing needs no version: `#[serde(default)]`, or an `Option`.
Only if nothing of this was ever stored: ACTUM_LOCK=update accepts it.
"#
    );
}

program! { types_renamed {
    /// The wire names are the same, the Rust names are not.
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    pub(crate) struct Added { sku: Sku, qty: Count, sizes: Vec<Extent>, gift: Present, #[serde(default)] note: String }
    #[derive(Serialize, Deserialize)]
    pub(crate) struct Sku(String);
    pub(crate) type Count = u32;
    pub(crate) type ItemAdded = Added;
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Measure")]
    pub(crate) struct Extent { #[serde(rename = "width")] w: u8 }
    #[derive(Serialize, Deserialize)]
    pub(crate) enum Present { No, #[serde(rename = "Wrapped")] In { paper: String } }
} }

#[test]
fn types_may_have_other_names_in_rust() {
    let place = Place::locked::<first::Cart>();
    place.verify::<first::Cart>().unwrap();
    place.verify::<types_renamed::Cart>().unwrap();
}
