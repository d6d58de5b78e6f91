//! What the model knows of reactions: which event may lead to which action, and where that goes
//! round in a circle.

use actum::{Model, prelude::*};
use serde::{Deserialize, Serialize};

use crate::domain::{Account, Desk, Do, Order, Script};

#[derive(Event, Serialize, Deserialize)]
struct Pinged;
#[derive(Event, Serialize, Deserialize)]
struct Ponged;

#[derive(Events)]
enum TableEvent {
    Pinged(Pinged),
    Ponged(Ponged),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = TableEvent)]
struct Table;

#[patch]
impl Table {
    fn pinged(&mut self, _: Pinged) {}
    fn ponged(&mut self, _: Ponged) {}
}

#[derive(Serialize, Deserialize)]
struct Ping;
#[derive(Serialize, Deserialize)]
struct Pong;

#[action]
impl Table {
    fn ping(&self, _: Ping) -> Result<Pinged, std::convert::Infallible> {
        Ok(Pinged)
    }
    fn pong(&self, _: Pong) -> Result<Ponged, std::convert::Infallible> {
        Ok(Ponged)
    }
}

struct Left;

/// Answers a ping.
#[reaction]
impl Left {
    async fn pinged(&self, _: &Committed<Pinged>, _: Ask<'_, Table, Pong>) -> Result<(), Fault> {
        Ok(())
    }
}

struct Right;

#[reaction]
impl Right {
    async fn ponged(
        &self,
        _: &Committed<Ponged>,
        _: Ask<'_, Table, Ping>,
        _: Ask<'_, Order, crate::domain::Place>,
    ) -> Result<(), Fault> {
        Ok(())
    }
}

async fn model(with: impl FnOnce(actum::Builder) -> actum::Builder) -> Model {
    let desk = Desk { receipt: String::new(), script: Script::new(|_| Do::Work) };
    let app = App::new(Memory::new()).with::<Order>().with::<Account>().with::<Table>();
    with(app.react(desk)).start().await.expect("it starts").model().clone()
}

#[tokio::test]
async fn the_model_tells_what_each_handler_may_ask() {
    let model = model(|app| app.react(Left)).await;
    let json = serde_json::to_value(&model.reactions).expect("JSON");
    let expected = serde_json::json!([
        {"name": "Desk", "docs": "Pays for what was placed.", "takes": [{
            "event": "Placed", "from": ["Order"], "method": "placed",
            "docs": "The account of the order pays.",
            "asks": [{"aggregate": "Account", "action": "Pay"}],
        }]},
        {"name": "Left", "docs": "Answers a ping.", "takes": [{
            "event": "Pinged", "from": ["Table"], "method": "pinged", "docs": "",
            "asks": [{"aggregate": "Table", "action": "Pong"}],
        }]},
    ]);
    assert_eq!(json, expected);
    assert_eq!(model.cycles(), []);
}

#[tokio::test]
async fn a_circle_of_follow_ups_is_found_once() {
    let model = model(|app| app.react(Left).react(Right)).await;
    let cycles: Vec<_> = model.cycles().iter().map(ToString::to_string).collect();
    let circle =
        "Table.Ping emits Pinged, Left asks Table.Pong emits Ponged, Right asks Table.Ping";
    assert_eq!(cycles, [circle]);
}

#[tokio::test]
async fn an_app_without_an_aggregate_that_is_asked_does_not_start() {
    let started = App::new(Memory::new()).with::<Order>().react(Left).start().await;
    let error = started.expect_err("it cannot").to_string();
    assert!(error.contains("the reaction Left asks Pong of it"), "{error}");
    assert!(error.contains("`.with::<Table>()`"), "{error}");
}

#[tokio::test]
async fn two_reactions_of_one_name_do_not_start() {
    let app = App::new(Memory::new()).with::<Table>().react(Left).react(Left);
    let error = app.start().await.expect_err("it cannot").to_string();
    assert!(error.contains("the reaction `Left`") && error.contains("twice"), "{error}");
}
