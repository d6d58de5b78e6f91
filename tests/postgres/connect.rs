//! One argument picks the store.

use std::sync::Arc;

use actum::{
    Error,
    store::{Expected, Query, Store},
};
use futures_util::TryStreamExt;

use crate::log::{Log, batch, count};

#[tokio::test(flavor = "multi_thread")]
async fn a_url_names_the_server_and_the_place_of_the_log() {
    let Some(log) = Log::new() else { return };
    for scheme in ["postgres", "postgresql"] {
        let (_, rest) = log.url.split_once(':').expect("a scheme");
        let place = format!("schema={}&prefix={scheme}_", log.schema);
        let mark = if rest.contains('?') { '&' } else { '?' };
        let store: Arc<dyn Store> =
            actum::connect(&format!("{scheme}:{rest}{mark}{place}")).await.unwrap();
        for name in ["Cart-1", "Cart-2"] {
            store.append(batch(name, Expected::Empty)).await.unwrap();
        }
        let events: Vec<_> = store.read(Query::all()).try_concat().await.unwrap();
        assert_eq!(events.len(), 2);
    }
    log.open().await;
    assert_eq!(count(&log.session().await, &log.schema).await, 0, "a log without a prefix");
}

#[tokio::test]
async fn a_schema_that_would_need_quoting_is_refused() {
    let refused = actum::connect("postgres://me@localhost/test?schema=a\"b").await;
    let Err(Error::Store { source, .. }) = refused else { panic!("it was opened") };
    assert!(source.to_string().contains("schema and prefix"), "{source}");
}
