//! What every handler may reach, made once by the binary or a test.

use std::net::IpAddr;
use std::sync::Arc;

use domain::Timestamp;
use engine::Engine;
use store::Store;

use crate::limiter::SignInLimiter;
use crate::password::Passwords;

/// What the HTTP face must be told.
#[derive(Debug, Clone, Default)]
pub struct WebConfig {
    /// `PUBLIC_URL`, without a slash at its end. Cookies are `Secure` when it begins with `https`.
    pub public_url: Option<String>,
    /// `EZISELLER_ENV=development`: the development test routes exist.
    pub development: bool,
    /// `INSTAGRAM_PAGE_ID`: the account that test messages go to, on the development routes only.
    pub test_account_id: Option<String>,
    /// Whether a proxy in front sets `X-Forwarded-For`; without one, anybody could.
    pub behind_proxy: bool,
}

impl WebConfig {
    /// Whether browsers reach us over `https`.
    pub fn is_https(&self) -> bool {
        self.public_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

/// Renders the metrics in Prometheus' text format.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What every handler may reach. Clones share it.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    engine: Engine,
    config: WebConfig,
    passwords: Passwords,
    sign_ins: SignInLimiter,
    metrics: RenderMetrics,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppState({:?})", self.0.config)
    }
}

impl AppState {
    /// The state of one server.
    pub fn new(engine: Engine, config: WebConfig, metrics: RenderMetrics) -> Self {
        Self(Arc::new(Inner {
            engine,
            config,
            passwords: Passwords::default(),
            sign_ins: SignInLimiter::default(),
            metrics,
        }))
    }

    /// The use cases.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The store, for reading.
    pub fn store(&self) -> &Store {
        self.0.engine.store()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.engine.now()
    }

    /// What we were told.
    pub fn config(&self) -> &WebConfig {
        &self.0.config
    }

    /// Password hashing.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Sign-in attempts.
    pub fn sign_ins(&self) -> &SignInLimiter {
        &self.0.sign_ins
    }

    /// The metrics as text.
    pub fn metrics(&self) -> String {
        (self.0.metrics)()
    }
}

/// Where a request comes from, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(pub Option<IpAddr>);

impl axum::extract::FromRequestParts<AppState> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &AppState,
    ) -> Result<Self, Self::Rejection> {
        let direct = parts
            .extensions
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
            .map(|info| info.0.ip());
        // The last entry is the one that our own proxy wrote; earlier ones are the client's word.
        let forwarded = state.config().behind_proxy.then(|| {
            parts
                .headers
                .get("x-forwarded-for")
                .and_then(|value| value.to_str().ok())
                .and_then(|list| list.rsplit(',').next())
                .and_then(|last| last.trim().parse().ok())
        });
        Ok(Self(forwarded.flatten().or(direct)))
    }
}
