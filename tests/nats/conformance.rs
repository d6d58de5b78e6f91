//! The conformance suite on NATS; each rule has logs of its own.

use std::sync::{Arc, Mutex};

use actum::{
    Id, Result,
    store::{BoxFuture, Store},
    testing::store::{Positioned, Reopen, Subject},
};
use async_nats::jetstream::{self, stream::Config};

use crate::log::Log;

/// The log made last is the one to open again.
struct Logs(Mutex<Log>);

impl Logs {
    fn new() -> Option<Self> {
        Log::new().map(|log| Self(Mutex::new(log)))
    }

    fn last(&self) -> Log {
        self.0.lock().expect("no panic before").clone()
    }
}

impl Subject for Logs {
    fn fresh(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        *self.0.lock().expect("no panic before") = Log::new().expect("a server");
        self.open()
    }
}

impl Reopen for Logs {
    fn open(&self) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        let log = self.last();
        Box::pin(
            async move { Ok(Arc::new(log.options().connect(&log.url).await?) as Arc<dyn Store>) },
        )
    }
}

impl Positioned for Logs {
    fn starting_after(&self, id: Id) -> BoxFuture<'_, Result<Arc<dyn Store>>> {
        Box::pin(async move {
            drop(self.fresh().await?);
            let log = self.last();
            let client = async_nats::connect(&log.url).await.expect("a client");
            let context = jetstream::new(client);
            let name = format!("{}_log", log.prefix);
            let mut made = context.get_stream(&name).await.expect("the log");
            let config = made.info().await.expect("its place").config.clone();
            context.delete_stream(&name).await.expect("it goes");
            let config = Config { first_sequence: Some(id.0 + 1), ..config };
            context.create_stream(config).await.expect("it is made anew");
            self.open().await
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
