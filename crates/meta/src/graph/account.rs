//! A seller's account: its pages, its own profile, and the webhook subscriptions on it.

use secrecy::SecretString;
use serde::Deserialize;

use super::answer::{Paged, Result};
use super::client::{Call, Graph, segment};
use super::config::{Access, Host};
use crate::webhook::wire::{loose, loose_list, loose_secret};

/// Fields subscribed on a page (Facebook Login: Instagram and Messenger). Instagram Login's names
/// are refused here, and the other way round.
pub const PAGE_FIELDS: &[&str] = &[
    "messages",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "message_reads",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "standby",
    "feed",
];

/// Fields subscribed on an Instagram account (Instagram Login).
pub const INSTAGRAM_FIELDS: &[&str] = &[
    "messages",
    "message_edit",
    "message_reactions",
    "messaging_handover",
    "messaging_optins",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "standby",
    "comments",
    "live_comments",
    "mentions",
];

/// A page that the person who connected manages.
#[derive(Debug, Clone, Deserialize)]
pub struct PageAccount {
    /// The page id.
    #[serde(default)]
    pub id: String,
    /// Its name.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
    /// Its page token; without an expiry date when it comes from a long-lived user token.
    #[serde(default, deserialize_with = "loose_secret")]
    pub access_token: Option<SecretString>,
    /// What the person may do there: `MESSAGING`, `MODERATE`, ...
    #[serde(default, deserialize_with = "loose_list")]
    pub tasks: Vec<String>,
    /// The linked Instagram account; `None` when none is linked or it is not professional.
    #[serde(default)]
    pub instagram_business_account: Option<InstagramAccount>,
}

/// An Instagram professional account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct InstagramAccount {
    /// On the Facebook host the account id. On the Instagram host an app-scoped id that no webhook
    /// ever carries: use [`Self::account_id`].
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<String>,
    /// On the Instagram host the account id, which arrives as `entry.id`.
    #[serde(default, deserialize_with = "loose")]
    pub user_id: Option<String>,
    /// The username.
    #[serde(default, deserialize_with = "loose")]
    pub username: Option<String>,
    /// The name shown.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
    /// `BUSINESS` or `MEDIA_CREATOR` (Instagram host).
    #[serde(default, deserialize_with = "loose")]
    pub account_type: Option<String>,
}

impl InstagramAccount {
    /// The id that webhooks carry.
    pub fn account_id(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.id.as_deref())
    }
}

/// An app's subscription on an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct SubscribedApp {
    /// The app; WhatsApp nests it, see `whatsapp_business_api_data`.
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
    /// The fields it is subscribed to.
    #[serde(default, deserialize_with = "loose_list")]
    pub subscribed_fields: Vec<String>,
    /// The app, for a WhatsApp business account.
    #[serde(default)]
    pub whatsapp_business_api_data: Option<AppRef>,
}

/// An app by its id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AppRef {
    /// The app id.
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<String>,
}

impl SubscribedApp {
    /// The app's id, wherever it stands.
    pub fn app_id(&self) -> Option<&str> {
        self.id
            .as_deref()
            .or_else(|| self.whatsapp_business_api_data.as_ref()?.id.as_deref())
    }

    /// Which of the needed fields are not subscribed.
    pub fn missing<'f>(&self, needed: &[&'f str]) -> Vec<&'f str> {
        let has = |field: &&&str| self.subscribed_fields.iter().any(|f| f == **field);
        needed.iter().filter(|field| !has(field)).copied().collect()
    }
}

impl Graph {
    /// The pages of the person whose user token this is, with their linked Instagram accounts.
    pub async fn pages(&self, user: &Access, after: Option<&str>) -> Result<Paged<PageAccount>> {
        let call = Call::get(user, "me/accounts")
            .query(
                "fields",
                "id,name,access_token,tasks,instagram_business_account{id,username,name}",
            )
            .query("limit", "100")
            .maybe("after", after);
        self.page(call).await
    }

    /// The linked Instagram account of one page, to notice when it was unlinked.
    pub async fn page_account(&self, access: &Access, page_id: &str) -> Result<PageAccount> {
        let path = segment(page_id);
        let call = Call::get(access, &path).query(
            "fields",
            "id,name,instagram_business_account{id,username,name}",
        );
        self.call(call).await
    }

    /// The account whose token this is (Instagram Login).
    pub async fn instagram_me(&self, access: &Access) -> Result<InstagramAccount> {
        self.call(Call::get(access, "me").query("fields", "id,user_id,username,name,account_type"))
            .await
    }

    /// The apps subscribed on an account: page id, `me` (Instagram Login) or WhatsApp business
    /// account id.
    pub async fn subscribed_apps(
        &self,
        access: &Access,
        node: &str,
    ) -> Result<Paged<SubscribedApp>> {
        self.page(Call::get(
            access,
            &format!("{}/subscribed_apps", segment(node)),
        ))
        .await
    }

    /// Subscribes this app on an account. WhatsApp takes no fields.
    pub async fn subscribe(&self, access: &Access, node: &str, fields: &[&str]) -> Result<()> {
        let path = format!("{}/subscribed_apps", segment(node));
        let mut call = Call::post(access, &path, &serde_json::json!({}));
        if !fields.is_empty() {
            call = call.query("subscribed_fields", fields.join(","));
        }
        self.done(call).await
    }

    /// Takes this app's subscription off an account.
    pub async fn unsubscribe(&self, access: &Access, node: &str) -> Result<()> {
        self.done(Call::delete(
            access,
            &format!("{}/subscribed_apps", segment(node)),
        ))
        .await
    }

    /// Fields for an account of a host.
    pub const fn subscription_fields(host: Host) -> &'static [&'static str] {
        match host {
            Host::Facebook => PAGE_FIELDS,
            Host::Instagram => INSTAGRAM_FIELDS,
        }
    }
}
