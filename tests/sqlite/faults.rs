//! Failures of the file: each is an answer, and nothing acknowledged is lost.

use actum::store::{Expected, Log, Query};
use futures_util::StreamExt;

use super::{Folder, add, ids, is_store_error};

#[tokio::test]
async fn h13_an_error_in_the_middle_of_a_read_is_an_item_and_the_end() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 1200).await.expect("empty");
    add(&store, "Cart-2", Expected::Empty, 1200).await.expect("empty");
    let mut pages = store.read(Query::all());
    assert_eq!(pages.next().await.expect("a page").expect("no error").len(), 512);
    folder.connect().execute_batch("DROP VIEW log; DROP TABLE event").expect("sql");
    let rest: Vec<_> = pages.collect().await;
    let (last, before) = rest.split_last().expect("an error");
    assert!(is_store_error(last), "{last:?}");
    assert!(before.len() <= 1 && before.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_failed_group_is_answered_and_forgotten() {
    let folder = Folder::new();
    let store = folder.open().await;
    add(&store, "Cart-1", Expected::Empty, 1).await.expect("empty");
    add(&store, "Cart-2", Expected::Empty, 1).await.expect("empty");
    folder
        .connect()
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON event WHEN new.version = 3
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .expect("sql");
    // The first event of this batch gets through, the second does not.
    assert!(is_store_error(&add(&store, "Cart-1", Expected::Exists, 2).await));
    folder.connect().execute_batch("DROP TRIGGER full").expect("sql");
    let appended = add(&store, "Cart-1", Expected::Version(actum::Version(1)), 1).await;
    assert_eq!(appended.expect("the head was forgotten").id(), actum::Id(3));
    assert_eq!(ids(&store, Query::all()).await, [1, 2, 3]);
}
