//! The columns that hold secrets: sealing and opening an account's tokens, rotating the keys, and
//! the webhook handshake that compares verify tokens.

use domain::{AccountId, SellerId, Timestamp};
use meta::signature::verify_challenge;
use secrecy::{ExposeSecret, SecretString};
use store::{ChannelAccount, StoreError, Tokens};

use crate::engine::Engine;
use crate::keyring::{CannotOpen, Place};

/// The page's or account's token.
pub const ACCESS_TOKEN: &str = "channel_accounts.access_token";
/// The person's long-lived token.
pub const USER_TOKEN: &str = "channel_accounts.user_token";
/// The token of the webhook handshake.
pub const VERIFY_TOKEN: &str = "channel_accounts.verify_token";

/// Tokens to be stored; `None` leaves what is stored.
#[derive(Debug, Default)]
pub struct PlainTokens {
    /// The page's or account's token.
    pub access: Option<SecretString>,
    /// The person's long-lived token.
    pub user: Option<SecretString>,
    /// The token of the webhook handshake.
    pub verify: Option<SecretString>,
    /// The granted scopes.
    pub scopes: Option<Vec<String>>,
    /// When the access token ends; `None`: never, or unknown.
    pub token_expires_at: Option<Timestamp>,
    /// When Meta's data access ends.
    pub data_access_expires_at: Option<Timestamp>,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rotated {
    /// Secrets that are sealed under the newest key now.
    pub resealed: u64,
    /// Secrets that were already.
    pub current: u64,
    /// Secrets that no listed key opens; their accounts must be connected again.
    pub unreadable: u64,
}

fn place(account: AccountId, column: &'static str) -> Place {
    Place {
        row: account.0,
        column,
    }
}

impl Engine {
    /// Seals and stores an account's tokens.
    pub async fn store_tokens(
        &self,
        seller: SellerId,
        account: AccountId,
        tokens: &PlainTokens,
    ) -> Result<(), StoreError> {
        let seal = |column, secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| self.keyring().seal(place(account, column), secret))
        };
        let sealed = Tokens {
            access_token: seal(ACCESS_TOKEN, &tokens.access),
            user_token: seal(USER_TOKEN, &tokens.user),
            verify_token: seal(VERIFY_TOKEN, &tokens.verify),
            scopes: tokens.scopes.clone(),
            token_expires_at: tokens.token_expires_at,
            data_access_expires_at: tokens.data_access_expires_at,
        };
        let store = self.store().seller(seller);
        store.set_tokens(account, &sealed, self.now()).await
    }

    /// The account's access token; `None`: it has none.
    pub fn access_token(
        &self,
        account: &ChannelAccount,
    ) -> Result<Option<SecretString>, CannotOpen> {
        self.open(account.id, ACCESS_TOKEN, account.access_token.as_deref())
    }

    /// The token of the person who connected the account; `None`: it has none.
    pub fn user_token(&self, account: &ChannelAccount) -> Result<Option<SecretString>, CannotOpen> {
        self.open(account.id, USER_TOKEN, account.user_token.as_deref())
    }

    fn open(
        &self,
        account: AccountId,
        column: &'static str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<SecretString>, CannotOpen> {
        sealed
            .map(|sealed| self.keyring().open(place(account, column), sealed))
            .transpose()
    }

    /// Answers the `hub.challenge` handshake: the challenge to echo, or `None` for 403. Accepts
    /// `INSTAGRAM_VERIFY_TOKEN` and every account's own verify token.
    pub async fn handshake<'c>(
        &self,
        mode: Option<&str>,
        token: Option<&str>,
        challenge: Option<&'c str>,
    ) -> Result<Option<&'c str>, StoreError> {
        let verify = |tokens: &[&str]| verify_challenge(mode, token, challenge, tokens);
        let server = self.config().verify_token.iter();
        let server: Vec<_> = server.map(ExposeSecret::expose_secret).collect();
        if let Some(echo) = verify(&server) {
            return Ok(Some(echo));
        }
        // Nothing that could be accepted: strangers do not get to make us read every account.
        if verify(&[token.unwrap_or_default()]).is_none() {
            return Ok(None);
        }
        let accounts = self.store().system().accounts().await?;
        let own: Vec<SecretString> = accounts
            .iter()
            .filter_map(|account| {
                let sealed = account.verify_token.as_deref();
                self.open(account.id, VERIFY_TOKEN, sealed).ok().flatten()
            })
            .collect();
        let own: Vec<_> = own.iter().map(ExposeSecret::expose_secret).collect();
        Ok(verify(&own))
    }

    /// Seals every stored secret under the newest key, while the server runs. Afterwards the old
    /// keys may leave `ENCRYPTION_KEY`, unless some could not be read.
    pub async fn rotate_keys(&self) -> Result<Rotated, StoreError> {
        let mut rotated = Rotated::default();
        for account in self.store().system().accounts().await? {
            self.rotate_account(account, &mut rotated).await?;
        }
        Ok(rotated)
    }

    async fn rotate_account(
        &self,
        account: ChannelAccount,
        rotated: &mut Rotated,
    ) -> Result<(), StoreError> {
        let mut account = account;
        // Somebody may store newer tokens meanwhile: then those are looked at.
        for _ in 0..5 {
            let mut done = Rotated::default();
            let mut reseal = |column, sealed: &Option<Vec<u8>>| {
                let sealed = sealed.as_deref()?;
                if !self.keyring().needs_reseal(sealed) {
                    done.current += 1;
                    return None;
                }
                let secret = self.keyring().open(place(account.id, column), sealed);
                if let Ok(secret) = secret {
                    done.resealed += 1;
                    Some(self.keyring().seal(place(account.id, column), &secret))
                } else {
                    done.unreadable += 1;
                    None
                }
            };
            let tokens = Tokens {
                access_token: reseal(ACCESS_TOKEN, &account.access_token),
                user_token: reseal(USER_TOKEN, &account.user_token),
                verify_token: reseal(VERIFY_TOKEN, &account.verify_token),
                ..Tokens::default()
            };
            let written = done.resealed == 0
                || self
                    .store()
                    .system()
                    .replace_tokens(&account, &tokens)
                    .await?;
            if written {
                rotated.resealed += done.resealed;
                rotated.current += done.current;
                rotated.unreadable += done.unreadable;
                return Ok(());
            }
            let store = self.store().seller(account.seller_id);
            let Some(newer) = store.account(account.id).await? else {
                return Ok(());
            };
            account = newer;
        }
        Err(StoreError::Conflict)
    }
}
