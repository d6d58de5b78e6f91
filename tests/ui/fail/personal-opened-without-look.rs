#![deny(unused_must_use)]

use actum::prelude::*;

async fn greet(app: &App, name: &Personal<String>) -> actum::Result<()> {
    app.open(name).await?;
    Ok(())
}

fn main() {
    let _ = greet;
}
