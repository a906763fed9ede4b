//! Logs and metrics: where they go. Logs go to standard error, data to standard output.

use std::io::IsTerminal;

use anyhow::{Result, anyhow};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;

use crate::settings::variable;

/// Starts logging at `default` unless EZISELLER_LOG says otherwise.
pub(crate) fn start_logs(default: &str) -> Result<()> {
    let filter = variable("EZISELLER_LOG")?;
    let filter = EnvFilter::try_new(filter.as_deref().unwrap_or(default))
        .map_err(|e| anyhow!("EZISELLER_LOG cannot be read: {e}; write it like info"))?;
    let builder = Subscriber::builder()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let json = variable("EZISELLER_LOG_FORMAT")?.as_deref() == Some("json");
    let started = if json {
        tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
    } else {
        tracing::subscriber::set_global_default(builder.with_target(false).compact().finish())
    };
    started.map_err(|e| anyhow!("logging cannot start: {e}"))?;
    // The default message of a panic can hold a customer's words.
    engine::tasks::quiet_panics();
    Ok(())
}

/// Starts collecting metrics; what is returned renders them for `GET /metrics`.
pub(crate) fn start_metrics() -> Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .install_recorder()
        .map_err(|e| anyhow!("metrics cannot start: {e}"))
}
