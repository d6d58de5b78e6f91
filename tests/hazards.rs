//! How event stores lose, double or reorder events, and the tests that show that this one does
//! not, on memory and SQLite.
//!
//! `conformance::…` and `sqlite::…` are the test files beside this one; what is named without a
//! file stands here. A rule of the conformance suite runs on every store.
//!
//! | | hazard | test |
//! |---|---|---|
//! | H1 | check, then insert | `conformance::append::one_of_many_racers_wins`, `sqlite::h1_…`, `h01_four_processes_…` |
//! | H2 | a mark that is no closed prefix | `conformance::order::tailing_readers_see_every_event_once`, `shared::tailing_across_handles_misses_nothing`, `h01_four_processes_…` |
//! | H3 | a gate on the transaction, a cursor on the id | does not apply: one writer at a time gives out ids in commit order |
//! | H4 | the version read after the events | `sqlite::h4_…` |
//! | H5 | the answer of an append is lost | `conformance::keys::…`, `h05_…` |
//! | H6 H7 | another transaction holds the feed up | do not apply: no reader waits for a writer; `sqlite::a_slow_reader_holds_no_transaction_open` |
//! | H8 | the server restarts | does not apply: there is no server |
//! | H9 | a checkpoint that stays behind | `conformance::views::checkpoint_moves_without_documents`, `h09_…` |
//! | H10 | a stream's sequence taken for the log's | every test here and in the suite has two streams; `planted_faults::ids_of_each_stream_alone_are_caught` |
//! | H11 | a snapshot that does not fit | `conformance::snapshots::another_shape_replaces`, `h11_…` |
//! | H12 | a side write fails after the append | `h12_…` |
//! | H13 | a read error taken for the end | `sqlite::h13_…`, `h13_…` |
//! | H14 | a dead projection looks healthy | `h14_…` |
//! | H15 | a restored log under an old checkpoint | `h15_…` |
//! | H16 | 32-bit numbers | `conformance::positioned::…`, `sqlite::h16_…`, `h16_…` |
//! | H17 | the whole log in memory | the memory ceiling of the suite; `sqlite::a_page_is_bounded_in_text_and_events` |
//! | H18 | kill −9 | `h18_…` (SQLite; memory ends with its process) |
//! | H19 | full disk, read-only or broken file | `h19_…` (SQLite) |
//! | H20 | a stale lease | `conformance::leases::stale_holder_is_fenced_off`, `shared::leases_count_across_handles`, `sqlite::h20_…` |
//! | H21 | hostile input | `conformance::limits::…`, `names::…`, `sqlite::h21_…`, `h21_…` |

use std::{sync::Arc, time::Duration};

use actum::{
    App, Committed, Id, ProjectionHealth,
    store::{Log, Memory, Query, Sqlite, Store},
};
use futures_util::StreamExt;
use tempfile::TempDir;

#[path = "hazards/disk.rs"]
mod disk;
#[path = "hazards/domain.rs"]
mod domain;
#[path = "hazards/hostile.rs"]
mod hostile;
#[path = "hazards/kill.rs"]
mod kill;
#[path = "hazards/process.rs"]
mod process;
#[path = "hazards/projections.rs"]
mod projections;
#[path = "hazards/racing.rs"]
mod racing;
#[path = "hazards/sides.rs"]
mod sides;

/// Longer than any wait on a store that works.
const PATIENCE: Duration = Duration::from_secs(20);

/// Memory and SQLite, each fresh, with the folder that must outlive it.
async fn both() -> Vec<(Arc<dyn Store>, Option<TempDir>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Sqlite::open(folder.path().join("log.db")).await.expect("it opens");
    vec![(Arc::new(Memory::new()), None), (Arc::new(sqlite), Some(folder))]
}

/// The whole log.
async fn log(store: &(impl Log + ?Sized)) -> Vec<Committed> {
    let mut pages = store.read(Query::all());
    let mut events = Vec::new();
    while let Some(page) = pages.next().await {
        events.extend(page.expect("a page"));
    }
    events
}

async fn head(app: &App) -> Id {
    app.store().head().await.expect("a head")
}

/// Waits until the only projection of an app is as wanted.
async fn when(app: &App, wanted: impl Fn(&ProjectionHealth) -> bool) -> ProjectionHealth {
    let waiting = async {
        loop {
            let mut health = app.health().await.expect("health");
            let one = health.projections.remove(0);
            if wanted(&one) {
                return one;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes about")
}
