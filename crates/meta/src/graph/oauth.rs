//! Connecting a seller: dialogs, code and token exchanges, and what a token may do.
//!
//! State and the PKCE verifier are chance, and therefore arguments.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::answer::{Paged, Result};
use super::client::{At, Body, Call, Graph, escape, segment};
use super::config::{Access, App, Host};
use super::error::{Advice, GraphError};
use super::table::Reason;
use super::usage::Usage;
use crate::webhook::wire::{loose, loose_list, loose_number, loose_secret};

/// Scopes that a connection through Facebook Login must hold.
pub const FACEBOOK_SCOPES: &[&str] = &[
    "instagram_basic",
    "instagram_manage_messages",
    "pages_messaging",
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_metadata",
    "catalog_management",
    "business_management",
];

/// Asked for besides; what needs them says so when they are missing.
pub const FACEBOOK_SCOPES_WANTED: &[&str] = &[
    "instagram_shopping_tag_products",
    "instagram_manage_comments",
];

/// Scopes that a connection through Instagram Login must hold.
pub const INSTAGRAM_SCOPES: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_manage_messages",
];

/// Asked for besides on the Instagram Login path.
pub const INSTAGRAM_SCOPES_WANTED: &[&str] = &["instagram_business_manage_comments"];

/// A PKCE pair (RFC 7636, S256).
#[derive(Debug, Clone)]
pub struct Pkce {
    /// Kept here until the code comes back.
    pub verifier: SecretString,
    /// Goes into the dialog's address.
    pub challenge: String,
}

impl Pkce {
    /// From 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        let verifier = URL_SAFE_NO_PAD.encode(random);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self {
            verifier: verifier.into(),
            challenge,
        }
    }
}

/// What a dialog is opened with.
#[derive(Debug, Clone, Default)]
pub struct Dialog<'a> {
    /// Must match what the app's settings say to the letter.
    pub redirect_uri: &'a str,
    /// Comes back with the code; binds the answer to this browser.
    pub state: &'a str,
    /// The scopes asked for.
    pub scopes: &'a [&'a str],
    /// The PKCE challenge; Facebook Login takes it.
    pub challenge: Option<&'a str>,
    /// The seller has connected before: asks for everything again, the choice of pages and what was
    /// declined included, which also renews data access.
    pub again: bool,
}

/// A token as an exchange gives it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub access_token: SecretString,
    /// How long it lives, in seconds; `None` when Meta does not say.
    pub expires_in: Option<i64>,
    /// Whose it is, where the exchange tells.
    pub user_id: Option<String>,
}

#[derive(Deserialize)]
struct WireToken {
    #[serde(default, deserialize_with = "loose_secret")]
    access_token: Option<SecretString>,
    #[serde(default, deserialize_with = "loose_number")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "loose")]
    user_id: Option<String>,
    /// Instagram's code exchange wraps it in a list, or does not.
    #[serde(default)]
    data: Vec<WireToken>,
}

impl WireToken {
    fn read(mut self) -> Option<Token> {
        if self.access_token.is_none() && !self.data.is_empty() {
            return self.data.swap_remove(0).read();
        }
        Some(Token {
            access_token: self
                .access_token
                .filter(|t| !t.expose_secret().is_empty())?,
            expires_in: self.expires_in,
            user_id: self.user_id,
        })
    }
}

/// What a token is and may do, as `debug_token` tells.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct TokenInfo {
    /// The app it was made for.
    #[serde(default, deserialize_with = "loose")]
    pub app_id: Option<String>,
    /// `USER`, `PAGE`, `SYSTEM_USER`, ...
    #[serde(default, rename = "type", deserialize_with = "loose")]
    pub kind: Option<String>,
    /// Whether it is any use.
    #[serde(default)]
    pub is_valid: bool,
    /// Seconds since 1970; 0 or `None`: never.
    #[serde(default, deserialize_with = "loose_number")]
    pub expires_at: Option<i64>,
    /// Seconds since 1970; 0 or `None`: no such limit.
    #[serde(default, deserialize_with = "loose_number")]
    pub data_access_expires_at: Option<i64>,
    /// The scopes granted.
    #[serde(default, deserialize_with = "loose_list")]
    pub scopes: Vec<String>,
    /// Which pages, accounts and catalogues each scope is for.
    #[serde(default, deserialize_with = "loose_list")]
    pub granular_scopes: Vec<GranularScope>,
    /// Whose it is.
    #[serde(default, deserialize_with = "loose")]
    pub user_id: Option<String>,
    /// The page it is for.
    #[serde(default, deserialize_with = "loose")]
    pub profile_id: Option<String>,
    /// Why it is no use.
    #[serde(default)]
    pub error: Option<TokenError>,
}

