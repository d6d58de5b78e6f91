//! What must be true at the end of a run, told from the log alone by the plainest code.

use std::collections::{BTreeMap, HashMap};

use actum::{
    App, Committed, Id,
    store::{Log, Memory, Query, ViewId, Views},
};
use futures_util::TryStreamExt;
use serde_json::Value;

use crate::domain::{self, Count, PerStream, Sum};

pub type Verdict<T = ()> = Result<T, String>;

pub async fn log(store: &Memory) -> Verdict<Vec<Committed>> {
    let pages: Vec<_> =
        store.read(Query::all()).try_collect().await.map_err(|error| error.to_string())?;
    Ok(pages.into_iter().flatten().collect())
}

/// Ids increase, versions have no gaps.
pub fn order(log: &[Committed]) -> Verdict {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut last = Id(0);
    for event in log {
        if event.id <= last {
            return Err(format!("id {} comes after {last}", event.id));
        }
        last = event.id;
        let version = versions.entry(event.stream.as_str()).or_default();
        *version += 1;
        if event.version.0 != *version {
            let (stream, found) = (&event.stream, event.version);
            return Err(format!("`{stream}` has version {found} where {version} belongs"));
        }
    }
    Ok(())
}

/// What was acknowledged is there once.
pub fn requests(log: &[Committed], acknowledged: &[String]) -> Verdict {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for key in log.iter().filter_map(|event| event.meta.key()) {
        *times.entry(key).or_default() += 1;
    }
    for key in acknowledged {
        let found = times.get(key.as_str()).copied().unwrap_or_default();
        if found != 1 {
            return Err(format!("the request `{key}` happened {found} times"));
        }
    }
    Ok(())
}

/// Each order is shipped once and booked once, and reminded of once where it shall be; parcels
/// leave in the order in which they were ordered.
pub fn follow_ups(log: &[Committed]) -> Verdict {
    let number = |event: &Committed, field: &str| {
        event.data.decode::<Value>().ok().and_then(|data| data.get(field)?.as_u64())
    };
    let mut wanted: BTreeMap<(&str, u64), u32> = BTreeMap::new();
    let mut found = wanted.clone();
    let mut shipped: HashMap<&str, u64> = HashMap::new();
    for event in log {
        if &*event.name == "Placed" {
            wanted.insert(("Shipped", event.id.0), 1);
            wanted.insert(("Booked", event.id.0), 1);
            if domain::is_reminded(event.version) {
                wanted.insert(("Reminded", event.id.0), 1);
            }
            continue;
        }
        let of = number(event, "of").ok_or("a follow-up without its cause")?;
        *found.entry((&event.name, of)).or_default() += 1;
        if &*event.name == "Shipped" {
            let last = shipped.entry(event.stream.id()).or_default();
            if of <= *last {
                return Err(format!("`{}`: {of} was shipped after {last}", event.stream));
            }
            *last = of;
        }
    }
    for (what, times) in &wanted {
        let found = found.get(what).copied().unwrap_or_default();
        if found != *times {
            return Err(format!("{} of {} happened {found} times", what.0, what.1));
        }
    }
    match found.keys().find(|what| !wanted.contains_key(*what)) {
        Some(what) => Err(format!("{} of {} happened for no order", what.0, what.1)),
        None => Ok(()),
    }
}

/// Whoever followed the log has seen each event once, in order.
pub fn followed(log: &[Committed], seen: &[Id]) -> Verdict {
    let all: Vec<_> = log.iter().map(|event| event.id).collect();
    if all == seen {
        return Ok(());
    }
    let at = all.iter().zip(seen).take_while(|(a, b)| a == b).count();
    Err(format!(
        "after {at} events the follower saw {:?} instead of {:?}",
        seen.get(at),
        all.get(at)
    ))
}

/// The stored read models are the folds of the log.
pub async fn projections(log: &[Committed], first: &App, second: &App) -> Verdict {
    let head = log.last().map(|event| event.id).unwrap_or_default();
    let (mut count, mut sum) = (Count::default(), Sum::default());
    let mut streams: BTreeMap<&str, PerStream> = BTreeMap::new();
    for event in log {
        let amount =
            event.data.decode::<Value>().ok().and_then(|data| data.get("amount")?.as_u64());
        let (id, Some(amount)) = (event.id.0, amount) else { continue };
        if matches!(&*event.name, "Placed" | "Booked") {
            sum.add(id, amount);
        }
        if matches!(&*event.name, "Placed" | "Shipped") {
            streams.entry(event.stream.as_str()).or_default().add(id, amount);
        }
        match &*event.name {
            "Placed" => count.placed += 1,
            "Booked" => count.booked += 1,
            _ => {}
        }
    }
    let stored = first.view::<Count>().after(head).await.map_err(|error| error.to_string())?;
    if stored != count {
        return Err(format!("{stored:?} is not the fold, {count:?}"));
    }
    let stored = second.view::<Sum>().after(head).await.map_err(|error| error.to_string())?;
    if stored != sum {
        return Err(format!("{stored:?} is not the fold, {sum:?}"));
    }
    for (stream, folded) in &streams {
        let view = first.view::<PerStream>().key(stream).after(head);
        let stored = view.await.map_err(|error| error.to_string())?;
        if stored.as_ref() != Some(folded) {
            return Err(format!("`{stream}`: {stored:?} is not the fold, {folded:?}"));
        }
    }
    Ok(())
}

/// Prints the log, and what the reactions remember.
pub async fn tell(log: &[Committed], store: &Memory) {
    for event in log {
        println!("{}", serde_json::to_string(event).expect("JSON"));
    }
    for name in ["reaction/Fulfil", "reaction/Bookkeeping"] {
        let view = ViewId { name: name.into(), version: 0 };
        let documents = store.documents(&view, "", None, 1_000).await.expect("documents");
        println!("{name} at {:?}", store.checkpoint(&view).await);
        for document in documents {
            println!("  {} {:?}", document.key, document.data);
        }
    }
}
