//! A seller's catalogues at Meta: list, create, connect, disconnect, settings.

use domain::{AccountId, CatalogId, SellerId, Timestamp};
use meta::graph::{Access, Host};
use store::{Catalog, ChannelAccount, Seller};

use super::ItemState;
use crate::Engine;
use crate::changes::Subject;
use crate::error::ActionError;
use crate::keyring::CannotOpen;

/// The shortest and the usual time between two syncs by schedule, in milliseconds.
const INTERVAL_MIN_MS: i64 = 15 * Timestamp::MINUTE;
const INTERVAL_MS: i64 = 6 * Timestamp::HOUR;

/// What a seller may set of a catalogue; `None` leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CatalogSettings {
    /// Whether it syncs by itself, on change and by schedule.
    pub auto_sync: Option<bool>,
    /// How often, in milliseconds.
    pub sync_interval: Option<i64>,
}

impl Engine {
    /// The public address of a seller's shop front, without a slash at its end.
    #[must_use]
    pub fn shop_url(&self, seller: &Seller) -> Option<String> {
        match (&seller.domain, &self.config().public_url) {
            (Some(domain), _) => Some(format!("https://{domain}")),
            (None, Some(url)) => Some(format!(
                "{}/shop/{}",
                url.trim_end_matches('/'),
                seller.slug
            )),
            (None, None) => None,
        }
    }

    /// The token with which an account's catalogues are managed: the person's where there is one,
    /// else the page's.
    pub(crate) fn catalog_access(&self, account: &ChannelAccount) -> Result<Access, ActionError> {
        let unreadable = |error: CannotOpen| ActionError::Refused(error.to_string());
        let token = match self.user_token(account).map_err(unreadable)? {
            Some(token) => Some(token),
            None => self.access_token(account).map_err(unreadable)?,
        };
        let token = token.ok_or_else(|| {
            ActionError::Refused("the account has no access token; connect it again".to_owned())
        })?;
        let host = if account.login == "instagram" {
            Host::Instagram
        } else {
            Host::Facebook
        };
        Ok(Access { host, token })
    }

    async fn catalog_account(
        &self,
        seller: SellerId,
        account: AccountId,
    ) -> Result<ChannelAccount, ActionError> {
        let store = self.store().seller(seller);
        store
            .account(account)
            .await?
            .ok_or(ActionError::Missing("channel account"))
    }

