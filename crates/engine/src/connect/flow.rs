//! The dialog and the way back from it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{SellerId, Timestamp};
use meta::graph::{
    Access, Dialog, FACEBOOK_SCOPES, FACEBOOK_SCOPES_WANTED, Host, INSTAGRAM_SCOPES,
    INSTAGRAM_SCOPES_WANTED, PageAccount, Pkce,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::OauthState;

use super::{ConnectError, Connected, Connecting, Linked, PageChoice};
use crate::Engine;
use crate::keyring::Place;

/// How long a login may take, and how long a choice of pages waits.
const LOGIN_MS: i64 = 10 * Timestamp::MINUTE;
const COLUMN: &str = "oauth_states.body";
const PAGES_MAX: usize = 200;

/// What is kept while the person is away. The secret in it is sealed.
#[derive(Serialize, Deserialize)]
struct Left {
    host: String,
    /// The PKCE verifier, or the long-lived token of a login that waits for a choice; in hex.
    sealed: String,
    choosing: bool,
}

fn word(host: Host) -> &'static str {
    match host {
        Host::Facebook => "facebook",
        Host::Instagram => "instagram",
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

impl Engine {
    /// Where Meta comes back to.
    fn redirect_uri(&self) -> Result<String, ConnectError> {
        let url = self
            .config()
            .public_url
            .as_deref()
            .ok_or(ConnectError::NoPublicUrl)?;
        Ok(format!("{}/connect/callback", url.trim_end_matches('/')))
    }

    /// The address of the login dialog that "Connect" leads to.
    pub async fn connect_begin(&self, who: Connecting) -> Result<String, ConnectError> {
        let redirect_uri = self.redirect_uri()?;
        let state = URL_SAFE_NO_PAD.encode(random());
        let pkce = Pkce::from_random(random());
        let (needed, wanted) = match who.host {
            Host::Facebook => (FACEBOOK_SCOPES, FACEBOOK_SCOPES_WANTED),
            Host::Instagram => (INSTAGRAM_SCOPES, INSTAGRAM_SCOPES_WANTED),
        };
        let scopes: Vec<&str> = needed.iter().chain(wanted).copied().collect();
        let url = self
            .graph()
            .dialog_url(
                who.host,
                &Dialog {
                    redirect_uri: &redirect_uri,
                    state: &state,
                    scopes: &scopes,
                    challenge: Some(&pkce.challenge),
                    again: who.again,
                },
            )
            .ok_or(ConnectError::NoApp)?;
        self.leave(&state, who, &pkce.verifier, false).await?;
        Ok(url)
    }

    async fn leave(
        &self,
        state: &str,
        who: Connecting,
        secret: &SecretString,
        choosing: bool,
    ) -> Result<(), ConnectError> {
        let place = Place {
            row: who.seller.0,
            column: COLUMN,
        };
        let left = Left {
            host: word(who.host).to_owned(),
            sealed: hex::encode(self.keyring().seal(place, secret)),
            choosing,
        };
        let now = self.now();
        let body = OauthState {
            seller_id: who.seller,
            member_id: who.member,
            body: serde_json::to_string(&left).unwrap_or_default(),
            expires_at: now.plus(LOGIN_MS),
        };
        Ok(self
            .store()
            .system()
            .put_oauth_state(state, &body, now)
            .await?)
    }

    /// Takes up what was left under `state`, for the same seller, once.
    async fn take_up(
        &self,
        state: &str,
        seller: SellerId,
        choosing: bool,
    ) -> Result<(Connecting, SecretString), ConnectError> {
        let left = self
            .store()
            .system()
            .take_oauth_state(state, self.now())
            .await?;
        let left = left.filter(|left| left.seller_id == seller);
        let left = left.ok_or(ConnectError::UnknownState)?;
        let body: Left =
            serde_json::from_str(&left.body).map_err(|_| ConnectError::UnknownState)?;
        if body.choosing != choosing {
            return Err(ConnectError::UnknownState);
        }
        let sealed = hex::decode(&body.sealed).map_err(|_| ConnectError::UnknownState)?;
        let place = Place {
            row: seller.0,
            column: COLUMN,
        };
        let secret = self.keyring().open(place, &sealed)?;
        let host = if body.host == "instagram" {
            Host::Instagram
        } else {
            Host::Facebook
        };
        let who = Connecting {
            seller,
            member: left.member_id,
            host,
            again: false,
        };
        Ok((who, secret))
    }

    /// The way back from the dialog: `code` is `None` when the person called it off.
    pub async fn connect_finish(
        &self,
        seller: SellerId,
        state: &str,
        code: Option<&str>,
    ) -> Result<Connected, ConnectError> {
        let (who, verifier) = self.take_up(state, seller, false).await?;
        let code = code.ok_or(ConnectError::CalledOff)?;
        let redirect_uri = self.redirect_uri()?;
        let graph = self.graph();
        let short = graph
            .exchange_code(who.host, code, &redirect_uri, Some(&verifier))
            .await?;
        let short = Access {
            host: who.host,
            token: short.value.access_token,
        };
        let long = graph.long_lived(&short).await?.value;
        let expires_at = long
            .expires_in
            .map(|s| self.now().plus(s * Timestamp::SECOND));
        let user = Access {
            host: who.host,
            token: long.access_token,
        };
        match who.host {
            Host::Instagram => {
                let linked = self.link_instagram(seller, &user, expires_at).await?;
                Ok(Connected::Account(Box::new(linked)))
            }
            Host::Facebook => self.connect_user_token(who, &user, expires_at).await,
        }
    }

    /// Goes on with a person's token of Facebook Login: the only page there is, or a choice.
    pub async fn connect_user_token(
        &self,
        who: Connecting,
        user: &Access,
        expires_at: Option<Timestamp>,
    ) -> Result<Connected, ConnectError> {
        let pages = self.pages(user).await?;
        match pages.as_slice() {
            [] => Err(ConnectError::NoPage),
            [only] => {
                let linked = self.link_page(who.seller, user, only, expires_at).await?;
                Ok(Connected::Account(Box::new(linked)))
            }
            several => {
                let choice = URL_SAFE_NO_PAD.encode(random());
                self.leave(&choice, who, &user.token, true).await?;
                let pages = several
                    .iter()
                    .map(|page| PageChoice {
                        page_id: page.id.clone(),
                        name: page.name.clone().unwrap_or_else(|| page.id.clone()),
                        instagram: page.instagram_business_account.as_ref().map(|account| {
                            account
                                .username
                                .clone()
                                .or_else(|| account.id.clone())
                                .unwrap_or_default()
                        }),
                    })
                    .collect();
                Ok(Connected::Choose { choice, pages })
            }
        }
    }

    /// Connects the page that was chosen.
    pub async fn connect_page(
        &self,
        seller: SellerId,
        choice: &str,
        page_id: &str,
    ) -> Result<Linked, ConnectError> {
        let (_, token) = self.take_up(choice, seller, true).await?;
        let user = Access {
            host: Host::Facebook,
            token,
        };
        let pages = self.pages(&user).await?;
        let page = pages
            .iter()
            .find(|page| page.id == page_id)
            .ok_or(ConnectError::NotYours)?;
        self.link_page(seller, &user, page, None).await
    }

    async fn pages(&self, user: &Access) -> Result<Vec<PageAccount>, ConnectError> {
        let mut pages: Vec<PageAccount> = Vec::new();
        let mut after = None;
        while pages.len() < PAGES_MAX {
            let answer = self.graph().pages(user, after.as_deref()).await?.value;
            pages.extend(answer.data);
            after = answer.after;
            if after.is_none() {
                break;
            }
        }
        pages.retain(|page| {
            page.access_token
                .as_ref()
                .is_some_and(|token| !token.expose_secret().is_empty())
        });
        Ok(pages)
    }
}
