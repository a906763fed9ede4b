//! Making the changes.

use super::Change;
use crate::catalog::Review;
use crate::world::World;

impl World {
    /// Makes the change. The error says what was not found.
    pub(crate) fn change(&mut self, change: Change) -> Result<(), String> {
        match change {
            Change::CustomerBlocks { customer, on } => {
                self.known_customer(&customer)?.blocked = on;
            }
            Change::Tester { customer, on } => self.known_customer(&customer)?.tester = on,
            Change::Archive { customer } => {
                let business = self.known_customer(&customer)?.business.clone();
                self.conversation(&business, &customer).archived = true;
            }
            Change::AppLive { on } => self.first_app_mut()?.live = on,
            Change::RequireProof { on } => self.first_app_mut()?.require_proof = on,
            Change::HumanAgent { on } => self.first_app_mut()?.human_agent = on,
            Change::AppSecret { secret } => self.first_app_mut()?.secret = secret,
            Change::RedirectUris { uris } => self.first_app_mut()?.redirect_uris = uris,
            Change::Consent(consent) => self.consent = consent,
            Change::Delivery {
                batch,
                duplicates,
                shuffle,
                escape_slashes,
                as_changes,
                held,
            } => {
                let style = &mut self.outbound.style;
                style.batch = batch.unwrap_or(style.batch);
                style.duplicates = duplicates.unwrap_or(style.duplicates);
                style.shuffle = shuffle.unwrap_or(style.shuffle);
                style.escape_slashes = escape_slashes.unwrap_or(style.escape_slashes);
                style.as_changes = as_changes.unwrap_or(style.as_changes);
                self.outbound.held = held.unwrap_or(self.outbound.held);
            }
            Change::LoseWebhooks { count } => self.outbound.lose = count,
            other => return self.change_account(other),
        }
        Ok(())
    }

    /// Changes to an account, its page and its tokens.
    fn change_account(&mut self, change: Change) -> Result<(), String> {
        match change {
            Change::MessageAccess { account, on } => self.account_mut(account)?.message_access = on,
            Change::AccountLimited { account, on } => self.account_mut(account)?.limited = on,
            Change::ThreadOwner { account, app } => self.account_mut(account)?.thread_owner = app,
            Change::TagEligible { account, on } => self.account_mut(account)?.tag_eligible = on,
            Change::PageRestricted { account, on } => self.page_mut(account)?.restricted = on,
            Change::UnlinkPage { account } => {
                self.page_mut(account.clone())?.instagram = None;
                self.account_mut(account)?.page = None;
            }
            Change::LinkPage { account, to } => {
                let known = self.account_of(account.clone())?;
                let linked = self.account_of(to.or_else(|| account.clone()))?;
                self.page_mut(account.clone())?.instagram = Some(linked.instagram_account_id);
                self.account_mut(account)?.page = known.page_id;
            }
            Change::Unsubscribe { account } => {
                let known = self.account_of(account)?;
                let app = self.first_app_mut()?.id.clone();
                self.unsubscribe(&app, &known.instagram_account_id);
            }
            Change::RevokeTokens { account, subcode } => {
                self.each_token(account, |t| t.revoked = Some(subcode))?;
            }
            Change::RestoreTokens { account } => self.each_token(account, |t| t.revoked = None)?,
            Change::TokensExpire { account, at } => {
                self.each_token(account, |t| t.expires_at = at)?;
            }
            Change::TokensOfAnotherApp { account, on } => {
                let own = self.first_app_mut()?.id.clone();
                let app = if on {
                    self.add_app("Another app", None)
                } else {
                    own
                };
                self.each_token(account, |t| t.app.clone_from(&app))?;
            }
            Change::Ticked { account, assets } => {
                let targets = assets.map(|assets| assets.into_iter().collect());
                self.each_token(account, |t| t.targets.clone_from(&targets))?;
            }
            Change::DataAccessExpires { account, at } => {
                self.each_token(account, |t| t.data_access_expires_at = at)?;
            }
            Change::Permission {
                account,
                scope,
                granted,
            } => {
                let user = self.account_of(account)?.user_id;
                let user = self.users.get_mut(&user).ok_or("no such user")?;
                if granted {
                    user.declined.remove(&scope);
                } else {
                    user.declined.insert(scope);
                }
            }
            Change::CatalogTerms { account, on } => {
                let business = self.account_of(account)?.business_id.unwrap_or_default();
                self.businesses
                    .get_mut(&business)
                    .ok_or("no such business")?
                    .terms = on;
            }
            other => return self.change_catalog(other),
        }
        Ok(())
    }

