//! The example `orders`, as three processes on one store: each order is shipped once.

#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "it is there for the tests of the store")]
mod log;

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use actum::{
    Committed,
    store::{Query, Store},
};
use actum_tests::nats::Servers;
use futures_util::StreamExt;

const CARTS: usize = 40;

static ORDERS: LazyLock<PathBuf> = LazyLock::new(|| actum_tests::built::example("orders"));

/// A process of the example; it goes with the test.
struct Process(Option<Child>);

impl Process {
    fn start(store: &str, more: &[&str]) -> Self {
        let mut command = Command::new(&*ORDERS);
        command.args(["--store", store, "--carts", &CARTS.to_string()]).args(more);
        Self(Some(command.stdout(Stdio::piped()).spawn().expect("a process")))
    }

    /// Waits until it ends well; what it printed.
    fn printed(mut self) -> String {
        let output = self.0.take().expect("it runs").wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
        }
    }
}

async fn each_order_is_shipped_once(url: &str, meanwhile: impl FnOnce()) {
    // The first of the workers to hold a lease is killed in the middle.
    let killed = Process::start(url, &["--worker"]);
    let workers = [Process::start(url, &["--worker"]), Process::start(url, &["--worker"])];
    let main = Process::start(url, &[]);
    let store = actum::connect(url).await.expect("a store");
    while all(&*store, "Shipped").await.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(killed);
    tokio::task::block_in_place(meanwhile);
    let printed = main.printed();
    for worker in workers {
        worker.printed();
    }
    assert!(printed.contains(&format!("# {CARTS} parcels for {CARTS} orders")), "{printed}");
    let parked = printed.lines().find(|line| line.starts_with("# turned down")).expect("a line");
    assert!(parked.contains(", "), "several payments were parked: {parked}");
    for name in ["CheckedOut", "Paid", "Shipped", "Reminded"] {
        let events = all(&*store, name).await;
        let mut streams: Vec<_> = events.iter().map(|event| event.stream.id()).collect();
        streams.sort_unstable();
        streams.dedup();
        assert_eq!((events.len(), streams.len()), (CARTS, CARTS), "{name}: once for each");
    }
}

async fn all(store: &dyn Store, name: &str) -> Vec<Committed> {
    let mut events = Vec::new();
    let mut pages = store.read(Query::all().name(name));
    while let Some(page) = pages.next().await {
        events.extend(page.expect("a page"));
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_ship_each_order_once_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("orders.db").display());
    each_order_is_shipped_once(&url, || {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_ship_each_order_once_on_postgres() {
    let Some(log) = log::Log::new() else { return };
    let mark = if log.url.contains('?') { '&' } else { '?' };
    each_order_is_shipped_once(&format!("{}{mark}schema={}", log.url, log.schema), || {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_ship_each_order_once_while_servers_of_nats_are_killed() {
    let Some(mut servers) = tokio::task::block_in_place(|| Servers::start(3)) else { return };
    let url = format!("{}/?prefix=orders&replicas=3&patience=60", servers.url());
    each_order_is_shipped_once(&url, || {
        for at in 0..servers.count() {
            servers.kill(at);
            servers.up(at);
        }
    })
    .await;
}

#[test]
fn one_process_prints_the_chain_of_an_order() {
    let printed = Process::start("memory", &[]).printed();
    let chain =
        ["CheckedOut by CheckOut", "Paid by Pay#", "Shipped by Ship#", "Reminded by Remind#"];
    let mut rest = &*printed;
    for step in chain {
        let (_, behind) = rest.split_once(step).unwrap_or_else(|| panic!("{step}: {printed}"));
        rest = behind;
    }
}
