//! Events as a store would have them.

use actum::{Committed, Id, Json, Meta, MetaFields, Timestamp, Version};

/// An event with a payload, a cause and a time in microseconds.
pub fn event(
    (id, stream, version): (u64, &str, u64),
    name: &str,
    (data, causation, micros): (&str, &str, i64),
) -> Committed {
    let fields = MetaFields {
        correlation: Some("c-1".to_owned()),
        causation: Some(causation.to_owned()),
        actor: (id == 1).then(|| "alice".to_owned()),
        ..MetaFields::default()
    };
    Committed {
        name: name.into(),
        schema: 1,
        data: Json::from_text(data).expect("JSON"),
        id: Id(id),
        stream: stream.parse().expect("a stream"),
        version: Version(version),
        created: Timestamp::from_microsecond(1_717_252_980_000_000 + micros).expect("a time"),
        meta: Meta::new(fields).expect("meta data"),
    }
}

pub fn all() -> Vec<Committed> {
    vec![
        event((1, "Cart-1", 1), "CheckedOut", (r#"{"cents":12050}"#, "CheckOut", 0)),
        event((2, "Order-1", 1), "Paid", (r#"{"receipt":"r-1"}"#, "Pay#1", 12_300)),
        event((3, "Order-1", 2), "Shipped", (r#"{"parcel":"p-1"}"#, "Ship#2", 45_000)),
        event((4, "Order-1", 3), "Labelled", ("null", "Ship#2", 45_000)),
        event((6, "Order-1", 4), "Reminded", ("null", "Remind#2", 90_061_000_000)),
        // Its cause is not shown, and the next names itself.
        event((7, "Parcel-1", 1), "Sent", ("null", "Send#5", 90_061_000_000)),
        event((8, "Parcel-1", 2), "Lost", ("null", "Lose#8", 90_061_000_500)),
    ]
}

pub fn none() -> Vec<Committed> {
    Vec::new()
}

/// What was done, undone, redone and undone again; another stream has the same versions.
pub fn undone() -> Vec<Committed> {
    let noted = |mut event: Committed, undoes: Option<u64>, redoes: Option<u64>| {
        let fields = event.meta.fields().clone();
        let (undoes, redoes) = (undoes.map(Version), redoes.map(Version));
        event.meta = Meta::new(MetaFields { undoes, redoes, ..fields }).expect("meta data");
        event
    };
    vec![
        event((1, "Cart-1", 1), "ItemAdded", (r#"{"sku":"tea"}"#, "AddItem", 0)),
        event((2, "Cart-1", 2), "ItemAdded", (r#"{"sku":"milk"}"#, "AddItem", 1)),
        event((3, "Cart-2", 1), "ItemAdded", (r#"{"sku":"tea"}"#, "AddItem", 2)),
        noted(event((4, "Cart-1", 3), "ItemRemoved", ("null", "undo", 3)), Some(2), None),
        noted(event((5, "Cart-1", 4), "ItemRemoved", ("null", "undo", 4)), Some(1), None),
        noted(event((6, "Cart-1", 5), "ItemAdded", ("null", "redo", 5)), Some(4), Some(1)),
        noted(event((7, "Cart-1", 6), "ItemAdded", ("null", "redo", 6)), Some(3), Some(2)),
        noted(event((8, "Cart-1", 7), "ItemRemoved", ("null", "undo", 7)), Some(6), None),
    ]
}
