//! kill −9 in the middle of the work: documents for each key, over partitions, hold every event
//! exactly once, whichever process was killed at whichever moment.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use actum::{prelude::*, store::Log};

use crate::{
    domain::{ByStream, ByTag, Close, Count, Counter, Total, folded, start, viewed},
    place::PATIENCE,
};

const KILLS: u64 = 52;
const FILE: &str = "ACTUM_PROJECTIONS_FILE";

/// Short, so that whoever was killed is soon replaced.
const LEASE: Duration = Duration::from_millis(30);

/// In a process that was started as a helper: acts and projects until it is killed.
#[test]
fn plays_its_role_until_it_is_killed() {
    let Ok(file) = env::var(FILE) else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let work = async { tokio::time::timeout(2 * PATIENCE, act(Path::new(&file))).await };
    runtime.block_on(work).expect("it is killed before");
}

async fn act(file: &Path) {
    let store = Sqlite::open(file).await.expect("it opens");
    let app = App::new(store)
        .with::<Counter>()
        .project::<Total>()
        .project::<ByStream>()
        .project::<ByTag>()
        .lease(LEASE)
        .start()
        .await
        .expect("it starts");
    let callers = (0..4_u64).map(|caller| {
        let app = app.clone();
        tokio::spawn(async move {
            for number in 0_u64.. {
                let id = (caller + number) % 6;
                if number % 11 == 10 {
                    app.act::<Counter>(id, Close {}).await.expect("stored");
                } else {
                    let tag = format!("tag-{}", number % 13);
                    app.act::<Counter>(id, Count { by: caller + 1, tag }).await.expect("stored");
                }
                let mut out = std::io::stdout().lock();
                out.write_all(b"ack\n").expect("the parent listens");
            }
        })
    });
    futures_util::future::join_all(callers.collect::<Vec<_>>()).await;
}

fn helper(file: &Path, acknowledged: &Arc<AtomicU64>) -> (Child, thread::JoinHandle<()>) {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args(["--exact", "kill::plays_its_role_until_it_is_killed", "--nocapture"]);
    let mut child = command.env(FILE, file).stdout(Stdio::piped()).spawn().expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let seen = Arc::clone(acknowledged);
    let reader = thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            seen.fetch_add(u64::from(line.ends_with("ack")), SeqCst);
        }
    });
    (child, reader)
}

/// Two processes at work on one file; one or both are killed at a random moment.
#[test]
fn what_is_killed_at_any_moment_folds_every_event_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (mut moved, mut last) = (0, Id(0));
    for round in 0..KILLS / 2 {
        let acknowledged = Arc::new(AtomicU64::new(0));
        let helpers = [helper(&file, &acknowledged), helper(&file, &acknowledged)];
        let end = Instant::now() + PATIENCE;
        for (at, (mut child, reader)) in helpers.into_iter().enumerate() {
            let wanted = if round % 5 == 4 { 0 } else { fastrand::u64(1..120) * (at as u64 + 1) };
            while acknowledged.load(SeqCst) < wanted {
                assert!(Instant::now() < end, "nothing is acknowledged any more");
                thread::yield_now();
            }
            let moment = Instant::now() + Duration::from_micros(fastrand::u64(0..4_000));
            while Instant::now() < moment {
                std::hint::spin_loop();
            }
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
            reader.join().expect("all lines");
        }
        last = runtime.block_on(async {
            let store = Sqlite::open(&file).await.expect("it opens");
            let checkpoints = checkpoints(&store).await;
            moved += u64::from(checkpoints > last);
            checkpoints
        });
    }
    runtime.block_on(async {
        let store = Sqlite::open(&file).await.expect("it opens");
        let app = start(store.clone()).await;
        assert_eq!(viewed(&app).await, folded(&store).await);
        assert!(app.verify::<ByTag>().await.expect("verified").is_equal());
        assert!(store.head().await.expect("a head") > Id(KILLS));
    });
    assert!(moved > KILLS / 6, "the checkpoints moved only {moved} times");
}

/// The documents as they were left stand at their checkpoints; the lowest of those.
async fn checkpoints(store: &Sqlite) -> Id {
    use actum::store::{ViewId, Views};

    use crate::domain::folded_to;
    let view = ViewId { name: Total::NAME.into(), version: 1 };
    let (of_total, document) = store.document(&view, "").await.expect("read");
    let total: Total = document.map(|json| json.decode().expect("fits")).unwrap_or_default();
    assert_eq!(total, folded_to(store, of_total).await.total);
    let view = ViewId { name: ByStream::NAME.into(), version: 1 };
    let of_streams = store.checkpoint(&view).await.expect("read");
    let expected = folded_to(store, of_streams).await;
    let documents = store.documents(&view, "", None, 100).await.expect("read");
    assert_eq!(documents.len(), expected.streams.len());
    for document in documents {
        let ByStream(stored) = document.data.expect("content").decode().expect("fits");
        assert_eq!(Some(&stored), expected.streams.get(&document.key));
    }
    let (mut lowest, mut of_tags) = (of_total.min(of_streams), 0);
    for partition in 0..ByTag::PARTITIONS {
        let name = format!("{}#{partition}/{}", ByTag::NAME, ByTag::PARTITIONS);
        let view = ViewId { name: name.into(), version: 1 };
        let at = store.checkpoint(&view).await.expect("read");
        let expected = folded_to(store, at).await;
        for document in store.documents(&view, "", None, 100).await.expect("read") {
            let ByTag(stored) = document.data.expect("content").decode().expect("fits");
            assert_eq!(Some(&stored), expected.tags.get(&document.key), "{}", document.key);
            of_tags += 1;
        }
        lowest = lowest.min(at);
    }
    assert!(of_tags <= 13, "no key is in two partitions");
    lowest
}
