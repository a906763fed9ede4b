//! One installation in a test: its settings, its commands, its servers.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ACCOUNT: &str = "17841400000000077";
pub(crate) const APP_SECRET: &str = "process-test-app-secret";
pub(crate) const PAGE: &str = "105000000000077";
pub(crate) const TOKEN: &str = "EAAprocesstesttoken";
pub(crate) const KEY: &str = "4242424242424242424242424242424242424242424242424242424242424242";

/// The settings of one installation.
pub(crate) struct Site {
    database_url: String,
    graph_url: String,
    directory: TempDir,
}

impl Site {
    /// Without Meta: nothing listens there, replies stay in the outbox.
    pub(crate) fn new(database_url: &str) -> Self {
        Self::at_meta(database_url, "http://127.0.0.1:9")
    }

    /// With Meta, or what stands in for it, at this address.
    pub(crate) fn at_meta(database_url: &str, graph_url: &str) -> Self {
        Self {
            database_url: database_url.to_owned(),
            graph_url: graph_url.to_owned(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eziseller"));
        command
            .args(arguments)
            .env("DATABASE_URL", &self.database_url)
            .env("ENCRYPTION_KEY", KEY)
            .env("META_APP_SECRET", APP_SECRET)
            .env("INSTAGRAM_VERIFY_TOKEN", "process-test")
            .env("GRAPH_API_URL", &self.graph_url)
            .env("PUBLIC_URL", "https://shop.example.com")
            .env("EZISELLER_LOG", "debug,hyper=info,sqlx=warn");
        command
    }

    /// Runs a command that must succeed; its standard output.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let done = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        let output = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{arguments:?}: {errors}\n{output}");
        output
    }

    /// Adds the demo's shop as a seller; its id.
    pub(crate) fn add_seller(&self) -> String {
        let arguments = [
            "seller",
            "add",
            "--name",
            "Mira Handloom",
            "--country",
            "IN",
            "--currency",
            "INR",
            "--instagram-account-id",
            ACCOUNT,
            "--page-id",
            PAGE,
            "--access-token-stdin",
        ];
        let added: Value = serde_json::from_str(&self.run_with(&arguments, TOKEN)).unwrap();
        let seller = added["seller_id"].as_str().unwrap().to_owned();
        let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands/demo/shop.json");
        self.run(&["product", "import", "--seller", &seller, shop]);
        seller
    }

    pub(crate) fn stats(&self) -> Value {
        serde_json::from_str(&self.run(&["stats"])).unwrap()
    }

    pub(crate) fn export(&self, what: &str, seller: &str) -> Vec<Value> {
        let text = self.run(&["export", what, "--seller", seller]);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How many messages went to customers.
    pub(crate) fn outbound(&self, seller: &str) -> usize {
        let messages = self.export("messages", seller);
        messages
            .iter()
            .filter(|row| row["direction"] != "in")
            .count()
    }

    /// A file of the installation's own, with this content; its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Everything the servers logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("server.log")).unwrap_or_default()
    }
}

/// One server process. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
    client: reqwest::Client,
}

impl Server {
    pub(crate) async fn start(site: &Site, arguments: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let listen = format!("127.0.0.1:{port}");
        let log = site.directory.path().join("server.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let child = site
            .command(&[&["serve", "--listen", &listen], arguments].concat())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self {
            child,
            url: format!("http://{listen}"),
            // A connection a post: the server closes one after a body that is too large.
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        };
        let began = Instant::now();
        loop {
            let ready = server
                .client
                .get(format!("{}/readyz", server.url))
                .send()
                .await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "not ready: {}",
                site.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Posts a rightly signed body; the status.
    pub(crate) async fn deliver(&self, body: &str) -> u16 {
        let secret = APP_SECRET.to_owned().into();
        let signature = meta::signature::sign(&secret, body.as_bytes());
        self.post(body, &signature).await
    }

    pub(crate) async fn post(&self, body: &str, signature: &str) -> u16 {
        let answer = self
            .client
            .post(format!("{}/webhooks/meta", self.url))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
            .body(body.to_owned())
            .send()
            .await;
        answer.unwrap().status().as_u16()
    }

    /// Calls the API; the answer, which must be a success.
    pub(crate) async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Value {
        let answer = self
            .client
            .request(method, format!("{}/api/v1{path}", self.url))
            .bearer_auth(key)
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until no event is pending; the figures then.
    pub(crate) async fn drained(&self, site: &Site) -> Value {
        let began = Instant::now();
        loop {
            let stats = site.stats();
            if stats["inbound_events"]["pending"] == 0 {
                return stats;
            }
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "{stats}\n{}",
                site.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: the server ends by itself, cleanly.
    pub(crate) async fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "the server does not stop"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
