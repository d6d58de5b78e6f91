//! H18: kill −9 in the middle of the work. What was acknowledged is there, once and whole.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use actum::{
    Json,
    prelude::*,
    store::{Appended, Batch, Key, Log, NewEvent, ViewId, Views},
};
use serde::{Deserialize, Serialize};

use super::{
    PATIENCE,
    domain::{Count, Counter, Totals},
    log,
    process::{Helper, say},
};

const KILLS: u64 = 50;

const CALLERS: u64 = 16;

const LEASE: Duration = Duration::from_millis(20);

/// What each event of a batch tells of it.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
struct Part {
    run: u64,
    caller: u64,
    number: u64,
    size: usize,
}

impl Part {
    fn new(run: u64, caller: u64, number: u64) -> Self {
        let mut part = Self { run, caller, number, size: 0 };
        part.size = part.batch().writes.iter().map(|write| write.events.len()).sum();
        part
    }

    fn is_keyed(self) -> bool {
        self.number % 2 == 1
    }

    /// Every second batch goes to three streams, every second has a key.
    fn batch(self) -> Batch {
        let data = Json::from_value(&self).expect("JSON");
        let streams = if self.number % 4 < 2 { 1 } else { 3 };
        let mut batch = Batch::default();
        for at in 0..streams {
            let stream = format!("S-{}", (self.caller + at) % 5).parse().expect("a name");
            let events = (self.caller + at) % 3 + 1;
            let event = NewEvent::new("Part", data.clone());
            let events = (0..events).map(|_| event.clone()).collect();
            batch = batch.and(stream, Expected::Any, events);
        }
        let key = format!("{}-{}-{}", self.run, self.caller, self.number);
        batch.key = self.is_keyed().then(|| Key::new(key, [b"part".as_slice()]));
        batch
    }
}

/// Role: appends from 16 callers until it is killed.
pub async fn append(file: PathBuf, run: u64) {
    let store = actum::store::Sqlite::open(file).await.expect("it opens");
    let callers = (0..CALLERS).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let part = Part::new(run, caller, number);
                say(&format!("try {}", serde_json::to_string(&part).expect("JSON")));
                let appended = store.append(part.batch()).await.expect("stored");
                let said = serde_json::to_string(&(part, appended)).expect("JSON");
                say(&format!("ack {said}"));
            }
        })
    });
    futures_util::future::join_all(callers).await;
}

/// Starts a helper and kills it at a random moment: mostly after some acknowledgements, at times
/// while it opens the file.
fn killed(role: &'static str, file: &Path, run: u64) -> Vec<String> {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&acknowledged);
    let helper = Helper::start_watched(role, file, run, move |line| {
        seen.fetch_add(u64::from(line.starts_with("ack")), SeqCst);
    });
    let wanted = if run % 5 == 4 { 0 } else { fastrand::u64(1..150) };
    let end = Instant::now() + PATIENCE;
    while acknowledged.load(SeqCst) < wanted {
        assert!(Instant::now() < end, "nothing is acknowledged any more");
        thread::yield_now();
    }
    let longest = if wanted == 0 { 40_000 } else { 3_000 };
    let moment = Instant::now() + Duration::from_micros(fastrand::u64(0..longest));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
    helper.kill()
}

/// What must hold of the log, learnt as it grows.
#[derive(Default)]
struct Checked {
    events: Vec<Committed>,
    versions: BTreeMap<String, u64>,
    parts: HashMap<Part, usize>,
}

impl Checked {
    /// Reads on behind what was seen before.
    async fn read_on(&mut self, store: &impl Log) {
        use futures_util::StreamExt;
        let last = self.events.last().map(|event| event.id).unwrap_or_default();
        let mut pages = store.read(Query::all().after(last));
        while let Some(page) = pages.next().await {
            for event in page.expect("a page") {
                let before = self.events.last().map_or(0, |event| event.id.0);
                assert!(event.id.0 > before, "ids increase strictly");
                let version = self.versions.entry(event.stream.to_string()).or_default();
                *version += 1;
                assert_eq!(event.version.0, *version, "versions are contiguous");
                *self.parts.entry(event.data.decode().expect("a part")).or_default() += 1;
                self.events.push(event);
            }
        }
        for (part, found) in &self.parts {
            assert_eq!(*found, part.size, "a batch was torn: {part:?}");
        }
    }

    fn has(&self, part: Part, appended: &Appended) {
        assert_eq!(self.parts.get(&part), Some(&part.size), "lost or doubled: {part:?}");
        for (write, placed) in part.batch().writes.iter().zip(&appended.placed) {
            let at = self.events.partition_point(|event| event.id < placed.first);
            let versions = placed.version.0 + 1 - placed.count..;
            for (version, event) in versions.zip(&self.events[at..][..write.events.len()]) {
                assert_eq!((&event.stream, event.version.0), (&write.stream, version));
                assert_eq!(event.data.decode::<Part>().expect("a part"), part);
            }
        }
    }
}

