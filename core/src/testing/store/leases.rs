//! Leases: one holder at a time by the caller's clock, and a token that fences off the others.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Failure, Outcome, Subject,
    failure::{ensure, equal},
    steps::race,
    views::{commit, document, stands, view},
};
use crate::{
    Error,
    store::{Lease, Store, ViewCommit},
};

const TTL: Duration = Duration::from_secs(30);

/// The clock of these rules.
fn at(second: i64) -> Outcome<Timestamp> {
    Ok(Timestamp::from_second(1_800_000_000 + second)?)
}

async fn take(store: &dyn Store, name: &str, holder: &str, second: i64) -> Outcome<Lease> {
    match store.acquire(name, holder, at(second)?, TTL).await? {
        Some(lease) => Ok(lease),
        None => Err(Failure::new(format_args!("{holder} does not get {name} at {second}"))),
    }
}

async fn refused(store: &dyn Store, name: &str, holder: &str, second: i64) -> Outcome {
    let answer = store.acquire(name, holder, at(second)?, TTL).await?;
    equal(&answer, &None, format_args!("{holder} asks for {name} at {second}"))
}

#[track_caller]
fn fenced<T: std::fmt::Debug>(answer: &crate::Result<T>) -> Outcome {
    ensure(
        matches!(answer, Err(Error::Fenced { .. })),
        format_args!("this should be fenced off: {answer:?}"),
    )
}

/// A free lease is given, with what was asked for in it.
pub async fn free_lease_is_given(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for name in ["Sales", "Stock"] {
        let lease = take(&*store, name, "one", 0).await?;
        equal(&(lease.name.as_str(), lease.holder.as_str()), &(name, "one"), "the lease")?;
        equal(&lease.until, &at(30)?, "until when the lease is held")?;
    }
    Ok(())
}

/// A lease that another holds is refused; leases of other names are not touched.
pub async fn held_lease_is_refused(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Sales", "one", 0).await?;
    refused(&*store, "Sales", "two", 0).await?;
    refused(&*store, "Sales", "two", 29).await?;
    for name in ["sales", "Sale_", "Sales%", "Stock"] {
        take(&*store, name, "two", 1).await?;
    }
    Ok(())
}

/// The holder may take its own lease again: the same token, a later end.
pub async fn own_lease_is_prolonged(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Stock", "two", 0).await?;
    let first = take(&*store, "Sales", "one", 0).await?;
    let again = take(&*store, "Sales", "one", 20).await?;
    equal(&again.token, &first.token, "the token of one's own lease")?;
    equal(&again.until, &at(50)?, "until when the lease is held")?;
    refused(&*store, "Sales", "two", 40).await
}

/// A lease that has run out goes to another, with a larger token.
pub async fn lapsed_lease_goes_to_another(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Stock", "one", 0).await?;
    let first = take(&*store, "Sales", "one", 0).await?;
    let second = take(&*store, "Sales", "two", 30).await?;
    let third = take(&*store, "Sales", "one", 60).await?;
    ensure(first.token < second.token && second.token < third.token, "tokens do not grow")?;
    refused(&*store, "Sales", "two", 61).await
}

/// A lease that was given back goes to another at once, with a larger token.
pub async fn released_lease_goes_to_another(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Stock", "one", 0).await?;
    let first = take(&*store, "Sales", "one", 0).await?;
    store.release(&first).await?;
    let second = take(&*store, "Sales", "two", 1).await?;
    ensure(first.token < second.token, "the token does not grow")?;
    fenced(&store.renew(&first, at(2)?, TTL).await)?;
    refused(&*store, "Stock", "two", 1).await
}

/// A stale lease that is given back changes nothing for the one who holds it now.
pub async fn stale_release_changes_nothing(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Stock", "one", 0).await?;
    let first = take(&*store, "Sales", "one", 0).await?;
    let second = take(&*store, "Sales", "two", 40).await?;
    store.release(&first).await?;
    refused(&*store, "Sales", "one", 50).await?;
    let renewed = store.renew(&second, at(50)?, TTL).await?;
    equal(&renewed.token, &second.token, "the token of the holder")
}