/// Why a token is no use; Meta's words on it are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct TokenError {
    /// Meta's code.
    #[serde(default, deserialize_with = "loose_number")]
    pub code: Option<i64>,
    /// Meta's subcode; 0: none.
    #[serde(default, deserialize_with = "loose_number")]
    pub subcode: Option<i64>,
}

/// A scope and what it was granted for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct GranularScope {
    /// The scope.
    #[serde(default)]
    pub scope: String,
    /// The objects the seller ticked; `None`: all.
    #[serde(default)]
    pub target_ids: Option<Vec<String>>,
}

impl TokenInfo {
    /// Which of the needed scopes are not granted.
    pub fn missing<'s>(&self, needed: &[&'s str]) -> Vec<&'s str> {
        let granted = |scope: &&&str| self.scopes.iter().any(|s| s == **scope);
        needed
            .iter()
            .filter(|scope| !granted(scope))
            .copied()
            .collect()
    }

    /// Whether a scope was granted for this page, account or catalogue.
    pub fn covers(&self, scope: &str, target_id: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
            && self
                .granular_scopes
                .iter()
                .filter(|granular| granular.scope == scope)
                .filter_map(|granular| granular.target_ids.as_ref())
                .all(|targets| targets.iter().any(|id| id == target_id))
    }
}

/// A permission and what the person answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Permission {
    /// The scope.
    #[serde(default)]
    pub permission: String,
    /// `granted`, `declined` or `expired`.
    #[serde(default)]
    pub status: String,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

impl Graph {
    /// Where "Connect Instagram" leads: Facebook Login or Instagram Login. `None` when the app of
    /// that host is not configured.
    pub fn dialog_url(&self, host: Host, dialog: &Dialog<'_>) -> Option<String> {
        let config = self.config();
        let (base, app) = match host {
            Host::Facebook => (
                format!("{}/{}/dialog/oauth", config.dialog_url, config.version),
                config.app.as_ref()?,
            ),
            Host::Instagram => (
                format!("{}/oauth/authorize", config.ig_dialog_url),
                config.ig_app.as_ref()?,
            ),
        };
        let mut url = format!(
            "{base}?client_id={}&redirect_uri={}&response_type=code&scope={}&state={}",
            escape(&app.id),
            escape(dialog.redirect_uri),
            escape(&dialog.scopes.join(",")),
            escape(dialog.state),
        );
        if let Some(challenge) = dialog.challenge.filter(|_| host == Host::Facebook) {
            url += "&code_challenge_method=S256&code_challenge=";
            url += &escape(challenge);
        }
        if dialog.again {
            url += match host {
                Host::Facebook => "&auth_type=reauthorize",
                Host::Instagram => "&force_reauth=true",
            };
        }
        Some(url)
    }

