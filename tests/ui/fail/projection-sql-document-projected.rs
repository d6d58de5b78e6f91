use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct CheckedOut;

#[derive(Default, Serialize, Deserialize)]
struct Document;

#[projection]
impl Document {
    fn checked_out(&mut self, _: &Committed<CheckedOut>) {}
}

async fn wait(app: App) -> actum::Result<Id> {
    app.projected::<Document>().await
}

fn main() {}
