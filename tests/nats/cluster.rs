//! Three servers, of which some are killed, paused or restarted while clients are at work.

use std::{
    collections::HashMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use actum::{
    Error, Version,
    store::{Batch, Expected, Key, Log as _, Nats, Query, Store},
    testing::history::{Race, race},
};
use actum_tests::nats::Servers;
use async_nats::jetstream;
use tokio::task::{JoinSet, block_in_place};

use crate::log::{Log, batch, event, read, stream};

const WRITERS: u64 = 4;
/// For ever: longer than any fault lasts.
const LONG: Duration = Duration::from_mins(2);

/// How many faults; `ACTUM_FAULT_ROUNDS=30` makes it a long run.
fn rounds(few: usize) -> usize {
    env::var("ACTUM_FAULT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

async fn open(log: &Log) -> Nats {
    log.options().patience(LONG).connect(&log.url).await.expect("the log opens")
}

/// The server that leads the JetStream stream of the events.
async fn leader(servers: &Servers, log: &Log) -> usize {
    for at in (0..servers.count()).cycle().take(3_000) {
        if servers.is_up(at)
            && let Ok(client) = async_nats::connect(servers.url_of(at)).await
            && let Ok(found) =
                jetstream::new(client).get_stream(format!("{}_log", log.prefix)).await
            && let Some(name) =
                found.cached_info().cluster.as_ref().and_then(|cluster| cluster.leader.clone())
            && let Some(leader) = servers.named(&name)
            && servers.is_up(leader)
        {
            return leader;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the cluster elects no leader");
}

/// Writers that count, each on a stream of its own and on shared ones, until they are stopped.
struct Load {
    acknowledged: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<u64>,
}

impl Load {
    async fn start(log: &Log) -> Self {
        let (acknowledged, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (store, acknowledged) = (open(log).await, Arc::clone(&acknowledged));
            writers.spawn(write(store, writer, acknowledged, Arc::clone(&stop)));
        }
        Self { acknowledged, stop, writers }
    }

    /// Waits until so much more was acknowledged.
    async fn more(&self, count: u64) {
        let goal = self.acknowledged.load(SeqCst) + count;
        let reached = async {
            while self.acknowledged.load(SeqCst) < goal {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(tokio::time::timeout(LONG, reached).await.is_ok(), "appends do not go on");
    }

    /// Stops the writers; how many rounds of each were acknowledged.
    async fn end(self) -> u64 {
        self.stop.store(true, SeqCst);
        self.writers.join_all().await.into_iter().sum()
    }
}

/// Each round is two events on its own stream and one on a shared one; every other has a key.
async fn write(
    store: Nats,
    writer: u64,
    acknowledged: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> u64 {
    let mut round = 0;
    while !stop.load(SeqCst) {
        let some = |count| vec![event(&(writer, round)); count];
        let own = Expected::Version(Version(2 * round));
        let mut batch = Batch::new(stream(&format!("Own-{writer}")), own, some(2)).and(
            stream(&format!("Shared-{}", round % 3)),
            Expected::Any,
            some(1),
        );
        if round % 2 == 0 {
            batch = batch.key(Key::new(format!("{writer} {round}"), [&b"content"[..]]));
        }
        store.append(batch).await.unwrap_or_else(|error| panic!("{writer} {round}: {error:?}"));
        round += 1;
        acknowledged.fetch_add(1, SeqCst);
    }
    round
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_while_servers_fail_nothing_is_lost_doubled_or_torn() {
    let Some(mut servers) = block_in_place(|| Servers::start(3)) else { return };
    let log = Log::on(&servers);
    let store = open(&log).await;
    let impatient = log.options().patience(Duration::from_secs(1));
    let impatient = impatient.connect(&log.url).await.expect("the log opens");
    let load = Load::start(&log).await;
    load.more(20).await;
    for round in 0..rounds(6) {
        let leader = leader(&servers, &log).await;
        let follower = (leader + 1 + fastrand::usize(..2)) % 3;
        println!("round {round}: the leader is {leader}");
        match round % 6 {
            0 => fail(&mut servers, &load, leader, Servers::kill).await,
            1 => fail(&mut servers, &load, follower, Servers::kill).await,
            2 => {
                servers.pause(leader);
                load.more(20).await;
                servers.resume(leader);
            }
            3 => {
                for at in 0..3 {
                    fail(&mut servers, &load, at, Servers::stop).await;
                }
            }
            4 => {
                block_in_place(|| [leader, follower].map(|at| servers.kill(at)));
                let refused = impatient.append(batch("Other-1", Expected::Any)).await;
                assert!(matches!(refused, Err(Error::Store { .. })), "{refused:?}");
                block_in_place(|| [leader, follower].map(|at| servers.up(at)));
            }
            _ => {
                block_in_place(|| (0..3).for_each(|at| servers.kill(at)));
                block_in_place(|| (0..3).for_each(|at| servers.up(at)));
            }
        }
        load.more(20).await;
    }
    let acknowledged = load.end().await;
    whole(&store, acknowledged).await;
}

/// Ends a server, goes on without it for a while, and starts it again.
async fn fail(servers: &mut Servers, load: &Load, at: usize, how: fn(&mut Servers, usize)) {
    block_in_place(|| how(servers, at));
    load.more(20).await;
    block_in_place(|| servers.up(at));
    load.more(20).await;
}

/// Every round that was acknowledged is there once, in order, and no version is missing.
async fn whole(store: &Nats, acknowledged: u64) {
    let events =
        read(store, Query::all().category("Own").category("Shared")).await.expect("a read");
    let mut versions: HashMap<_, u64> = HashMap::new();
    let mut counted: HashMap<u64, Vec<u64>> = HashMap::new();
    for event in &events {
        let version = versions.entry(event.stream.clone()).or_default();
        *version += 1;
        assert_eq!(event.version, Version(*version), "{}", event.stream);
        let (writer, round): (u64, u64) = event.data.decode().expect("it was written here");
        counted.entry(writer).or_default().push(round);
    }
    let mut found = 0;
    for (writer, mut rounds) in counted {
        rounds.sort_unstable();
        let count = rounds.len() as u64 / 3;
        let wanted: Vec<u64> = (0..count).flat_map(|round| [round; 3]).collect();
        assert_eq!(rounds, wanted, "writer {writer} is torn or doubled");
        found += count;
    }
    assert_eq!(found, acknowledged, "rounds that are there");
    println!("{found} rounds of three events are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_race_while_leaders_are_killed_have_an_order() {
    let Some(mut servers) = block_in_place(|| Servers::start(3)) else { return };
    let log = Log::on(&servers);
    let mut handles: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..3 {
        handles.push(Arc::new(open(&log).await));
    }
    let racing = async { race(&handles, Race::seeded(fastrand::u64(..))).await?.check() };
    let killing = async {
        for _ in 0..2 {
            let leader = leader(&servers, &log).await;
            block_in_place(|| servers.kill(leader));
            self::leader(&servers, &log).await;
            block_in_place(|| servers.up(leader));
        }
    };
    let (raced, ()) = tokio::join!(racing, killing);
    raced.expect("an order explains what all heard");
}
