//! Who asks: the member behind a session cookie. The cookie holds 32 random bytes; the store knows
//! only their hash. A session is made anew at sign-in, ends when idle, ends in any case after a
//! while, and with the member's password.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{MemberId, SellerId, Timestamp};
use engine::By;
use store::{Role, Session};

use crate::csrf;
use crate::limits;
use crate::pages::layout::error_page;
use crate::pages::product_pages::urlencode;
use crate::state::AppState;

/// The session cookie's name over `https`; the prefix makes browsers refuse it from anywhere else.
const SECURE_COOKIE: &str = "__Host-eziseller";
/// Its name where there is no `https`: a machine of one's own.
const PLAIN_COOKIE: &str = "eziseller";

/// A member who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Who.
    pub id: MemberId,
    /// Whose data they see.
    pub seller: SellerId,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they operate the whole server.
    pub admin: bool,
    /// The token that their forms carry.
    pub csrf: String,
}

impl Member {
    /// Who acts, for the engine.
    pub(crate) fn by(&self) -> By {
        By {
            seller: self.seller,
            member: Some(self.id),
        }
    }

    /// Whether they may change settings, team and keys.
    pub(crate) fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }
}

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum NoAccess {
    /// Nobody is signed in: to the sign-in page, and back here afterwards.
    SignIn(String),
    /// A signed-in admin who belongs to no seller.
    NoSeller,
    /// The store does not answer.
    Unavailable,
}

impl IntoResponse for NoAccess {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(next) if next == "/" => Redirect::to("/sign-in").into_response(),
            Self::SignIn(next) => {
                Redirect::to(&format!("/sign-in?next={}", urlencode(&next))).into_response()
            }
            Self::NoSeller => error_page(
                StatusCode::FORBIDDEN,
                "No shop here",
                "You are signed in as an operator who belongs to no shop. Sign in as a member of a shop.",
            ),
            Self::Unavailable => error_page(
                StatusCode::SERVICE_UNAVAILABLE,
                "Back in a moment",
                "The database does not answer just now. Nothing is lost; try again in a few seconds.",
            ),
        }
    }
}

impl FromRequestParts<AppState> for Member {
    type Rejection = NoAccess;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, NoAccess> {
        let next = if parts.method == Method::GET {
            parts
                .uri
                .path_and_query()
                .map_or("/", |p| p.as_str())
                .to_owned()
        } else {
            "/".to_owned()
        };
        let token = cookie(&parts.headers, state).ok_or_else(|| NoAccess::SignIn(next.clone()))?;
        let now = state.now();
        let system = state.store().system();
        let found = system.session(&token, now).await.map_err(|error| {
            tracing::error!("A session could not be looked up: {error}");
            NoAccess::Unavailable
        })?;
        let (session, member) = found.ok_or(NoAccess::SignIn(next))?;
        let idle_until = idle_until(&session, now);
        if idle_until.since(session.idle_until) > limits::SESSION_TOUCH_MILLIS_MIN {
            // A failure here costs nothing but an earlier end of the session.
            let _ = system.touch_session(&token, idle_until).await;
        }
        Ok(Self {
            id: member.id,
            seller: member.seller_id.ok_or(NoAccess::NoSeller)?,
            name: member.name,
            role: member.role,
            admin: member.admin,
            csrf: session.csrf,
        })
    }
}

impl OptionalFromRequestParts<AppState> for Member {
    type Rejection = NoAccess;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Option<Self>, NoAccess> {
        match <Self as FromRequestParts<AppState>>::from_request_parts(parts, state).await {
            Ok(member) => Ok(Some(member)),
            Err(NoAccess::SignIn(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

fn idle_until(session: &Session, now: Timestamp) -> Timestamp {
    now.plus(limits::SESSION_IDLE_MILLIS_MAX)
        .min(session.expires_at)
}

fn cookie_name(state: &AppState) -> &'static str {
    if state.config().is_https() {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

/// The session token that the browser sent.
pub(crate) fn cookie(headers: &HeaderMap, state: &AppState) -> Option<String> {
    CookieJar::from_headers(headers)
        .get(cookie_name(state))
        .map(|cookie| cookie.value().to_owned())
}

/// 32 random bytes as text.
pub(crate) fn random_token() -> String {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Begins a session; the cookie to set.
pub(crate) async fn begin(
    state: &AppState,
    member: MemberId,
) -> Result<HeaderValue, store::StoreError> {
    let token = random_token();
    let now = state.now();
    let session = Session {
        member_id: member,
        csrf: csrf::token(&token),
        created_at: now,
        idle_until: now.plus(limits::SESSION_IDLE_MILLIS_MAX),
        expires_at: now.plus(limits::SESSION_MILLIS_MAX),
    };
    state
        .store()
        .system()
        .begin_session(&token, &session)
        .await?;
    Ok(set_cookie(
        state,
        cookie_name(state),
        token,
        limits::SESSION_MILLIS_MAX / 1_000,
    ))
}

/// The cookie that takes the session away from the browser.
pub(crate) fn forget(state: &AppState) -> HeaderValue {
    set_cookie(state, cookie_name(state), String::new(), 0)
}

/// A cookie that only this server gets back, for `seconds`.
pub(crate) fn set_cookie(
    state: &AppState,
    name: &'static str,
    value: String,
    seconds: i64,
) -> HeaderValue {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(state.config().is_https())
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(seconds))
        .build();
    HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// Adds a `Set-Cookie` header.
pub(crate) fn with_cookie(response: impl IntoResponse, cookie: HeaderValue) -> Response {
    let mut response = response.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
