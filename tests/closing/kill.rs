//! H18 for closing: kill −9 at any moment. No event is ever lost, and closing again ends it.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use actum::{archive::Folder, store::Log as _};

use crate::domain::{Cart, Stock, add, raw};
use actum::prelude::*;

const FOLDER: &str = "ACTUM_CLOSING_FOLDER";
const KILLS: u64 = 30;
const CARTS: u64 = 40;
const EVENTS: u64 = 5;

async fn open(folder: &Path) -> App {
    let store = Sqlite::open(folder.join("shop.db")).await.expect("it opens");
    let app = App::new(store).with::<Cart>().project::<Stock>();
    app.archive(Folder::new(folder.join("closed"))).start().await.expect("an app")
}

/// Role: closes one cart after the other until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn closes_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let app = open(&PathBuf::from(folder)).await;
    println!("=> ready");
    for id in 0..CARTS {
        app.close::<Cart>(id).await.expect("closed");
    }
}

fn start(folder: &Path) -> Child {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args(["--exact", "kill::closes_until_it_is_killed", "--nocapture"]);
    let mut child = command.env(FOLDER, folder).stdout(Stdio::piped()).spawn().expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("=> ready")));
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_no_event_is_lost_when_a_close_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = open(folder.path()).await;
    for id in 0..CARTS {
        for qty in 1..=EVENTS {
            add(&app, &id.to_string(), qty).await;
        }
    }
    let before = raw(&**app.store(), Query::all().name("ItemAdded")).await;
    drop(app);
    let mut moved = Vec::new();
    for _ in 0..KILLS {
        let mut child = start(folder.path());
        let moment = Instant::now() + Duration::from_micros(fastrand::u64(0..60_000));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        let app = open(folder.path()).await;
        let found = raw(&**app.store(), Query::all().name("ItemAdded")).await;
        assert_eq!(found, before, "an event was lost");
        let bare = Sqlite::open(folder.path().join("shop.db")).await.expect("it opens");
        moved.push(before.len() - raw(&bare, Query::all().name("ItemAdded")).await.len());
        app.shutdown(Duration::from_secs(10)).await.expect("it ends");
    }
    assert!(moved.is_sorted(), "{moved:?}");
    let app = open(folder.path()).await;
    for id in 0..CARTS {
        app.close::<Cart>(id).await.expect("closed");
        assert_eq!(app.load::<Cart>(id).await.expect("loaded").items, 15);
    }
    let bare = Sqlite::open(folder.path().join("shop.db")).await.expect("it opens");
    assert_eq!(raw(&bare, Query::all().name("ItemAdded")).await.len(), 0);
    assert_eq!(raw(&**app.store(), Query::all().name("ItemAdded")).await, before);
    let head = app.store().head().await.expect("a head");
    let stock = app.view::<Stock>().after(head).await.expect("a view");
    assert_eq!(stock.items.values().sum::<u64>(), CARTS * 15);
}
