//! `actum inspect`: the inspector over a store, for a browser.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, serve::ListenerExt};
use clap::Args;
use tokio::net::TcpListener;

use crate::{
    cli::{
        exit::{Exit, Failure},
        out::Out,
    },
    inspector::Inspector,
    store::Store,
};

/// Serves the inspector, read-only, until it is interrupted.
#[derive(Debug, Args)]
pub(in crate::cli) struct Inspect {
    /// Where to listen; with port 0 any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4680")]
    listen: SocketAddr,
    /// Serves requests for this host as well; without it for this machine only
    #[arg(long = "allow-host", value_name = "HOST")]
    hosts: Vec<String>,
}

impl Inspect {
    pub(in crate::cli) async fn run(
        &self,
        store: Arc<dyn Store>,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let inspector = Inspector::of(store);
        let inspector = self.hosts.iter().fold(inspector, Inspector::allow_host);
        let place = self.listen.to_string();
        let listener = TcpListener::bind(self.listen).await.map_err(Failure::file(&*place))?;
        let address = listener.local_addr().map_err(Failure::file(&*place))?;
        out.line(&format!("http://{address}/"))?;
        out.flush()?;
        // Without it a page that comes in two parts, or a row of the live tail, comes late.
        let listener = listener.tap_io(|connection| {
            connection.set_nodelay(true).ok();
        });
        let site: Router = inspector.router();
        axum::serve(listener, site).await.map_err(Failure::file(place))?;
        Ok(Exit::Done)
    }
}
