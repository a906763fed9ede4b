//! From a token to a connected account: scopes, routing ids, subscription, catalogue.

use domain::{AccountId, Channel, SellerId, Timestamp};
use meta::graph::{Access, FACEBOOK_SCOPES, Graph, Host, INSTAGRAM_SCOPES, PageAccount};
use secrecy::SecretString;
use store::{ChannelAccount, NewAccount, StoreError};

use super::{ConnectError, Linked};
use crate::Engine;
use crate::error::ActionError;
use crate::sealed::PlainTokens;

/// The scopes that an account's path needs.
#[must_use]
pub const fn needed_scopes(host: Host) -> &'static [&'static str] {
    match host {
        Host::Facebook => FACEBOOK_SCOPES,
        Host::Instagram => INSTAGRAM_SCOPES,
    }
}

/// What a token was found to be.
#[derive(Debug, Default)]
struct Granted {
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    data_access_expires_at: Option<Timestamp>,
}

impl Engine {
    pub(super) async fn link_page(
        &self,
        seller: SellerId,
        user: &Access,
        page: &PageAccount,
        expires_at: Option<Timestamp>,
    ) -> Result<Linked, ConnectError> {
        let token = page.access_token.clone().ok_or(ConnectError::NotYours)?;
        let access = Access {
            host: Host::Facebook,
            token,
        };
        let granted = self.granted(user).await;
        let mut warnings = Vec::new();
        let instagram = page.instagram_business_account.as_ref();
        if instagram.is_none() {
            warnings.push(
                "No Instagram professional account is linked to this page, so only Messenger works. \
                 Link it in the page's settings under Linked accounts, then connect again."
                    .to_owned(),
            );
        }
        let business = self.graph().businesses(user, None).await;
        let business_id = business
            .ok()
            .and_then(|b| b.value.data.into_iter().next().map(|b| b.id));
        let username = instagram.and_then(|account| account.username.clone());
        let new = NewAccount {
            id: AccountId::fresh(),
            channel: if instagram.is_some() {
                Channel::Instagram
            } else {
                Channel::Messenger
            },
            name: username
                .clone()
                .or_else(|| page.name.clone())
                .unwrap_or_else(|| page.id.clone()),
            username,
            instagram_account_id: instagram.and_then(|a| a.account_id().map(str::to_owned)),
            app_scoped_id: None,
            page_id: Some(page.id.clone()),
            whatsapp_phone_number_id: None,
            whatsapp_business_account_id: None,
            business_id,
            login: "facebook".to_owned(),
        };
        let tokens = tokens(&access.token, Some(&user.token), &granted, expires_at);
        let account = self.link(seller, &new, tokens).await?;
        self.subscribe(&access, &page.id, &mut warnings).await;
        self.adopt_catalog(seller, &account, &mut warnings).await?;
        Ok(linked(account, Host::Facebook, &granted, warnings))
    }

    pub(super) async fn link_instagram(
        &self,
        seller: SellerId,
        access: &Access,
        expires_at: Option<Timestamp>,
    ) -> Result<Linked, ConnectError> {
        let me = self.graph().instagram_me(access).await?.value;
        let granted = self.granted(access).await;
        let account_id = me.account_id().ok_or(ConnectError::NotYours)?.to_owned();
        let new = NewAccount {
            id: AccountId::fresh(),
            channel: Channel::Instagram,
            name: me.username.clone().unwrap_or_else(|| account_id.clone()),
            username: me.username.clone(),
            instagram_account_id: Some(account_id),
            // Webhooks never carry it, but what is stored elsewhere under it can still be found.
            app_scoped_id: me.id.clone(),
            page_id: None,
            whatsapp_phone_number_id: None,
            whatsapp_business_account_id: None,
            business_id: None,
            login: "instagram".to_owned(),
        };
        let mut warnings = Vec::new();
        let tokens = tokens(&access.token, None, &granted, expires_at);
        let account = self.link(seller, &new, tokens).await?;
        self.subscribe(access, "me", &mut warnings).await;
        Ok(linked(account, Host::Instagram, &granted, warnings))
    }

