//! What a sandbox is started with.

use crate::clock::Clock;
use std::time::Duration;

/// Settings of a sandbox. `Default` gives a working demo world: one app, one business, one page
/// with its Instagram account, a WhatsApp number and an empty catalog.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Ids, tokens and random faults follow from it.
    pub seed: u64,
    /// The sandbox's time; share it with the application to simulate months.
    pub clock: Clock,
    /// The app's id; made from the seed when absent.
    pub app_id: Option<String>,
    /// The Facebook app secret; made from the seed when absent.
    pub app_secret: Option<String>,
    /// The app's id on the Instagram-Login path; made from the seed when absent.
    pub instagram_app_id: Option<String>,
    /// The Instagram app secret (signs events of Instagram-Login accounts); made when absent.
    pub instagram_app_secret: Option<String>,
    /// "Require app secret": calls without a right `appsecret_proof` are refused.
    pub require_proof: bool,
    /// Where webhooks go; may be set later.
    pub callback: Option<Callback>,
    /// Rate limits.
    pub limits: Limits,
    /// When a catalog batch counts as processed.
    pub batch_ready: BatchReady,
    /// What becomes of new catalog items.
    pub review: ReviewPolicy,
    /// How webhooks are delivered.
    pub delivery: DeliveryStyle,
    /// The accounts the world begins with.
    pub accounts: Vec<AccountSpec>,
    /// How many calls and deliveries are remembered.
    pub history: usize,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Clock::system(),
            app_id: None,
            app_secret: None,
            instagram_app_id: None,
            instagram_app_secret: None,
            require_proof: false,
            callback: None,
            limits: Limits::default(),
            batch_ready: BatchReady::AfterPolls(1),
            review: ReviewPolicy::default(),
            delivery: DeliveryStyle::default(),
            accounts: vec![AccountSpec::default()],
            history: 20_000,
        }
    }
}

/// The webhook endpoint of the application under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Absolute URL.
    pub url: String,
    /// The verify token of the handshake.
    pub verify_token: String,
}

/// How a seller gave access: decides ids, scopes, hosts and the signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Facebook Login: a page with a linked Instagram account, a page token.
    Facebook,
    /// Instagram Login: no page, an Instagram user token, the Instagram app secret signs.
    Instagram,
}

/// One seller's Instagram account in the world.
#[derive(Clone, Debug)]
pub struct AccountSpec {
    /// Instagram username; the page is named after it.
    pub username: String,
    /// Facebook or Instagram Login.
    pub login: Login,
    /// Whether the app is subscribed to the account's events from the beginning.
    pub subscribed: bool,
    /// Fixed access token instead of a made one.
    pub access_token: Option<String>,
    /// Fixed Instagram account id instead of a made one.
    pub instagram_account_id: Option<String>,
    /// Fixed page id instead of a made one.
    pub page_id: Option<String>,
    /// Scopes the token lacks.
    pub without_scopes: Vec<String>,
    /// An earlier account (any id or its username) whose owner owns this one too: a person with
    /// several pages to choose from.
    pub same_owner_as: Option<String>,
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            username: "demo.boutique".into(),
            login: Login::Facebook,
            subscribed: true,
            access_token: None,
            instagram_account_id: None,
            page_id: None,
            without_scopes: Vec::new(),
            same_owner_as: None,
        }
    }
}

/// Rate limits; `None` switches one off. Figures from Meta's rate-limiting page unless said
/// otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls an hour of the whole app: 200 times its daily users. Error 4. Off unless set.
    pub app_calls_per_hour: Option<u32>,
    /// Calls an hour a user that no other limit below covers, and per-item product writes.
    /// 200 is the budget the first Eziseller met. Errors 17 (user) and 80002 (Instagram).
    pub calls_per_hour: Option<u32>,
    /// Batch calls a minute a catalog: 8 for a new one. Error 80014.
    pub batches_per_minute: Option<u32>,
    /// Other catalog calls an hour a catalog. Error 80009.
    pub catalog_calls_per_hour: Option<u32>,
    /// Send calls a second an account. Error 613/2534040.
    pub sends_per_second: Option<u32>,
    /// Conversations API calls a second an account. Error 613.
    pub conversations_per_second: Option<u32>,
    /// Private replies an hour an account. Error 613/2534013.
    pub private_replies_per_hour: Option<u32>,
    /// WhatsApp sends a second a number. Error 130429.
    pub whatsapp_per_second: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            app_calls_per_hour: None,
            calls_per_hour: Some(200),
            batches_per_minute: Some(8),
            catalog_calls_per_hour: Some(20_000),
            sends_per_second: Some(100),
            conversations_per_second: Some(2),
            private_replies_per_hour: Some(750),
            whatsapp_per_second: Some(80),
        }
    }
}

impl Limits {
    /// No limits at all.
    pub fn none() -> Self {
        Self {
            app_calls_per_hour: None,
            calls_per_hour: None,
            batches_per_minute: None,
            catalog_calls_per_hour: None,
            sends_per_second: None,
            conversations_per_second: None,
            private_replies_per_hour: None,
            whatsapp_per_second: None,
        }
    }
}

/// When a batch handle turns `finished`. Whatever is set, two minutes always suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchReady {
    /// After that many polls that found it unfinished.
    AfterPolls(u32),
    /// After that many milliseconds of the sandbox's clock.
    AfterMs(i64),
}

/// What becomes of new or visibly changed catalog items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewPolicy {
    /// Approve by itself; otherwise items stay `pending` until told by the control API.
    pub auto_approve: bool,
    /// How long an item stays `pending`, milliseconds.
    pub after_ms: i64,
}

impl Default for ReviewPolicy {
    fn default() -> Self {
        Self {
            auto_approve: true,
            after_ms: 0,
        }
    }
}

/// How webhooks are delivered.
#[derive(Clone, Debug)]
pub struct DeliveryStyle {
    /// At most that many updates in one POST (Meta: up to 1000).
    pub batch: usize,
    /// Every body is delivered that many extra times.
    pub duplicates: usize,
    /// Waiting updates are delivered in a seeded random order.
    pub shuffle: bool,
    /// POSTs in flight at once.
    pub concurrency: usize,
    /// How long an answer may take (Meta: 5 s).
    pub timeout: Duration,
    /// Write `/` as `\/`, as older deliveries did.
    pub escape_slashes: bool,
    /// Messaging items come in `changes`, as some set-ups get them.
    pub as_changes: bool,
}

impl Default for DeliveryStyle {
    fn default() -> Self {
        Self {
            batch: 1,
            duplicates: 0,
            shuffle: false,
            concurrency: 1,
            timeout: Duration::from_secs(5),
            escape_slashes: false,
            as_changes: false,
        }
    }
}
