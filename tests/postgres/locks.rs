//! A server whose table of locks is full.

use actum::store::{Batch, Expected, Log as _, Postgres, Query};
use actum_tests::server::Server;

use crate::log::{batch, event, ids, stream};

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_needs_too_many_locks_stores_nothing_and_holds_nothing() {
    let small = ["max_connections = 20", "max_locks_per_transaction = 10"];
    let Some(server) = Server::start(&small) else { return };
    let options = || Postgres::options().readers(2).writers(1);
    let store = options().connect(&server.url()).await.expect("a store");
    let wide = (0..5_000).fold(Batch::default(), |batch, at| {
        batch.and(stream(&format!("Cart-{at}")), Expected::Any, vec![event(&at)])
    });
    let refused = store.append(wide).await.expect_err("there are not as many locks");
    assert!(format!("{refused:?}").contains("max_locks_per_transaction"), "{refused:?}");
    for name in ["Cart-1", "Cart-2"] {
        store.append(batch(name, Expected::Empty)).await.expect("appended");
    }
    assert_eq!(ids(&store, Query::all()).await, [1, 2]);
    assert!(store.holding().await.expect("the holders").is_empty());
}
