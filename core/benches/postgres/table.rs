//! The table of all figures.

use std::{env, time::Duration};

/// What one run of one row gave.
pub(crate) struct Figure {
    /// Events a second.
    pub(crate) rate: f64,
    /// How long each call took, if that was looked at.
    pub(crate) took: Vec<Duration>,
}

/// All rows, in the order in which they first came.
pub(crate) struct Table {
    pub(crate) runs: usize,
    pub(crate) seconds: Duration,
    only: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    against: Option<String>,
    rates: Vec<f64>,
    took: Vec<Duration>,
}

impl Table {
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
        Self {
            runs: number("ACTUM_BENCH_RUNS")
                .and_then(|runs: u32| usize::try_from(runs).ok())
                .unwrap_or(3),
            seconds: Duration::from_secs(number("ACTUM_BENCH_SECONDS").unwrap_or(3).into()),
            only: env::var("ACTUM_BENCH_ONLY").unwrap_or_default(),
            rows: Vec::new(),
        }
    }

    /// Whether a row of that name is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.split(',').any(|part| name.contains(part))
    }

    pub(crate) async fn row(
        &mut self,
        name: &str,
        against: Option<&str>,
        run: impl AsyncFnOnce() -> Figure,
    ) {
        if !self.wants(name) {
            return;
        }
        let Figure { rate, took } = run().await;
        let at = self.rows.iter().position(|row| row.name == name).unwrap_or(self.rows.len());
        if at == self.rows.len() {
            let (name, against) = (name.to_owned(), against.map(str::to_owned));
            self.rows.push(Row { name, against, rates: Vec::new(), took: Vec::new() });
        }
        if let Some(row) = self.rows.get_mut(at) {
            row.rates.push(rate);
            row.took.extend(took);
        }
    }

    pub(crate) fn print(&mut self) {
        println!("| what | median | slowest … fastest | against bare | p50 | p99 |");
        println!("|---|---|---|---|---|---|");
        for row in &mut self.rows {
            row.rates.sort_by(f64::total_cmp);
            row.took.sort_unstable();
        }
        let median = |row: &Row| row.rates.get(row.rates.len() / 2).copied().unwrap_or_default();
        for row in &self.rows {
            let bare = self.rows.iter().find(|bare| Some(&bare.name) == row.against.as_ref());
            let ratio = bare.map(|bare| format!("{:.0} %", 100.0 * median(row) / median(bare)));
            let slowest = row.rates.first().copied().unwrap_or_default();
            let fastest = row.rates.last().copied().unwrap_or_default();
            println!(
                "| {} | {:.0}/s | {slowest:.0} … {fastest:.0} | {} | {} | {} |",
                row.name,
                median(row),
                ratio.unwrap_or_default(),
                quantile(&row.took, 50),
                quantile(&row.took, 99),
            );
        }
    }
}

/// A share of sorted times, in milliseconds; nothing where nothing was timed.
pub(crate) fn quantile(took: &[Duration], percent: usize) -> String {
    let at = took.get(took.len() * percent / 100);
    at.map(|time| format!("{:.2} ms", time.as_secs_f64() * 1e3)).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
