//! `actum stats`: the whole log in numbers, in one pass and in memory that depends on how many
//! names there are, not on how many events.

use std::collections::BTreeMap;

use clap::Args;
use indicatif::HumanBytes;
use serde::Serialize;

use crate::{
    Committed, Id, Timestamp,
    cli::{
        bar,
        events::Events,
        exit::{Exit, Failure},
        out::Out,
        table::Table,
    },
    store::{Query, Store},
};

/// Counts, sizes and rates of the whole log.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stats {}

/// What is counted of all events, or of some.
#[derive(Clone, Debug, Default, Serialize)]
struct Sum {
    events: u64,
    /// Counted by their first events.
    streams: u64,
    data_bytes: u64,
    meta_bytes: u64,
    largest_data_bytes: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    events_per_second: f64,
}

/// All there is, as JSON.
#[derive(Serialize)]
struct Report<'a> {
    head: Id,
    #[serde(flatten)]
    all: &'a Sum,
    names: &'a BTreeMap<String, Sum>,
    categories: &'a BTreeMap<String, Sum>,
}

impl Sum {
    fn add(&mut self, event: &Committed) {
        let data = event.data.as_bytes().len() as u64;
        self.events += 1;
        self.streams += u64::from(event.version.0 == 1);
        self.data_bytes += data;
        self.meta_bytes += event.meta.json().as_bytes().len() as u64;
        self.largest_data_bytes = self.largest_data_bytes.max(data);
        let created = event.created;
        self.first = Some(self.first.map_or(created, |first| first.min(created)));
        self.last = Some(self.last.map_or(created, |last| last.max(created)));
    }

    /// How many there were in a second, between the first and the last.
    fn rate(&mut self) {
        let (Some(first), Some(last)) = (self.first, self.last) else { return };
        let seconds = last.duration_since(first).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let events = self.events as f64;
        self.events_per_second = if seconds > 0.0 { events / seconds } else { 0.0 };
    }
}

impl Stats {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let head = store.head().await?;
        let (mut all, mut names) = (Sum::default(), BTreeMap::<String, Sum>::new());
        let mut categories = BTreeMap::<String, Sum>::new();
        let mut events = Events::new(store, Query::all().to_id(head), &[]);
        let bar = bar::new(head.0, "reading", "ids");
        while let Some(event) = events.next().await? {
            all.add(&event);
            add(&mut names, &event.name, &event);
            add(&mut categories, event.stream.category(), &event);
            if event.id.0 % 1024 == 0 {
                bar.set_position(event.id.0);
            }
        }
        bar.finish_and_clear();
        all.rate();
        names.values_mut().chain(categories.values_mut()).for_each(Sum::rate);
        if out.is_json() {
            let (names, categories) = (&names, &categories);
            out.json(&Report { head, all: &all, names, categories })?;
        } else {
            print(out, head, &all, &names, &categories)?;
        }
        Ok(Exit::Done)
    }
}

/// Adds an event to the sum of a name, which is copied only when it is new.
fn add(sums: &mut BTreeMap<String, Sum>, name: &str, event: &Committed) {
    match sums.get_mut(name) {
        Some(sum) => sum.add(event),
        None => sums.entry(name.to_owned()).or_default().add(event),
    }
}

fn print(
    out: &mut Out,
    head: Id,
    all: &Sum,
    names: &BTreeMap<String, Sum>,
    categories: &BTreeMap<String, Sum>,
) -> Result<(), Failure> {
    let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.to_string());
    for (what, value) in [
        ("events", all.events.to_string()),
        ("streams", all.streams.to_string()),
        ("head", head.to_string()),
        ("payloads", HumanBytes(all.data_bytes).to_string()),
        ("meta data", HumanBytes(all.meta_bytes).to_string()),
        ("first", time(all.first)),
        ("last", time(all.last)),
        ("rate", format!("{:.3} events/s", all.events_per_second)),
    ] {
        out.line(&format!("{what:<10} {value}"))?;
    }
    for (what, sums) in [
        ("EVENT", names.iter().map(|(name, sum)| (name.clone(), sum)).collect::<Vec<_>>()),
        ("AGGREGATE", categories.iter().map(|(name, sum)| (name.clone(), sum)).collect()),
    ] {
        out.line("")?;
        let mut table =
            Table::new(&[what, ">EVENTS", ">STREAMS", ">PAYLOADS", ">LARGEST", "FIRST", "LAST"]);
        // An event that does not begin streams counts none.
        for (name, sum) in sums {
            table.row([
                name,
                sum.events.to_string(),
                sum.streams.to_string(),
                HumanBytes(sum.data_bytes).to_string(),
                HumanBytes(sum.largest_data_bytes).to_string(),
                sum.first.map(|time| format!("{time:.0}")).unwrap_or_default(),
                sum.last.map(|time| format!("{time:.0}")).unwrap_or_default(),
            ]);
        }
        table.print(out)?;
    }
    Ok(())
}
