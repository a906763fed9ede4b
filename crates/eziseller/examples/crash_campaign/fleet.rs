//! The servers under test, their database, and the stand-in for Meta.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{Args, Database};

const APP_SECRET: &str = "campaign-app-secret";
const ENCRYPTION_KEY: &str = "9d339f306c7a23eda746e0cf747133fe9ef0c7910a90962807af188f813b0580";
const ACCESS_TOKEN_PREFIX: &str = "EAAcampaign";

/// What the customers and the shopkeeper need to know of a seller.
#[derive(Debug, Clone)]
pub(crate) struct SellerInfo {
    pub(crate) id: String,
    pub(crate) api_key: String,
    pub(crate) instagram_account_id: String,
}

/// Everything that runs.
pub(crate) struct Fleet {
    server: PathBuf,
    directory: TempDir,
    database_url: String,
    postgres: Option<Mutex<testkit::Cluster>>,
    ports: Vec<u16>,
    nodes: Mutex<Vec<Option<Child>>>,
    sellers: Vec<SellerInfo>,
    encryption_key: String,
    pub(crate) sandbox: Sandbox,
}

impl Fleet {
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let postgres = match args.database {
            Database::Postgres => Some(testkit::Cluster::start()),
            Database::Sqlite => None,
        };
        let database_url = postgres.as_ref().map_or_else(
            || format!("sqlite:{}", directory.path().join("campaign.db").display()),
            testkit::Cluster::url,
        );
        let postgres = postgres.map(Mutex::new);
        let accounts = (0..args.sellers)
            .map(|i| sandbox::AccountSpec {
                username: format!("campaign.shop.{i}"),
                access_token: Some(format!("{ACCESS_TOKEN_PREFIX}{i}")),
                instagram_account_id: Some(format!("1784140000000{i:04}")),
                page_id: Some(format!("10500000000{i:04}")),
                ..sandbox::AccountSpec::default()
            })
            .collect();
        let sandbox = Sandbox::start(SandboxConfig {
            accounts,
            app_secret: Some(APP_SECRET.to_owned()),
            limits: sandbox::Limits::none(),
            history: 10_000_000,
            ..SandboxConfig::default()
        })
        .await;
        let ports = (0..args.nodes)
            .map(|_| free_port())
            .collect::<Result<Vec<_>>>()?;
        // The campaign delivers webhooks itself, to know which were acknowledged.
        sandbox.hold_webhooks(true);
        let mut fleet = Self {
            server: args.server.clone(),
            directory,
            database_url,
            postgres,
            nodes: Mutex::new((0..args.nodes).map(|_| None).collect()),
            ports,
            sellers: Vec::new(),
            encryption_key: ENCRYPTION_KEY.to_owned(),
            sandbox,
        };
        for i in 0..args.sellers {
            let seller = fleet.add_seller(i)?;
            fleet.sellers.push(seller);
        }
        for node in 0..args.nodes {
            fleet.spawn(node)?;
        }
        for node in 0..args.nodes {
            fleet.ready(node).await?;
        }
        Ok(fleet)
    }

    pub(crate) fn sellers(&self) -> Vec<SellerInfo> {
        self.sellers.clone()
    }

    pub(crate) fn url(&self, i: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[i % self.ports.len()])
    }

    pub(crate) fn sign(body: &str) -> String {
        meta::signature::sign(&APP_SECRET.to_owned().into(), body.as_bytes())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.server);
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database_url)
            .env("ENCRYPTION_KEY", &self.encryption_key)
            .env("META_APP_SECRET", APP_SECRET)
            .env("INSTAGRAM_VERIFY_TOKEN", "campaign")
            .env("GRAPH_API_URL", self.sandbox.url())
            // An hour's answers are sent in minutes; the stand-in sets no limit.
            .env("META_ACCOUNT_CALLS_PER_HOUR", "100000")
            .env("EZISELLER_LOG", "warn");
        command
    }

    /// Runs a command of the product and gives its standard output.
    pub(crate) fn output(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            std::io::Write::write_all(&mut stdin, input.as_bytes())?;
        }
        let done = child.wait_with_output()?;
        if !done.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(String::from_utf8(done.stdout)?)
    }

    fn add_seller(&self, i: usize) -> Result<SellerInfo> {
        let instagram_account_id = format!("1784140000000{i:04}");
        let page_id = format!("10500000000{i:04}");
        let name = format!("Campaign Shop {i}");
        let line = self.output(
            &[
                "seller",
                "add",
                "--name",
                &name,
                "--country",
                "IN",
                "--currency",
                "INR",
                "--instagram-account-id",
                &instagram_account_id,
                "--page-id",
                &page_id,
                "--access-token-stdin",
            ],
            Some(&format!("{ACCESS_TOKEN_PREFIX}{i}")),
        )?;
        let added: Value = serde_json::from_str(&line)?;
        let text = |key: &str| {
            added[key]
                .as_str()
                .map(str::to_owned)
                .context("seller add's answer")
        };
        let seller = SellerInfo {
            id: text("seller_id")?,
            api_key: text("api_key")?,
            instagram_account_id,
        };
        let shop = self.directory.path().join("shop.json");
        std::fs::write(&shop, include_str!("../../src/commands/demo/shop.json"))?;
        let shop = shop.display().to_string();
        self.output(&["product", "import", "--seller", &seller.id, &shop], None)?;
        Ok(seller)
    }

    fn spawn(&self, node: usize) -> Result<()> {
        let log = self.directory.path().join(format!("node-{node}.log"));
        let log = File::options().create(true).append(true).open(log)?;
        let listen = format!("127.0.0.1:{}", self.ports[node]);
        let child = self
            .command(&["serve", "--listen", &listen])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.nodes.lock().unwrap()[node] = Some(child);
        Ok(())
    }

    async fn ready(&self, node: usize) -> Result<()> {
        let client = reqwest::Client::new();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            let answer = client
                .get(format!("{}/readyz", self.url(node)))
                .send()
                .await;
            if answer.is_ok_and(|a| a.status().is_success()) {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        let log = self.directory.path().join(format!("node-{node}.log"));
        bail!(
            "node {node} does not answer: {}",
            std::fs::read_to_string(log).unwrap_or_default()
        )
    }

    /// SIGKILL, then a new process on the same port.
    pub(crate) async fn kill_and_restart(&self, node: usize) -> Result<()> {
        let child = self.nodes.lock().unwrap()[node].take();
        if let Some(mut child) = child {
            child.kill()?;
            child.wait()?;
        }
        self.spawn(node)?;
        // The next kill may come before it is ready: that is a crash too.
        sleep(Duration::from_millis(1)).await;
        Ok(())
    }

    /// Starts nodes that ended by themselves (one that found no database), as a supervisor does.
    pub(crate) fn supervise(&self) -> Result<()> {
        for node in 0..self.ports.len() {
            let ended = match self.nodes.lock().unwrap()[node].as_mut() {
                Some(child) => child.try_wait()?.is_some(),
                None => false,
            };
            if ended {
                self.spawn(node)?;
            }
        }
        Ok(())
    }

    pub(crate) fn restart_postgres(&self) -> Result<()> {
        match &self.postgres {
            Some(postgres) => {
                postgres.lock().unwrap().start_again();
                Ok(())
            }
            None => bail!("there is no PostgreSQL to restart"),
        }
    }

    pub(crate) fn stats(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.output(&["stats"], None)?)?)
    }

    /// Waits until no event is pending and nothing waits to be sent; the last counts.
    pub(crate) async fn drained(&self, patience: Duration) -> Result<Value> {
        let began = Instant::now();
        loop {
            self.supervise()?;
            let stats = self.stats()?;
            let count = |group: &str, state: &str| stats[group][state].as_u64().unwrap_or(0);
            let left = count("inbound_events", "pending")
                + count("outbox", "pending")
                + count("outbox", "sending")
                + count("outbox", "unknown");
            if left == 0 {
                return Ok(stats);
            }
            if began.elapsed() > patience {
                bail!("still unfinished after {patience:?}: {stats}");
            }
            sleep(Duration::from_millis(250)).await;
        }
    }

    pub(crate) async fn stop(&self) {
        for child in self
            .nodes
            .lock()
            .unwrap()
            .iter_mut()
            .filter_map(Option::as_mut)
        {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}
