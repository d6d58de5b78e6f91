//! The conformance suite on PostgreSQL; each rule has schemas of its own.

use std::sync::{Arc, Mutex};

use actum::{
    Id, Result,
    store::{BoxFuture, Store},
    testing::store::{Positioned, Reopen, Subject},
};

use crate::log::Log;

/// The logs made so far; the last one is the one to open again.
struct Logs {
    url: String,
    made: Mutex<Vec<Log>>,
}

impl Logs {
    fn new() -> Option<Self> {
        let url = actum_tests::service::address("ACTUM_POSTGRES_URL")?;
        Some(Self { url, made: Mutex::default() })
    }
}

impl Subject for Logs {
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        self.made.lock().expect("no panic before").push(Log::at(&self.url));
        self.open()
    }
}

impl Reopen for Logs {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        let options = {
            let made = self.made.lock().expect("no panic before");
            made.last().expect("a log was made").options()
        };
        Box::pin(async move { Ok(Arc::new(options.connect(&self.url).await?) as Arc<dyn Store>) })
    }
}

impl Positioned for Logs {
    fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async move {
            let store = self.fresh().await?;
            let schema =
                self.made.lock().expect("no panic before").last().map(|log| log.schema.clone());
            let sql = format!("select setval('\"{}\".ids', {id})", schema.unwrap_or_default());
            crate::log::session(&self.url).await.batch_execute(&sql).await.expect("the id is set");
            Ok(store)
        })
    }
}

/// As the suite's own stamp, but for a server that may be missing.
macro_rules! stamp {
    ($group:ident {} [$($rule:ident)+]) => {
        mod $group {
            $(
                #[test]
                fn $rule() -> Result<(), actum::testing::store::Failure> {
                    let Some(logs) = super::Logs::new() else { return Ok(()) };
                    actum::testing::store::run(async {
                        actum::testing::store::$group::$rule(&logs).await
                    })
                }
            )+
        }
    };
}

actum::__conformance_rules! { {stamp} {} all }
actum::__conformance_rules! { {stamp} {} durable }
actum::__conformance_rules! { {stamp} {} shared }
actum::__conformance_rules! { {stamp} {} positioned }
