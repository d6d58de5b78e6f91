//! Stores events of another log with the ids they bring, in one call.

use std::{collections::HashMap, fmt::Write};

use crate::{
    Committed, Error, Id, Result, StreamId, Version,
    store::{
        Appended, Key, Restore,
        postgres::{
            call::{lock, lock_of},
            failure,
            shared::{Shared, malformed},
            value::{Text, Time, number, stored},
        },
        restore,
    },
};

const ACTION: &str = "restore events";
const SQL: &str = "select @restore(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Stores them all or none.
pub(super) async fn restore(shared: &Shared, restore: &Restore) -> Result<()> {
    restore.check()?;
    for event in &restore.events {
        fits(event)?;
    }
    for (key, _) in &restore.keys {
        if key.key.contains('\0') {
            let why = "PostgreSQL keeps no key with a NUL character";
            return Err(failure::to(ACTION, why));
        }
    }
    let befores = restore.befores();
    let row = call(shared, restore, &befores).await?;
    verdict(&row, restore, &befores)
}

async fn call(
    shared: &Shared,
    restore: &Restore,
    befores: &[(&StreamId, Version)],
) -> Result<Vec<i64>> {
    let Restore { after, events, keys } = restore;
    let owners: HashMap<_, _> = befores.iter().map(|(stream, _)| *stream).zip(1_i32..).collect();
    let mut locks: Vec<_> = befores.iter().map(|(stream, _)| lock_of(stream)).collect();
    locks.extend(keys.iter().map(|(key, _)| lock(b"key", &key.key)));
    locks.sort_unstable();
    locks.dedup();
    let streams: Vec<_> = befores.iter().map(|(stream, _)| stream.as_str()).collect();
    let before: Vec<_> = befores.iter().map(|(_, version)| number(version.0)).collect();
    let texts: Vec<&str> = keys.iter().map(|(Key { key, .. }, _)| &**key).collect();
    let prints: Vec<_> = keys.iter().map(|(key, _)| &key.fingerprint[..]).collect();
    let placed: Vec<_> = keys.iter().map(|(_, appended)| placed(appended)).collect();
    let owner: Vec<_> =
        events.iter().map(|event| owners.get(&event.stream).copied().unwrap_or_default()).collect();
    let ids: Vec<_> = events.iter().map(|event| number(event.id.0)).collect();
    let versions: Vec<_> = events.iter().map(|event| number(event.version.0)).collect();
    let names: Vec<_> = events.iter().map(|event| &*event.name).collect();
    let schemas: Vec<_> =
        events.iter().map(|event| i32::try_from(event.schema).unwrap_or(i32::MAX)).collect();
    let created: Vec<_> = events.iter().map(|event| Time::floor(event.created)).collect();
    let correlations: Vec<_> =
        events.iter().map(|event| event.meta.correlation().map(str::as_bytes)).collect();
    let data: Vec<_> = events.iter().map(|event| Text(event.data.as_bytes())).collect();
    let meta: Vec<_> = events.iter().map(|event| Text(event.meta.json().as_bytes())).collect();
    let row = shared
        .find(
            ACTION,
            SQL,
            &[
                &number(after.0),
                &locks,
                &streams,
                &before,
                &texts,
                &prints,
                &placed,
                &owner,
                &ids,
                &versions,
                &names,
                &schemas,
                &created,
                &correlations,
                &data,
                &meta,
            ],
        )
        .await?;
    let row = row.ok_or_else(|| failure::to(ACTION, "the server gave no answer"))?;
    row.try_get(0).map_err(malformed(ACTION))
}

fn verdict(row: &[i64], restore: &Restore, befores: &[(&StreamId, Version)]) -> Result<()> {
    let at = |place: i64| usize::try_from(place).unwrap_or_default().saturating_sub(1);
    match *row {
        [0] => Ok(()),
        [-1, last] => Err(Error::Grown { expected: restore.after, actual: Id(stored(last)) }),
        [-2, place, actual] => match befores.get(at(place)) {
            Some((stream, before)) => {
                Err(restore::conflict(stream, *before, Version(stored(actual))))
            }
            None => Err(failure::to(ACTION, "the server told of a stream that was not sent")),
        },
        [-3, place] => {
            let key = restore.keys.get(at(place)).map(|(key, _)| key.key.to_string());
            Err(Error::KeyReused { key: key.unwrap_or_default() })
        }
        _ => Err(failure::to(ACTION, "the server gave an answer of another version")),
    }
}

fn fits(event: &Committed) -> Result<()> {
    let refuse = |why| Err(Error::InvalidBatch { stream: event.stream.clone(), why });
    if !Time::fits(event.created) {
        return refuse("PostgreSQL keeps no time before 4714 BC");
    }
    if i32::try_from(event.schema).is_err() {
        return refuse("PostgreSQL keeps no schema version above 2147483647");
    }
    Ok(())
}

/// An outcome as the text of an array, since arrays of arrays must not be ragged.
fn placed(appended: &Appended) -> String {
    let mut text = String::from("{");
    for placed in &appended.placed {
        let comma = if text.len() > 1 { "," } else { "" };
        let (first, last, version) =
            (number(placed.first.0), number(placed.last.0), number(placed.version.0));
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{first},{last},{version}");
    }
    text.push('}');
    text
}
