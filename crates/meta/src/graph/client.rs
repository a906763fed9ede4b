//! The client itself: hosts, version, tokens, time-outs, and what counts as a failure.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::{ApiError, GraphError, Reason};
use super::usage::Usage;
use crate::signature::appsecret_proof;
use crate::webhook::wire::{Flag, Text, filled, part};

/// The version calls are pinned to: v25.0 lives until 2028-07-29. A dead version is served by a
/// newer one in silence, so the doctor compares.
pub const VERSION: &str = "v25.0";

/// No answer that the product asks for is longer; a longer one is a failure rather than memory.
pub const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Which of Meta's hosts an access token belongs to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// `graph.facebook.com`: Facebook Login, Messenger, WhatsApp, catalogues.
    #[default]
    Facebook,
    /// `graph.instagram.com`: Instagram Login.
    Instagram,
}

/// A Meta app: its id and secret.
#[derive(Debug, Clone)]
pub struct App {
    /// The app id.
    pub id: String,
    /// The app secret.
    pub secret: SecretString,
}

/// Where Meta is and who we are to it.
#[derive(Debug, Clone)]
pub struct Config {
    /// `https://graph.facebook.com`, or `GRAPH_API_URL`.
    pub base_url: String,
    /// `https://graph.instagram.com`
    pub ig_base_url: String,
    /// `https://api.instagram.com`: the code exchange of Instagram Login.
    pub ig_oauth_url: String,
    /// `https://www.facebook.com`: the login dialog.
    pub dialog_url: String,
    /// `https://www.instagram.com`: the Instagram login dialog.
    pub ig_dialog_url: String,
    /// `GRAPH_API_VERSION`, e.g. `v25.0`.
    pub version: String,
    /// For a whole call.
    pub timeout: Duration,
    /// For making a connection.
    pub connect_timeout: Duration,
    /// The Facebook app. Its secret makes `appsecret_proof` for every call.
    pub app: Option<App>,
    /// The Instagram app of Instagram Login, which has an id and secret of its own.
    pub ig_app: Option<App>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: "https://graph.facebook.com".into(),
            ig_base_url: "https://graph.instagram.com".into(),
            ig_oauth_url: "https://api.instagram.com".into(),
            dialog_url: "https://www.facebook.com".into(),
            ig_dialog_url: "https://www.instagram.com".into(),
            version: VERSION.into(),
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            app: None,
            ig_app: None,
        }
    }
}

impl Config {
    /// Every host at one address, as the sandbox serves them.
    pub fn at(url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self {
            base_url: url.clone(),
            ig_base_url: url.clone(),
            ig_oauth_url: url.clone(),
            dialog_url: url.clone(),
            ig_dialog_url: url,
            ..Self::default()
        }
    }
}

/// On whose behalf a call is made.
#[derive(Debug, Clone)]
pub struct Access {
    /// The host the token belongs to.
    pub host: Host,
    /// The access token.
    pub token: SecretString,
}

impl Access {
    /// A token of `graph.facebook.com`.
    pub fn facebook(token: impl Into<String>) -> Self {
        Self {
            host: Host::Facebook,
            token: token.into().into(),
        }
    }

    /// A token of `graph.instagram.com`.
    pub fn instagram(token: impl Into<String>) -> Self {
        Self {
            host: Host::Instagram,
            token: token.into().into(),
        }
    }
}

/// An answer, with what its headers say about limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the usage headers say.
    pub usage: Usage,
}

impl<T> Answer<T> {
    /// The same with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: f(self.value),
            usage: self.usage,
        }
    }
}

/// The result of a call.
pub type Result<T> = std::result::Result<Answer<T>, GraphError>;

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// What is on it; elements that could not be read are left out and counted.
    pub data: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub after: Option<String>,
    /// How many elements could not be read.
    pub unread: usize,
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow, default)]
    data: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    paging: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WirePaging<'a> {
    #[serde(borrow, default)]
    cursors: Option<WireCursors<'a>>,
    #[serde(borrow, default)]
    next: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireCursors<'a> {
    #[serde(borrow, default)]
    after: Option<Text<'a>>,
}

