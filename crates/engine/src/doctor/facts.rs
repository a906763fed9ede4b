//! What the doctor knows, as plain data.

use domain::Timestamp;

/// What is known of the server. Times are of the same clock as `now`.
#[derive(Debug, Clone, Default)]
pub struct ServerFacts {
    /// Now.
    pub now: Timestamp,
    /// The names of the app secrets that are set.
    pub secrets: Vec<String>,
    /// Whether a verify token of the handshake is set.
    pub verify_token: bool,
    /// `PUBLIC_URL`.
    pub public_url: Option<String>,
    /// Why the webhook's address could not be reached from here, where it was tried.
    pub unreachable: Option<String>,
    /// Whether there is a Meta app to connect through.
    pub app: bool,
    /// Why Meta does not take the app's id and secret.
    pub app_refused: Option<String>,
    /// Signatures that did not hold in the last hour, and what the last one was.
    pub bad_signatures: (i64, String),
    /// Bodies signed with a secret that may not sign them, in the last hour.
    pub wrong_secrets: (i64, String),
    /// Bodies taken in the last hour.
    pub taken: i64,
    /// Bodies that could not be stored in the last hour.
    pub not_stored: i64,
    /// Requests to the deprecated route in the last day.
    pub deprecated_route: i64,
    /// Secrets sealed under a key that is not the newest.
    pub old_key: u64,
    /// Secrets that no key opens.
    pub unreadable: u64,
    /// Milliseconds that our clock is ahead of Meta's, where Meta said.
    pub clock_ahead_ms: Option<i64>,
    /// Pending events, and how old the oldest is in milliseconds.
    pub backlog: (i64, i64),
    /// Unrouted events.
    pub unrouted: i64,
    /// Failed events.
    pub failed: i64,
}

/// What is known of a connected account.
#[derive(Debug, Clone, Default)]
pub struct AccountFacts {
    /// Now.
    pub now: Timestamp,
    /// Its name.
    pub name: String,
    /// `facebook`, `instagram`, `manual`.
    pub login: String,
    /// `active`, `needs_reconnect`, `disconnected`, with the reason.
    pub state: String,
    /// Why, where it is not active.
    pub state_reason: Option<String>,
    /// Whether it has an access token.
    pub has_token: bool,
    /// Whether it has an Instagram account id.
    pub instagram: bool,
    /// Whether it is a WhatsApp number.
    pub whatsapp: bool,
    /// Whether it has a page id.
    pub page: bool,
    /// Why Meta refuses the token: code, subcode and sentence.
    pub token_refused: Option<String>,
    /// What says that the token was made for another app than ours.
    pub other_app: Option<String>,
    /// Scopes that are needed and not granted.
    pub missing_scopes: Vec<String>,
    /// Scopes that the person declined or that expired.
    pub declined_scopes: Vec<String>,
    /// Scopes that were granted, but not for this account.
    pub not_covered: Vec<String>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// When data access ends.
    pub data_access_expires_at: Option<Timestamp>,
    /// Whether the page still has its Instagram account; `None`: not asked.
    pub page_linked: Option<bool>,
    /// The page's Instagram account is another one than the connected.
    pub linked_to_other: Option<String>,
    /// Needed webhook fields that are not subscribed; `None`: not asked.
    pub missing_fields: Option<Vec<String>>,
    /// Whether our app is subscribed at all.
    pub subscribed: bool,
    /// The seller's "Allow access to messages" is off.
    pub message_access_off: bool,
    /// Meta restricts the account from sending, in its words.
    pub restricted: Option<String>,
    /// The conversations could be read; `None`: not asked.
    pub conversations: Option<i64>,
    /// The newest message in them, in milliseconds since 1970.
    pub newest_message: Option<Timestamp>,
    /// When an event last came.
    pub last_event_at: Option<Timestamp>,
    /// When it was connected.
    pub connected_at: Timestamp,
    /// Events in `standby`, because another app owns the threads, in the last day.
    pub standby: i64,
    /// Meta's limit is used up until then.
    pub limited_until: Option<Timestamp>,
    /// Messages that failed in the last day, and the last reason.
    pub failed_messages: (i64, Option<String>),
    /// Messages that were accepted and never echoed.
    pub unechoed: i64,
    /// Its catalogues.
    pub catalogs: Vec<CatalogFacts>,
}

/// What is known of a catalogue.
#[derive(Debug, Clone, Default)]
pub struct CatalogFacts {
    /// Its name.
    pub name: String,
    /// Its status, with the reason.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// Items refused by the API.
    pub rejected: i64,
    /// Items refused by the review.
    pub review_rejected: i64,
    /// Items under review.
    pub under_review: i64,
    /// Items held back.
    pub held_back: i64,
    /// Items that are not ours.
    pub foreign: i64,
    /// An item's words on why, as an example.
    pub example: Option<String>,
}
