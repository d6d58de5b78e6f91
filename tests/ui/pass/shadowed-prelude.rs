//! The expansion names everything by its full path.

#![forbid(unsafe_code)]
#![deny(warnings)]

mod domain {
    #![allow(dead_code, non_snake_case, reason = "names that shadow")]

    use ::actum::{Aggregate, Event, Events, action, patch, projection};
    use serde::{Deserialize, Serialize};

    pub struct Option;
    pub struct Vec;
    pub struct Result;
    pub struct String;
    pub struct Box;
    pub struct From;
    pub mod core {}
    pub mod std {}
    pub mod actum {}
    pub fn Ok() {}
    pub fn Err() {}
    pub fn Some() {}
    pub struct None;

    /// A payload.
    #[derive(Event, Serialize, Deserialize)]
    pub struct Added {
        pub by: i32,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(name = "Set")]
    pub struct SetV1(pub i32);

    #[derive(Event, Serialize, Deserialize)]
    #[event(version = 2, from = SetV1)]
    pub struct Set {
        pub to: i32,
    }

    impl ::core::convert::From<SetV1> for Set {
        fn from(SetV1(to): SetV1) -> Self {
            Self { to }
        }
    }

    #[derive(Events)]
    pub enum CounterEvent {
        Added(Added),
        Set(Set),
    }

    #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    #[aggregate(events = CounterEvent, snapshot_every = 10)]
    pub struct Counter {
        pub count: i32,
    }

    #[patch]
    impl Counter {
        fn added(&mut self, event: Added) {
            self.count += event.by;
        }

        fn set(&mut self, event: Set) {
            self.count = event.to;
        }
    }

    #[derive(Serialize, Deserialize)]
    pub struct Add {
        pub by: i32,
    }

    #[action]
    impl Counter {
        #[given(small)]
        fn add(
            &self,
            Add { by }: Add,
        ) -> ::core::result::Result<Added, ::core::fmt::Error> {
            ::core::result::Result::Ok(Added { by })
        }

        fn small(&self) -> ::core::result::Result<(), ::core::fmt::Error> {
            if self.count < 10 {
                ::core::result::Result::Ok(())
            } else {
                ::core::result::Result::Err(::core::fmt::Error)
            }
        }
    }

    #[derive(Default, Serialize, Deserialize)]
    pub struct Total {
        pub added: i32,
    }

    #[projection]
    impl Total {
        fn added(&mut self, event: &::actum::Committed<Added>) {
            self.added += event.data.by;
        }
    }
}

fn main() {
    let events = [domain::Added { by: 1 }.into(), domain::Set { to: 5 }.into()];
    let counter: domain::Counter = actum::fold(events);
    assert_eq!(counter.count, 5);
}
