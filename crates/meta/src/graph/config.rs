//! Where Meta is, who we are to it, and on whose behalf a call is made.

use std::time::Duration;

use secrecy::SecretString;

/// The version calls are pinned to: v25.0 lives until 2028-07-29. A dead version is served by a
/// newer one in silence, so the doctor compares.
pub const VERSION: &str = "v25.0";

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
