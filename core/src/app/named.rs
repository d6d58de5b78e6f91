//! Aggregates, projections and reactions by name, for callers that have no types: an operator's
//! tools.

use crate::{
    App, Edit, Error, LoadedJson, ParkedStream, Possible, Result, StreamId, Verification, Version,
    app::{
        react::{self, Registered},
        runner::Runner,
    },
    store::ViewId,
};

impl App {
    /// Loads the states before and after a version, as JSON: what its event has changed.
    ///
    /// Both are folded in one go. Beyond the end of the stream both are the latest state.
    pub async fn step_json(
        &self,
        aggregate: &str,
        id: impl std::fmt::Display,
        version: Version,
    ) -> Result<(LoadedJson, LoadedJson)> {
        let stream = StreamId::new(aggregate, id)?;
        self.named(aggregate)?.step(stream, version).await
    }

    /// Tells which preconditions of its actions a stream meets now.
    ///
    /// ```
    /// use actum::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// struct Closed {}
    /// #[derive(Events)]
    /// enum DoorEvent { Closed(Closed) }
    /// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// #[aggregate(events = DoorEvent)]
    /// struct Door { closed: bool }
    /// #[patch]
    /// impl Door {
    ///     fn closed(&mut self, _: Closed) { self.closed = true }
    /// }
    /// #[derive(Serialize, Deserialize)]
    /// struct Close {}
    /// #[action(given(open))]
    /// impl Door {
    ///     fn close(&self, _: Close) -> Result<Closed, Unmet> { Ok(Closed {}) }
    ///     /// The door is open.
    ///     fn open(&self) -> bool { !self.closed }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(Memory::new()).with::<Door>().start().await?;
    /// app.act::<Door>("a", Close {}).await?;
    /// let possible = app.possible("Door", "a").await?;
    /// let close = &app.model().aggregates[0].actions[0];
    /// assert_eq!(possible.unmet(close).next().map(|given| given.name), Some("open"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for an aggregate that the app does not have; what the store answers.
    pub async fn possible(&self, aggregate: &str, id: impl std::fmt::Display) -> Result<Possible> {
        let stream = StreamId::new(aggregate, id)?;
        self.named(aggregate)?.possible(stream).await
    }

    /// Sketches an input of an action, as JSON to begin with: its fields, with the least values that
    /// its `Deserialize` takes.
    ///
    /// ```
    /// use actum::prelude::*;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// struct Counted { by: u64 }
    /// #[derive(Events)]
    /// enum CounterEvent { Counted(Counted) }
    /// #[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
    /// #[aggregate(events = CounterEvent)]
    /// struct Counter { total: u64 }
    /// #[patch]
    /// impl Counter {
    ///     fn counted(&mut self, event: Counted) { self.total += event.by }
    /// }
    /// #[derive(Serialize, Deserialize)]
    /// struct Count { by: u64, at: Timestamp }
    /// #[action]
    /// impl Counter {
    ///     fn count(&self, input: Count) -> Result<Counted, std::convert::Infallible> {
    ///         Ok(Counted { by: input.by })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), actum::Error> {
    /// let app = App::new(Memory::new()).with::<Counter>().start().await?;
    /// let input = app.sketch_input("Counter", "Count")?;
    /// assert_eq!(input, "{\n  \"by\": 0,\n  \"at\": \"2024-06-01T12:00:00Z\"\n}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for an aggregate or an action that the app does not have.
    pub fn sketch_input(&self, aggregate: &str, action: &str) -> Result<String> {
        self.named(aggregate)?.sketch(action)
    }

    /// Does what [`verify`](Self::verify) does, by name.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for a name that the app does not have, or that of a SQL projection, whose
    /// tables only their database can read.
    pub async fn verify_by_name(&self, projection: &str) -> Result<Verification> {
        let runner = self.runner_named(projection);
        (runner.ok_or_else(|| self.unknown_projection(projection))?.verify)(self).await
    }

    /// Does what [`reset`](Self::reset) does, by name; for SQL projections as well.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for a name that the app does not have; what the store answers.
    pub async fn reset_by_name(&self, projection: &str) -> Result<()> {
        if let Some(runner) = self.runner_named(projection) {
            return self.begin_anew(runner).await;
        }
        match self.0.tables.values().find(|one| one.view.name == projection) {
            Some(tables) => tables.reset().await,
            None => Err(self.unknown_projection(projection)),
        }
    }

    /// The views that keep the documents of a projection, one for each of its partitions; none for
    /// a SQL projection.
    pub fn views_by_name(&self, projection: &str) -> Vec<ViewId> {
        self.runner_named(projection).map_or_else(Vec::new, |runner| {
            runner.parts.iter().map(|part| part.view.clone()).collect()
        })
    }

    /// What a reaction has parked, by its name; see [`parked`](Self::parked).
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for a name that the app does not have; what the store answers.
    pub async fn parked_by_name(&self, reaction: &str) -> Result<Vec<ParkedStream>> {
        react::list(&*self.0.store, self.reaction_named(reaction)?.name).await
    }

    /// Retries, skips or unparks what a reaction has parked of a stream, by its name.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for a name that the app does not have, and when nothing of the stream is
    /// parked; what the store answers.
    pub async fn edit_parked(&self, reaction: &str, stream: &StreamId, edit: Edit) -> Result<()> {
        react::edit(self, self.reaction_named(reaction)?, stream, edit).await
    }

    /// Projections that keep documents; SQL projections are not among them.
    pub(super) fn runner_named(&self, name: &str) -> Option<&Runner> {
        self.0.runners.values().find(|one| one.build.name == name)
    }

    fn reaction_named(&self, name: &str) -> Result<&Registered> {
        let known = || self.0.model.reactions.iter().map(|one| one.name);
        self.0.reactions.values().find(|one| one.name == name).ok_or_else(|| Error::Unknown {
            what: "reaction",
            name: name.to_owned(),
            help: built_with(known()),
        })
    }

    fn unknown_projection(&self, name: &str) -> Error {
        let is_sql = self.0.tables.values().any(|one| one.view.name == name);
        let help = if is_sql {
            "it is a SQL projection, which only its database can compare".to_owned()
        } else {
            built_with(self.0.model.projections.iter().map(|one| one.name))
        };
        Error::Unknown { what: "projection", name: name.to_owned(), help }
    }
}

fn built_with<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.len() {
        0 => "it was built without any".to_owned(),
        _ => format!("it was built with {}", names.join(", ")),
    }
}
