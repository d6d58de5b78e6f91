//! One program at different times: a cart with one event, whose payload changes.

use std::path::PathBuf;

use actum::{
    Aggregate,
    schema::{self, Broken, Change},
};
use tempfile::TempDir;

/// A program as it was at some time: the module has an aggregate `Cart` with the event `ItemAdded`.
macro_rules! program {
    ($time:ident { $($item:item)+ }) => {
        #[allow(dead_code, unused_imports, reason = "only the forms are of interest")]
        pub(crate) mod $time {
            use std::collections::BTreeMap;

            use actum::prelude::*;
            use serde::{Deserialize, Serialize};

            $($item)+

            #[derive(Events)]
            pub(crate) enum CartEvent {
                ItemAdded(ItemAdded),
            }

            #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
            #[aggregate(events = CartEvent)]
            pub(crate) struct Cart {
                events: u64,
            }

            #[patch]
            impl Cart {
                fn item_added(&mut self, _: ItemAdded) {
                    self.events += 1;
                }
            }
        }
    };
}
pub(crate) use program;

/// A folder for a lock.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("events.lock")
    }

    /// A place with the lock of a program.
    pub(crate) fn locked<A: Aggregate>() -> Self {
        let place = Self::new();
        place.update::<A>();
        place
    }

    pub(crate) fn update<A: Aggregate>(&self) -> Vec<Change> {
        schema::check(self.path()).with::<A>().update().unwrap()
    }

    pub(crate) fn verify<A: Aggregate>(&self) -> Result<(), Broken> {
        schema::check(self.path()).with::<A>().verify()
    }

    /// What a program has changed, each as a line, and the advice.
    pub(crate) fn changes<A: Aggregate>(&self) -> (Vec<String>, String) {
        match self.verify::<A>() {
            Ok(()) => (Vec::new(), String::new()),
            Err(Broken::Changed { changes, help, .. }) => {
                let sign = |change: &Change| if change.is_breaking() { '-' } else { '+' };
                let line = |change: &Change| format!("{} {change}", sign(change));
                (changes.iter().map(line).collect(), help)
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }
}
