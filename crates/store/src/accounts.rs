//! Channel accounts: a seller's identities on channels, their encrypted tokens, and the ids that
//! events are routed by.

use domain::{AccountId, Channel, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::{json_text, row, words};
use crate::db::{Link, all, first, run};
use crate::pipeline::{Requeue, requeue};
use crate::{EventState, SellerStore, StoreError};

words! {
    /// Whether an account works.
    pub enum AccountState {
        /// It does.
        Active = "active",
        /// Its token is gone or lacks a scope; events are received and kept.
        NeedsReconnect = "needs_reconnect",
        /// The seller disconnected it, or the person deauthorised the app.
        Disconnected = "disconnected",
    }
}

row! {
    /// A seller's identity on a channel. Tokens are ciphertext; only the engine can read them.
    pub struct ChannelAccount {
        /// Its id.
        pub id: AccountId,
        /// Whose.
        pub seller_id: SellerId,
        /// Where.
        pub channel: Channel,
        /// As shown.
        pub name: String,
        /// The handle.
        pub username: Option<String>,
        /// The Instagram business account's id, as events carry it.
        pub instagram_account_id: Option<String>,
        /// The id that Instagram Login gives besides.
        pub app_scoped_id: Option<String>,
        /// The Facebook page's id.
        pub page_id: Option<String>,
        /// WhatsApp's phone number id.
        pub whatsapp_phone_number_id: Option<String>,
        /// WhatsApp's business account.
        pub whatsapp_business_account_id: Option<String>,
        /// The Meta business that owns it.
        pub business_id: Option<String>,
        /// How it was connected (`facebook`, `instagram`, `manual`).
        pub login: String,
        /// The page's or account's token, encrypted.
        pub access_token: Option<Vec<u8>>,
        /// The person's long-lived token, encrypted.
        pub user_token: Option<Vec<u8>>,
        /// The token of the webhook handshake, encrypted.
        pub verify_token: Option<Vec<u8>>,
        /// The granted scopes.
        pub scopes: Vec<String>,
        /// When the token ends; `None`: never, or unknown.
        pub token_expires_at: Option<Timestamp>,
        /// When Meta's data access ends.
        pub data_access_expires_at: Option<Timestamp>,
        /// When the token was last refreshed.
        pub refreshed_at: Option<Timestamp>,
        /// Whether it works.
        pub state: AccountState,
        /// Why not.
        pub state_reason: Option<String>,
        /// The engine's settings of it, JSON.
        pub settings: String,
        /// When an event last came for it.
        pub last_event_at: Option<Timestamp>,
        /// When its connection was last checked.
        pub checked_at: Option<Timestamp>,
        /// Where the last gap-recovery sweep stands, JSON.
        pub sweep: Option<String>,
        /// When it was connected first.
        pub created_at: Timestamp,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

/// An account to be connected.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its id; an account with one of the ids below that the seller has already keeps its own.
    pub id: AccountId,
    /// Where.
    pub channel: Channel,
    /// As shown.
    pub name: String,
    /// The handle.
    pub username: Option<String>,
    /// See [`ChannelAccount::instagram_account_id`].
    pub instagram_account_id: Option<String>,
    /// See [`ChannelAccount::app_scoped_id`].
    pub app_scoped_id: Option<String>,
    /// See [`ChannelAccount::page_id`].
    pub page_id: Option<String>,
    /// See [`ChannelAccount::whatsapp_phone_number_id`].
    pub whatsapp_phone_number_id: Option<String>,
    /// See [`ChannelAccount::whatsapp_business_account_id`].
    pub whatsapp_business_account_id: Option<String>,
    /// See [`ChannelAccount::business_id`].
    pub business_id: Option<String>,
    /// See [`ChannelAccount::login`].
    pub login: String,
}

/// The tokens of an account, encrypted; `None` leaves what is stored.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The page's or account's token.
    pub access_token: Option<Vec<u8>>,
    /// The person's long-lived token.
    pub user_token: Option<Vec<u8>>,
    /// The token of the webhook handshake.
    pub verify_token: Option<Vec<u8>>,
    /// The granted scopes.
    pub scopes: Option<Vec<String>>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// When Meta's data access ends.
    pub data_access_expires_at: Option<Timestamp>,
}

impl ChannelAccount {
    /// Whether calls to Meta can be made for it: it is connected and has a token.
    #[must_use]
    pub fn has_access(&self) -> bool {
        self.state == AccountState::Active && self.access_token.is_some()
    }
}

impl NewAccount {
    /// The ids that events are routed by, with their kinds.
    fn routing_ids(&self) -> Vec<(&'static str, &str)> {
        [
            ("instagram", &self.instagram_account_id),
            ("app_scoped", &self.app_scoped_id),
            ("page", &self.page_id),
            ("whatsapp_phone_number", &self.whatsapp_phone_number_id),
        ]
        .into_iter()
        .filter_map(|(kind, id)| id.as_deref().map(|id| (kind, id)))
        .collect()
    }
}

impl SellerStore<'_> {
    /// Connects an account, or connects it again: history, settings and catalogue stay. Events that
    /// came for it before are run again. [`StoreError::Taken`] when another account has one of its
    /// ids.
    pub async fn connect_account(
        &self,
        new: &NewAccount,
        now: Timestamp,
    ) -> Result<ChannelAccount, StoreError> {
        let mut link = self.store.db.begin().await?;
        let id = self.known_account(&mut link, new).await?.unwrap_or(new.id);
        run!(
            link,
            "INSERT INTO channel_accounts (id, seller_id, channel, name, username, \
             instagram_account_id, app_scoped_id, page_id, whatsapp_phone_number_id, \
             whatsapp_business_account_id, business_id, login, scopes, state, settings, \
             created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '[]', 'active', '{}', \
             $13, $13) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
             username = COALESCE(excluded.username, channel_accounts.username), \
             instagram_account_id = COALESCE(excluded.instagram_account_id, \
             channel_accounts.instagram_account_id), \
             app_scoped_id = COALESCE(excluded.app_scoped_id, channel_accounts.app_scoped_id), \
             page_id = COALESCE(excluded.page_id, channel_accounts.page_id), \
             whatsapp_phone_number_id = COALESCE(excluded.whatsapp_phone_number_id, \
             channel_accounts.whatsapp_phone_number_id), \
             whatsapp_business_account_id = COALESCE(excluded.whatsapp_business_account_id, \
             channel_accounts.whatsapp_business_account_id), \
             business_id = COALESCE(excluded.business_id, channel_accounts.business_id), \
             login = excluded.login, state = 'active', state_reason = NULL, \
             updated_at = excluded.updated_at \
             WHERE channel_accounts.seller_id = excluded.seller_id",
            id.0,
            self.id.0,
            new.channel.as_str(),
            &new.name,
            &new.username,
            &new.instagram_account_id,
            &new.app_scoped_id,
            &new.page_id,
            &new.whatsapp_phone_number_id,
            &new.whatsapp_business_account_id,
            &new.business_id,
            &new.login,
            now.0
        )?;
        for (kind, external_id) in new.routing_ids() {
            // A row that is another account's stays as it is, and shows below.
            let own = run!(
                link,
                "INSERT INTO channel_account_ids (external_id, kind, account_id, seller_id) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (external_id, kind) \
                 DO UPDATE SET account_id = excluded.account_id \
                 WHERE channel_account_ids.account_id = excluded.account_id",
                external_id,
                kind,
                id.0,
                self.id.0
            )?;
            if own == 0 {
                return Err(StoreError::Taken {
                    what: format!("the {kind} account {external_id}"),
                });
            }
        }
        let which = Requeue {
            states: vec![EventState::Unrouted],
            account_ids: new
                .routing_ids()
                .iter()
                .map(|(_, id)| (*id).to_owned())
                .collect(),
            ..Requeue::default()
        };
        if !which.account_ids.is_empty() {
            requeue(&mut link, &which, now).await?;
        }
        crate::wake::notify(&mut link, crate::wake::EVENTS).await?;
        link.commit().await?;
        self.account(id)
            .await?
            .ok_or(StoreError::Missing("channel account"))
    }

    async fn known_account(
        &self,
        link: &mut Link,
        new: &NewAccount,
    ) -> Result<Option<AccountId>, StoreError> {
        for (kind, external_id) in new.routing_ids() {
            let known = first!(
                link,
                (Uuid,),
                "SELECT account_id FROM channel_account_ids \
                 WHERE external_id = $1 AND kind = $2 AND seller_id = $3",
                external_id,
                kind,
                self.id.0
            )?;
            if let Some((id,)) = known {
                return Ok(Some(AccountId(id)));
            }
        }
        Ok(None)
    }

    /// The seller's accounts.
    pub async fn accounts(&self) -> Result<Vec<ChannelAccount>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            ChannelAccount,
            "SELECT * FROM channel_accounts WHERE seller_id = $1 ORDER BY id",
            self.id.0
        )
    }

    /// One account.
    pub async fn account(&self, id: AccountId) -> Result<Option<ChannelAccount>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            ChannelAccount,
            "SELECT * FROM channel_accounts WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// Stores encrypted tokens with their scopes and ends.
    pub async fn set_tokens(
        &self,
        id: AccountId,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let changed = run!(
            link,
            "UPDATE channel_accounts SET access_token = COALESCE($3, access_token), \
             user_token = COALESCE($4, user_token), verify_token = COALESCE($5, verify_token), \
             scopes = COALESCE($6, scopes), \
             token_expires_at = CASE WHEN $3 IS NULL THEN token_expires_at ELSE $7 END, \
             data_access_expires_at = COALESCE($8, data_access_expires_at), \
             refreshed_at = CASE WHEN $3 IS NULL THEN refreshed_at ELSE $9 END, updated_at = $9 \
             WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            &tokens.access_token,
            &tokens.user_token,
            &tokens.verify_token,
            tokens.scopes.as_ref().map(json_text),
            tokens.token_expires_at.map(|t| t.0),
            tokens.data_access_expires_at.map(|t| t.0),
            now.0
        )?;
        found(changed)
    }

    /// Says whether the account works, and why not. A disconnected one loses its tokens.
    pub async fn set_account_state(
        &self,
        id: AccountId,
        state: AccountState,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let changed = run!(
            link,
            "UPDATE channel_accounts SET state = $3, state_reason = $4, checked_at = $5, \
             updated_at = $5, access_token = CASE WHEN $6 THEN NULL ELSE access_token END, \
             user_token = CASE WHEN $6 THEN NULL ELSE user_token END \
             WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            state.as_str(),
            reason,
            now.0,
            state == AccountState::Disconnected
        )?;
        found(changed)
    }

    /// Stores the engine's settings of the account, JSON.
    pub async fn set_account_settings(
        &self,
        id: AccountId,
        settings: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let changed = run!(
            link,
            "UPDATE channel_accounts SET settings = $3, updated_at = $4 \
             WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            settings,
            now.0
        )?;
        found(changed)
    }

    /// Stores where the gap-recovery sweep stands, JSON.
    pub async fn set_sweep(&self, id: AccountId, sweep: Option<&str>) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let changed = run!(
            link,
            "UPDATE channel_accounts SET sweep = $3 WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            sweep
        )?;
        found(changed)
    }
}

fn found(changed: u64) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::Missing("channel account"))
    } else {
        Ok(())
    }
}