    async fn link(
        &self,
        seller: SellerId,
        new: &NewAccount,
        tokens: PlainTokens,
    ) -> Result<ChannelAccount, ConnectError> {
        let store = self.store().seller(seller);
        let now = self.now();
        let account = store
            .connect_account(new, now)
            .await
            .map_err(|error| match error {
                StoreError::Taken { what } => ActionError::Refused(format!(
                    "{what} is connected already; disconnect it there first"
                )),
                other => other.into(),
            })?;
        self.store_tokens(seller, account.id, &tokens).await?;
        store
            .set_account_state(account.id, store::AccountState::Active, None, now)
            .await?;
        // Events that came before the account was known are run now.
        self.0.events_waiting.notify_one();
        let account = store.account(account.id).await?;
        Ok(account.ok_or(ActionError::Missing("channel account"))?)
    }

    /// What the token holds. Not every kind can be asked; then nothing is known and nothing is
    /// claimed to be missing.
    async fn granted(&self, access: &Access) -> Granted {
        let graph = self.graph();
        let seconds = |at: Option<i64>| {
            at.filter(|at| *at > 0)
                .map(|at| Timestamp(at * Timestamp::SECOND))
        };
        if access.host == Host::Facebook
            && let Ok(info) = graph.debug_token(&access.token).await
        {
            return Granted {
                scopes: info.value.scopes,
                expires_at: seconds(info.value.expires_at),
                data_access_expires_at: seconds(info.value.data_access_expires_at),
            };
        }
        let permissions = graph
            .permissions(access)
            .await
            .map(|p| p.value.data)
            .unwrap_or_default();
        Granted {
            scopes: permissions
                .into_iter()
                .filter(|permission| permission.status == "granted")
                .map(|permission| permission.permission)
                .collect(),
            ..Granted::default()
        }
    }

    /// Subscribes the webhook fields; a refusal is a warning, for the account works otherwise.
    pub(super) async fn subscribe(&self, access: &Access, node: &str, warnings: &mut Vec<String>) {
        let fields = Graph::subscription_fields(access.host);
        if let Err(error) = self.graph().subscribe(access, node, fields).await {
            warnings.push(format!(
                "Meta did not subscribe the account's messages ({error}); the doctor tries again and \
                 says what to do."
            ));
        }
    }

    /// The catalogue that the account's shop shows is connected at once; a seller who has several
    /// chooses on the catalogue page.
    async fn adopt_catalog(
        &self,
        seller: SellerId,
        account: &ChannelAccount,
        warnings: &mut Vec<String>,
    ) -> Result<(), ConnectError> {
        let known = self.store().seller(seller).catalogs().await?;
        if let Some(catalog) = known.first() {
            let (id, name) = (catalog.external_id.clone(), catalog.name.clone());
            if catalog.status != "disabled" {
                self.connect_catalog(seller, account.id, &id, &name).await?;
            }
            return Ok(());
        }
        match self.catalogs_at_meta(seller, account.id).await {
            Ok(found) if found.len() == 1 => {
                let name = found[0]
                    .name
                    .clone()
                    .unwrap_or_else(|| "Catalog".to_owned());
                self.connect_catalog(seller, account.id, &found[0].id, &name)
                    .await?;
            }
            Ok(_) => {}
            Err(error) => {
                warnings.push(format!("The account's catalogs could not be read: {error}"));
            }
        }
        Ok(())
    }
}

fn tokens(
    access: &SecretString,
    user: Option<&SecretString>,
    granted: &Granted,
    expires_at: Option<Timestamp>,
) -> PlainTokens {
    PlainTokens {
        access: Some(access.clone()),
        user: user.cloned(),
        verify: None,
        scopes: Some(granted.scopes.clone()),
        token_expires_at: granted.expires_at.or(expires_at),
        data_access_expires_at: granted.data_access_expires_at,
    }
}

fn linked(account: ChannelAccount, host: Host, granted: &Granted, warnings: Vec<String>) -> Linked {
    let missing = needed_scopes(host)
        .iter()
        .filter(|scope| !granted.scopes.is_empty() && !granted.scopes.iter().any(|s| s == *scope))
        .map(|scope| (*scope).to_owned())
        .collect();
    Linked {
        account,
        missing_scopes: missing,
        warnings,
    }
}
