//! The client itself: how a call is made, and what counts as a failure.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use super::answer::{Answer, Paged, Result, is_json, read_error, says_no};
use super::config::{Access, Config, Host};
use super::error::GraphError;
use super::table::Reason;
use super::usage::Usage;
use crate::signature::appsecret_proof;

/// No answer that the product asks for is longer; a longer one is a failure rather than memory.
pub const ANSWER_BYTES_MAX: usize = 32 << 20;

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

    pub(super) const fn http(&self) -> &reqwest::Client {
        &self.http
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
