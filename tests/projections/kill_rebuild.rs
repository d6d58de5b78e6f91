//! kill −9 in the middle of a rebuild in ranges: what is stored is at every moment the fold up to its
//! checkpoint, and the next process goes on from there.

use std::{
    env,
    io::{BufRead, BufReader},
    num::NonZeroU64,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use actum::{
    prelude::*,
    store::{ViewId, Views},
};

use crate::{
    domain::{Counter, log},
    merge::{StreamTrail, TagTrail, Trail, Trails, fill, range, trails},
    place::{PATIENCE, until},
};

const KILLS: u64 = 52;
const EVENTS: u64 = 12_000;
const FILE: &str = "ACTUM_REBUILD_FILE";

/// Short, so that a process commits often, and whoever was killed is soon replaced.
const LEASE: Duration = Duration::from_millis(20);

/// In a process that was started as a helper: builds anew, over and over, until it is killed.
#[test]
fn builds_anew_until_it_is_killed() {
    let Ok(file) = env::var(FILE) else { return };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let work = async { tokio::time::timeout(2 * PATIENCE, build(Path::new(&file))).await };
    runtime.block_on(work).expect("it is killed before");
}

async fn build(file: &Path) {
    let store = Sqlite::open(file).await.expect("it opens");
    let app = App::new(store).with::<Counter>().range(small()).lease(LEASE);
    let app = app.project::<Trail>().project::<StreamTrail>().project::<TagTrail>();
    let app = app.start().await.expect("it starts");
    println!("\nbegun");
    loop {
        Trails::viewed(&app).await;
        app.reset::<Trail>().await.expect("reset");
        app.reset::<StreamTrail>().await.expect("reset");
        app.reset::<TagTrail>().await.expect("reset");
    }
}

fn small() -> NonZeroU64 {
    range(50)
}

fn killed(file: &Path) {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args(["--exact", "kill_rebuild::builds_anew_until_it_is_killed", "--nocapture"]);
    let mut child = command.env(FILE, file).stdout(Stdio::piped()).spawn().expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "begun"), "it ended too early");
    let moment = Instant::now() + Duration::from_micros(fastrand::u64(0..150_000));
    while Instant::now() < moment {
        thread::yield_now();
    }
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
}

#[test]
fn a_rebuild_that_is_killed_at_any_moment_goes_on_from_what_it_has_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let log = runtime.block_on(async {
        let store = Sqlite::open(&file).await.expect("it opens");
        fill(&store, EVENTS / 100, 100).await;
        log(&store).await
    });
    let mut amid = 0;
    for _ in 0..KILLS {
        killed(&file);
        let at = runtime.block_on(async {
            let store = Sqlite::open(&file).await.expect("it opens");
            stored(&store, &log).await
        });
        amid += u64::from(at > Id(0) && at < Id(EVENTS));
    }
    assert!(amid > KILLS / 10, "it was killed in the midst of it only {amid} times");
    runtime.block_on(async {
        let store = Sqlite::open(&file).await.expect("it opens");
        let app = trails(store, small().get()).await;
        assert_eq!(Trails::viewed(&app).await, Trails::of(&log, Id(u64::MAX)));
        until("all of it serves", async || {
            app.health().await.expect("the health").projections.iter().all(|one| one.serves)
        })
        .await;
        assert!(app.verify::<Trail>().await.expect("verified").is_equal());
        assert!(app.verify::<StreamTrail>().await.expect("verified").is_equal());
        assert!(app.verify::<TagTrail>().await.expect("verified").is_equal());
    });
}

/// The documents stand at their checkpoints; that of the whole.
async fn stored(store: &Sqlite, log: &[Committed]) -> Id {
    let view = ViewId { name: Trail::NAME.into(), version: 1 };
    let (of_all, document) = store.document(&view, "").await.expect("read");
    let trail: Trail = document.map(|json| json.decode().expect("fits")).unwrap_or_default();
    assert_eq!(trail.ids, Trails::of(log, of_all).all);
    let view = ViewId { name: StreamTrail::NAME.into(), version: 1 };
    let expected = Trails::of(log, store.checkpoint(&view).await.expect("read")).streams;
    let documents = store.documents(&view, "", None, 100).await.expect("read");
    assert_eq!(documents.len(), expected.len());
    for document in documents {
        let StreamTrail { ids } = document.data.expect("content").decode().expect("fits");
        assert_eq!(Some(&ids), expected.get(&document.key), "{}", document.key);
    }
    for partition in 0..TagTrail::PARTITIONS {
        let name = format!("{}#{partition}/{}", TagTrail::NAME, TagTrail::PARTITIONS);
        let view = ViewId { name: name.into(), version: 1 };
        let expected = Trails::of(log, store.checkpoint(&view).await.expect("read")).tags;
        for document in store.documents(&view, "", None, 100).await.expect("read") {
            let TagTrail { ids } = document.data.expect("content").decode().expect("fits");
            assert_eq!(Some(&ids), expected.get(&document.key), "{}", document.key);
        }
    }
    of_all
}