/// A renewal prolongs the lease; it is refused when another has taken it since.
pub async fn renewal_prolongs_or_is_fenced(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    take(&*store, "Stock", "two", 0).await?;
    let first = take(&*store, "Sales", "one", 0).await?;
    let renewed = store.renew(&first, at(25)?, TTL).await?;
    equal(&renewed, &Lease { until: at(55)?, ..first.clone() }, "the renewed lease")?;
    refused(&*store, "Sales", "two", 54).await?;
    take(&*store, "Sales", "two", 55).await?;
    fenced(&store.renew(&renewed, at(56)?, TTL).await)?;
    refused(&*store, "Sales", "one", 57).await
}

/// A list has the leases that are held at a time: none that has run out or was given back.
pub async fn held_leases_are_listed(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    equal(&store.leases(at(0)?).await?, &[][..], "the leases of an empty store")?;
    let stock = take(&*store, "Stock", "one", 0).await?;
    let sales = take(&*store, "Sales", "two", 10).await?;
    let given_back = take(&*store, "Orders", "two", 10).await?;
    store.release(&given_back).await?;
    let all = [sales.clone(), stock.clone()];
    equal(&store.leases(at(29)?).await?, &all[..], "the leases that are held")?;
    equal(&store.leases(at(30)?).await?, &[sales][..], "the lease that is still held")?;
    let renewed = store.renew(&stock, at(20)?, TTL).await?;
    equal(&store.leases(at(49)?).await?, &[renewed][..], "the lease that was prolonged")?;
    equal(&store.leases(at(50)?).await?, &[][..], "the leases after their end")
}

/// Of racers for one lease exactly one gets it.
pub async fn one_of_many_racers_gets_it(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    for round in 0..4_i64 {
        let racers = (0..16).zip(["Sales", "Stock"].into_iter().cycle()).map(|(racer, name)| {
            let store = Arc::clone(&store);
            async move {
                let holder = format!("racer {racer} of round {round}");
                Outcome::Ok(store.acquire(name, &holder, at(round * 100)?, TTL).await?)
            }
        });
        let leases = race(racers).await?.into_iter().collect::<Outcome<Vec<_>>>()?;
        equal(&leases.iter().flatten().count(), &2, "racers that got one of two leases")?;
    }
    Ok(())
}

/// H20: a view commit under a stale lease is refused and changes nothing; the holder's goes
/// through.
pub async fn stale_holder_is_fenced_off(subject: &dyn Subject) -> Outcome {
    let store = subject.fresh().await?;
    let (sales, stock) = (view("Sales", 1), view("Stock", 1));
    let under = |lease: &Lease, from, to, content: &str| -> Outcome<ViewCommit> {
        let plain = commit(&sales, from, to, vec![document("", content)?]);
        Ok(ViewCommit { lease: Some(lease.clone()), ..plain })
    };
    store.commit(commit(&stock, 0, 8, vec![document("", "stock")?])).await?;
    let paused = take(&*store, "Sales", "one", 0).await?;
    store.commit(under(&paused, 0, 5, "by one")?).await?;
    let current = take(&*store, "Sales", "two", 40).await?;
    fenced(&store.commit(under(&paused, 5, 6, "late")?).await)?;
    stands(&*store, &sales, 5, ("", Some("by one"))).await?;
    store.commit(under(&current, 5, 7, "by two")?).await?;
    fenced(&store.commit(under(&paused, 7, 9, "late")?).await)?;
    stands(&*store, &sales, 7, ("", Some("by two"))).await?;
    stands(&*store, &stock, 8, ("", Some("stock"))).await?;
    let invented = Lease { name: "Never".to_owned(), ..current };
    fenced(&store.commit(under(&invented, 7, 9, "forged")?).await)
}
