//! A reaction with all it can take, among names that shadow those of the expansion.

use std::{convert::Infallible, time::Duration};

use actum::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Placed;
#[derive(Event, Serialize, Deserialize)]
struct Paid;

#[derive(Events)]
enum OrderEvent {
    Placed(Placed),
    Paid(Paid),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = OrderEvent)]
struct Order {
    paid: u32,
}

#[patch]
impl Order {
    fn placed(&mut self, _: Placed) {}
    fn paid(&mut self, _: Paid) {
        self.paid += 1;
    }
}

#[derive(Serialize, Deserialize)]
struct Place;
#[derive(Serialize, Deserialize)]
struct Pay;

#[action]
impl Order {
    fn place(&self, _: Place) -> Result<Placed, Infallible> {
        Ok(Placed)
    }
    fn pay(&self, _: Pay) -> Result<Paid, Infallible> {
        Ok(Paid)
    }
}

mod shadows {
    #![allow(dead_code, non_camel_case_types)]

    pub enum Result {}
    pub enum Option {}
    pub enum Vec {}
    pub enum Future {}
    pub enum Send {}
    pub enum Reacts {}
    pub mod core {}
    pub mod std {}

    pub struct Payment;

    #[derive(Debug)]
    pub struct Broken;

    impl ::std::fmt::Display for Broken {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str("broken")
        }
    }

    impl ::std::error::Error for Broken {}

    /// Pays.
    #[actum::reaction(name = "Till", attempts = 2, backoff = "1ms", longest = "2 s", parallel = 1, lease = "1min")]
    impl Payment {
        const UNUSED: u32 = 1;

        /// Pays for what was placed.
        async fn placed(
            &self,
            event: &actum::Committed<super::Placed>,
            app: &actum::App,
            now: actum::Ask<'_, super::Order, super::Pay>,
            cx: &actum::Cx,
            r#later: actum::Ask<'_, super::Order, super::Pay>,
        ) -> ::std::result::Result<(), actum::Fault> {
            let _ = (app.model(), cx.key(), cx.attempt());
            now.act(event.stream.id(), super::Pay).await?;
            later.later(super::Duration::ZERO, event.stream.id(), super::Pay).await?;
            Ok(())
        }

        #[cfg(any())]
        async fn nothing(
            &self,
            _: &actum::Committed<Missing>,
        ) -> ::std::result::Result<(), Broken> {
            Ok(())
        }

        #[deprecated]
        async fn paid(
            &self,
            _: &actum::Committed<super::Paid>,
        ) -> ::std::result::Result<(), Broken> {
            Ok(())
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use shadows::Payment;

    assert_eq!((Payment::NAME, Payment::DOCS), ("Till", "Pays."));
    assert_eq!(Payment::POLICY.attempts, 2);
    assert_eq!(Payment::POLICY.longest, Duration::from_secs(2));
    let app = App::new(Memory::new()).with::<Order>().react(Payment).start().await?;
    let done = app.act::<Order>("a", Place).await?;
    app.settled::<Payment>(done.id).await?;
    while app.load::<Order>("a").await?.paid < 2 {
        tokio::task::yield_now().await;
    }
    app.shutdown(Duration::from_secs(10)).await?;
    Ok(())
}
