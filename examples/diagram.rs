//! The orders as diagrams: Mermaid text and SVG.
//!
//! `cargo run --example diagram [FOLDER]` writes the whole flow and each aggregate from the model,
//! without running anything; then it sends one order on its way, in memory, and writes what happened.
//! The folder is `target/diagrams` unless named.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use actum::{
    diagram::{self, Diagram},
    prelude::*,
};
use orders::{Cart, CheckOut, CheckedOut, Gateway, Order, Paid, Payment, Shipping};
use serde::{Deserialize, Serialize};

#[path = "orders.rs"]
#[allow(dead_code, reason = "it is an example of its own")]
mod orders;

/// What was asked for, and what was paid.
#[derive(Default, Serialize, Deserialize)]
pub struct Income {
    pub cents: u64,
    pub receipts: u64,
}

/// What was asked for, and what was paid.
#[projection]
impl Income {
    fn checked_out(&mut self, event: &Committed<CheckedOut>) {
        self.cents += event.data.cents;
    }
    fn paid(&mut self, _: &Committed<Paid>) {
        self.receipts += 1;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/diagrams".to_owned());
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;

    // The model is there before the app runs.
    let gateway = Gateway { seed: 2, called: std::sync::Arc::default() };
    let app = App::new(Memory::new()).with::<Cart>().with::<Order>().project::<Income>();
    let app = app.react(Payment { gateway }).react(Shipping);
    let model = app.model();
    write(&folder, "board", &diagram::board(&model))?;
    for aggregate in &model.aggregates {
        write(&folder, aggregate.name, &diagram::aggregate(&model, aggregate.name)?)?;
    }

    let app = app.start().await?;
    app.act::<Cart>("1", CheckOut { cents: 12_050 }).actor("alice").await?;
    while app.load::<Order>("1").await?.reminders == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let order = app.read(Query::stream(StreamId::of::<Order>("1")?)).all().await?;
    write(&folder, "timeline", &diagram::timeline(&order))?;
    let correlation = order.first().and_then(|event| event.meta.correlation());
    let followed = Query::all().correlation(correlation.ok_or("there is no order")?);
    write(&folder, "causes", &diagram::causes(&app.read(followed).all().await?))?;
    app.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}

/// Writes a diagram in both forms.
fn write(folder: &Path, name: &str, diagram: &Diagram) -> std::io::Result<()> {
    for (ending, text) in [("mmd", diagram.mermaid()), ("svg", diagram.svg())] {
        let file = folder.join(name).with_extension(ending);
        fs::write(&file, text)?;
        println!("{}", file.display());
    }
    Ok(())
}