impl<T: DeserializeOwned> Paged<T> {
    fn read(text: &str) -> Option<Self> {
        let page: WirePage<'_> = serde_json::from_str(text).ok()?;
        let paging = part::<WirePaging<'_>>(page.paging);
        let after = paging.and_then(|p| {
            p.next?;
            p.cursors.and_then(|c| filled(c.after))
        });
        let len = page.data.len();
        let data: Vec<T> = page
            .data
            .into_iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .collect();
        Some(Self {
            unread: len - data.len(),
            data,
            after,
        })
    }
}

/// Where a call goes.
pub(super) enum At<'a> {
    /// `{host}/{version}/{path}`
    Versioned(Host, &'a str),
    /// `{url}/{path}`: for the few that have no version.
    Plain(&'a str, &'a str),
}

/// A call, before it is made.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) at: At<'a>,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) body: Body,
    pub(super) access: Option<&'a Access>,
    /// Whether doing it twice would show: then a lost answer is an unknown outcome.
    pub(super) is_send: bool,
}

/// What a call carries.
pub(super) enum Body {
    None,
    Json(Vec<u8>),
    Form(Vec<(&'static str, String)>),
}

impl<'a> Call<'a> {
    pub(super) fn get(access: &'a Access, path: &'a str) -> Self {
        Self {
            method: Method::GET,
            at: At::Versioned(access.host, path),
            query: Vec::new(),
            body: Body::None,
            access: Some(access),
            is_send: false,
        }
    }

    pub(super) fn post(access: &'a Access, path: &'a str, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self {
            method: Method::POST,
            body: Body::Json(body),
            ..Self::get(access, path)
        }
    }

    pub(super) fn delete(access: &'a Access, path: &'a str) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get(access, path)
        }
    }

    pub(super) fn query(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn maybe(self, name: &'a str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub(super) fn once(mut self) -> Self {
        self.is_send = true;
        self
    }
}

/// The Graph API. Cheap to clone; connections are shared and reused.
#[derive(Debug, Clone)]
pub struct Graph {
    http: Client,
    pub(super) config: std::sync::Arc<Config>,
}

impl Graph {
    /// Makes the client. Fails when TLS cannot be set up.
    pub fn new(config: Config) -> std::result::Result<Self, ClientError> {
        let http = Client::builder()
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_mins(1))
            .user_agent(concat!("eziseller/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| ClientError)?;
        Ok(Self {
            http,
            config: std::sync::Arc::new(config),
        })
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Makes a call and reads its answer as JSON of one type.
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        let is_send = call.is_send;
        let (text, status, usage) = self.text(call).await?;
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Answer { value, usage }),
            Err(_) => Err(GraphError::of(
                Reason::UnexpectedShape,
                Some(status),
                is_send,
                usage,
            )),
        }
    }

    /// Makes a call and reads its answer as a page of a list.
    pub(super) async fn page<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Paged<T>> {
        let (text, status, usage) = self.text(call).await?;
        match Paged::read(&text) {
            Some(value) => Ok(Answer { value, usage }),
            None => Err(GraphError::of(
                Reason::UnexpectedShape,
                Some(status),
                false,
                usage,
            )),
        }
    }

    /// Makes a call whose answer says only that it worked.
    pub(super) async fn done(&self, call: Call<'_>) -> Result<()> {
        let is_send = call.is_send;
        let (text, status, usage) = self.text(call).await?;
        if says_no(&text) {
            return Err(GraphError::of(
                Reason::UnexpectedShape,
                Some(status),
                is_send,
                usage,
            ));
        }
        Ok(Answer { value: (), usage })
    }

