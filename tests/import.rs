//! The example `sales` imports purchases: killed in the middle and run again it loses nothing and
//! stores nothing twice; a bad line stores nothing at all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
};

use actum::prelude::*;
use actum::store::Log;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tempfile::TempDir;

static SALES: LazyLock<PathBuf> = LazyLock::new(|| actum_tests::built::example("sales"));

#[derive(Deserialize)]
struct Day {
    total: Box<RawValue>,
    count: u64,
}

/// Cents and number of purchases of each day.
type Days = BTreeMap<String, (u64, u64)>;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/cdnow_sample.txt")
}

fn command(file: &Path, db: &Path) -> Command {
    let mut command = Command::new(&*SALES);
    command.arg(file).arg("--store").arg(format!("sqlite:{}", db.display()));
    command
}

fn run(file: &Path, db: &Path) -> Output {
    command(file, db).output().expect("the example runs")
}

fn cents(text: &str) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<2}");
    assert_eq!(part.len(), 2, "{text} is not in cents");
    whole.parse::<u64>().expect("a number") * 100 + part.parse::<u64>().expect("cents")
}

/// The sums of the last three columns, without the code under test.
fn summed(text: &str) -> Days {
    let mut days = Days::new();
    for line in text.lines().filter(|line| line.contains(|c: char| c.is_ascii_digit())) {
        let columns: Vec<_> = line.split_whitespace().collect();
        let [.., date, _, total] = columns[..] else { panic!("three columns in `{line}`") };
        let day = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        let sum = days.entry(day).or_default();
        *sum = (sum.0 + cents(total), sum.1 + 1);
    }
    days
}

fn printed(output: &Output) -> Days {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let days: BTreeMap<String, Day> =
        serde_json::from_slice(&output.stdout).expect("sales as JSON");
    days.into_iter().map(|(date, day)| (date, (cents(day.total.get()), day.count))).collect()
}

/// Ends the child with SIGKILL and tells whether it was still at work.
fn killed(mut child: Child) -> bool {
    let at_work = child.try_wait().expect("a child").is_none();
    child.kill().expect("a kill");
    let status = child.wait().expect("an end");
    at_work && status.code().is_none()
}

/// How many events each stream has.
async fn streams(store: &Sqlite) -> BTreeMap<String, u64> {
    let mut streams = BTreeMap::new();
    let mut pages = store.read(Query::all());
    while let Some(page) = pages.next().await {
        for event in page.expect("a page") {
            let count = streams.entry(event.stream.to_string()).or_insert(0);
            *count += 1;
            assert_eq!(event.version, Version(*count), "{}", event.stream);
        }
    }
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_at_any_time_is_completed_by_the_next_run() {
    let folder = TempDir::new().expect("a folder");
    let db = folder.path().join("sales.db");
    let text = std::fs::read_to_string(sample()).expect("the sample");
    let lines = text.lines().count() as u64;
    let store = Sqlite::open(&db).await.expect("a store");
    for reached in [0, 1, 500, 2_000, 4_500, 7_000, 9_500] {
        let child = command(&sample(), &db)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example starts");
        while store.head().await.expect("a head").0 < reached {
            tokio::task::yield_now().await;
        }
        assert!(killed(child), "the import had ended before {reached} events were seen");
    }
    let torn = streams(&store).await;
    assert!(torn.len() as u64 * 2 < lines * 2, "the kills came in mid-import");
    assert!(torn.values().all(|count| *count == 2), "a batch is torn");

    let expected = summed(&text);
    assert_eq!(printed(&run(&sample(), &db)), expected);
    let all = streams(&store).await;
    assert_eq!(all.len() as u64, lines);
    assert!(all.values().all(|count| *count == 2), "a purchase is stored twice or half");
    assert_eq!(printed(&run(&sample(), &db)), expected, "run once more");
    assert_eq!(streams(&store).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_nothing_is_stored() {
    let good = " 00004 0001 19970101  2   29.33\n";
    let bad = [
        ("00004 0001 19971301  2   29.33", "date `19971301`"),
        ("00004 0001 19970101  x   29.33", "quantity `x`"),
        ("00004 0001 19970101  2   29,33", "total `29,33`"),
        ("00004 19970101", "2 columns"),
    ];
    for (line, why) in bad {
        let folder = TempDir::new().expect("a folder");
        let (file, db) = (folder.path().join("bad.txt"), folder.path().join("sales.db"));
        std::fs::write(&file, format!("{good}{good}{line}\n{good}")).expect("a file");
        let output = run(&file, &db);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{line}");
        assert!(error.contains("line 3") && error.contains(why), "{error}");
        let store = Sqlite::open(&db).await.expect("a store");
        assert_eq!(store.head().await.expect("a head"), Id(0), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_files_format_has_a_header_and_four_columns() {
    let folder = TempDir::new().expect("a folder");
    let (file, db) = (folder.path().join("full.txt"), folder.path().join("sales.db"));
    let text = "user_id order_dt order_products order_amount\n\
        \x20 1 19970101 1 11.77\n    2 19970112 1 12.00\n    2 19970112 5 77.00\n";
    std::fs::write(&file, text).expect("a file");
    let mut expected = Days::new();
    expected.insert("1997-01-01".to_owned(), (1177, 1));
    expected.insert("1997-01-12".to_owned(), (8900, 2));
    assert_eq!(printed(&run(&file, &db)), expected);
    let store = Sqlite::open(&db).await.expect("a store");
    assert_eq!(streams(&store).await.len(), 3);
}
