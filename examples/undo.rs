//! A drawing whose every stroke can be undone and redone, while the log keeps all that happened.
//!
//! `cargo run --example undo [FILE or URL]`: in memory unless a file or the URL of a store is named.

use actum::{UndoError, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Drawn {
    pub row: usize,
    pub column: usize,
    pub ink: char,
}

#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Hung {
    pub place: String,
}

#[derive(Events, Clone, Debug, PartialEq)]
pub enum DrawingEvent {
    Drawn(Drawn),
    Hung(Hung),
}

const ROWS: usize = 3;
const COLUMNS: usize = 9;

#[derive(Aggregate, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(events = DrawingEvent, undo = [Drawn])]
pub struct Drawing {
    pub rows: Vec<Vec<char>>,
    pub place: Option<String>,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { rows: vec![vec!['·'; COLUMNS]; ROWS], place: None }
    }
}

#[patch]
impl Drawing {
    fn drawn(&mut self, Drawn { row, column, ink }: Drawn) {
        if let Some(cell) = self.rows.get_mut(row).and_then(|row| row.get_mut(column)) {
            *cell = ink;
        }
    }
    fn hung(&mut self, event: Hung) {
        self.place = Some(event.place);
    }
}

#[undo]
impl Drawing {
    /// The cell gets the ink that it had.
    fn undo_drawn(before: &Drawing, event: &Drawn) -> Option<Drawn> {
        let ink = *before.rows.get(event.row)?.get(event.column)?;
        Some(Drawn { ink, ..event.clone() })
    }
}

/// Draws a line down a column or along a row.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Draw {
    Row(usize, char),
    Column(usize, char),
}
#[derive(Serialize, Deserialize)]
pub struct Hang(pub String);

#[action]
impl Drawing {
    fn draw(&self, draw: Draw) -> Result<Vec<Drawn>, Unmet> {
        Ok(match draw {
            Draw::Row(row, ink) => (0..COLUMNS).map(|column| Drawn { row, column, ink }).collect(),
            Draw::Column(column, ink) => (0..ROWS).map(|row| Drawn { row, column, ink }).collect(),
        })
    }
    fn hang(&self, Hang(place): Hang) -> Result<Hung, Unmet> {
        Ok(Hung { place })
    }
}

async fn show(app: &App, what: &str) -> Result<(), actum::Error> {
    let drawing = app.load::<Drawing>("sketch").await?;
    println!("{what}, version {}:", drawing.version());
    for row in &drawing.rows {
        println!("  {}", row.iter().collect::<String>());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let place = std::env::args().nth(1).unwrap_or_else(|| "memory".to_owned());
    let app = App::new(actum::connect(&place).await?).with::<Drawing>().start().await?;
    app.act::<Drawing>("sketch", Draw::Row(1, '─')).actor("ada").await?;
    app.act::<Drawing>("sketch", Draw::Column(4, '│')).actor("ada").await?;
    show(&app, "two lines, one step each").await?;

    app.undo::<Drawing>("sketch").actor("ada").await?;
    show(&app, "one step undone").await?;
    app.undo::<Drawing>("sketch").actor("ada").await?;
    app.redo::<Drawing>("sketch").steps(2).actor("ada").await?;
    show(&app, "another one undone, then both redone at once").await?;

    app.act::<Drawing>("sketch", Hang("hall".to_owned())).await?;
    match app.undo::<Drawing>("sketch").await {
        Err(ActError::Rejected(refused @ UndoError::NotUndoable { .. })) => println!("{refused}"),
        other => println!("what is hung stays; this should not be: {other:?}"),
    }

    println!("what the log has of the crossing:");
    let mut history = app.history::<Drawing>("sketch")?;
    while let Some(event) = history.next().await {
        let Committed { version, data, meta, .. } = event?;
        if let DrawingEvent::Drawn(Drawn { row: 1, column: 4, ink }) = data {
            let told = match (meta.undoes(), meta.redoes()) {
                (_, Some(version)) => format!("redoes {version}"),
                (Some(version), None) => format!("undoes {version}"),
                (None, None) => String::new(),
            };
            println!("  {version:>3} {ink} {told}");
        }
    }
    Ok(())
}
