//! Turning the world's knobs: what Meta, the seller or a reviewer does behind our back.

mod apply;

use crate::oauth::Consent;
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
    /// The page gets it back, or another Instagram account.
    LinkPage {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// The account it is linked to from now on; absent = its own.
        #[serde(default)]
        to: Option<String>,
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
    /// The owner's tokens were made for another app of the developer, or for the first again.
    TokensOfAnotherApp {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Another or the first.
        on: bool,
    },
    /// The owner changes which assets the app may use; `granular_scopes` of old tokens follow.
    Ticked {
        /// Which account.
        #[serde(default)]
        account: Option<String>,
        /// Pages, accounts, catalogs that stay ticked; absent = all.
        #[serde(default)]
        assets: Option<Vec<String>>,
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
