//! Several processes on one store, of which the one at work is killed again and again: this test
//! binary started once more with a role.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use actum::prelude::*;

use crate::{
    domain::{Account, Order, Pay, Placed, paid_for, place},
    place::{PATIENCE, Place, until},
};

const URL: &str = "ACTUM_REACTIONS_URL";

/// What stands before each line, as the test harness prints as well.
const MARK: &str = "=> ";

const KILLS: usize = 6;

/// As the desk, but it tells what it does and loses its lease soon.
struct Till;

#[reaction(attempts = 20, backoff = "1ms", longest = "10ms", lease = "400ms", parallel = 8)]
impl Till {
    async fn placed(
        &self,
        event: &Committed<Placed>,
        pay: Ask<'_, Account, Pay>,
    ) -> Result<(), Fault> {
        let (what, price) = (event.version.0, event.data.price.clone());
        say("begins");
        pay.act(event.stream.id(), Pay { what, price, receipt: receipt() }).await?;
        say("ends");
        Ok(())
    }
}

fn receipt() -> String {
    format!("of process {}", std::process::id())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone does not listen any more.
    let _ = out.write_all(format!("{MARK}{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Where a process that was started as a worker does its part; in the parent there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_the_role_it_is_given() {
    let Ok(url) = env::var(URL) else { return };
    let store = actum::connect(&url).await.expect("a store");
    let app = App::new(store).with::<Order>().with::<Account>().react(Till);
    let _app = app.start().await.expect("it starts");
    // Until it is killed; a worker whose parent is gone goes by itself.
    tokio::time::sleep(4 * PATIENCE).await;
}

/// A process at work, and who it is.
struct Worker {
    child: Child,
}

impl Worker {
    fn start(url: &str, number: usize, said: &Sender<usize>) -> Self {
        let mut command = Command::new(env::current_exe().expect("this binary"));
        command.args(["--exact", "process::plays_the_role_it_is_given"]);
        command.args(["--nocapture", "--test-threads=1"]).env(URL, url);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        let pipe = BufReader::new(child.stdout.take().expect("a pipe"));
        let said = said.clone();
        thread::spawn(move || {
            for line in pipe.lines().map_while(Result::ok) {
                if line.contains(MARK) {
                    let _ = said.send(number);
                }
            }
        });
        Self { child }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }
}

/// Kills the process that speaks, after some lines, and starts another.
fn kill_the_one_at_work(
    workers: &mut [Worker],
    url: &str,
    said: &(Sender<usize>, Receiver<usize>),
) {
    for kill in 0..KILLS {
        while said.1.try_recv().is_ok() {}
        let mut at_work = 0;
        for _ in 0..fastrand::u32(1..20) {
            at_work = said.1.recv_timeout(PATIENCE).expect("one is at work");
        }
        workers[at_work] = Worker::start(url, at_work, &said.0);
        println!("kill {kill}: worker {at_work}");
    }
}

async fn each_order_is_paid_once_whoever_is_killed(at: Place) {
    let url = at.url();
    let app = App::new(at.open().await).with::<Order>().with::<Account>();
    let app = app.start().await.expect("it starts");
    let said = channel();
    let mut workers: Vec<_> = (0..3).map(|n| Worker::start(&url, n, &said.0)).collect();
    // Orders keep coming while the killing goes on.
    let (over, mut is_over) = tokio::sync::watch::channel(false);
    let placing = tokio::spawn({
        let app = app.clone();
        async move {
            let mut rounds = 0;
            while !*is_over.borrow_and_update() {
                for id in ["a", "b", "c", "d"] {
                    place(&app, id, 1).await;
                }
                rounds += 1;
            }
            rounds
        }
    });
    let workers = tokio::task::spawn_blocking(move || {
        kill_the_one_at_work(&mut workers, &url, &said);
        workers
    });
    let workers = workers.await.expect("six kills");
    over.send_replace(true);
    let rounds: usize = placing.await.expect("placed");
    for id in ["a", "b", "c", "d"] {
        until("all is paid for", async || paid_for(&app, id).await.len() >= rounds).await;
    }
    drop(workers);
    for id in ["a", "b", "c", "d"] {
        let expected: Vec<_> = (1..=rounds as u64).collect();
        assert_eq!(paid_for(&app, id).await, expected, "each once, in order");
    }
}

mod places {
    use super::{Place, each_order_is_paid_once_whoever_is_killed};

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite() {
        let folder = tempfile::TempDir::new().expect("a folder");
        each_order_is_paid_once_whoever_is_killed(Place::Sqlite(folder)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres() {
        let Some(log) = crate::log::Log::new() else { return };
        each_order_is_paid_once_whoever_is_killed(Place::Postgres(log)).await;
    }
}
