//! A role that can append and not change what was appended.

use actum::store::{Expected, Log as _, Query};
use tokio_postgres::error::SqlState;

use crate::log::{Log, batch, ids, session};

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_update_and_delete_on_events_works() {
    let Some(log) = Log::new() else { return };
    drop(log.open().await);
    let (admin, schema) = (log.session().await, &log.schema);
    let role = format!("{schema}_app");
    let grants = format!(
        "create role {role} login;
        grant usage on schema {schema} to {role};
        grant execute on all functions in schema {schema} to {role};
        grant select, insert on {schema}.events, {schema}.keys to {role};
        grant select, usage, update on sequence {schema}.ids to {role};
        grant select on {schema}.migrations to {role};
        grant select, insert, update, delete
            on {schema}.snapshots, {schema}.views, {schema}.documents, {schema}.leases to {role}"
    );
    admin.batch_execute(&grants).await.unwrap();
    let (_, server) = log.url.split_once('@').expect("user@host");
    let url = format!("postgres://{role}@{server}");
    let store = log.options().connect(&url).await.unwrap();
    store.append(batch("Cart-1", Expected::Empty)).await.unwrap();
    assert_eq!(ids(&store, Query::all()).await, [1]);
    let own = session(&url).await;
    for change in ["update {}.events set data = '0'", "delete from {}.events", "truncate {}.events"]
    {
        let refused = own.batch_execute(&change.replace("{}", schema)).await.unwrap_err();
        assert_eq!(refused.code().map(SqlState::code), Some("42501"), "{refused:?}");
    }
    drop(store);
    let ended = format!("drop owned by {role}; drop role {role}");
    admin.batch_execute(&ended).await.unwrap();
}
