//! Which payloads are made up, and which must be given.

use actum::schema::{self, Broken};

use super::programs::{Place, program};

program! { many_types {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded {
        at: Timestamp,
        on: jiff::civil::Date,
        took: jiff::SignedDuration,
        id: uuid::Uuid,
        price: rust_decimal::Decimal,
        host: std::net::IpAddr,
        count: std::num::NonZeroU16,
        small: std::num::NonZeroI8,
        pair: (u8, String),
        bytes: [u8; 2],
        by_day: BTreeMap<u16, Vec<Money>>,
        tree: Option<Box<Tree>>,
        sum: Sum,
        unit: (),
        other: serde_json::Value,
    }
    #[derive(Serialize, Deserialize)]
    pub(crate) struct Money(i64);
    #[derive(Serialize, Deserialize)]
    pub(crate) struct Tree { name: char, children: Vec<Tree>, parent: Option<Box<Tree>> }
    #[derive(Serialize, Deserialize)]
    pub(crate) enum Sum { Plus(Box<Sum>, Box<Sum>), Minus { of: Box<Sum> }, Number(f64), Nothing, In(Currency) }
    #[derive(Serialize, Deserialize)]
    pub(crate) enum Currency { Euro, Yen, Other { code: String } }
} }

#[test]
fn dates_decimals_ids_trees_and_every_variant_are_made_up() {
    let place = Place::locked::<many_types::Cart>();
    place.verify::<many_types::Cart>().unwrap();
    let lock: serde_json::Value = serde_json::from_str(&place.text()).unwrap();
    let version = &lock["aggregates"]["Cart"]["ItemAdded"]["1"];
    let golden = version["golden"].as_array().unwrap();
    let sums: Vec<_> = golden.iter().map(|golden| golden["sum"].to_string()).collect();
    for variant in ["Plus", "Minus", "Number", "Nothing", "Euro", "Yen", "Other"] {
        assert!(sums.iter().any(|sum| sum.contains(variant)), "{variant} in {sums:?}");
    }
    let fields = &version["fields"];
    for (field, kind) in [
        ("at", "String"),
        ("price", "any (string)"),
        ("count", "u16"),
        ("pair", "(u8, String)"),
        ("by_day", "Map<u16, Vec<i64>>"),
        ("tree", "Option<struct> (optional)"),
        ("tree.children", "Vec<struct>"),
        ("sum::Minus", "struct"),
        ("sum::In", "enum"),
        ("sum::In::Other.code", "String"),
    ] {
        assert_eq!(fields[field], kind, "{field} in {fields:#}");
    }
}

program! { checked {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded { pub(crate) code: Code }
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    #[derive(Clone)]
    pub(crate) struct Code(pub(crate) String);
    impl TryFrom<String> for Code {
        type Error = &'static str;
        fn try_from(code: String) -> Result<Self, &'static str> {
            if code.starts_with("97-") { Ok(Self(code)) } else { Err("no code begins like this") }
        }
    }
    impl From<Code> for String {
        fn from(code: Code) -> Self { code.0 }
    }
} }

#[test]
fn a_type_that_takes_nothing_made_up_needs_a_payload() {
    let place = Place::new();
    let refused = schema::check(place.path()).with::<checked::Cart>().update().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no payload of `ItemAdded`, version 1, can be made up (no code begins like this): give the \
         check one, `.golden(ItemAdded { … })`"
    );
    let given = || checked::ItemAdded { code: checked::Code("97-1".to_owned()) };
    let check = || schema::check(place.path()).with::<checked::Cart>();
    check().golden(given()).update().unwrap();
    assert!(place.text().contains(r#"{"code":"97-1"}"#), "{}", place.text());
    check().golden(given()).verify().unwrap();
    check().verify().expect("the payload of the lock will do");
    let other = check().golden(checked::ItemAdded { code: checked::Code("97-2".to_owned()) });
    assert!(matches!(other.verify(), Err(Broken::Changed { .. })));
}

program! { by_value {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded {
        pub(crate) sku: String,
        #[serde(flatten)]
        pub(crate) more: More,
        pub(crate) paid: Paid,
    }
    #[derive(Serialize, Deserialize)]
    pub(crate) struct More { pub(crate) weight: u32 }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "by")]
    pub(crate) enum Paid { Card { number: String }, Cash }
} }

program! { by_value_renamed {
    #[derive(Event, Serialize, Deserialize)]
    pub(crate) struct ItemAdded {
        pub(crate) sku: String,
        #[serde(flatten)]
        pub(crate) more: More,
        pub(crate) paid: Paid,
    }
    #[derive(Serialize, Deserialize)]
    pub(crate) struct More { #[serde(default)] pub(crate) mass: u32 }
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "by")]
    pub(crate) enum Paid { Card { #[serde(default)] digits: String }, Cash }
} }

#[test]
fn what_shows_in_a_value_only_is_locked_by_the_values_that_are_given() {
    use by_value::{ItemAdded, More, Paid};
    let place = Place::new();
    let refused = schema::check(place.path()).with::<by_value::Cart>().update().unwrap_err();
    assert!(matches!(refused, Broken::NoGolden { .. }), "{refused}");
    let card = Paid::Card { number: "4".to_owned() };
    let given = ItemAdded { sku: "a".to_owned(), more: More { weight: 2 }, paid: card };
    schema::check(place.path()).with::<by_value::Cart>().golden(given).update().unwrap();
    place.verify::<by_value::Cart>().unwrap();

    let (lines, _) = place.changes::<by_value_renamed::Cart>();
    let is_gone =
        |field: &str| lines.iter().any(|line| line.contains(&format!("`{field}` is gone")));
    assert!(is_gone("weight") && is_gone("paid.number"), "{lines:#?}");
}

#[test]
fn a_payload_of_an_event_that_is_not_checked_is_refused() {
    let place = Place::new();
    let given = checked::ItemAdded { code: checked::Code("97-1".to_owned()) };
    let refused = schema::check(place.path()).with::<many_types::Cart>().golden(given).update();
    assert!(matches!(refused, Err(Broken::Foreign { type_name: "ItemAdded", .. })), "{refused:?}");
}

program! { panics {
    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "ItemAdded")]
    pub(crate) struct ItemAddedV1 { pub(crate) sku: String }
    #[derive(Event, Serialize, Deserialize)]
    #[event(version = 2, from = ItemAddedV1)]
    pub(crate) struct ItemAdded { kind: String, number: u32 }
    impl From<ItemAddedV1> for ItemAdded {
        fn from(old: ItemAddedV1) -> Self {
            let (kind, number) = old.sku.split_once('-').expect("a sku has two parts");
            Self { kind: kind.to_owned(), number: number.parse().unwrap() }
        }
    }
} }

#[test]
fn a_payload_that_an_upcaster_cannot_take_is_told() {
    let place = Place::new();
    let refused = schema::check(place.path()).with::<panics::Cart>().update().unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("version 1") && text.contains("a sku has two parts"), "{text}");
    let given = panics::ItemAddedV1 { sku: "A-1".to_owned() };
    schema::check(place.path()).with::<panics::Cart>().golden(given).update().unwrap();
    place.verify::<panics::Cart>().unwrap();
}
