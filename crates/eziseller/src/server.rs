//! A running server: listener, router, background work, and how they stop together.

use std::sync::Arc;

use anyhow::{Context, Result};
use engine::tasks::Tasks;
use engine::{Engine, Role};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::{AppState, WebConfig};

/// A server that runs until it is stopped.
pub(crate) struct Server {
    stop: CancellationToken,
    tasks: Tasks,
    http: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

/// Binds an address; the error names it.
pub(crate) async fn bind(listen: &str) -> Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| {
        format!(
            "cannot listen on `{listen}`; use --listen with a free address such as 127.0.0.1:8081"
        )
    })
}

impl Server {
    /// Starts a server over an engine. `listener` is `None` for a node that only works.
    pub(crate) fn start(
        engine: &Engine,
        role: Role,
        listener: Option<TcpListener>,
        config: WebConfig,
        metrics: PrometheusHandle,
    ) -> Self {
        let tasks = Tasks::new();
        engine.spawn(role, &tasks);
        let stop = CancellationToken::new();
        let http = listener.map(|listener| {
            let render = Arc::new(move || metrics.render());
            let router = web::router(AppState::new(engine.clone(), config, render));
            tokio::spawn(web::serve(listener, router, stop.clone().cancelled_owned()))
        });
        Self { stop, tasks, http }
    }

    /// Ends requests and background work, each at a point where nothing is lost.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if let Some(http) = self.http {
            let _ = http.await;
        }
        self.tasks.stop().await;
    }
}
