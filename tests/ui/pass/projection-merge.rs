//! Folds that can be merged, and a handler that is only called so.

use actum::{Delete, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
pub struct Bought {
    pub cents: u64,
}
#[derive(Event, Serialize, Deserialize)]
pub struct Merge {}

#[derive(Default, Serialize, Deserialize)]
struct Sales(u64);

#[projection]
impl Sales {
    fn bought(&mut self, event: &Committed<Bought>) {
        self.0 += event.data.cents;
    }
    fn merge(&mut self, Sales(later): Self) {
        self.0 += later;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct ByStream(u64);

#[projection(key = stream, partitions = 2)]
impl ByStream {
    fn bought(&mut self, event: &Committed<Bought>) -> Option<Delete> {
        self.0 += event.data.cents;
        None
    }
    /// Under the name of the type, too.
    fn merge(&mut self, later: ByStream) {
        self.0 += later.0;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Merges(u64);

#[projection]
impl Merges {
    fn merge(&mut self, _: &Committed<Merge>) {
        self.0 += 1;
    }
}

fn main() {
    assert!(Sales::MERGE.is_some() && ByStream::MERGE.is_some());
    assert!(Merges::MERGE.is_none());
    assert_eq!((Sales::HANDLERS.len(), Merges::HANDLERS.len()), (1, 1));
}
