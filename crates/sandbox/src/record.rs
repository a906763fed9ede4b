//! What a sandbox remembers, as plain data for tests and the control API.

use crate::world::Channel;
use serde::Serialize;
use serde_json::Value;

/// An app's credentials.
#[derive(Clone, Debug, Serialize)]
pub struct AppInfo {
    /// App id.
    pub id: String,
    /// Facebook app secret.
    pub secret: String,
    /// The app's id on the Instagram-Login path.
    pub instagram_id: String,
    /// Instagram app secret.
    pub instagram_secret: String,
}

/// A seller's account with the token the seller would have connected with.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// The id that arrives in `entry.id`.
    pub instagram_account_id: String,
    /// The app-scoped id of the Instagram-Login path.
    pub app_scoped_id: String,
    /// Instagram username.
    pub username: String,
    /// The linked page, on the Facebook-Login path.
    pub page_id: Option<String>,
    /// Page token or Instagram user token.
    pub access_token: String,
    /// Long-lived user token (Facebook Login) or the Instagram one.
    pub user_token: String,
    /// The person who owns the account.
    pub user_id: String,
    /// The business that owns the catalog.
    pub business_id: Option<String>,
    /// The catalog connected to the shop.
    pub catalog_id: Option<String>,
    /// WhatsApp business account id.
    pub waba_id: Option<String>,
    /// WhatsApp phone number id.
    pub phone_number_id: Option<String>,
}

/// One message that the business sent and the sandbox accepted.
#[derive(Clone, Debug, Serialize)]
pub struct SentMessage {
    /// Milliseconds UTC.
    pub at: i64,
    /// Channel it went out on.
    pub channel: Channel,
    /// Instagram account, page or phone number id it was sent from.
    pub account_id: String,
    /// Scoped id of the customer.
    pub recipient_id: String,
    /// The `message_id` that was answered, equal to the echo's `mid`.
    pub mid: String,
    /// Text, or the text of a template.
    pub text: String,
    /// The comment it privately answered.
    pub comment_id: Option<String>,
    /// The `message` object as it came in.
    pub message: Value,
}

/// One Graph API call. Tokens and secrets are left out.
#[derive(Clone, Debug, Serialize)]
pub struct CallRecord {
    /// Milliseconds UTC.
    pub at: i64,
    /// Method after any override.
    pub method: String,
    /// Path without the version.
    pub path: String,
    /// Version, when the path had one.
    pub version: Option<String>,
    /// Name of the endpoint, as fault rules know it.
    pub endpoint: String,
    /// Parameters without secrets; long ones are cut.
    pub params: Value,
    /// HTTP status of the answer, 0 for a cut connection.
    pub status: u16,
    /// Graph error code, if any.
    pub code: Option<i64>,
    /// Graph error subcode, if any.
    pub subcode: Option<i64>,
    /// The fault that was played, if any.
    pub fault: Option<String>,
}

/// One webhook POST and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRecord {
    /// Number of the delivery; retries share it.
    pub id: u64,
    /// Milliseconds UTC of the last attempt.
    pub at: i64,
    /// `instagram`, `page` or `whatsapp_business_account`.
    pub object: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Status of the last answer, 0 when there was none.
    pub status: u16,
    /// `pending`, `delivered` or `dropped`.
    pub state: &'static str,
    /// The body as sent (escaped unicode).
    pub body: String,
}
