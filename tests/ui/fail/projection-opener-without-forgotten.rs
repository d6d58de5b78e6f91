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
    fn named(&mut self, event: &Committed<Named>, opener: &Opener) -> actum::Result<()> {
        self.all.extend(opener.open(&event.data.name)?.value());
        Ok(())
    }
}

fn main() {}
