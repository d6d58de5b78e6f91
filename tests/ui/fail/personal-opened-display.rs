use actum::prelude::*;

async fn greet(app: &App, name: &Personal<String>) -> actum::Result<()> {
    println!("{}", app.open(name).await?);
    Ok(())
}

fn main() {
    let _ = greet;
}
