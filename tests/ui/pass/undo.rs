//! Inverses in several blocks and modules, of an event that two aggregates share, with all that they
//! may return.

use std::convert::Infallible;

use actum::{Aggregate, prelude::*};

mod events {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize, Clone)]
    pub struct Renamed {
        pub name: String,
    }
    #[derive(Event, Serialize, Deserialize, Clone)]
    #[event(name = "it-moved")]
    pub struct Moved {
        pub by: i64,
    }
    #[derive(Event, Serialize, Deserialize, Clone)]
    pub struct Seen;
    #[derive(Event, Serialize, Deserialize, Clone)]
    pub struct Sold;

    #[derive(Events)]
    pub enum BoxEvent {
        Renamed(Renamed),
        Moved(Moved),
        Seen(Seen),
        Sold(Sold),
    }

    #[derive(Events)]
    pub enum ShelfEvent {
        Renamed(Renamed),
    }
}

mod parcel {
    use actum::prelude::*;
    use serde::{Deserialize, Serialize};

    use crate::events::{BoxEvent, Moved, Renamed, Seen, Sold};

    #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    #[aggregate(events = BoxEvent, undo = [Renamed, crate::events::Moved, Seen, Sold])]
    pub struct Parcel {
        pub name: String,
        pub at: i64,
    }

    #[patch]
    impl Parcel {
        fn renamed(&mut self, event: Renamed) {
            self.name = event.name;
        }
        fn moved(&mut self, event: Moved) {
            self.at += event.by;
        }
        fn seen(&mut self, _: Seen) {}
        fn sold(&mut self, _: Sold) {}
    }
}

mod inverses {
    use actum::undo;

    use crate::{
        events::{BoxEvent, Moved, Renamed, Seen, Sold},
        parcel::Parcel,
    };

    #[undo]
    impl Parcel {
        /// The name that it had.
        pub(crate) fn undo_renamed(
            Self { name, .. }: &Self,
            _: &Renamed,
        ) -> Result<(Renamed, Option<Moved>), std::fmt::Error> {
            Ok((Renamed { name: name.clone() }, None))
        }
        #[cfg(not(any()))]
        fn undo_moved(_: &Parcel, &Moved { by }: &Moved) -> [BoxEvent; 1] {
            [Moved { by: -by }.into()]
        }
        #[cfg(any())]
        fn undo_moved_otherwise(_: &Parcel, _: &Moved) -> Vec<Nothing> {}
    }

    #[undo(crate = ::actum)]
    impl super::parcel::Parcel {
        fn undo_seen(_: &Parcel, _: &Seen) -> () {}
        fn r#unsell(_: &'_ Parcel, _: &'_ Sold) -> std::result::Result<(), Box<dyn std::error::Error>> {
            Err("it is sold".into())
        }
    }
}

#[derive(Aggregate, Default, Clone, serde::Serialize, serde::Deserialize)]
#[aggregate(undo = [events::Renamed,], events = events::ShelfEvent)]
struct Shelf {
    name: String,
}

#[patch]
impl Shelf {
    fn renamed(&mut self, event: events::Renamed) {
        self.name = event.name;
    }
}

#[undo]
impl Shelf {
    fn undo_renamed(before: &Shelf, _: &events::Renamed) -> Result<events::Renamed, Infallible> {
        Ok(events::Renamed { name: before.name.clone() })
    }
}

fn main() {
    let found: Vec<_> =
        parcel::Parcel::INVERSES.iter().map(|one| (one.event.name, one.method)).collect();
    let wanted = [
        ("Renamed", "undo_renamed"),
        ("it-moved", "undo_moved"),
        ("Seen", "undo_seen"),
        ("Sold", "unsell"),
    ];
    assert_eq!(found, wanted);
    assert_eq!(parcel::Parcel::INVERSES[0].docs, "The name that it had.");
    let before = parcel::Parcel { name: "a".into(), at: 1 };
    let [_, moved, seen, sold] = parcel::Parcel::INVERSES else { unreachable!() };
    let events = (moved.undo)(&before, 1, br#"{"by":3}"#).expect("JSON").expect("an answer");
    assert!(matches!(events[..], [events::BoxEvent::Moved(events::Moved { by: -3 })]));
    assert_eq!((seen.undo)(&before, 1, b"null").expect("JSON").expect("an answer").len(), 0);
    let refused = (sold.undo)(&before, 1, b"null").expect("JSON");
    assert_eq!(refused.err().as_deref(), Some("it is sold"));
    assert!((moved.undo)(&before, 2, b"{}").is_err());
    assert_eq!(Shelf::INVERSES.len(), 1);
    assert_eq!(parcel::Parcel::undo_renamed(&before, &events::Renamed { name: "b".into() }).expect("one").0.name, "a");
}
