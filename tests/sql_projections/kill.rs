//! Kill -9 in the middle of the work: table and checkpoint agree, and nothing is lost or doubled.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use actum::{
    prelude::*,
    store::{ViewId, Views},
};

use crate::domain::{Cart, SalesTable, check_out, fold, table};

const FILE: &str = "ACTUM_SQL_PROJECTIONS_FILE";
const KILLS: u64 = 50;

/// A process that sells as fast as it can, with the projection; on its own it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn sells_until_it_is_killed() {
    let Ok(file) = env::var(FILE) else { return };
    let store = Sqlite::open(PathBuf::from(file)).await.expect("it opens");
    let app = App::new(store.clone()).with::<Cart>().project_sql(SalesTable, &store);
    let app = app.start().await.expect("an app");
    let callers = (0..8_i64).map(|caller| {
        let app = app.clone();
        tokio::spawn(async move {
            let end = Instant::now() + Duration::from_secs(30);
            for number in 0_i64.. {
                let day = ((caller + number) % 5).to_string();
                let sold = app.act::<Cart>(caller % 3, check_out(&day, number % 7)).await;
                sold.expect("stored");
                println!("\n=> sold");
                assert!(Instant::now() < end, "nobody killed it");
            }
        })
    });
    futures_util::future::join_all(callers).await;
}

fn killed(file: &Path, run: u64) {
    let mut child = Command::new(env::current_exe().expect("this binary"))
        .args(["--exact", "kill::sells_until_it_is_killed", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // Mostly in the midst of it, at times while it starts.
    let wanted = if run % 5 == 4 { 0 } else { fastrand::usize(1..150) };
    let sold = lines.map_while(Result::ok).filter(|line| line == "=> sold");
    assert_eq!(sold.take(wanted).count(), wanted, "it ended too early");
    let longest = if wanted == 0 { 40_000 } else { 3_000 };
    let moment = Instant::now() + Duration::from_micros(fastrand::u64(0..longest));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_a_projection_that_is_killed_writes_every_event_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let view = ViewId { name: SalesTable::NAME.into(), version: SalesTable::VERSION };
    let (mut moved, mut last) = (0, Id(0));
    for run in 0..KILLS {
        tokio::task::block_in_place(|| killed(&file, run));
        let store = Sqlite::open(&file).await.expect("it opens");
        let checkpoint = store.checkpoint(&view).await.expect("a checkpoint");
        assert!(checkpoint >= last, "{checkpoint} after {last}");
        if checkpoint > Id(0) {
            assert_eq!(table(&file), fold(&store, checkpoint).await);
        }
        moved += u64::from(checkpoint > last);
        last = checkpoint;
    }
    let store = Sqlite::open(&file).await.expect("it opens");
    let app = App::new(store.clone()).with::<Cart>().project_sql(SalesTable, &store);
    let app = app.start().await.expect("an app");
    let head = app.store().head().await.expect("a head");
    app.projected::<SalesTable>().after(head).await.expect("it goes on");
    assert_eq!(table(&file), fold(&store, head).await);
    assert!(moved > KILLS / 2, "the checkpoint moved only {moved} times");
}

/// Two processes sell at once, each with the projection; one of them is killed.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_of_which_one_is_killed_write_every_event_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let (one, other) = (file.clone(), file.clone());
    let one = tokio::task::spawn_blocking(move || (0..4).for_each(|run| killed(&one, run)));
    let other = tokio::task::spawn_blocking(move || (0..4).for_each(|run| killed(&other, run)));
    one.await.expect("killed");
    other.await.expect("killed");
    let store = Sqlite::open(&file).await.expect("it opens");
    let view = ViewId { name: SalesTable::NAME.into(), version: SalesTable::VERSION };
    let checkpoint = store.checkpoint(&view).await.expect("a checkpoint");
    assert!(checkpoint > Id(0));
    assert_eq!(table(&file), fold(&store, checkpoint).await);
}
