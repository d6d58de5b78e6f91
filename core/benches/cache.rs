//! Which cache holds the states of an app: `cargo bench -p actum --bench cache`.
//!
//! Each is asked as an app asks: by stream for a shared cell, which is made where there is none.
//! Prints one table: the median of the runs in nanoseconds a lookup, over all tasks together, with
//! the fastest and the slowest, and how many lookups found their cell. `ACTUM_BENCH_RUNS` sets how
//! many runs (5).
#![expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use actum::StreamId;
use fastrand::Rng;

/// How many cells a cache keeps, as an app does unless told otherwise.
const KEPT: usize = 10_000;

/// How many lookups a run makes, over all its tasks.
const LOOKUPS: u64 = 2_000_000;

/// What is cached: as large as an empty cell.
#[derive(Default)]
struct Cell {
    _state: Mutex<[u64; 8]>,
}

trait Cache: Send + Sync + 'static {
    fn new() -> Self;
    /// The cell of a stream; `made` counts those that were not there.
    fn cell(&self, stream: &StreamId, made: &AtomicU64) -> Arc<Cell>;
}

fn make(made: &AtomicU64) -> Arc<Cell> {
    made.fetch_add(1, Relaxed);
    Arc::default()
}

type Quick = quick_cache::sync::Cache<StreamId, Arc<Cell>>;

impl Cache for Quick {
    fn new() -> Self {
        Self::new(KEPT)
    }

    fn cell(&self, stream: &StreamId, made: &AtomicU64) -> Arc<Cell> {
        if let Some(cell) = self.get(stream) {
            return cell;
        }
        self.get_or_insert_with(stream, || Ok::<_, ()>(make(made))).unwrap()
    }
}

type Moka = moka::sync::Cache<StreamId, Arc<Cell>>;

impl Cache for Moka {
    fn new() -> Self {
        Self::new(KEPT as u64)
    }

    fn cell(&self, stream: &StreamId, made: &AtomicU64) -> Arc<Cell> {
        if let Some(cell) = self.get(stream) {
            return cell;
        }
        self.get_with_by_ref(stream, || make(made))
    }
}

type Lru = Mutex<lru::LruCache<StreamId, Arc<Cell>>>;

impl Cache for Lru {
    fn new() -> Self {
        Self::new(lru::LruCache::new(NonZeroUsize::new(KEPT).unwrap()))
    }

    fn cell(&self, stream: &StreamId, made: &AtomicU64) -> Arc<Cell> {
        Arc::clone(self.lock().unwrap().get_or_insert_ref(stream, || make(made)))
    }
}

/// Which streams are asked for.
#[derive(Clone, Copy)]
enum Access {
    /// As many as half of the cache holds: all are found.
    Few,
    /// Four of five lookups go to 8,000 streams, the fifth to 200,000 others.
    Skewed,
    /// Any of 200,000 streams: nearly none is found, and each that is made evicts another.
    Many,
}

impl Access {
    fn pick(self, rng: &mut Rng) -> usize {
        match self {
            Self::Few => rng.usize(..KEPT / 2),
            Self::Skewed if rng.u8(..5) > 0 => rng.usize(..8_000),
            Self::Skewed | Self::Many => rng.usize(..200_000),
        }
    }
}

fn main() {
    let runs = std::env::var("ACTUM_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok());
    let runs = runs.unwrap_or(5);
    let streams: Arc<[StreamId]> =
        (0..200_000).map(|id| StreamId::new("Cart", id).unwrap()).collect();
    println!("| streams, tasks | cache | ns a lookup | fastest … slowest | found |");
    println!("|---|---|---|---|---|");
    for (what, access) in [("few", Access::Few), ("skewed", Access::Skewed), ("many", Access::Many)]
    {
        for tasks in [1, 16] {
            let what = format!("{what}, {tasks}");
            row::<Quick>(&what, "quick_cache", runs, &streams, access, tasks);
            row::<Moka>(&what, "moka", runs, &streams, access, tasks);
            row::<Lru>(&what, "lru in a mutex", runs, &streams, access, tasks);
        }
    }
}

fn row<C: Cache>(
    what: &str,
    name: &str,
    runs: usize,
    streams: &Arc<[StreamId]>,
    access: Access,
    tasks: u64,
) {
    let mut times = Vec::new();
    let mut found = 0.0;
    for _ in 0..runs {
        let cache = Arc::new(C::new());
        // Once to fill it, once to measure.
        run(&cache, streams, access, tasks);
        let (time, part) = run(&cache, streams, access, tasks);
        times.push(time);
        found = part;
    }
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let (fastest, slowest) = (at(0), at(times.len() - 1));
    let median = at(times.len() / 2);
    println!("| {what} | {name} | {median:.0} | {fastest:.0} … {slowest:.0} | {found:.1} % |");
}

/// Nanoseconds a lookup, and how many lookups of a hundred found their cell.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn run<C: Cache>(
    cache: &Arc<C>,
    streams: &Arc<[StreamId]>,
    access: Access,
    tasks: u64,
) -> (f64, f64) {
    let made = Arc::new(AtomicU64::new(0));
    let start = Arc::new(Barrier::new(usize::try_from(tasks).unwrap() + 1));
    let threads: Vec<_> = (0..tasks)
        .map(|task| {
            let (cache, streams) = (Arc::clone(cache), Arc::clone(streams));
            let (made, start) = (Arc::clone(&made), Arc::clone(&start));
            std::thread::spawn(move || {
                let mut rng = Rng::with_seed(task);
                start.wait();
                for _ in 0..LOOKUPS / tasks {
                    let stream = streams.get(access.pick(&mut rng)).unwrap();
                    std::hint::black_box(cache.cell(stream, &made));
                }
            })
        })
        .collect();
    start.wait();
    let begun = Instant::now();
    for thread in threads {
        thread.join().unwrap();
    }
    let lookups = (LOOKUPS / tasks * tasks) as f64;
    let found = 100.0 * (1.0 - made.load(Relaxed) as f64 / lookups);
    (begun.elapsed().as_nanos() as f64 / lookups, found)
}
