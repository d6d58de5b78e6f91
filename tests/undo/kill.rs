//! kill −9 while a process undoes and redoes: each step is there as a whole or not at all, and
//! another process goes on where it stopped.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use actum::prelude::*;

use crate::{
    basket::{Basket, history, set, start, state, swap},
    place::Place,
    sequences::Editor,
};

/// Set in the process that is killed: the folder of its file.
const WORKER: &str = "ACTUM_TEST_UNDO_WORKER";

const KILLS: u64 = 12;

/// What stands before each line, as the test harness prints as well.
const MARK: &str = "=> ";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_whole_steps() {
    let place = Place::sqlite();
    let Place::Sqlite(folder) = &place else { panic!("it was asked for") };
    for run in 1..=KILLS {
        let mut worker = Command::new(env::current_exe().expect("this binary"))
            .args(["--exact", "kill::worker", "--nocapture"])
            .env(WORKER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let lines = BufReader::new(worker.stdout.take().expect("a pipe")).lines();
        let said = lines.map(|line| line.expect("text"));
        let mut said = said.filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
        let last = said.nth(usize::try_from(run * 7).expect("few")).expect("it is at work");
        worker.kill().expect("it is ours");
        worker.wait().expect("it is ours");
        let (id, version) = last.split_once(' ').expect("a stream and a version");
        let app = start(place.open().await).await;
        let heard: u64 = version.parse().expect("a version");
        assert!(app.load::<Basket>(id).await.expect("a state").version().0 >= heard);
        for id in ["a", "b"] {
            let mut editor = Editor::default();
            editor.replay(&history(&app, id).await);
            assert_eq!(&state(&app, id).await, editor.present());
        }
    }
}

/// The process that is killed; on its own it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn worker() {
    let Some(folder) = env::var_os(WORKER) else { return };
    let file = std::path::PathBuf::from(folder).join("app.db");
    let app = start(Sqlite::open(file).await.expect("a store")).await;
    let mut random = fastrand::Rng::new();
    loop {
        let id = *random.choice(&["a", "b"]).expect("two");
        let version = match random.u8(..6) {
            0 => app.act::<Basket>(id, swap(&random.u8(..4).to_string())).await.ok(),
            1 | 2 => {
                let sku = random.u8(..4).to_string();
                app.act::<Basket>(id, set(&sku, random.u32(1..9))).await.ok()
            }
            3 | 4 => app.undo::<Basket>(id).await.ok(),
            _ => app.redo::<Basket>(id).await.ok(),
        };
        if let Some(done) = version.filter(|done| done.events > 0) {
            println!("{MARK}{id} {}", done.version);
        }
    }
}
