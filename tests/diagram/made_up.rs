//! A model of twenty aggregates, as a shop of some years would have.

use actum::Model;

use crate::shop;

/// Each aggregate with its events.
const AGGREGATES: [(&str, &[&str]); 20] = [
    ("Account", &["Registered", "EmailConfirmed", "PasswordChanged", "Locked", "Closed"]),
    ("Address", &["AddressAdded", "AddressCorrected"]),
    ("Basket", &["ItemAdded", "ItemRemoved", "QuantityChanged", "CouponApplied", "CheckedOut"]),
    ("Campaign", &["Planned", "Started", "Stopped"]),
    ("Carrier", &["ContractSigned", "TariffChanged"]),
    ("Category", &["CategoryAdded", "CategoryMoved", "CategoryRenamed"]),
    ("Coupon", &["CouponIssued", "CouponRedeemed", "CouponExpired"]),
    ("Customer", &["CustomerWelcomed", "CreditGranted", "CreditWithdrawn"]),
    ("Delivery", &["PickedUp", "InTransit", "Delivered", "DeliveryFailed", "ReturnedToSender"]),
    ("Invoice", &["InvoiceIssued", "InvoicePaid", "InvoiceReminded", "InvoiceWrittenOff"]),
    (
        "Order",
        &[
            "Placed",
            "Confirmed",
            "Paid",
            "Picked",
            "Packed",
            "Shipped",
            "Completed",
            "Cancelled",
            "Reopened",
            "Disputed",
        ],
    ),
    ("Payment", &["Authorized", "Captured", "Declined", "Refunded"]),
    ("Price", &["PriceSet", "PriceChangedByAnAlgorithmThatHasAVeryLongName"]),
    ("Product", &["Listed", "Described", "Delisted"]),
    ("Purchase", &["Ordered", "Received"]),
    ("Return", &["ReturnAsked", "ReturnApproved", "ReturnReceived", "ReturnRefused"]),
    ("Review", &["Written", "Published", "Hidden"]),
    ("Stock", &["Counted", "Reserved", "Released", "Replenished", "Corrected"]),
    ("Supplier", &["SupplierAdded"]),
    ("Ticket", &["Opened", "Answered", "Escalated", "Solved"]),
];

/// Each projection with what it takes.
const PROJECTIONS: [(&str, &[(&str, &str)]); 9] = [
    ("SalesByDay", &[("Order", "Paid"), ("Payment", "Refunded"), ("Basket", "CheckedOut")]),
    ("OpenOrders", &[("Order", "Placed"), ("Order", "Confirmed"), ("Order", "Completed")]),
    ("StockLevels", &[("Stock", "Counted"), ("Stock", "Reserved"), ("Stock", "Corrected")]),
    ("Catalogue", &[("Product", "Listed"), ("Product", "Delisted"), ("Price", "PriceSet")]),
    ("Debtors", &[("Invoice", "InvoiceIssued"), ("Invoice", "InvoicePaid")]),
    ("Parcels", &[("Delivery", "PickedUp"), ("Delivery", "Delivered")]),
    ("Ratings", &[("Review", "Published"), ("Review", "Hidden")]),
    ("Logins", &[("Account", "Registered"), ("Account", "Locked"), ("Account", "Closed")]),
    ("Abandoned", &[("Basket", "ItemAdded"), ("Basket", "CheckedOut")]),
];

type Follows = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Each reaction with what it takes and what it asks then.
const REACTIONS: [Follows; 9] = [
    ("PlaceOrder", "Basket", "CheckedOut", &[("Order", "Placed")]),
    ("Reserve", "Order", "Placed", &[("Stock", "Reserved"), ("Order", "Confirmed")]),
    ("Charge", "Order", "Confirmed", &[("Payment", "Authorized")]),
    ("Settle", "Payment", "Captured", &[("Order", "Paid"), ("Invoice", "InvoiceIssued")]),
    ("Dispatch", "Order", "Packed", &[("Delivery", "PickedUp"), ("Order", "Shipped")]),
    ("Complete", "Delivery", "Delivered", &[("Order", "Completed")]),
    ("Restock", "Return", "ReturnReceived", &[("Stock", "Replenished"), ("Payment", "Refunded")]),
    ("Welcome", "Account", "Registered", &[("Customer", "CustomerWelcomed")]),
    ("Escalate", "Order", "Disputed", &[("Ticket", "Opened")]),
];

/// The action that emits an event: `Confirmed` by `DoConfirmed`.
fn action(event: &str) -> &'static str {
    format!("Do{event}").leak()
}

pub fn model() -> Model {
    let pattern = shop::app().model();
    let mut model = Model::default();
    for (name, events) in AGGREGATES {
        let mut aggregate = pattern.aggregates[0].clone();
        let (event, mut act) = (aggregate.events[0].clone(), aggregate.actions[0].clone());
        aggregate.name = name;
        aggregate.docs = if events.len() > 3 { "What it is, in one sentence." } else { "" };
        aggregate.events = events
            .iter()
            .map(|name| {
                let mut event = event.clone();
                event.name = name;
                event
            })
            .collect();
        act.given = Vec::new();
        aggregate.actions = events
            .iter()
            .map(|event| {
                let mut act = act.clone();
                act.name = action(event);
                act.emits = vec![event];
                act
            })
            .collect();
        // One action may emit the first, the second and the last event.
        let some = [events.first(), events.get(1), events.last()];
        act.name = format!("Correct{name}").leak();
        act.given = vec!["open"];
        act.emits = some.into_iter().flatten().copied().collect();
        act.emits.dedup();
        aggregate.actions.push(act);
        model.aggregates.push(aggregate);
    }
    for (name, takes) in PROJECTIONS {
        let mut projection = pattern.projections[0].clone();
        let taken = projection.takes[0].clone();
        projection.name = name;
        projection.takes = takes
            .iter()
            .map(|(from, event)| {
                let mut taken = taken.clone();
                (taken.event, taken.from) = (event, vec![*from]);
                taken
            })
            .collect();
        model.projections.push(projection);
    }
    for (name, from, event, asks) in REACTIONS {
        let mut reaction = pattern.reactions[0].clone();
        reaction.name = name;
        reaction.takes.truncate(1);
        let asked = reaction.takes[0].asks[0];
        (reaction.takes[0].event, reaction.takes[0].from) = (event, vec![from]);
        reaction.takes[0].asks = asks
            .iter()
            .map(|(aggregate, event)| {
                let mut one = asked;
                (one.aggregate, one.action) = (aggregate, action(event));
                one
            })
            .collect();
        model.reactions.push(reaction);
    }
    model
}
