//! H19: a full disk, a disk that may not be written, a file with broken pages. Each is an answer,
//! and nothing acknowledged is lost.

use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use actum::{
    Committed, Error, Json, Result,
    prelude::*,
    store::{Appended, Batch, Log, NewEvent},
};
use futures_util::StreamExt;

use super::{
    log,
    process::{Helper, say},
};

async fn append(store: &Sqlite, number: u64) -> Result<Appended> {
    let text = format!("{number} {}", "x".repeat(3000));
    let event = NewEvent::new("Filled", Json::from_value(&text).expect("JSON"));
    let stream = format!("S-{}", number % 2).parse().expect("a name");
    store.append(Batch::new(stream, Expected::Any, vec![event])).await
}

fn filler(file: &Path) -> PathBuf {
    file.with_extension("filler")
}

/// Role: fills the disk, makes room, goes on.
pub async fn fill(file: PathBuf) {
    std::fs::write(filler(&file), vec![1; 1 << 20]).expect("room");
    let store = Sqlite::open(&file).await.expect("it opens");
    let mut acknowledged = 0;
    let mut number = 0;
    let full = loop {
        match append(&store, number).await {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(matches!(full, Error::Store { store: "SQLite", .. }), "{full:?}");
    for at in 0..3 {
        append(&store, number + at).await.expect_err("still full");
    }
    assert_eq!(log(&store).await.len(), acknowledged, "what was acknowledged can be read");
    std::fs::remove_file(filler(&file)).expect("removed");
    for at in 0..20 {
        append(&store, at).await.expect("there is room again");
    }
    acknowledged += 20;
    check(&log(&store).await, acknowledged);
    drop(store);
    check(&log(&Sqlite::open(&file).await.expect("it opens")).await, acknowledged);
    say(&format!("done {acknowledged}"));
}

/// All are there, each stream without gaps.
fn check(events: &[Committed], count: usize) {
    assert_eq!(events.len(), count);
    for name in ["S-0", "S-1"] {
        let versions = events.iter().filter(|event| event.stream.as_str() == name);
        assert!(versions.zip(1..).all(|(event, version)| event.version.0 == version));
    }
}

#[test]
fn h19_a_full_disk_is_an_answer_and_the_store_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = format!("mount -t tmpfs -o size=2500k none {}", folder.path().display());
    let file = folder.path().join("log.db");
    let lines = Helper::start_mounted(&setup, "fill", &file).finish();
    let [done] = &lines[..] else { panic!("{lines:?}") };
    let (_, count) = done.split_once(' ').expect("a count");
    assert!(count.parse::<u64>().expect("a count") > 50, "{done}");
}

/// Role: leaves a file with ten events.
pub async fn prepare(file: PathBuf) {
    let store = Sqlite::open(&file).await.expect("it opens");
    for number in 0..10 {
        append(&store, number).await.expect("stored");
    }
}

/// Role: opens a file that may not be written.
pub async fn write(file: PathBuf) {
    match Sqlite::open(&file).await {
        Ok(store) => {
            let refused = append(&store, 10).await.expect_err("it may not be written");
            assert!(matches!(refused, Error::Store { .. }), "{refused:?}");
            check(&log(&store).await, 10);
        }
        Err(error) => assert!(matches!(error, Error::Store { .. }), "{error:?}"),
    }
    say("refused");
}

#[tokio::test]
async fn h19_a_disk_that_may_not_be_written_is_an_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    Helper::start("prepare", &file, 0).finish();
    let path = folder.path().display();
    let setup = format!("mount --bind {path} {path}\nmount -o remount,bind,ro {path}");
    let lines = Helper::start_mounted(&setup, "write", &file).finish();
    assert_eq!(lines, ["refused"]);
    let store = Sqlite::open(&file).await.expect("elsewhere it may be");
    append(&store, 10).await.expect("stored");
    check(&log(&store).await, 11);
}

/// Reads until the end or the first error.
async fn readable(store: &Sqlite) -> (Vec<Committed>, Option<Error>) {
    let mut pages = store.read(Query::all());
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => events.extend(page),
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

#[tokio::test]
async fn h19_a_broken_page_is_an_error_and_no_shorter_log() {
    let mut errors = 0;
    for broken in 1..40 {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("log.db");
        let whole = {
            let store = Sqlite::open(&file).await.expect("it opens");
            let names = ["S-0", "S-1"].map(|name| name.parse::<StreamId>().expect("a name"));
            for name in names {
                let event = NewEvent::new("Filled", Json::from_value("some text").expect("JSON"));
                store.append(Batch::new(name, Expected::Any, vec![event; 700])).await.expect("ok");
            }
            log(&store).await
        };
        rusqlite::Connection::open(&file)
            .and_then(|file| file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
            .expect("all is in the file");
        let size = std::fs::metadata(&file).expect("the file").len();
        if broken * 4096 >= size {
            break;
        }
        let mut bytes = OpenOptions::new().write(true).open(&file).expect("the file");
        bytes.seek(SeekFrom::Start(broken * 4096)).expect("a page");
        bytes.write_all(&[0xFF; 4096]).expect("broken");
        drop(bytes);
        let Ok(store) = Sqlite::open(&file).await else {
            errors += 1;
            continue;
        };
        let (events, error) = readable(&store).await;
        assert_eq!(events[..], whole[..events.len()], "page {broken}");
        assert_eq!(error.is_none(), events.len() == whole.len(), "page {broken}: {error:?}");
        errors += u64::from(error.is_some());
        // An answer of either kind; the log is not shortened by it.
        if append(&store, 1).await.is_ok() {
            assert!(readable(&store).await.0.len() >= events.len(), "page {broken}");
        }
    }
    assert!(errors > 10, "only {errors} broken pages showed");
}
