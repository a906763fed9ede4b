//! What commands share: opening the store and the engine, printing, stopping.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::SellerId;
use engine::clock::SystemClock;
use engine::keyring::Keyring;
use engine::{Engine, EngineConfig};
use store::{Store, StoreError};
use tracing::warn;

use crate::settings;

/// Runs an asynchronous command on as many threads as the machine has cores.
pub(crate) fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")?
        .block_on(work)
}

pub(crate) async fn open_store(url: &str) -> Result<Store> {
    Ok(Store::open(url).await?)
}

/// As [`open_store`], but gives a database that does not answer `patience` to come: after a power cut
/// server and database start together. What waiting does not mend (a wrong password) fails at once.
pub(crate) async fn await_store(url: &str, patience: Duration) -> Result<Store> {
    let begun = Instant::now();
    loop {
        match Store::open(url).await {
            Err(error @ StoreError::Away(_)) if begun.elapsed() < patience => {
                warn!(
                    "Waiting for the database, up to {} s more: {error}",
                    patience.saturating_sub(begun.elapsed()).as_secs()
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            opened => return Ok(opened?),
        }
    }
}

/// An engine that needs the keys of secrets at rest.
pub(crate) async fn open_engine(url: &str) -> Result<Engine> {
    let config = settings::engine_config(settings::keyring()?)?;
    engine_over(open_store(url).await?, config)
}

/// An engine for commands that touch no stored secret: works without ENCRYPTION_KEY.
pub(crate) async fn open_engine_without_secrets(url: &str) -> Result<Engine> {
    let keyring = match settings::keyring_if_set()? {
        Some(keyring) => keyring,
        None => Keyring::parse(&Keyring::generate())?,
    };
    engine_over(open_store(url).await?, settings::engine_config(keyring)?)
}

pub(crate) fn engine_over(store: Store, config: EngineConfig) -> Result<Engine> {
    Ok(Engine::new(store, config, Arc::new(SystemClock))?)
}

/// The seller that a `--seller` names.
pub(crate) async fn seller(store: &Store, text: &str) -> Result<SellerId> {
    let id: SellerId = text.parse()?;
    let found = store.seller(id).get().await;
    found.with_context(|| format!("there is no seller `{id}`; `eziseller seller add` adds one"))?;
    Ok(id)
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_stop() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
