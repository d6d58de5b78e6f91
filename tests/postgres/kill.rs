//! H18: writers in four processes are killed at any point, and replaced.

use std::{collections::HashMap, env, process::Stdio};

use actum::{
    Version,
    store::{Batch, Expected, Log as _, Query},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use crate::log::{Log, event, read, stream};

/// Set in the processes that write: the schema, and which process it is.
const WRITER: &str = "ACTUM_TEST_POSTGRES_KILLED";
const PROCESSES: usize = 4;
const KILLS: usize = 50;

/// A process that writes, and how much it says was stored.
struct Writer {
    process: Child,
    said: Lines<BufReader<ChildStderr>>,
    number: usize,
}

impl Writer {
    fn start(log: &Log, number: usize) -> Self {
        let mut process = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "kill::writer", "--nocapture"])
            .env(WRITER, format!("{} {number}", log.schema))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let said = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        Self { process, said, number }
    }

    /// Waits until it has said something so often; then kills it, and tells how far it came.
    async fn kill_after(mut self, lines: usize) -> u64 {
        let mut last = 0;
        for _ in 0..lines {
            let line = self.said.next_line().await.expect("a pipe").expect("it runs");
            last = line.parse().unwrap_or_else(|_| panic!("writer {}: {line}", self.number));
        }
        self.process.start_kill().expect("it can be killed");
        self.process.wait().await.expect("an end");
        while let Some(line) = self.said.next_line().await.expect("a pipe") {
            last = line.parse().unwrap_or(last);
        }
        last
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_of_killed_processes_all_that_was_acknowledged_is_there_once() {
    let Some(log) = Log::new() else { return };
    let store = log.open().await;
    let mut next = 0..;
    let mut writers: Vec<_> =
        next.by_ref().take(PROCESSES).map(|number| Writer::start(&log, number)).collect();
    let mut acknowledged = HashMap::new();
    for _ in 0..KILLS {
        let victim = writers.swap_remove(fastrand::usize(..PROCESSES));
        let number = next.next().expect("numbers are endless");
        writers.push(Writer::start(&log, number));
        acknowledged.insert(victim.number, victim.kill_after(fastrand::usize(1..20)).await);
    }
    for writer in writers {
        acknowledged.insert(writer.number, writer.kill_after(20).await);
    }
    // A session of a killed process may still be in the midst of its last append.
    crate::log::until("no append is open", async || store.holding().await.unwrap().is_empty())
        .await;
    let events = read(&store, Query::all()).await.unwrap();
    let mut versions: HashMap<_, u64> = HashMap::new();
    let mut rounds: HashMap<u64, Vec<u64>> = HashMap::new();
    for event in &events {
        let before = versions.entry(event.stream.clone()).or_default();
        *before += 1;
        assert_eq!(event.version, Version(*before), "{}", event.stream);
        let (writer, round): (u64, u64) = event.data.decode().unwrap();
        rounds.entry(writer).or_default().push(round);
    }
    for (writer, last) in acknowledged {
        // Each round is three events; one more round may be stored than was acknowledged.
        let found = rounds.remove(&(writer as u64)).unwrap_or_default();
        let whole: Vec<u64> = (1..=found.len() as u64 / 3).flat_map(|round| [round; 3]).collect();
        assert_eq!(found, whole, "writer {writer} is torn or doubled");
        let stored = found.len() as u64 / 3;
        assert!(stored == last || stored == last + 1, "writer {writer}: {last} of {stored}");
    }
    assert!(rounds.is_empty(), "nobody wrote {rounds:?}");
}

/// One of the processes; on its own it has nothing to write.
#[tokio::test(flavor = "multi_thread")]
async fn writer() {
    let Ok(task) = env::var(WRITER) else { return };
    let (schema, number) = task.split_once(' ').expect("schema and number");
    let number: u64 = number.parse().expect("a number");
    let mut log = Log::new().expect("a server");
    schema.clone_into(&mut log.schema);
    let store = log.open().await;
    for round in 1_u64.. {
        let some = |count| vec![event(&(number, round)); count];
        let batch = Batch::new(stream(&format!("Own-{number}")), Expected::Any, some(2)).and(
            stream(&format!("Shared-{}", round % 3)),
            Expected::Any,
            some(1),
        );
        store.append(batch).await.unwrap();
        eprintln!("{round}");
    }
}
