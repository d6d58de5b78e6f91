//! Preconditions: of one action and of all, as questions and with errors of their own.

use actum::{Actions, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
struct Opened;
#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
struct Sold {
    qty: u32,
}

#[derive(Events, Debug, PartialEq)]
enum ShopEvent {
    Opened(Opened),
    Sold(Sold),
}

#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = ShopEvent)]
struct Shop {
    is_open: bool,
    stock: Option<u32>,
}

#[patch]
impl Shop {
    fn opened(&mut self, _: Opened) {
        (self.is_open, self.stock) = (true, Some(9));
    }
    fn sold(&mut self, Sold { qty }: Sold) {
        self.stock = self.stock.and_then(|stock| stock.checked_sub(qty));
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum ShopError {
    #[error(transparent)]
    Unmet(#[from] Unmet),
    #[error("the licence has run out")]
    NoLicence,
}

#[derive(Serialize, Deserialize)]
struct Sell {
    qty: u32,
}
#[derive(Serialize, Deserialize)]
struct OpenUp;

#[action(given(licensed, stocked))]
impl Shop {
    #[given(open)]
    fn sell(&self, Sell { qty }: Sell) -> Result<Sold, ShopError> {
        Ok(Sold { qty })
    }
    fn open_up(&self, _: OpenUp) -> Result<Opened, ShopError> {
        Ok(Opened)
    }
    /// The shop is open.
    ///
    /// On Sundays it is not.
    fn open(&self) -> bool {
        self.is_open
    }
    fn stocked(&self) -> bool {
        self.stock != Some(0)
    }
    fn licensed(&self) -> Result<(), ShopError> {
        if self.stock == Some(7) { Err(ShopError::NoLicence) } else { Ok(()) }
    }
}

async fn app() -> App {
    App::new(Memory::new()).with::<Shop>().start().await.expect("an app")
}

#[tokio::test]
async fn a_question_that_is_not_met_refuses_with_its_name_and_text() {
    let app = app().await;
    let refused = app.act::<Shop>("a", Sell { qty: 1 }).await.expect_err("closed");
    assert_eq!(refused.to_string(), "`open` is not met: the shop is open");
    let by_name = app.act_json("Shop", "b", "Sell", r#"{"qty":1}"#).await.expect_err("closed");
    assert_eq!(by_name.to_string(), "`open` is not met: the shop is open");
    let ActError::Rejected(ShopError::Unmet(unmet)) = refused else { panic!("{refused}") };
    assert_eq!((unmet.given, unmet.docs), ("open", "The shop is open.\n\nOn Sundays it is not."));
}

#[tokio::test]
async fn the_preconditions_of_the_block_hold_for_every_action_and_come_first() {
    let app = app().await;
    for id in ["a", "b"] {
        app.act::<Shop>(id, OpenUp).await.expect("an open shop");
    }
    app.act::<Shop>("a", Sell { qty: 2 }).await.expect("sold");
    app.act::<Shop>("b", Sell { qty: 9 }).await.expect("sold");
    for refused in [
        app.act::<Shop>("a", Sell { qty: 1 }).await.expect_err("no licence"),
        app.act::<Shop>("a", OpenUp).await.expect_err("no licence"),
    ] {
        assert!(matches!(refused, ActError::Rejected(ShopError::NoLicence)), "{refused}");
    }
    let refused = app.act::<Shop>("b", OpenUp).await.expect_err("sold out");
    assert_eq!(refused.to_string(), "`stocked` is not met");
}

#[test]
fn the_catalogue_lists_them_in_the_order_of_their_checks() {
    let [sell, open_up] = Shop::ACTIONS else { panic!("two actions") };
    assert_eq!(sell.spec.given, ["licensed", "stocked", "open"]);
    assert_eq!(open_up.spec.given, ["licensed", "stocked"]);
    let shop = Shop { is_open: false, stock: Some(0) };
    let unmet: Vec<_> = Shop::GIVEN.iter().filter_map(|one| (one.check)(&shop).err()).collect();
    assert_eq!(unmet, ["`open` is not met: the shop is open", "`stocked` is not met"]);
}
