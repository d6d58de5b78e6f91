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