    async fn text(&self, call: Call<'_>) -> std::result::Result<(String, u16, Usage), GraphError> {
        let is_send = call.is_send;
        let fail = |reason, status, usage| Err(GraphError::of(reason, status, is_send, usage));
        let Some(request) = self.request(call) else {
            return fail(Reason::InvalidRequest, None, Usage::default());
        };
        let mut response = match self.http.execute(request).await {
            Ok(response) => response,
            Err(error) => return fail(reason_of(&error), None, Usage::default()),
        };
        let status = response.status().as_u16();
        let usage = Usage::from_headers(response.headers());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= ANSWER_BYTES_MAX => {
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return fail(Reason::UnexpectedShape, Some(status), usage),
                Ok(None) => break,
                Err(error) => return fail(reason_of(&error), Some(status), usage),
            }
        }
        let Some(text) = String::from_utf8(bytes).ok().filter(|text| is_json(text)) else {
            return fail(Reason::NotJson, Some(status), usage);
        };
        if let Some(api) = read_error(&text, status) {
            return Err(GraphError::from_api(api, usage));
        }
        if !(200..300).contains(&status) {
            return fail(Reason::UnexpectedShape, Some(status), usage);
        }
        Ok((text, status, usage))
    }

    fn request(&self, call: Call<'_>) -> Option<reqwest::Request> {
        let (host, mut url) = match call.at {
            At::Versioned(host, path) => {
                let base = match host {
                    Host::Facebook => &self.config.base_url,
                    Host::Instagram => &self.config.ig_base_url,
                };
                (
                    host,
                    format!("{}/{}/", base.trim_end_matches('/'), self.config.version) + path,
                )
            }
            At::Plain(base, path) => {
                let host = call.access.map_or(Host::Instagram, |a| a.host);
                (host, format!("{}/{path}", base.trim_end_matches('/')))
            }
        };
        let mut separator = '?';
        let mut add = |name: &str, value: &str| {
            let _ = write!(url, "{separator}{name}={}", escape(value));
            separator = '&';
        };
        for (name, value) in &call.query {
            add(name, value);
        }
        let app = match host {
            Host::Facebook => &self.config.app,
            Host::Instagram => &self.config.ig_app,
        };
        if let (Some(app), Some(access)) = (app, call.access) {
            add(
                "appsecret_proof",
                &appsecret_proof(&app.secret, &access.token),
            );
        }
        let mut request = self
            .http
            .request(call.method, url)
            .header(ACCEPT, "application/json");
        if let Some(access) = call.access {
            let bearer = format!("Bearer {}", access.token.expose_secret());
            let mut value = HeaderValue::from_str(&bearer).ok()?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        match call.body {
            Body::None => request,
            Body::Json(bytes) => request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(bytes),
            Body::Form(fields) => request.form(&fields),
        }
        .build()
        .ok()
    }
}

/// TLS could not be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client could not be made: are root certificates installed?")]
pub struct ClientError;

fn reason_of(error: &reqwest::Error) -> Reason {
    if error.is_builder() {
        Reason::InvalidRequest
    } else if error.is_connect() {
        Reason::NotConnected
    } else if error.is_timeout() {
        Reason::TimedOut
    } else {
        Reason::ConnectionLost
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether an answer says `false` or `{"success":false}`.
fn says_no(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Success {
        success: Option<bool>,
    }
    text.trim() == "false"
        || serde_json::from_str::<Success>(text).is_ok_and(|s| s.success == Some(false))
}

#[derive(Deserialize)]
struct WireError<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    // The shape of Instagram Login's code exchange.
    #[serde(borrow, default)]
    error_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_message: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireApiError<'a> {
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_subcode: Option<Text<'a>>,
    #[serde(default)]
    is_transient: Flag,
    #[serde(borrow, default)]
    error_user_msg: Option<Text<'a>>,
    #[serde(borrow, default)]
    fbtrace_id: Option<Text<'a>>,
}

/// The error in an answer, whatever its HTTP status.
fn read_error(text: &str, status: u16) -> Option<ApiError> {
    let wire: WireError<'_> = serde_json::from_str(text).ok()?;
    let number = |text: &Option<Text<'_>>| text.as_ref().and_then(Text::number);
    if let Some(error) = wire.error {
        let read: WireApiError<'_> = part(Some(error))?;
        return Some(ApiError {
            status,
            code: number(&read.code).unwrap_or(0),
            subcode: number(&read.error_subcode).filter(|s| *s != 0),
            is_transient: read.is_transient.0,
            trace_id: filled(read.fbtrace_id),
            message: filled(read.message).unwrap_or_default(),
            user_message: filled(read.error_user_msg),
        });
    }
    wire.error_type.as_ref()?;
    // Its `code` is an HTTP status: a refused code exchange is a token that is no use.
    let code = match number(&wire.code) {
        Some(400..=403) => 190,
        Some(429) => 4,
        _ => 1,
    };
    Some(ApiError {
        status,
        code,
        message: filled(wire.error_message).unwrap_or_default(),
        ..ApiError::default()
    })
}

/// Percent-encodes a value for a query.
pub(super) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// An id as a path segment. Ids come from Meta and from configuration; whatever else they hold
/// must not reach another path.
pub(super) fn segment(id: &str) -> String {
    escape(id)
}