    /// Exchanges the code that came back for a short-lived token. A code is good once.
    pub async fn exchange_code(
        &self,
        host: Host,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&SecretString>,
    ) -> Result<Token> {
        let app = self.app(host)?;
        let mut form = vec![
            ("client_id", app.id.clone()),
            ("client_secret", app.secret.expose_secret().to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
            // Instagram appends `#_`, which is no part of the code.
            ("code", code.trim_end_matches("#_").to_owned()),
        ];
        if let Some(verifier) = verifier.filter(|_| host == Host::Facebook) {
            form.push(("code_verifier", verifier.expose_secret().to_owned()));
        }
        let at = match host {
            Host::Facebook => At::Versioned(Host::Facebook, "oauth/access_token"),
            Host::Instagram => {
                form.push(("grant_type", "authorization_code".to_owned()));
                At::Plain(&self.config().ig_oauth_url, "oauth/access_token")
            }
        };
        self.token(Call {
            method: Method::POST,
            at,
            query: Vec::new(),
            body: Body::Form(form),
            access: None,
            is_send: false,
        })
        .await
    }

    /// Exchanges a short-lived user token for one of about 60 days.
    pub async fn long_lived(&self, access: &Access) -> Result<Token> {
        let app = self.app(access.host)?;
        match access.host {
            Host::Facebook => {
                let form = vec![
                    ("grant_type", "fb_exchange_token".to_owned()),
                    ("client_id", app.id.clone()),
                    ("client_secret", app.secret.expose_secret().to_owned()),
                    ("fb_exchange_token", access.token.expose_secret().to_owned()),
                ];
                self.token(Call {
                    method: Method::POST,
                    at: At::Versioned(Host::Facebook, "oauth/access_token"),
                    query: Vec::new(),
                    body: Body::Form(form),
                    access: None,
                    is_send: false,
                })
                .await
            }
            Host::Instagram => {
                let query = [
                    ("grant_type", "ig_exchange_token"),
                    ("client_secret", app.secret.expose_secret()),
                ];
                self.instagram_token(access, "access_token", &query).await
            }
        }
    }

    /// Renews a long-lived token of Instagram Login: at least a day old, not yet expired. One of
    /// Facebook Login is exchanged again instead, and a page token has no end.
    pub async fn refresh(&self, access: &Access) -> Result<Token> {
        if access.host == Host::Facebook {
            return self.long_lived(access).await;
        }
        let query = [("grant_type", "ig_refresh_token")];
        self.instagram_token(access, "refresh_access_token", &query)
            .await
    }

    /// What a token of the Facebook host is and may do.
    pub async fn debug_token(&self, token: &SecretString) -> Result<TokenInfo> {
        let app = self.app(Host::Facebook)?;
        let own = Access::facebook(format!("{}|{}", app.id, app.secret.expose_secret()));
        let call = Call::get(&own, "debug_token").query("input_token", token.expose_secret());
        Ok(self
            .call::<Wrapped<TokenInfo>>(call)
            .await?
            .map(|wrapped| wrapped.data))
    }

    /// Whether Meta takes the Facebook app's id and secret: it answers the app's own name.
    pub async fn check_app(&self) -> Result<()> {
        let app = self.app(Host::Facebook)?;
        let own = Access::facebook(format!("{}|{}", app.id, app.secret.expose_secret()));
        let path = segment(&app.id);
        self.done(Call::get(&own, &path).query("fields", "id"))
            .await
    }

    /// What the person granted and declined.
    pub async fn permissions(&self, access: &Access) -> Result<Paged<Permission>> {
        self.page(Call::get(access, "me/permissions")).await
    }

    /// Gives everything back: the token is dead afterwards.
    pub async fn revoke(&self, access: &Access) -> Result<()> {
        self.done(Call::delete(access, "me/permissions")).await
    }

    fn app(&self, host: Host) -> std::result::Result<&App, GraphError> {
        let app = match host {
            Host::Facebook => &self.config.app,
            Host::Instagram => &self.config.ig_app,
        };
        app.as_ref()
            .ok_or_else(|| GraphError::of(Reason::InvalidRequest, None, false, Usage::default()))
    }

    /// A token from Instagram's own endpoints. Meta documents the token as a parameter there and as
    /// a header for the host in general: the header is tried first, and only where Meta will not
    /// have it does the token go into the address, which nothing prints.
    async fn instagram_token(
        &self,
        access: &Access,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Token> {
        let call = || {
            let call = Call {
                at: At::Plain(&self.config().ig_base_url, path),
                ..Call::get(access, "")
            };
            query
                .iter()
                .fold(call, |call, (name, value)| call.query(name, *value))
        };
        match self.token(call()).await {
            Err(error) if matches!(error.advice, Advice::Fix | Advice::Reconnect) => {
                self.token(call().query("access_token", access.token.expose_secret()))
                    .await
            }
            answer => answer,
        }
    }

    async fn token(&self, call: Call<'_>) -> Result<Token> {
        let answer = self.call::<WireToken>(call).await?;
        match answer.value.read() {
            Some(value) => Ok(super::Answer {
                value,
                usage: answer.usage,
            }),
            None => Err(GraphError::of(
                Reason::UnexpectedShape,
                None,
                false,
                answer.usage,
            )),
        }
    }
}
