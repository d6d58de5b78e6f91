//! `actum projections`: how far projections and reactions are, by what the store has of them.

use std::{collections::HashMap, time::Duration};

use clap::Args;
use serde::Serialize;

use crate::{
    Id, Timestamp,
    app::lease_name,
    cli::{
        builds::{self, Build, Kind},
        events,
        exit::{Exit, Failure},
        out::Out,
        table::Table,
    },
    store::{Query, Store},
};

mod watch;

/// How far projections and reactions are.
#[derive(Debug, Args)]
pub(in crate::cli) struct Projections {
    /// Only the one of this name
    name: Option<String>,
    /// Shows a bar for each that is behind, until all have caught up with the log as it is now
    #[arg(short, long)]
    watch: bool,
}

/// How far one is.
#[derive(Debug, Serialize)]
struct Row {
    kind: &'static str,
    name: String,
    version: u32,
    state: &'static str,
    parts: usize,
    checkpoint: Id,
    head: Id,
    /// At most so many events: ids may have gaps, and not all events concern it.
    lag: u64,
    /// How long the oldest event behind the checkpoint has been there.
    lag_seconds: Option<f64>,
    /// Who works on its parts.
    holders: Vec<Holder>,
}

/// Who works on a part, until when.
#[derive(Debug, Serialize)]
struct Holder {
    holder: String,
    until: Timestamp,
}

impl Projections {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let rows = self.rows(store).await?;
        if let Some(name) = &self.name
            && rows.is_empty()
        {
            let text = format!("the store has nothing of a projection or reaction `{name}`");
            return Err(Failure::Nothing(text));
        }
        if self.watch {
            return self.watch(store, out).await;
        }
        if out.is_json() {
            rows.iter().try_for_each(|row| out.json(row))?;
        } else {
            table(&rows).print(out)?;
        }
        Ok(Exit::Done)
    }

    /// The builds that are asked for.
    async fn builds(&self, store: &dyn Store) -> Result<Vec<Build>, Failure> {
        let mut builds = builds::all(store).await?;
        builds.retain(|build| self.name.as_ref().is_none_or(|name| build.name == *name));
        Ok(builds)
    }

    async fn rows(&self, store: &dyn Store) -> Result<Vec<Row>, Failure> {
        let (builds, now) = (self.builds(store).await?, Timestamp::now());
        // Read after the checkpoints, it is not below them.
        let head = store.head().await?;
        let leases = store.leases(now).await?.into_iter();
        let leases: HashMap<_, _> = leases.map(|lease| (lease.name.clone(), lease)).collect();
        let mut rows = Vec::new();
        for build in builds {
            let names = build.views.iter().map(|view| match build.kind {
                Kind::Projection => lease_name(view),
                Kind::Reaction => view.name.to_string(),
            });
            let held = names.filter_map(|name| leases.get(&name));
            let holders =
                held.map(|lease| Holder { holder: lease.holder.clone(), until: lease.until });
            rows.push(Row {
                kind: build.kind.as_str(),
                version: build.version,
                state: build.state.as_str(),
                parts: build.views.len(),
                checkpoint: build.checkpoint,
                head,
                lag: head.0.saturating_sub(build.checkpoint.0),
                lag_seconds: waiting(store, build.checkpoint, now).await?,
                holders: holders.collect(),
                name: build.name,
            });
        }
        Ok(rows)
    }
}

/// How long the oldest event behind an id has been there.
async fn waiting(store: &dyn Store, id: Id, now: Timestamp) -> Result<Option<f64>, Failure> {
    let oldest = events::first(store, Query::all().after(id).without_meta()).await?;
    Ok(oldest.map(|event| now.duration_since(event.created).as_secs_f64().max(0.0)))
}

fn table(rows: &[Row]) -> Table {
    let heads =
        ["KIND", "NAME", ">VERSION", "STATE", ">CHECKPOINT", ">LAG", ">BEHIND FOR", "HELD BY"];
    let mut table = Table::new(&heads);
    for row in rows {
        let behind = row.lag_seconds.map(|seconds| {
            let length = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            indicatif::HumanDuration(length).to_string()
        });
        let mut holders: Vec<_> = row.holders.iter().map(|held| held.holder.clone()).collect();
        holders.sort_unstable();
        holders.dedup();
        table.row([
            row.kind.to_owned(),
            row.name.clone(),
            row.version.to_string(),
            row.state.to_owned(),
            row.checkpoint.to_string(),
            row.lag.to_string(),
            behind.unwrap_or_default(),
            holders.join(", "),
        ]);
    }
    table
}