    /// The catalogues at Meta that an account may use, as `(id, name, number of products)`.
    pub async fn catalogs_at_meta(
        &self,
        seller: SellerId,
        account: AccountId,
    ) -> Result<Vec<meta::graph::Catalog>, ActionError> {
        let account = self.catalog_account(seller, account).await?;
        let access = self.catalog_access(&account)?;
        let refused = |error: meta::graph::GraphError| ActionError::Refused(error.to_string());
        let mut found: Vec<meta::graph::Catalog> = Vec::new();
        if let Some(business) = &account.business_id {
            let owned = self.graph().owned_catalogs(&access, business, None).await;
            found.extend(owned.map_err(refused)?.value.data);
        }
        if let Some(instagram) = &account.instagram_account_id {
            // Without shopping this answers with an error; the business's own list is enough then.
            match self.graph().available_catalogs(&access, instagram).await {
                Ok(answer) => found.extend(answer.value.data),
                Err(error) if found.is_empty() => return Err(refused(error)),
                Err(_) => {}
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    /// Makes a catalogue at Meta and connects it.
    pub async fn create_catalog(
        &self,
        seller: SellerId,
        account: AccountId,
        name: &str,
    ) -> Result<Catalog, ActionError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(ActionError::Invalid {
                field: "name",
                problem: "give the catalog a name of 1 to 100 characters".to_owned(),
            });
        }
        let found = self.catalog_account(seller, account).await?;
        let business = found.business_id.clone().ok_or_else(|| {
            ActionError::Refused(
                "the account belongs to no Meta business; make the catalog in Commerce Manager and \
                 connect it here"
                    .to_owned(),
            )
        })?;
        let access = self.catalog_access(&found)?;
        let made = self
            .graph()
            .create_catalog(&access, &business, name)
            .await
            .map_err(|error| ActionError::Refused(error.to_string()))?;
        self.connect_catalog(seller, account, &made.value.id, name)
            .await
    }

    /// Connects an existing catalogue. One that was connected before keeps its id, its items and
    /// its runs.
    pub async fn connect_catalog(
        &self,
        seller: SellerId,
        account: AccountId,
        external_id: &str,
        name: &str,
    ) -> Result<Catalog, ActionError> {
        let external_id = external_id.trim();
        if external_id.is_empty() || !external_id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ActionError::Invalid {
                field: "external_id",
                problem: "a catalog's id is a number; copy it from Commerce Manager".to_owned(),
            });
        }
        self.catalog_account(seller, account).await?;
        let store = self.store().seller(seller);
        let now = self.now();
        let known = store
            .catalogs()
            .await?
            .into_iter()
            .find(|c| c.external_id == external_id);
        let catalog = Catalog {
            account_id: Some(account),
            status: "pending".to_owned(),
            status_reason: None,
            next_sync_at: None,
            updated_at: now,
            ..known.unwrap_or_else(|| Catalog {
                id: CatalogId::fresh(),
                seller_id: seller,
                account_id: None,
                external_id: external_id.to_owned(),
                name: name.to_owned(),
                status: String::new(),
                status_reason: None,
                auto_sync: true,
                sync_interval: INTERVAL_MS,
                next_sync_at: None,
                synced_version: 0,
                settings: "{}".to_owned(),
                created_at: now,
                updated_at: now,
            })
        };
        let stored = store.put_catalog(&catalog, now).await?;
        self.switchboard().tell(seller, Subject::Catalogs);
        Ok(stored)
    }

    /// Stops syncing a catalogue. At Meta it stays as it is; here its items and runs are kept for
    /// the day it is connected again.
    pub async fn disconnect_catalog(
        &self,
        seller: SellerId,
        catalog: CatalogId,
    ) -> Result<(), ActionError> {
        let store = self.store().seller(seller);
        let mut found = store
            .catalog(catalog)
            .await?
            .ok_or(ActionError::Missing("catalog"))?;
        "disabled".clone_into(&mut found.status);
        found.status_reason = Some("disconnected by the seller".to_owned());
        found.next_sync_at = None;
        store.put_catalog(&found, self.now()).await?;
        self.switchboard().tell(seller, Subject::Catalogs);
        Ok(())
    }

    /// Changes a catalogue's settings.
    pub async fn set_catalog(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        settings: CatalogSettings,
    ) -> Result<Catalog, ActionError> {
        let store = self.store().seller(seller);
        let now = self.now();
        let mut found = store
            .catalog(catalog)
            .await?
            .ok_or(ActionError::Missing("catalog"))?;
        if let Some(interval) = settings.sync_interval {
            if interval < INTERVAL_MIN_MS {
                return Err(ActionError::Invalid {
                    field: "sync_interval",
                    problem: "sync at most every 15 minutes".to_owned(),
                });
            }
            found.sync_interval = interval;
        }
        if let Some(auto_sync) = settings.auto_sync {
            found.auto_sync = auto_sync;
        }
        found.next_sync_at =
            (found.auto_sync && found.status != "disabled").then(|| now.plus(found.sync_interval));
        Ok(store.put_catalog(&found, now).await?)
    }

    /// Asks Meta to look at a refused item again.
    pub async fn appeal_item(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        retailer_id: &domain::catalog::RetailerId,
        why: &str,
    ) -> Result<(), ActionError> {
        let store = self.store().seller(seller);
        let found = store
            .catalog(catalog)
            .await?
            .ok_or(ActionError::Missing("catalog"))?;
        let items = store
            .catalog_items_by_ids(catalog, std::slice::from_ref(retailer_id))
            .await?;
        let item = items
            .into_iter()
            .next()
            .ok_or(ActionError::Missing("catalog item"))?;
        if item.state != ItemState::ReviewRejected.as_str() {
            return Err(ActionError::Refused(
                "only an item that Meta's review refused can be appealed".to_owned(),
            ));
        }
        let account = found
            .account_id
            .ok_or(ActionError::Missing("channel account"))?;
        let account = self.catalog_account(seller, account).await?;
        let access = self.catalog_access(&account)?;
        let (Some(instagram), Some(product)) = (&account.instagram_account_id, &item.external_id)
        else {
            return Err(ActionError::Refused(
                "the item is not known at Meta yet; sync first".to_owned(),
            ));
        };
        self.graph()
            .appeal(&access, instagram, product, why)
            .await
            .map(|_| ())
            .map_err(|error| ActionError::Refused(error.to_string()))
    }
}