    /// Changes to a catalog.
    fn change_catalog(&mut self, change: Change) -> Result<(), String> {
        match change {
            Change::Review {
                account,
                retailer_id,
                status,
                reason,
            } => {
                let catalog = self.catalog_of(account)?;
                self.settle(&catalog, true);
                let catalog = self.catalogs.get_mut(&catalog).ok_or("no such catalog")?;
                let item = catalog.items.get_mut(&retailer_id).ok_or("no such item")?;
                item.review = match status.as_str() {
                    "approved" => Review::Approved,
                    "pending" => Review::Pending { due: None },
                    "outdated" => Review::Outdated,
                    _ => Review::Rejected(vec![
                        reason.unwrap_or_else(|| "SHOPS_POLICY_VIOLATION".into()),
                    ]),
                };
            }
            Change::RejectMatching {
                account,
                part,
                reason,
            } => {
                self.catalog_mut(account)?.reject.push((part, reason));
            }
            Change::BreakImages {
                account,
                part,
                error,
            } => {
                self.catalog_mut(account)?.broken_images.push((part, error));
            }
            Change::MendImages { account } => {
                let catalog = self.catalog_mut(account)?;
                catalog.broken_images.clear();
                for item in catalog.items.values_mut() {
                    item.image_error = None;
                }
            }
            Change::VanishItem {
                account,
                retailer_id,
            } => {
                if !self.catalog_mut(account)?.remove(&retailer_id) {
                    return Err("no such item".into());
                }
            }
            Change::ForeignItem {
                account,
                retailer_id,
                fields,
            } => {
                let catalog = self.catalog_of(account)?;
                self.foreign_item(&catalog, &retailer_id, &fields)?;
            }
            Change::SettleBatches { account } => {
                let catalog = self.catalog_of(account)?;
                self.settle(&catalog, true);
            }
            _ => return Err("not a change of a catalog".into()),
        }
        Ok(())
    }

    /// The account by any id or its username; the first when none is named.
    pub(crate) fn account_of(&self, id: Option<String>) -> Result<crate::record::Account, String> {
        let found = match &id {
            Some(id) => self.find_account(id),
            None => self.accounts.first(),
        };
        found
            .cloned()
            .ok_or_else(|| format!("no account {}", id.unwrap_or_default()))
    }

    fn account_mut(
        &mut self,
        id: Option<String>,
    ) -> Result<&mut crate::world::InstagramAccount, String> {
        let id = self.account_of(id)?.instagram_account_id;
        self.instagram
            .get_mut(&id)
            .ok_or_else(|| "no such account".into())
    }

    fn page_mut(&mut self, id: Option<String>) -> Result<&mut crate::world::Page, String> {
        let id = self.account_of(id)?.page_id.unwrap_or_default();
        self.pages
            .get_mut(&id)
            .ok_or_else(|| "the account has no page".into())
    }

    fn catalog_of(&self, id: Option<String>) -> Result<String, String> {
        if let Some(id) = id.as_ref().filter(|id| self.catalogs.contains_key(*id)) {
            return Ok(id.clone());
        }
        self.account_of(id)?
            .catalog_id
            .ok_or_else(|| "the account has no catalog".into())
    }

    fn catalog_mut(&mut self, id: Option<String>) -> Result<&mut crate::catalog::Catalog, String> {
        let id = self.catalog_of(id)?;
        self.catalogs
            .get_mut(&id)
            .ok_or_else(|| "no such catalog".into())
    }

    fn known_customer(&mut self, id: &str) -> Result<&mut crate::world::Customer, String> {
        self.customers
            .get_mut(id)
            .ok_or_else(|| format!("no customer {id}"))
    }

    fn first_app_mut(&mut self) -> Result<&mut crate::world::App, String> {
        self.apps.values_mut().next().ok_or_else(|| "no app".into())
    }

    fn each_token(
        &mut self,
        account: Option<String>,
        change: impl Fn(&mut crate::world::Token),
    ) -> Result<(), String> {
        let user = self.account_of(account)?.user_id;
        self.tokens
            .values_mut()
            .filter(|t| t.user == user)
            .for_each(change);
        Ok(())
    }
}
