//! Given / when / then for reactions: what follows is compared, and a difference is shown.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use actum::{
    prelude::*,
    testing::{later, on, reacting},
};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Ordered {
    sku: String,
}
#[derive(Event, Serialize, Deserialize)]
struct Shipped {
    sku: String,
    try_: u32,
}
#[derive(Events)]
enum ParcelEvent {
    Shipped(Shipped),
}
#[derive(Aggregate, Default, Clone, Serialize, Deserialize)]
#[aggregate(events = ParcelEvent)]
struct Parcel {
    shipped: u32,
}
#[patch]
impl Parcel {
    fn shipped(&mut self, _: Shipped) {
        self.shipped += 1;
    }
}
#[derive(Serialize, Deserialize)]
struct Ship {
    sku: String,
    try_: u32,
}
#[action]
impl Parcel {
    fn ship(&self, Ship { sku, try_ }: Ship) -> Result<Shipped, Infallible> {
        Ok(Shipped { sku, try_ })
    }
}

/// Says in the parcel at which try it was shipped, so that a doubled one would show.
#[derive(Default)]
struct Shipping {
    tries: AtomicU32,
}

#[reaction]
impl Shipping {
    async fn ordered(
        &self,
        event: &Committed<Ordered>,
        ship: Ask<'_, Parcel, Ship>,
        again: Ask<'_, Parcel, Ship>,
    ) -> Result<(), Fault> {
        let try_ = self.tries.fetch_add(1, Ordering::Relaxed) + 1;
        let sku = event.data.sku.clone();
        match &*sku {
            "" => return Err(Fault::park("nothing was ordered")),
            "rare" => return Err(std::io::Error::other("it is sold out").into()),
            _ => {}
        }
        ship.act(event.stream.id(), Ship { sku: sku.clone(), try_ }).await?;
        again.later(Duration::from_mins(5), event.stream.id(), Ship { sku, try_: 0 }).await?;
        Ok(())
    }
}

fn ordered(sku: &str) -> Committed {
    on("Order-7").at("2024-06-01T14:23:00Z").happened(Ordered { sku: sku.to_owned() })
}

fn shipped(stream: &str, sku: &str) -> Committed {
    on(stream).happened(Shipped { sku: sku.to_owned(), try_: 1 })
}

#[tokio::test]
async fn what_follows_is_compared_and_a_repetition_adds_nothing() {
    reacting(Shipping::default())
        .with::<Parcel>()
        .given([shipped("Parcel-7", "B"), shipped("Parcel-8", "C")])
        .when(ordered("A"))
        .await
        .then([shipped("Parcel-7", "A")])
        .await
        .repeated()
        .await
        .then([shipped("Parcel-7", "A")])
        .await
        .then_later([later::<Parcel, _>(
            Duration::from_mins(5),
            "7",
            Ship { sku: "A".to_owned(), try_: 0 },
        )]);
}

#[tokio::test]
async fn failures_tell_whether_they_are_tried_again() {
    reacting(Shipping::default()).when(ordered("")).await.then_parked_saying("nothing was ordered");
    let failed = reacting(Shipping::default()).when(ordered("rare")).await;
    failed.then_retried_saying("sold out");
}

/// The text of the panic that a check ends with.
async fn told(check: impl Future<Output = ()>) -> String {
    let panic = std::panic::AssertUnwindSafe(check).catch_unwind().await.expect_err("it fails");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[tokio::test]
async fn a_difference_is_shown_line_by_line() {
    let reacted =
        || async { reacting(Shipping::default()).with::<Parcel>().when(ordered("A")).await };
    let text = told(async { drop(reacted().await.then([shipped("Parcel-8", "A")]).await) }).await;
    assert!(text.contains("other events followed"), "{text}");
    assert!(
        text.contains("- Parcel-8 Shipped {") && text.contains("+ Parcel-7 Shipped {"),
        "{text}"
    );
    let text = told(async { drop(reacted().await.then([]).await) }).await;
    assert!(text.contains("+ Parcel-7 Shipped {"), "{text}");
    let text = told(async {
        reacted().await.then_later([]);
    })
    .await;
    assert!(text.contains("+ Ship of Parcel-7 after 5m: {"), "{text}");
    let text = told(async {
        reacted().await.then_parked_saying("x");
    })
    .await;
    assert!(text.contains("expected parked saying `x`, but it went well"), "{text}");
    let failed =
        async { drop(reacting(Shipping::default()).when(ordered("rare")).await.then([]).await) };
    let text = told(failed).await;
    assert!(text.contains("it failed: it is sold out"), "{text}");
}

#[tokio::test]
async fn an_event_that_is_not_handled_is_told() {
    let when = async { drop(reacting(Shipping::default()).when(shipped("Parcel-1", "A")).await) };
    let text = told(when).await;
    assert!(text.contains("it does not handle `Shipped`"), "{text}");
}
