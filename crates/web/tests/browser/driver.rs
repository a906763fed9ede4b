//! A small WebDriver client (W3C WebDriver, as chromedriver speaks it).

use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// The smallest side of something to be tapped, in CSS pixels.
const TAP: f64 = 44.0;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Browser {
    http: reqwest::Client,
    session: String,
    scripted: bool,
    _driver: Child,
}

impl Browser {
    /// A browser with a window of that size; without JavaScript when not `scripted`.
    pub(crate) async fn start(width: u32, height: u32, scripted: bool) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver: install Debian's chromium and chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        let base = format!("http://127.0.0.1:{port}");
        let mut preferences = json!({});
        if !scripted {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let mut options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                format!("--window-size={width},{height}")],
            "prefs": preferences,
        });
        if width < 600 {
            let metrics =
                json!({"width": width, "height": height, "pixelRatio": 2.0, "touch": true});
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}});
        let answer: Value = http
            .post(format!("{base}/session"))
            .json(&wanted)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer:#}"));
        let session = format!("{base}/session/{id}");
        Self {
            http,
            session,
            scripted,
            _driver: driver,
        }
    }

    async fn ask(&self, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.session);
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["value"].clone()
    }

    pub(crate) async fn open(&self, url: &str) {
        self.ask("/url", Some(json!({ "url": url }))).await;
    }

    async fn find(&self, selector: &str) -> Option<String> {
        let found = json!({"using": "css selector", "value": selector});
        self.ask("/element", Some(found)).await[ELEMENT]
            .as_str()
            .map(str::to_owned)
    }

    async fn must_find(&self, selector: &str) -> String {
        let found = self.find(selector).await;
        found.unwrap_or_else(|| panic!("there is no `{selector}` on the page"))
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.must_find(selector).await;
        self.ask(
            &format!("/element/{element}/value"),
            Some(json!({ "text": text })),
        )
        .await;
    }

    pub(crate) async fn press(&self, selector: &str) {
        let element = self.must_find(selector).await;
        let answer = self
            .ask(&format!("/element/{element}/click"), Some(json!({})))
            .await;
        assert!(answer.is_null(), "`{selector}` cannot be pressed: {answer}");
    }

    /// Waits until an element with that text is there.
    pub(crate) async fn wait_for(&self, selector: &str, text: &str) {
        let began = Instant::now();
        let mut seen = String::new();
        while began.elapsed() < PATIENCE {
            if let Some(element) = self.find(selector).await {
                let shown = self.ask(&format!("/element/{element}/text"), None).await;
                seen = shown.as_str().unwrap_or_default().to_owned();
                if seen.contains(text) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("`{selector}` never said `{text}`, but `{seen}`");
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.ask("/execute/sync", Some(json!({"script": script, "args": []})))
            .await
    }

    /// A phone's page scrolls one way only.
    pub(crate) async fn no_sideways_scrolling(&self, page: &str) {
        let over = self
            .run("return document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(
            over.as_i64().unwrap() <= 0,
            "{page} is {over} pixels too wide"
        );
    }

    /// Everything to be tapped is large enough for a thumb; links inside of sentences excepted.
    pub(crate) async fn big_enough(&self, page: &str) {
        let script = "return [...document.querySelectorAll('button, .button, input, select, summary, nav a, a.item, a.back')]\
            .filter(e => e.getClientRects().length && !['checkbox', 'radio', 'hidden'].includes(e.type))\
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().height])";
        for item in self.run(script).await.as_array().unwrap() {
            assert!(
                item[1].as_f64().unwrap() >= TAP,
                "{page}: {} is {} high",
                item[0],
                item[1]
            );
        }
    }

    /// What the browser complained about: refused scripts and styles, missing files, errors.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        assert!(self.scripted);
        let log = self.ask("/se/log", Some(json!({"type": "browser"}))).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["message"].to_string())
            .collect()
    }

    /// Keeps a picture of the page where `EZISELLER_SCREENSHOTS` says.
    pub(crate) async fn keep(&self, name: &str) {
        let Ok(folder) = std::env::var("EZISELLER_SCREENSHOTS") else {
            return;
        };
        let picture = self.ask("/screenshot", None).await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap());
        std::fs::write(format!("{folder}/{name}.png"), bytes.unwrap()).unwrap();
    }

    /// The reader prefers dark pages, from now on.
    pub(crate) async fn prefer_dark(&self) {
        let feature = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": feature}});
        self.ask("/goog/cdp/execute", Some(command)).await;
    }

    pub(crate) async fn end(self) {
        let _ = self.http.delete(&self.session).send().await;
    }
}
