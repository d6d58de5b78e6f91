//! A counter whose crate knows actum under another name, in edition 2021.

use std::fmt;

use happened::{
    action, invariant, patch, projection, reaction, Aggregate, Ask, Committed, Event, Events, Fault,
};
use serde::{Deserialize, Serialize};

/// The counter went up.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[event(crate = happened)]
pub struct Added {
    /// By how much.
    pub by: u64,
}

/// The counter went back to zero, as it was told before it was asked why.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[event(name = "Reset", crate = ::happened)]
pub struct ResetV1;

/// The counter went back to zero.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[event(version = 2, from = ResetV1, crate = happened)]
pub struct Reset {
    /// Why.
    pub why: String,
}

impl From<ResetV1> for Reset {
    fn from(_: ResetV1) -> Self {
        Self { why: String::new() }
    }
}

/// What can happen to a counter.
#[derive(Events, Clone, Debug, PartialEq, Eq)]
#[events(crate = happened)]
pub enum CounterEvent {
    /// Up.
    Added(Added),
    /// To zero.
    Reset(Reset),
}

/// A number.
#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = CounterEvent, crate = happened)]
pub struct Counter {
    /// The number.
    pub count: u64,
}

#[patch(crate = happened)]
impl Counter {
    fn added(&mut self, event: Added) {
        self.count += event.by;
    }

    fn reset(&mut self, _: Reset) {
        self.count = 0;
    }
}

/// Asks for more.
#[derive(Serialize, Deserialize, Debug)]
pub struct Add {
    /// How much.
    pub by: u64,
}

/// The number would be too large.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the counter is full")
    }
}

impl std::error::Error for Full {}

#[action(crate = happened)]
impl Counter {
    /// Adds.
    #[given(free)]
    fn add(&self, Add { by }: Add) -> Result<Added, Full> {
        Ok(Added { by })
    }

    /// There is room.
    fn free(&self) -> Result<(), Full> {
        if self.count < 10 {
            Ok(())
        } else {
            Err(Full)
        }
    }
}

#[invariant(crate = happened)]
impl Counter {
    /// It fits a byte.
    fn fits(&self) -> Result<(), Full> {
        u8::try_from(self.count).map(drop).map_err(|_| Full)
    }
}

/// All that was ever added.
#[derive(Default, Debug, Serialize, Deserialize)]
pub struct Total {
    /// The sum.
    pub added: u64,
}

#[projection(crate = happened)]
impl Total {
    fn added(&mut self, event: &Committed<Added>) {
        self.added += event.data.by;
    }
}

/// Writes down what was added, in streams of its own.
#[derive(Debug)]
pub struct Echo;

#[reaction(crate = happened, backoff = "1ms")]
impl Echo {
    async fn added(
        &self,
        event: &Committed<Added>,
        add: Ask<'_, Counter, Add>,
    ) -> Result<(), Fault> {
        if event.stream.id() == "a" {
            add.act("echo", Add { by: event.data.by }).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use happened::{prelude::*, ActError};

    use super::*;

    #[tokio::test]
    async fn an_aggregate_lives_under_another_name() {
        let app = App::new(Memory::new())
            .with_checked::<Counter>()
            .project::<Total>()
            .react(Echo)
            .start()
            .await
            .expect("app");

        app.act::<Counter>("a", Add { by: 7 }).await.expect("free");
        let done = app.act::<Counter>("a", Add { by: 8 }).await.expect("free");
        let refused = app.act::<Counter>("a", Add { by: 1 }).await;

        assert!(matches!(refused, Err(ActError::Rejected(Full))));
        assert_eq!(app.load::<Counter>("a").await.expect("counter").count, 15);
        app.settled::<Echo>(done.id).await.expect("settled");
        assert_eq!(app.load::<Counter>("echo").await.expect("counter").count, 15);
        let head = app.store().head().await.expect("head");
        let total = app.view::<Total>().after(head).await.expect("total");
        assert_eq!(total.added, 30);
    }
}
