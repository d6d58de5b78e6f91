use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Named {
    name: Personal<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Names {
    all: Vec<String>,
}

#[projection]
impl Names {
    fn named(&mut self, event: &Committed<Named>, opener: &Opener) -> Option<()> {
        self.all.push(opener.open(&event.data.name).ok()?.value()?);
        Some(())
    }
    fn forgotten(&mut self, _: &Committed<Forgotten>) {
        self.all.clear();
    }
}

fn main() {}
