//! Turning the world's knobs: what Meta, the seller or a reviewer does behind our back.

use crate::catalog::Review;
use crate::oauth::Consent;
use crate::world::World;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One change to the world. `account` is any id of it, or its username; absent = the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The seller's "Allow access to messages" switch.
    MessageAccess {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// On or off; off: error 200/2534041 and no message webhooks.
        on: bool,
    },
    /// Meta restricts the page from sending (10/1893063).
    PageRestricted {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Restricted or not.
        on: bool,
    },
    /// The account is blocked from messaging (100/2534029).
    AccountLimited {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Limited or not.
        on: bool,
    },
    /// Another app takes the threads: events come in `standby`.
    ThreadOwner {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// The app; absent = ours again.
        #[serde(default)]
        app: Option<String>,
    },
    /// The page loses its link to the Instagram account.
    UnlinkPage {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// The page gets it back.
    LinkPage {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// Whether products can be tagged.
    TagEligible {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Eligible or not.
        on: bool,
    },
    /// The person takes the app off the account's webhooks, or Meta does.
    Unsubscribe {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// Every token of the account's owner dies with 190 and this subcode.
    RevokeTokens {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// 458 app removed, 460 password changed, 463 expired, 464, 467, 492 ...
        subcode: i64,
    },
    /// Dead tokens live again.
    RestoreTokens {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// When the owner's tokens expire (milliseconds UTC, 0 = never).
    TokensExpire {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// When.
        at: i64,
    },
    /// When the owner's data access expires (milliseconds UTC, 0 = never).
    DataAccessExpires {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// When.
        at: i64,
    },
    /// The owner takes a permission away, or gives it back.
    Permission {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// The scope.
        scope: String,
        /// Granted or declined.
        granted: bool,
    },
    /// A customer blocks the business (551), or not.
    CustomerBlocks {
        /// Scoped id.
        customer: String,
        /// Blocks or not.
        on: bool,
    },
    /// The thread is archived (100/2534001) until the customer writes.
    Archive {
        /// Scoped id.
        customer: String,
    },
    /// The customer holds a role on the app.
    Tester {
        /// Scoped id.
        customer: String,
        /// Tester or not.
        on: bool,
    },
    /// Published or in development mode.
    AppLive {
        /// Live or not.
        on: bool,
    },
    /// "Require app secret".
    RequireProof {
        /// Required or not.
        on: bool,
    },
    /// The Human Agent feature.
    HumanAgent {
        /// Granted or not.
        on: bool,
    },
    /// The app secret is reset.
    AppSecret {
        /// The new one.
        secret: String,
    },
    /// Redirect URIs the dialogs accept; empty = any.
    RedirectUris {
        /// Exact URIs.
        uris: Vec<String>,
    },
    /// What happens in the consent dialogs.
    Consent(Consent),
    /// Catalog terms accepted by hand.
    CatalogTerms {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Accepted or not.
        on: bool,
    },
    /// The reviewer decides on one item: `approved`, `rejected`, `pending`, `outdated`.
    Review {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Which item.
        retailer_id: String,
        /// The verdict.
        status: String,
        /// Why it was rejected.
        #[serde(default)]
        reason: Option<String>,
    },
    /// From now on review rejects items whose id or title contains `part`.
    RejectMatching {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Part of id or title.
        part: String,
        /// The reason given.
        reason: String,
    },
    /// From now on images whose URL contains `part` cannot be fetched.
    BreakImages {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Part of the URL.
        part: String,
        /// `IMAGE_FETCH_FAILED_FORBIDDEN`, `..._TIMED_OUT`, ...
        error: String,
    },
    /// Images can be fetched again.
    MendImages {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// An item vanishes without a word.
    VanishItem {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Which item.
        retailer_id: String,
    },
    /// Somebody else puts an item in: fields under their `items_batch` names.
    ForeignItem {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Its id.
        retailer_id: String,
        /// Its fields.
        fields: Value,
    },
    /// Every waiting batch is processed now.
    SettleBatches {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
    },
    /// Webhooks: how they go out. Absent parts stay as they are.
    Delivery {
        /// Updates in one POST.
        #[serde(default)]
        batch: Option<usize>,
        /// Extra deliveries of each body.
        #[serde(default)]
        duplicates: Option<usize>,
        /// Random order of what waits.
        #[serde(default)]
        shuffle: Option<bool>,
        /// `/` as `\/`.
        #[serde(default)]
        escape_slashes: Option<bool>,
        /// Messaging items in `changes`, as some set-ups get them.
        #[serde(default)]
        as_changes: Option<bool>,
        /// Hold everything back.
        #[serde(default)]
        held: Option<bool>,
    },
    /// The next updates never arrive.
    LoseWebhooks {
        /// How many.
        count: u32,
    },
}

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
            Change::LinkPage { account } => {
                let known = self.account_of(account.clone())?;
                self.page_mut(account.clone())?.instagram = Some(known.instagram_account_id);
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
