//! How event stores lose, double or reorder events, and the tests that show that this one does
//! not, on memory and SQLite, and on PostgreSQL where `ACTUM_POSTGRES_URL` names a server.
//!
//! `conformance::…`, `sqlite::…` and `postgres::…` are the test files beside this one; what is named
//! without a file stands here. A rule of the conformance suite runs on every store. "One writer"
//! means memory and SQLite, where one writer at a time gives out ids in commit order.
//!
//! | | hazard | test |
//! |---|---|---|
//! | H1 | check, then insert | `conformance::append::one_of_many_racers_wins`, `sqlite::h1_…`, `postgres::append::h1_…`, `h01_four_processes_…` |
//! | H2 | a mark that is no closed prefix | `postgres::order::h2_…`, `postgres::processes::h2_…`, `conformance::order::tailing_readers_see_every_event_once`, `shared::tailing_across_handles_misses_nothing`, `h01_four_processes_…` |
//! | H3 | a gate on the transaction, a cursor on the id | `postgres::order::h3_…`; does not apply to one writer |
//! | H4 | the version read after the events | `postgres::append::h4_…`, `sqlite::h4_…` |
//! | H5 | the answer of an append is lost | `conformance::keys::…`, `postgres::faults::h5_…`, `h05_…` |
//! | H6 H7 | another transaction holds the feed up | `postgres::order::h6_…`, `h7_…`; with one writer no reader waits for it: `sqlite::a_slow_reader_holds_no_transaction_open` |
//! | H8 | the server restarts | `postgres::restart::h8_…`; the others have no server |
//! | H9 | a checkpoint that stays behind | `conformance::views::checkpoint_moves_without_documents`, `h09_…` |
//! | H10 | a stream's sequence taken for the log's | every test here and in the suite has two streams; `planted_faults::ids_of_each_stream_alone_are_caught` |
//! | H11 | a snapshot that does not fit | `conformance::snapshots::another_shape_replaces`, `h11_…` |
//! | H12 | a side write fails after the append | `h12_…` |
//! | H13 | a read error taken for the end | `sqlite::h13_…`, `h13_…` |
//! | H14 | a dead projection looks healthy | `h14_…` |
//! | H15 | a restored log under an old checkpoint | `h15_…` |
//! | H16 | 32-bit numbers | `conformance::positioned::…`, `sqlite::h16_…`, `postgres::order::h16_…`, `h16_…` |
//! | H17 | the whole log in memory | `memory_ceiling::h17_…`; `sqlite::a_page_is_bounded_in_text_and_events` |
//! | H18 | kill −9 | `h18_…` (SQLite), `postgres::kill::h18_…`; memory ends with its process |
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
#[path = "postgres/log.rs"]
#[allow(dead_code, reason = "shared with the tests of the store itself")]
mod postgres;
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

/// What must outlive a store: its folder, or its schema on the server.
enum Kept {
    Nothing,
    Folder { _folder: TempDir },
    Schema { _log: postgres::Log },
}

/// Memory, SQLite, and PostgreSQL where there is a server, each fresh.
async fn stores() -> Vec<(Arc<dyn Store>, Kept)> {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Sqlite::open(folder.path().join("log.db")).await.expect("it opens");
    let mut stores: Vec<(Arc<dyn Store>, Kept)> = vec![
        (Arc::new(Memory::new()), Kept::Nothing),
        (Arc::new(sqlite), Kept::Folder { _folder: folder }),
    ];
    if let Some(log) = postgres::Log::new() {
        stores.push((Arc::new(log.open().await), Kept::Schema { _log: log }));
    }
    stores
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
