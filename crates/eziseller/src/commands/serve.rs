//! `eziseller serve`: the server.

use std::time::Duration;

use anyhow::Result;
use engine::Role;
use tracing::{info, warn};
use web::WebConfig;

use crate::cli::{RoleArg, ServeArgs};
use crate::server::{Server, bind};
use crate::{settings, shell, telemetry};

pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    telemetry::start_logs("info,sqlx=warn")?;
    let keyring = settings::keyring()?;
    let config = settings::engine_config(keyring)?;
    shell::run(async {
        let metrics = telemetry::start_metrics()?;
        let web = WebConfig {
            public_url: config.public_url.clone(),
            development: settings::development()?,
            test_account_id: settings::variable("INSTAGRAM_PAGE_ID")?,
            behind_proxy: settings::variable("BEHIND_PROXY")?.as_deref() == Some("true"),
        };
        if config.secrets.list().is_empty() {
            warn!(
                "No app secret is set, so every webhook is answered 403; set META_APP_SECRET or \
                 INSTAGRAM_APP_SECRET"
            );
        }
        let listener = match args.role {
            RoleArg::Worker => None,
            RoleArg::All | RoleArg::Web => Some(bind(&args.listen).await?),
        };
        let patience = Duration::from_secs(args.database_wait);
        let store = tokio::select! {
            store = shell::await_store(&args.database.database_url, patience) => store?,
            () = shell::asked_to_stop() => return Ok(()),
        };
        let engine = shell::engine_over(store, config)?;
        let role = match args.role {
            RoleArg::All => Role::All,
            RoleArg::Web => Role::Web,
            RoleArg::Worker => Role::Worker,
        };
        match &listener {
            Some(listener) => {
                let address = listener.local_addr()?;
                info!(server.address = %address, "Eziseller serves on http://{address}");
            }
            None => info!("Eziseller works in the background and takes no requests"),
        }
        let server = Server::start(&engine, role, listener, web, metrics);
        shell::asked_to_stop().await;
        info!("Stopping: requests and work under way are brought to an end");
        server.stop().await;
        Ok(())
    })
}
