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
    fn named(&mut self, event: &Committed<Named>, opener: &Opener, app: &App) {
        let _ = (event, opener, app);
    }
    fn forgotten(&mut self, _: &Committed<Forgotten>) {
        self.all.clear();
    }
}

fn main() {}
