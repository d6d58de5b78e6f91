//! `actum log -f` beside a writer.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::{
    actum_bin::command,
    place::{Place, everywhere, fill},
};

everywhere!(log_follows_a_writer_without_gap_or_repetition, a_limit_ends_it);

/// A process that follows; it goes with the test.
struct Following(Child);

impl Following {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut command = command(&[&["log", "-f", "--format", "json"], args].concat());
        command.env("ACTUM_STORE", &place.url).stdout(Stdio::piped());
        Self(command.spawn().expect("it starts"))
    }

    fn lines(&mut self) -> impl Iterator<Item = u64> + use<> {
        let stdout = self.0.stdout.take().expect("a pipe");
        BufReader::new(stdout).lines().map(|line| {
            let event: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
            event["id"].as_u64().expect("an id")
        })
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("it is ours");
    }
}

async fn log_follows_a_writer_without_gap_or_repetition(place: Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 30).await;
    let mut following = Following::start(&place, &["-n", "10"]);
    let mut lines = following.lines();
    // While it starts and after that, somebody writes.
    let writer = tokio::spawn(async move {
        for _ in 0..50 {
            fill(&*store, "Cart-2", 3).await;
        }
    });
    // How much was there when it looked is not known, only that it goes on from there.
    let first = lines.next().expect("an event");
    assert!(first >= 21, "it begins with the last ten: {first}");
    for (wanted, found) in (first + 1..=180).zip(&mut lines) {
        assert_eq!(found, wanted);
    }
    writer.await.expect("it writes");
}

async fn a_limit_ends_it(place: Place) {
    let store = place.open().await;
    fill(&*store, "Cart-1", 5).await;
    let mut following = Following::start(&place, &["--after", "3", "-n", "4", "--category", "Cart"]);
    let mut lines = following.lines();
    assert_eq!((lines.next(), lines.next()), (Some(4), Some(5)));
    fill(&*store, "Order-1", 2).await;
    fill(&*store, "Cart-1", 9).await;
    assert_eq!(lines.collect::<Vec<_>>(), [8, 9]);
    assert!(following.0.wait().expect("it ends").success());
}
