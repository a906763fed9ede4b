//! Small commands for operators: figures, kept events, backup, keys, the API document, the sandbox.

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use store::{EventState, Requeue};
use tokio_util::sync::CancellationToken;

use crate::cli::{BackupArgs, EventsListArgs, KeysRotateArgs, SandboxArgs, StatsArgs};
use crate::server::bind;
use crate::{shell, telemetry};

/// `eziseller stats`
pub(crate) fn stats(args: &StatsArgs) -> Result<()> {
    shell::run(async {
        let store = shell::open_store(&args.database.database_url).await?;
        println!("{}", store.stats().await?);
        Ok(())
    })
}

fn states(args: &EventsListArgs, default: &[EventState]) -> Result<Vec<EventState>> {
    match &args.state {
        None => Ok(default.to_vec()),
        Some(word) => {
            let state = EventState::ALL.iter().find(|state| state.as_str() == word);
            let words: Vec<_> = EventState::ALL.iter().map(|state| state.as_str()).collect();
            let state = state.copied();
            state
                .map(|state| vec![state])
                .ok_or_else(|| anyhow!("`{word}` is no state; use one of {}", words.join(", ")))
        }
    }
}

/// `eziseller events list`
pub(crate) fn list_events(args: &EventsListArgs) -> Result<()> {
    let kept = [EventState::Unrouted, EventState::Failed, EventState::Kept];
    let states = states(args, &kept)?;
    shell::run(async {
        let url = &args.database.database_url;
        let engine = shell::open_engine_without_secrets(url).await?;
        for state in states {
            let mut before = None;
            loop {
                let page = engine.kept_events(None, state, before, 500).await?;
                for event in &page {
                    let line = json!({
                        "id": event.id,
                        "state": event.state,
                        "reason": event.reason,
                        "object": event.object,
                        "kind": event.kind,
                        "account_ids": event.account_ids,
                        "seller_id": event.seller_id,
                        "attempts": event.attempts,
                        "received_at": event.received_at.rfc3339(),
                    });
                    println!("{line}");
                }
                if page.len() < 500 {
                    break;
                }
                before = page.last().map(|event| event.id);
            }
        }
        Ok(())
    })
}

/// `eziseller events replay`
pub(crate) fn replay_events(args: &EventsListArgs) -> Result<()> {
    let states = states(args, &[])?;
    shell::run(async {
        let url = &args.database.database_url;
        let engine = shell::open_engine_without_secrets(url).await?;
        let which = Requeue {
            states,
            ..Requeue::default()
        };
        let replayed = engine.replay_events(&which).await?;
        println!("{}", json!({ "replayed": replayed }));
        Ok(())
    })
}

/// `eziseller backup`
pub(crate) fn backup(args: &BackupArgs) -> Result<()> {
    shell::run(async {
        let store = shell::open_store(&args.database.database_url).await?;
        store.backup(&args.path).await?;
        println!("{}", json!({ "backup": args.path }));
        Ok(())
    })
}

/// `eziseller keys rotate`
pub(crate) fn rotate_keys(args: &KeysRotateArgs) -> Result<()> {
    shell::run(async {
        let engine = shell::open_engine(&args.database.database_url).await?;
        let rotated = engine.rotate_keys().await?;
        println!("{}", serde_json::to_string(&rotated)?);
        if rotated.unreadable > 0 {
            return Err(anyhow!(
                "{} secrets open under none of the listed keys; connect their accounts again",
                rotated.unreadable
            ));
        }
        Ok(())
    })
}

/// `eziseller sandbox`
pub(crate) fn sandbox(args: &SandboxArgs) -> Result<()> {
    telemetry::start_logs("info")?;
    shell::run(async {
        let listener = bind(&args.listen).await?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        println!(
            "The stand-in for Meta listens on http://{address} (the customers' phone is there too)"
        );
        println!("Point the server at it:  GRAPH_API_URL=http://{address}");
        let stop = CancellationToken::new();
        let serving = tokio::spawn(::sandbox::serve(
            ::sandbox::SandboxConfig::default(),
            listener,
            stop.clone(),
        ));
        shell::asked_to_stop().await;
        stop.cancel();
        serving.await.context("the sandbox ended badly")?;
        Ok(())
    })
}