#[tokio::test]
async fn h18_what_was_acknowledged_survives_kill_9_once_and_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let mut checked = Checked::default();
    let mut acknowledgements = 0;
    let mut answered = HashMap::new();
    for run in 0..KILLS {
        let lines = killed("append", &file, run);
        let store = actum::store::Sqlite::open(&file).await.expect("it opens");
        checked.read_on(&store).await;
        let mut pending = Vec::new();
        for line in &lines {
            if let Some(json) = line.strip_prefix("try ") {
                pending.push(serde_json::from_str::<Part>(json).expect("a part"));
            } else if let Some(json) = line.strip_prefix("ack ") {
                let (part, appended) = serde_json::from_str(json).expect("an answer");
                checked.has(part, &appended);
                pending.retain(|other| *other != part);
                answered.insert(part, appended);
                acknowledgements += 1;
            }
        }
        for part in pending.into_iter().filter(|part| part.is_keyed()) {
            let there = checked.parts.contains_key(&part);
            let appended = store.append(part.batch()).await.expect("settled");
            assert_eq!(appended.repeated, there, "{part:?}");
            checked.read_on(&store).await;
            checked.has(part, &appended);
        }
        let newest = answered.iter().filter(|(part, _)| part.is_keyed() && part.run == run);
        for (part, first) in newest.take(3) {
            let again = store.append(part.batch()).await.expect("known");
            assert!(again.repeated && again.placed == first.placed, "{part:?}");
        }
    }
    let store = actum::store::Sqlite::open(&file).await.expect("it opens");
    assert_eq!(log(&store).await, checked.events, "what was there once is there now");
    for (part, appended) in &answered {
        checked.has(*part, appended);
    }
    assert!(acknowledgements > 10 * KILLS, "only {acknowledgements} acknowledgements");
}

/// Role: acts from 8 callers on 4 counters, with a projection, until it is killed.
pub async fn act(file: PathBuf, run: u64) {
    let store = actum::store::Sqlite::open(file).await.expect("it opens");
    // Short, so that the one before, which was killed, is soon replaced.
    let app = App::new(store).with::<Counter>().project::<Totals>().lease(LEASE);
    let app = app.start().await.expect("it starts");
    let callers = (0..8_u64).map(|caller| {
        let app = app.clone();
        tokio::spawn(async move {
            for number in 0_u64.. {
                let id = (caller + number) % 4;
                let key = format!("{run}-{caller}-{number}");
                let act = app.act::<Counter>(id, Count { by: caller + 1 }).key(key);
                let done = act.await.expect("stored");
                say(&format!("ack {} {} {}", done.stream, done.version, done.id));
            }
        })
    });
    futures_util::future::join_all(callers).await;
}

#[tokio::test]
async fn h18_a_projection_that_is_killed_folds_every_event_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let view = ViewId { name: Totals::NAME.into(), version: Totals::VERSION };
    let (mut moved, mut last) = (0, Id(0));
    for run in 0..KILLS {
        let lines = killed("act", &file, run);
        let store = actum::store::Sqlite::open(&file).await.expect("it opens");
        let events = log(&store).await;
        for line in &lines {
            let said: Vec<_> = line.split(' ').collect();
            let ["ack", stream, version, id] = said[..] else { panic!("{line}") };
            let id = Id(id.parse().expect("an id"));
            let at = events.binary_search_by_key(&id, |event| event.id).expect("it is there");
            let event = &events[at];
            assert_eq!((event.stream.as_str(), &*event.version.to_string()), (stream, version));
        }
        let (checkpoint, document) = store.document(&view, "").await.expect("read");
        let head = store.head().await.expect("a head");
        assert!(last <= checkpoint && checkpoint <= head, "{last} {checkpoint} {head}");
        let document: Option<Totals> = document.map(|json| json.decode().expect("totals"));
        assert_eq!(document.unwrap_or_default(), Totals::fold(&events, checkpoint));
        moved += u64::from(checkpoint > last);
        last = checkpoint;
    }
    let store = actum::store::Sqlite::open(&file).await.expect("it opens");
    let events = log(&store).await;
    let app = App::new(store).with::<Counter>().project::<Totals>().start().await.expect("starts");
    let head = app.store().head().await.expect("a head");
    let seen = app.view::<Totals>().after(head).await.expect("it runs");
    assert_eq!(seen, Totals::fold(&events, head));
    for (stream, (_, sum)) in seen.streams {
        let (_, id) = stream.split_once('-').expect("a name");
        assert_eq!(app.load::<Counter>(id).await.expect("loaded").count, sum);
    }
    assert!(moved > KILLS / 2, "the checkpoint moved only {moved} times");
}
